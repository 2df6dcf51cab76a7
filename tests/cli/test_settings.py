"""Configuration files and variables: defaults of options, and `charnn config`."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.helpers import prose


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a working folder; `home` in it is the user's folder of configurations."""
    (tmp_path / "home" / "charnn").mkdir(parents=True)
    (tmp_path / "corpus.txt").write_text(prose(3000), encoding="utf-8")
    return tmp_path


def write(folder: Path, project: str, user: str = "") -> dict[str, str]:
    """Write both configuration files, and return the variables that name the user's one."""
    (folder / "charnn.toml").write_text(project, encoding="utf-8")
    (folder / "home" / "charnn" / "config.toml").write_text(user, encoding="utf-8")
    return {"XDG_CONFIG_HOME": str(folder / "home")}


@pytest.mark.skipif(sys.platform != "linux", reason="the user's folder is another one")
def test_the_nearest_source_holds(program: Program, folder: Path) -> None:
    user = "seed = 1\nthreads = 1\n[train]\nhidden-size = 8\nlr = 0.1\nminutes = 3\n"
    project = "threads = 2\n[train]\nhidden_size = 16\nlr = 0.01\n"
    variables = write(folder, project, user) | {"CHARNN_TRAIN_LR": "0.001"}
    found = json.loads(program(folder, "config", "--json", **variables).stdout)
    rows = {
        (row["command"], row["option"]): (row["value"], row["from"]) for row in found["settings"]
    }
    home = str(folder / "home" / "charnn" / "config.toml")
    assert rows["train", "hidden-size"] == (16, "charnn.toml")
    assert rows["train", "lr"] == (0.001, "CHARNN_TRAIN_LR")
    assert rows["train", "minutes"] == (3, home)
    assert rows["evaluate", "threads"] == (2, "charnn.toml")
    assert rows["sample", "seed"] == (1, home)
    assert [file["path"] for file in found["files"]] == ["charnn.toml", home]
    shown = program(folder, "config", **variables)
    assert ["train", "--lr", "0.001", "CHARNN_TRAIN_LR"] in [
        line.split() for line in shown.stdout.decode().splitlines()
    ]
    help_text = " ".join(program(folder, "train", "--help", **variables).stdout.decode().split())
    assert "[charnn.toml: 16]" in help_text
    assert "[CHARNN_TRAIN_LR: 0.001]" in help_text


def test_a_typed_option_overrules_settings(
    program: Program, folder: Path, small: tuple[str, ...]
) -> None:
    # --steps replaces the other budget, and --embedding-size the one-hot input.
    settings = (
        "[train]\nminutes = 1000000\nhidden-size = 8\none-hot = true\njson = true\nseed = 3\n"
    )
    variables = write(folder, settings)
    ended = program(folder, "train", "corpus.txt", "--steps", "2", *small, **variables)
    assert ended.returncode == 0, ended.stderr.decode()
    assert json.loads(ended.stdout.splitlines()[-1])["steps"] == 2
    [run] = json.loads(program(folder, "runs", "--json").stdout)["runs"]
    options = run["options"]
    assert (options["hidden_size"], options["seed"], options["one_hot"]) == (16, 3, False)
    assert (options["minutes"], options["steps"]) == (None, 2)


