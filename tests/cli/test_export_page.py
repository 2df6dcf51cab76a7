"""`charnn export-page`: where the page is written, and what is refused in one sentence."""

from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.helpers import random_checkpoint, save_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_run(tmp_path, "play", random_checkpoint("to be or not"))
    return tmp_path


def test_the_page_is_named_after_the_run_and_never_written_over(
    program: Program, folder: Path
) -> None:
    ended = program(folder, "export-page", "play", "--title", "A play")
    assert ended.returncode == 0
    assert ended.stdout == b""
    assert "play.html: 0.1 MB" in ended.messages[-1]
    written = (folder / "play.html").read_bytes()
    assert b"<h1>A play</h1>" in written
    ended = program(folder, "export-page", "play")
    assert ended.returncode == 2
    assert "play.html exists: name another file with -o" in ended.stderr.decode()
    assert (folder / "play.html").read_bytes() == written
    assert program(folder, "export-page", "play", "-o", "pages/").returncode == 0
    assert program(folder, "export-page", "play", "--force").returncode == 0
    assert (
        program(folder, "export-page", "play", "-o", "-").stdout
        == (folder / "play.html").read_bytes()
        == (folder / "pages" / "play.html").read_bytes()
    )


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("nothing",), 1, "neither a checkpoint file nor a run"),
        (("play", "--licence", "<b>"), 2, "--licence takes the name of a licence"),
        (("play", "-o", "play.abc"), 2, "suffix of another kind"),
        (("play", "-o", "no/where.html"), 1, "no such folder: no"),
        (("play", "--abcjs", "abc.js"), 2, "--abcjs abc.js cannot be read"),
        (("play", "--abcjs", "checkpoints/play/best.safetensors"), 2, "is not a text file"),
    ],
)
def test_one_sentence_says_what_is_wrong(
    program: Program, folder: Path, arguments: tuple[str, ...], code: int, problem: str
) -> None:
    ended = program(folder, "export-page", *arguments)
    assert (ended.returncode, ended.stdout) == (code, b"")
    assert problem in " ".join(ended.stderr.decode().split())
    assert not list(folder.glob("**/*.html"))


def test_a_damaged_checkpoint_makes_no_page(program: Program, folder: Path) -> None:
    path = folder / "checkpoints" / "play" / "best.safetensors"
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    ended = program(folder, "export-page", "play", "-o", "page.html")
    assert ended.returncode == 1
    assert "is damaged" in ended.stderr.decode()
    assert not (folder / "page.html").exists()


def test_a_page_that_is_too_large_needs_force(program: Program, tmp_path: Path) -> None:
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 3800)))
    shape = {"cell": "rnn", "hidden_size": 1000, "embedding_size": None}
    save_run(tmp_path, "large", random_checkpoint(letters, **shape))
    ended = program(tmp_path, "export-page", "large")
    assert ended.returncode == 2
    assert "MB, and the limit is 25" in " ".join(ended.stderr.decode().split())
    assert not list(tmp_path.glob("*.html"))
