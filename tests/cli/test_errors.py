"""Mistakes of users: one line with the problem and its remedy, and the right exit code."""

import io
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from charnn.cli import main
from tests.cli.conftest import Ended, Program
from tests.helpers import charnn, command, environment, prose, random_checkpoint, save_run

TRAIN = ("train", "corpus.txt", "--steps", "2", "--threads", "1", "--hidden-size", "8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one good corpus, one good run, and bad files of every kind."""
    folder = tmp_path_factory.mktemp("errors")
    (folder / "corpus.txt").write_text(prose(3000), encoding="utf-8")
    (folder / "empty.txt").touch()
    (folder / "tiny.txt").write_text(prose(50), encoding="utf-8")
    (folder / "binary.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "latin1.txt").write_bytes("Der Bär läuft schön übers Feld.\n".encode("latin-1") * 99)
    (folder / "no texts").mkdir()
    (folder / "no texts" / "binary.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "prime.bin").write_bytes(b"\xff\xfe\xfd")
    run = save_run(folder, "good", random_checkpoint("abc\n")).parent
    (folder / "checkpoints" / "hollow").mkdir()
    good = (run / "best.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(good[: len(good) // 2])
    (folder / "flipped.safetensors").write_bytes(good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])
    save_file({"x": np.zeros(3, np.float32)}, folder / "foreign.safetensors")
    pickled = io.BytesIO()
    torch.save({"model": torch.zeros(3)}, pickled)
    (folder / "model.pt").write_bytes(pickled.getvalue())
    (folder / "old.pt").write_bytes(b"(dp0\nVmodel\np1\n(lp2\nI1\naI2\naI3\nas.")
    return folder


CASES = [
    # Corpora
    (("train", "absent.txt"), 1, "absent.txt"),
    (("train", "tinyshakespear"), 1, "did you mean tinyshakespeare"),
    (("train", "*.rst"), 1, "*.rst"),
    (("train", "empty.txt"), 1, "empty.txt is empty"),
    (("train", "-"), 1, "standard input is empty"),
    (("train", "-", "-"), 2, "standard input"),
    (("train", "binary.bin"), 1, "binary.bin looks binary"),
    (("train", "absent\nerror: x"), 1, r"absent\nerror: x"),
    (("check", "absent\n\nerror: x"), 1, r"absent\n\nerror: x"),
    (("train", "no texts"), 1, "no texts contains no text files"),
    (("train", "tiny.txt"), 1, "training needs at least"),
    (("train", "latin1.txt"), 1, "byte 0xe4 at offset 5"),
    (("train", "latin1.txt", "--encoding", "klingon"), 2, "klingon"),
    # Where to write
    ((*TRAIN, "--out", "corpus.txt"), 1, "corpus.txt"),
    ((*TRAIN, "--out", "corpus.txt/runs"), 1, "corpus.txt"),
    ((*TRAIN, "--name", "good"), 1, "--resume"),
    ((*TRAIN, "--name", "a/b"), 2, "--name"),
    ((*TRAIN, "--name", ".."), 2, "--name"),
    ((*TRAIN, "--name", ""), 2, "--name"),
    ((*TRAIN, "--name", "x" * 300), 1, "too long"),
    # Runs to resume
    ((*TRAIN, "--resume", "--name", "absent"), 1, "no run to resume"),
    ((*TRAIN, "--resume", "--out", "nowhere"), 1, "no run to resume"),
    ((*TRAIN, "--resume"), 1, "no run"),
    # Options that contradict each other, or are out of range
    ((*TRAIN, "--one-hot", "--embedding-size", "8"), 2, "--one-hot and --embedding-size"),
    ((*TRAIN, "--steps", "0"), 2, "--steps"),
    ((*TRAIN, "--minutes", "-1"), 2, "--minutes"),
    ((*TRAIN, "--epochs", "nan"), 2, "--epochs"),
    ((*TRAIN, "--hidden-size", "0"), 2, "hidden"),
    ((*TRAIN, "--hidden-size", "1000000"), 2, "hidden"),
    ((*TRAIN, "--num-layers", "0"), 2, "layers"),
    ((*TRAIN, "--embedding-size", "0"), 2, "embedding"),
    ((*TRAIN, "--dropout", "1"), 2, "dropout"),
    ((*TRAIN, "--seq-len", "0"), 2, "--seq-len"),
    ((*TRAIN, "--batch-size", "-4"), 2, "--batch-size"),
    ((*TRAIN, "--lr", "0"), 2, "--lr"),
    ((*TRAIN, "--lr", "inf"), 2, "--lr"),
    ((*TRAIN, "--lr", "1e30"), 2, "at most 1"),
    ((*TRAIN, "--clip-value", "1e308"), 2, "--clip-value"),
    ((*TRAIN, "--gradient-penalty", "1e30"), 2, "--gradient-penalty"),
    ((*TRAIN, "--clip", "nan"), 2, "--clip"),
    ((*TRAIN, "--weight-decay", "2"), 2, "--weight-decay"),
    ((*TRAIN, "--patience", "-1"), 2, "--patience"),
    ((*TRAIN, "--save-every", "-1"), 2, "--save-every"),
    ((*TRAIN, "--seed", "-1"), 2, "--seed"),
    ((*TRAIN, "--threads", "-1"), 2, "--threads"),
    ((*TRAIN, "--val-fraction", "1"), 2, "fraction"),
    ((*TRAIN, "--val-fraction", "nan"), 2, "fraction"),
    # Models
    (("sample", "absent"), 1, "absent"),
    (("sample", "hollow"), 1, "hollow"),
    (("sample", "no texts"), 1, "no texts"),
    (("sample", "corpus.txt"), 1, "corpus.txt is not a checkpoint"),
    (("sample", "empty.txt"), 1, "empty.txt is not a checkpoint"),
    (("sample", "cut.safetensors"), 1, "cut.safetensors"),
    (("sample", "flipped.safetensors"), 1, "flipped.safetensors is damaged"),
    (("sample", "foreign.safetensors"), 1, "foreign.safetensors"),
    (("sample", "model.pt"), 1, "model.pt"),
    (("sample", "old.pt"), 1, "old.pt"),
    (("sample", "a\nerror: b"), 1, "'a\\nerror: b' is a text of 10 characters"),
    # Options of a sample
    (("sample", "good", "--temperature", "-1"), 2, "--temperature"),
    (("sample", "good", "--temperature", "0.001"), 2, "--temperature"),
    (("sample", "good", "--temperature", "nan"), 2, "--temperature"),
    (("sample", "good", "--top-k", "-1"), 2, "--top-k"),
    (("sample", "good", "--top-p", "0"), 2, "--top-p"),
    (("sample", "good", "--top-p", "1.1"), 2, "--top-p"),
    (("sample", "good", "--min-p", "2"), 2, "--min-p"),
    (("sample", "good", "--num", "0"), 2, "--num"),
    (("sample", "good", "--num", "1" + "0" * 30), 2, "--num"),
    (("sample", "good", "--length", "1000000000000"), 2, "--length"),
    (("evaluate", "good", "--tunes", "1000000000000"), 2, "--tunes"),
    (("sample", "good", "--length", "-1", "--prime", "abc"), 2, "--length"),
    (("sample", "good", "--seed", "-1", "--prime", "abc"), 2, "--seed"),
    (("sample", "good", "--prime", "@absent.txt"), 1, "error: no such file: absent.txt"),
    (("sample", "good", "--prime", "@absent/a.txt"), 1, "error: no such folder: absent"),
    (("sample", "good", "--prime", "@prime.bin"), 1, "prime.bin"),
]


CASES += [
    # Values of the wrong type
    ((*TRAIN, "--steps", "many"), 2, "error: --steps many is not a whole number: write it in"),
    ((*TRAIN, "--seed", "1.5"), 2, "error: --seed 1.5 is not a whole number"),
    ((*TRAIN, "--seed", ""), 2, "error: --seed '' is not a whole number"),
    ((*TRAIN, "--seed", "1" * 5000), 2, "error: --seed 1111"),
    ((*TRAIN, "--val-fraction", "0,1"), 2, "error: --val-fraction 0,1 is not a number"),
    (("sample", "good", "--temperature", "hot"), 2, "error: --temperature hot is not a number"),
]


def assert_one_error(ended: Ended, code: int, phrase: str) -> None:
    """Expect empty stdout, and on stderr a single `error:` line, the last, with the phrase."""
    shown = ended.stderr.decode()
    assert ended.returncode == code, shown
    assert "Traceback" not in shown
    errors = [line for line in ended.messages if line.lower().startswith("error:")]
    assert len(errors) == 1, shown
    assert errors == ended.messages[-1:]
    assert phrase in errors[0]
    assert ended.stdout == b""


@pytest.mark.parametrize(
    ("arguments", "code", "phrase"), CASES, ids=[" ".join(case[0])[:60] for case in CASES]
)
def test_a_mistake_gives_one_line_and_the_right_exit_code(
    program: Program, folder: Path, arguments: tuple[str, ...], code: int, phrase: str
) -> None:
    before = sorted(path for path in folder.rglob("*") if "data" not in path.parts)
    assert_one_error(program(folder, *arguments), code, phrase)
    # The command leaves no file except the prepared ids.
    assert sorted(path for path in folder.rglob("*") if "data" not in path.parts) == before


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (("train",), "CORPUS"),
        (("train", "corpus.txt", "--stepps", "3"), "--steps"),
        (("orchestrate",), "orchestrate"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_wrong_usage_shows_the_usage_line(
    program: Program, folder: Path, arguments: tuple[str, ...], phrase: str
) -> None:
    ended = program(folder, *arguments)
    assert_one_error(ended, 2, phrase)
    assert ended.stderr.startswith(b"Usage: ")


@pytest.mark.parametrize(
    ("option", "value"), [("--cell", "transformer"), ("--device", "tpu"), ("--precision", "fp8")]
)
def test_an_unknown_choice_is_an_error(
    program: Program, folder: Path, option: str, value: str
) -> None:
    ended = program(folder, "train", "corpus.txt", option, value)
    assert_one_error(ended, 2, f"{option} {value} is unknown")


def test_a_file_in_place_of_the_data_folder_is_an_error(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "corpus.txt", tmp_path)
    (tmp_path / "data").write_text("a file where a folder should be")
    assert_one_error(program(tmp_path, *TRAIN), 1, "data")
    assert not (tmp_path / "checkpoints").exists()


def test_a_damaged_run_does_not_hide_the_others(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    """A damaged checkpoint of another corpus must not keep this one from being resumed."""
    shutil.copy(folder / "corpus.txt", tmp_path)
    assert program(tmp_path, *TRAIN).returncode == 0
    broken = tmp_path / "checkpoints" / "zzz" / "last.safetensors"
    broken.parent.mkdir()
    shutil.copy(folder / "cut.safetensors", broken)
    ended = program(tmp_path, *TRAIN, "--resume")
    assert ended.returncode == 0, ended.stderr.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_for_stdout_is_an_error(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            command("sample", "good", "--length", "50", "--seed", "1"),
            cwd=folder,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )
    assert_one_error(Ended(ended.returncode, b"", ended.stderr), 1, "No space left")


def test_without_a_command_the_help_is_shown(folder: Path) -> None:
    shown = charnn(folder)
    assert shown.returncode in (0, 2)
    assert b"Usage" in shown.stdout + shown.stderr
    assert b"train" in shown.stdout + shown.stderr
    version = charnn(folder, "--version")
    assert (version.returncode, version.stderr) == (0, b"")
    assert version.stdout.startswith(b"charnn ")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--help",), 1),
        (("check", "tune.abc"), 1),
        (("check", "tune.abc", "--json"), 1),
        (("sample", "good", "--length", "9"), 1),
        (("export-midi", "tune.abc", "-o", "-"), 1),
        (("export-midi", "tune.abc", "-o", "tune.mid"), 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_result_for_closed_stdout_is_an_error(
    folder: Path, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    """With stdout closed, a command fails if its result goes there, and works otherwise."""
    shutil.copytree(folder / "checkpoints", tmp_path / "checkpoints")
    (tmp_path / "tune.abc").write_text("X:1\nM:4/4\nL:1/8\nK:D\n|:DEFG ABcd:|\n")
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command(*arguments)],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        check=False,
        timeout=30,
    )
    assert ended.returncode == code
    assert (b"error: stdout is closed" in ended.stderr) == bool(code)
    assert b"Traceback" not in ended.stderr
    assert b"ignored" not in ended.stderr
    assert (tmp_path / "tune.mid").exists() == (not code)


@pytest.mark.parametrize(
    "failure", [MemoryError(), RuntimeError("CUDA out of memory: tried to allocate 9 GiB")], ids=str
)
def test_out_of_memory_is_one_line_of_advice(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The advice fits every command."""

    def app() -> None:
        raise failure

    monkeypatch.setattr("charnn.cli.app", app)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    message = capsys.readouterr().err
    assert message.startswith("error: out of memory: ")
    assert message.count("\n") == 1
    for advice in ("close other programs", "--batch-size", "fewer or shorter"):
        assert advice in message
