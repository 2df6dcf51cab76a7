"""`charnn export-model`, and what can be done with the file."""

import json
import shutil
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.stored_tunes import store_tunes
from tests.cli.conftest import Ended, Program
from tests.cli.test_sample_tunes import LEARNED, LETTERS, of_tunes
from tests.helpers import random_checkpoint, save_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run that has learned a tune."""
    run = save_run(tmp_path, "session", of_tunes(random_checkpoint(LETTERS, documents=9))).parent
    store_tunes(run, [LEARNED])
    return tmp_path


def test_a_text_model_is_small_and_as_good(
    program: Program, trained: tuple[Path, Ended], tmp_path: Path
) -> None:
    folder, _ = trained
    model = tmp_path / "small.safetensors"
    ended = program(folder, "export-model", "my-corpus", "-o", model)
    assert ended.returncode == 0
    assert ended.stdout == b""
    assert str(model) in ended.messages[-1]
    whole = folder / "checkpoints" / "my-corpus" / "best.safetensors"
    assert model.stat().st_size < whole.stat().st_size / 3
    evaluate = ("my corpus.txt", "--held-out", "--json")
    full, half = (
        json.loads(program(folder, "evaluate", one, *evaluate).stdout) for one in (whole, model)
    )
    assert half["nats_per_char"] == pytest.approx(full["nats_per_char"], abs=1e-3)
    assert half["chars"] == full["chars"]
    assert len(program(tmp_path, "sample", model, "--length", "50").stdout) == 50


def test_it_is_named_after_the_run_and_exported_again(program: Program, folder: Path) -> None:
    assert program(folder, "export-model").returncode == 0
    first = (folder / "session.safetensors").read_bytes()
    ended = program(folder, "export-model", "session.safetensors", "-o", "-")
    assert ended.stdout == first


def test_tunes_are_asked_for_as_of_the_run(program: Program, folder: Path) -> None:
    request = ("--seed", "3", "--key", "Ador", "--meter", "6/8")
    program(folder, "export-model", "session")
    shutil.rmtree(folder / "checkpoints")
    ended = program(folder, "sample", "session.safetensors", *request)
    assert ended.returncode == 0
    assert "no training tune has --key Ador" in ended.messages[0]
    assert "\nR:jig\nM:6/8\nL:1/8\nK:Ador\n" in ended.stdout.decode()
    for arguments in (("evaluate", "--tunes", "1"), ("sample", "--reject-copies")):
        ended = program(folder, arguments[0], "session.safetensors", *arguments[1:])
        assert ended.returncode == 1
        assert "exported without the tunes" in ended.messages[-1]


def test_it_is_not_written_over_the_checkpoint(program: Program, folder: Path) -> None:
    path = folder / "checkpoints" / "session" / "best.safetensors"
    before = path.read_bytes()
    ended = program(folder, "export-model", "session", "-o", path)
    assert ended.returncode == 2
    assert "the checkpoint itself" in ended.messages[-1]
    assert path.read_bytes() == before
    ended = program(folder, "export-model", "absent")
    assert ended.returncode == 1
    ended = program(folder, "export-model", "session", "-o", "no/folder.safetensors")
    assert ended.returncode == 1


@pytest.mark.parametrize("output", [".", "new/", "checkpoints"])
def test_a_folder_gets_it_under_the_runs_name(program: Program, folder: Path, output: str) -> None:
    assert program(folder, "export-model", "-o", output).returncode == 0
    assert load_checkpoint(folder / output / "session.safetensors").weights


@pytest.mark.parametrize("output", ["", "tune.mid", "model.pt"])
def test_it_is_not_named_as_something_else(program: Program, folder: Path, output: str) -> None:
    before = sorted(folder.rglob("*"))
    ended = program(folder, "export-model", "-o", output)
    assert ended.returncode == 2
    assert ended.messages[-1].startswith("error: ")
    assert sorted(folder.rglob("*")) == before


def test_it_cannot_be_resumed(program: Program, trained: tuple[Path, Ended], folder: Path) -> None:
    shutil.copy(trained[0] / "my corpus.txt", folder)
    program(folder, "export-model", "session", "-o", "checkpoints/shared.safetensors")
    last = folder / "checkpoints" / "broken" / "last.safetensors"
    last.parent.mkdir()
    shutil.copy(folder / "checkpoints" / "shared.safetensors", last)
    assert load_checkpoint(last).metadata["tunes"]
    for name in ("shared", "checkpoints/shared.safetensors"):
        ended = program(folder, "train", "my corpus.txt", "--resume", "--name", name)
        assert ended.returncode == 1
        assert "is a model alone" in ended.messages[-1]
        assert "--init-from" in ended.messages[-1]
    (folder / "book.abc").write_text(LEARNED + "\n" + LEARNED.replace("d2e", "e2d"))
    ended = program(folder, "train", "book.abc", "--resume", "--name", "broken")
    assert ended.returncode == 1
    assert "is a model alone" in ended.messages[-1]