def test_settings_do_not_change_a_resumed_run(
    program: Program, folder: Path, small: tuple[str, ...]
) -> None:
    train = ("train", "corpus.txt", "--steps", "2", "--out", "here", *small)
    assert program(folder, *train).returncode == 0
    variables = write(folder, "[train]\nlr = 0.5\nhidden-size = 99\nout = 'here'\nsteps = 999999\n")
    ended = program(folder, "train", "corpus.txt", "--resume", "--steps", "3", **variables)
    assert ended.returncode == 0, ended.stderr.decode()
    assert ended.messages[0] == (
        "settings for new runs only, not used here: --hidden-size (charnn.toml), --lr (charnn.toml)"
    )
    command = ("train", "corpus.txt", "--init-from", "here/corpus", "--steps", "1", "--name", "b")
    ended = program(folder, *command, *small[4:], **variables)
    assert ended.returncode == 0, ended.stderr.decode()
    assert "--hidden-size (charnn.toml)" in ended.messages[0]
    runs = json.loads(program(folder, "runs", "--json", "--out", "here").stdout)["runs"]
    rates = {run["name"]: run["options"]["lr"] for run in runs}
    assert (rates["corpus"] < 0.1, rates["b"]) == (True, 0.5)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[trian]\nlr = 1", "[trian] is no command of charnn. Did you mean train?"),
        ("[train]\nhiden-size = 1", "[train]: hiden-size is no option of charnn train. Did you"),
        ("lenght = 5", "lenght is no option of any command. Did you mean length?"),
        ("train = 5", "write its options below [train]"),
        ("[[train]]\nlr = 1", "write its options below [train]"),
        ("[train]\nlr = true", "needs a text or a number, not true"),
        ("[train]\nlr = [1]", "needs a text or a number, not [1]"),
        ("[tidy]\nforce = true", "[tidy]: force cannot be set in a file: type --force"),
        ("yes = true", "yes cannot be set in a file: type --yes"),
        ("[train]\nresume = 1", "resume is true or false, not 1"),
        ("[train]\nlr = 1\n[train\n", "(at line 3, column "),
        ("[train]\nlr = 1\nlr = 2\n", "(at line 3, column "),
        ("[train]\nhidden_size = 1\nhidden-size = 1", "set twice"),
        ("x = " + "[" * 9000, "nested too deeply"),
        ("x = " + "9" * 9000, "not valid TOML"),
        ("[train]\nhidden-size = 'big'", "big is not a whole number"),
        ("[train]\nhidden-size = 0", "(--hidden-size is set in charnn.toml)"),
        ("[train]\ncell = 'lstmm'", "Did you mean lstm?"),
        ("#" * 200_000, "bytes"),
    ],
)
def test_a_wrong_file_is_an_error(program: Program, folder: Path, content: str, words: str) -> None:
    ended = program(folder, "train", "corpus.txt", **write(folder, content))
    [message] = ended.messages
    assert (ended.returncode, message[:7], words in message) == (2, "error: ", True), message
    assert "charnn.toml" in message


def test_the_help_is_shown_in_any_case(program: Program, folder: Path) -> None:
    ended = program(folder, "train", "--help", **write(folder, "[train]\nhiden-size = 1\n"))
    assert (ended.returncode, b"--hidden-size" in ended.stdout) == (0, True)
    assert ended.messages[0].startswith("warning: charnn.toml, [train]: hiden-size")


def test_a_folder_or_a_pipe_is_no_configuration(program: Program, folder: Path) -> None:
    (folder / "charnn.toml").mkdir()
    assert program(folder, "config").returncode == 2
    (folder / "charnn.toml").rmdir()
    (folder / "charnn.toml").write_bytes(b"\xff\xfe")
    ended = program(folder, "corpora")
    assert (ended.returncode, "UTF-8" in ended.messages[0]) == (2, True)


def test_variables(program: Program, folder: Path) -> None:
    ended = program(folder, "corpora", CHARNN_CORPORA_JSN="1", CHARNN_CORPORA_JSON="1")
    assert "corpora" in json.loads(ended.stdout)
    [warning] = ended.messages
    assert warning.endswith("charnn corpora. Did you mean CHARNN_CORPORA_JSON?")
    ended = program(folder, "corpora", CHARNN_CORPORA_JSON="maybe")
    assert (ended.returncode, len(ended.messages)) == (2, 1)
    assert "neither true nor false" in ended.messages[0]
    assert ended.messages[0].endswith("(--json is set in CHARNN_CORPORA_JSON)")
    # The version of charnn in an image is often a variable of this name.
    assert program(folder, "corpora", CHARNN_VERSION="1", CHARNN_HELP="1").stdout[:4] == b"folk"


def test_consent_is_typed(program: Program, folder: Path) -> None:
    ended = program(folder, "runs", CHARNN_RUNS_YES="1")
    [message] = ended.messages
    assert (ended.returncode, message) == (
        2,
        "error: CHARNN_RUNS_YES cannot set --yes: unset it, and type --yes when needed",
    )
    # A setting for some actions of a command does not stop the others.
    ended = program(folder, "runs", "clean", **write(folder, "[runs]\njson = true\n"))
    assert ended.returncode == 0, ended.messages
    assert program(folder, "runs", "clean", "--json").returncode == 2
    ended = program(folder, "gradients", "no-run", "text", **write(folder, "seed = 1\n"))
    assert "fresh cells" not in ended.messages[0]
