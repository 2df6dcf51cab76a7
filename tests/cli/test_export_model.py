"""`charnn export-model`, and the use of the exported file."""

import json
import shutil
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.stored_tunes import store_tunes
from tests.cli.conftest import Ended, Program
from tests.cli.test_sample_tunes import LETTERS, TRAINING_TUNE, as_tune_model
from tests.helpers import random_checkpoint, save_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a run that was trained on one tune."""
    run = save_run(
        tmp_path, "session", as_tune_model(random_checkpoint(LETTERS, documents=9))
    ).parent
    store_tunes(run, [TRAINING_TUNE])
    return tmp_path


def test_an_exported_model_is_small_and_as_good(
    program: Program, trained: tuple[Path, Ended], tmp_path: Path
) -> None:
    folder, _ = trained
    model = tmp_path / "small.safetensors"
    ended = program(folder, "export-model", "my-corpus", "-o", model)
    assert ended.returncode == 0
    assert ended.stdout == b""
    assert str(model) in ended.messages[-1]
    checkpoint = folder / "checkpoints" / "my-corpus" / "best.safetensors"
    assert model.stat().st_size < checkpoint.stat().st_size / 3
    evaluate = ("my corpus.txt", "--held-out", "--json")
    full, half = (
        json.loads(program(folder, "evaluate", path, *evaluate).stdout)
        for path in (checkpoint, model)
    )
    assert half["nats_per_char"] == pytest.approx(full["nats_per_char"], abs=1e-3)
    assert half["chars"] == full["chars"]
    assert len(program(tmp_path, "sample", model, "--length", "50").stdout) == 50


def test_the_file_is_named_after_the_run_and_can_be_exported_again(
    program: Program, folder: Path
) -> None:
    assert program(folder, "export-model").returncode == 0
    first = (folder / "session.safetensors").read_bytes()
    ended = program(folder, "export-model", "session.safetensors", "-o", "-")
    assert ended.stdout == first


def test_an_exported_model_takes_the_same_requests_as_the_run(
    program: Program, folder: Path
) -> None:
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


def test_an_existing_file_is_overwritten_only_by_force(program: Program, folder: Path) -> None:
    path = folder / "session.safetensors"
    path.write_bytes(b"mine")
    for arguments in (("-o", path), ("-o", f"{folder}/"), ()):
        ended = program(folder, "export-model", "session", *arguments)
        assert ended.returncode == 2
        assert "write over it with --force" in ended.messages[-1]
    assert path.read_bytes() == b"mine"
    assert program(folder, "export-model", "session", "--force").returncode == 0
    assert path.read_bytes() != b"mine"


def test_a_run_is_never_overwritten(program: Program, folder: Path) -> None:
    path = folder / "checkpoints" / "session" / "best.safetensors"
    before = path.read_bytes()
    for name in ("best", "last"):
        output = path.with_name(f"{name}.safetensors")
        ended = program(folder, "export-model", "session", "-o", output, "--force")
        assert ended.returncode == 2
        assert "belongs to a run" in ended.messages[-1]
        assert output.exists() == (name == "best")
    assert path.read_bytes() == before
    ended = program(folder, "export-model", "absent")
    assert ended.returncode == 1
    ended = program(folder, "export-model", "session", "-o", "no/folder.safetensors")
    assert ended.returncode == 1


@pytest.mark.parametrize("output", [".", "new/", "checkpoints"])
def test_the_file_in_a_folder_is_named_after_the_run(
    program: Program, folder: Path, output: str
) -> None:
    assert program(folder, "export-model", "-o", output).returncode == 0
    assert load_checkpoint(folder / output / "session.safetensors").weights


@pytest.mark.parametrize("output", ["", "tune.mid", "model.pt"])
def test_an_output_of_another_kind_is_refused(program: Program, folder: Path, output: str) -> None:
    before = sorted(folder.rglob("*"))
    ended = program(folder, "export-model", "-o", output)
    assert ended.returncode == 2
    assert ended.messages[-1].startswith("error: ")
    assert sorted(folder.rglob("*")) == before


def test_an_exported_model_cannot_be_resumed(
    program: Program, trained: tuple[Path, Ended], folder: Path
) -> None:
    shutil.copy(trained[0] / "my corpus.txt", folder)
    program(folder, "export-model", "session", "-o", "checkpoints/shared.safetensors")
    last = folder / "checkpoints" / "broken" / "last.safetensors"
    last.parent.mkdir()
    shutil.copy(folder / "checkpoints" / "shared.safetensors", last)
    assert load_checkpoint(last).metadata["tunes"]
    for name in ("shared", "checkpoints/shared.safetensors"):
        ended = program(folder, "train", "my corpus.txt", "--resume", "--name", name)
        assert ended.returncode == 1
        assert "contains a model without the state of its training" in ended.messages[-1]
        assert "--init-from" in ended.messages[-1]
    (folder / "book.abc").write_text(TRAINING_TUNE + "\n" + TRAINING_TUNE.replace("d2e", "e2d"))
    ended = program(folder, "train", "book.abc", "--resume", "--name", "broken")
    assert ended.returncode == 1
    assert "contains a model without the state of its training" in ended.messages[-1]
