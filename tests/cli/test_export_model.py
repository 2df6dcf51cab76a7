"""`charnn export-model`, and the use of the exported file."""

import hashlib
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
    assert str(model) in ended.messages[-2]
    card = model.with_suffix(".md").read_text(encoding="utf-8")
    assert ended.messages[-1] == f"{model.with_suffix('.md')}: its card"
    for fact in (
        "# my-corpus\n",
        "charnn sample small.safetensors",
        "charnn train 'my corpus.txt'",
    ):
        assert fact in card
    assert hashlib.sha256(model.read_bytes()).hexdigest() in card
    assert str(folder) not in card
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
    path, card = folder / "session.safetensors", folder / "session.md"
    card.write_bytes(b"mine")
    ended = program(folder, "export-model", "session")
    assert ended.returncode == 2
    assert ended.messages[-1].startswith("error: session.md exists: ")
    ended = program(folder, "export-model", "session", "--force")
    assert ended.returncode == 2
    assert "session.md is not a card of charnn" in ended.messages[-1]
    assert card.read_bytes() == b"mine"
    assert not path.exists()
    path.write_bytes(b"mine")
    for arguments in (("-o", path), ("-o", f"{folder}/"), ()):
        ended = program(folder, "export-model", "session", *arguments)
        assert ended.returncode == 2
        assert "write over it with --force" in ended.messages[-1]
    assert path.read_bytes() == card.read_bytes() == b"mine"
    card.unlink()
    assert program(folder, "export-model", "session", "--force").returncode == 0
    assert path.read_bytes() != b"mine"
    assert card.exists()


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


def test_a_folder_to_upload_is_read_like_a_run(program: Program, tmp_path: Path) -> None:
    ended = program(tmp_path, "export-model", "folk", "--folder", "Dance Tunes")
    assert ended.returncode == 0, ended.messages
    assert {path.name for path in tmp_path.iterdir()} == {"Dance Tunes"}
    shared = tmp_path / "Dance Tunes"
    names = ["README.md", "config.json", "model.safetensors"]
    assert sorted(path.name for path in shared.iterdir()) == names
    card = (shared / "README.md").read_text(encoding="utf-8")
    assert 'license: "mit"' in card
    assert "charnn sample 'Dance Tunes' --seed 1" in card
    config = json.loads((shared / "config.json").read_text(encoding="utf-8"))
    assert (config["model_type"], config["cell"], config["tokens"]) == ("charnn", "lstm", "music")
    assert len(config["vocabulary"]) + config["first_token_id"] == config["vocab_size"]
    sample = ("--seed", "4", "--rhythm", "jig")
    text = program(tmp_path, "sample", shared, *sample).stdout
    assert (
        text.partition(b"T:")[2]
        == program(tmp_path, "sample", "folk", *sample).stdout.partition(b"T:")[2]
    )
    (tmp_path / "checkpoints").mkdir()
    shared.rename(tmp_path / "checkpoints" / "dance")
    assert program(tmp_path, "sample", "dance", *sample).stdout.endswith(text.partition(b"T:")[2])
    assert b"best loss:   0.8373" in program(tmp_path, "inspect", "dance").stdout
    # It has no training to resume, so it is no run.
    assert program(tmp_path, "runs").stdout == b""
    again = program(tmp_path, "export-model", "dance")
    assert (again.messages[0].split(":")[0], again.returncode) == ("dance.safetensors", 0)


def test_an_existing_folder_is_written_to_only_by_force(program: Program, folder: Path) -> None:
    shared = folder / "shared"
    shared.mkdir()
    (shared / "README.md").write_bytes(b"mine")
    (shared / "notes.txt").write_bytes(b"mine")
    ended = program(folder, "export-model", "session", "--folder", shared)
    assert ended.returncode == 2
    assert "with --force" in ended.messages[-1]
    again = ("export-model", "session", "--folder", shared, "--force")
    ended = program(folder, *again)
    assert ended.returncode == 2
    assert "README.md is not a card of charnn" in ended.messages[-1]
    assert (shared / "README.md").read_bytes() == b"mine"
    (shared / "README.md").unlink()
    assert program(folder, *again, "--licence", "My-Licence-1.0").returncode == 0
    assert (shared / "notes.txt").read_bytes() == b"mine"
    # The licence stays, and a folder gets no second card.
    ended = program(folder, *again)
    assert ended.messages[0] == "licence: my-licence-1.0, as in the card that is written over"
    assert 'license_name: "my-licence-1.0"' in (shared / "README.md").read_text("utf-8")
    model = shared / "model.safetensors"
    ended = program(folder, "export-model", "session", "-o", model, "--force")
    assert ended.returncode == 2
    assert f"--folder {shared} --force" in ended.messages[-1]
    assert not model.with_suffix(".md").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--folder", "checkpoints/session", "--force"), "is the folder of a run"),
        (("--folder", "a file", "--force"), "a file is a file"),
        (("--folder", "a", "-o", "a.safetensors"), "exclude each other"),
        (("--folder", "a", "--licence", "<b>"), "takes the name of a licence"),
        (("--folder", "no/such/place"), "no such folder: no/such"),
        (("--folder", "a", "--measure"), "cannot be compared with the training tunes"),
    ],
)
def test_a_folder_that_cannot_be_made_is_an_error(
    program: Program, folder: Path, arguments: tuple[str, ...], problem: str
) -> None:
    (folder / "a file").touch()
    run = folder / "checkpoints" / "session"
    (run / "tunes.abc.gz").unlink()
    before = sorted(folder.rglob("*"))
    ended = program(folder, "export-model", "session", *arguments)
    assert ended.returncode in (1, 2)
    assert problem in ended.messages[-1]
    assert sorted(folder.rglob("*")) == before


def test_the_card_of_a_measured_model_has_both_protocols_and_its_copies(
    program: Program, trained: tuple[Path, Ended], tmp_path: Path
) -> None:
    shutil.copytree(trained[0], tmp_path / "copy")
    folder = tmp_path / "copy"
    ended = program(folder, "export-model", "my-corpus", "--folder", "shared", "--measure")
    assert ended.returncode == 0, ended.messages
    card = (folder / "shared" / "README.md").read_text(encoding="utf-8")
    assert "| runs of 16 characters | " in card
    # The held-out part of 300 characters has room for a window.
    assert "windows of 256 characters, each begun with an empty state" in card
    assert "not measured" not in card
    # The figures are in the model, which does not know where the training text lies.
    ended = program(folder, "export-model", "shared", "--folder", "again", "--measure")
    assert "put it back, or leave out --measure" in ended.messages[-1]
    assert not (folder / "again").exists()
    ended = program(folder, "export-model", "shared", "--folder", "again")
    assert "| runs of 16 characters | " in (folder / "again" / "README.md").read_text("utf-8")
