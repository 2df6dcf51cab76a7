"""Other programs read the man page and the completion files without a warning."""

import shutil
import subprocess

import pytest

from docs.generate_shell_files import SHARE

MAN_PAGE = SHARE / "man" / "man1" / "charnn.1"


@pytest.mark.parametrize(
    "command",
    [
        ["mandoc", "-T", "lint"],
        ["groff", "-man", "-ww", "-Tutf8", "-z"],
        ["man", "--warnings", "-l"],
    ],
    ids=lambda command: command[0],
)
def test_the_man_page_is_read_without_a_warning(command: list[str]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    read = subprocess.run([*command, MAN_PAGE], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
    if command[0] == "mandoc":
        assert read.stdout == ""


@pytest.mark.parametrize(
    ("shell", "path"),
    [
        ("bash", "bash-completion/completions/charnn"),
        ("zsh", "zsh/site-functions/_charnn"),
        ("fish", "fish/vendor_completions.d/charnn.fish"),
    ],
)
def test_shells_read_the_completion(shell: str, path: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    read = subprocess.run([shell, "-n", SHARE / path], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
