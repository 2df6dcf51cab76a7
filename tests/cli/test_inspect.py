"""`charnn inspect`: the description of a model, and the check of its files."""

import json
import math
import os
import pty
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.training.training_config import Budget, TrainingConfig
from tests.cli.conftest import Ended, Program
from tests.helpers import command, environment, random_checkpoint, save_run


@pytest.fixture
def folder(trained: tuple[Path, Ended], tmp_path: Path) -> Path:
    """A folder with a copy of a trained run."""
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_run_is_described(program: Program, trained: tuple[Path, Ended]) -> None:
    folder, training = trained
    done = json.loads(training.stdout.splitlines()[-1])
    ended = program(folder, "inspect")
    shown = ended.stdout.decode()
    assert (ended.returncode, ended.stderr) == (0, b"")
    best = done["val_nats_per_char"]
    for words in (
        "checkpoints/my-corpus/best.safetensors\n",
        "lstm 1 x 16, embedding 8, pointer 512: ",
        "characters): '\\n ",
        "my-corpus, 3,000 characters, 10% at the end held out",
        "--batch-size 4, --steps 20, ",
        "20 steps, ",
        "1,280 characters seen",
        f"{best:.4f} nats/char ({best / math.log(2):.3f} bits/char)",
        "last.safetensors ",
        "resumable:   yes",
        f"{best:.4f}   {best / math.log(2):.3f}  best\n",
    ):
        assert words in shown
    model = load_checkpoint(folder / "checkpoints" / "my-corpus" / "best.safetensors")
    assert f"{model.config.parameter_count():,} parameters" in shown


def test_json_describes_the_same_run(program: Program, trained: tuple[Path, Ended]) -> None:
    folder, training = trained
    done = json.loads(training.stdout.splitlines()[-1])
    shown = json.loads(program(folder, "inspect", "my-corpus", "--json").stdout)
    run = folder / "checkpoints" / "my-corpus"
    model = load_checkpoint(run / "best.safetensors")
    assert shown["checkpoint"] == "checkpoints/my-corpus/best.safetensors"
    assert {name: shown[name] for name in model.config.to_json()} == model.config.to_json()
    assert tuple(shown["symbols"]) == model.vocabulary.tokens
    assert (shown["tokens"], shown["corpus"], shown["characters"]) == ("char", "my-corpus", 3000)
    assert (shown["steps"], shown["symbols_seen"]) == (20, 20 * 4 * 16)
    assert shown["best_nats_per_char"] == done["val_nats_per_char"]
    assert shown["training"]["batch_size"] == 4
    last = shown["history"][-1]
    assert last["step"] == 20
    assert last["val_bits_per_char"] == pytest.approx(last["val_nats_per_char"] / math.log(2))
    assert shown["files"] == {
        path.name: path.stat().st_size for path in run.iterdir() if path.name[0] != "."
    }
    assert (shown["resumable"], shown["obstacle"]) == (True, None)


def test_without_a_run_the_bundled_model_is_described(program: Program, tmp_path: Path) -> None:
    ended = program(tmp_path, "inspect")
    shown = ended.stdout.decode()
    assert ended.returncode == 0
    for words in (
        "folk\n",
        "4,137 tunes, 10% of the tunes held out",
        "resumable:   no: ",
        "best\n",
    ):
        assert words in shown
    assert len(shown.splitlines()) < 30
    assert program(tmp_path, "inspect", "--verify").stdout.endswith(b"folk.safetensors: ok\n")


def test_every_checkpoint_of_a_run_is_verified(program: Program, folder: Path) -> None:
    run = folder / "checkpoints" / "my-corpus"
    ended = program(folder, "inspect", "my-corpus", "--verify")
    names = [f"checkpoints/my-corpus/{name}.safetensors" for name in ("best", "last")]
    assert ended.stdout.decode() == "".join(f"{name}: ok\n" for name in names)
    assert ended.returncode == 0
    # Damage the training state, which only resuming reads.
    last = run / "last.safetensors"
    content = bytearray(last.read_bytes())
    content[-1] ^= 1
    last.write_bytes(content)
    assert program(folder, "sample", "--length", "5").returncode == 0
    ended = program(folder, "inspect", "--verify")
    shown = ended.stdout.decode().splitlines()
    assert ended.returncode == 1
    assert shown == [f"{names[0]}: ok", f"{names[1]} is damaged (sha256 differs)"]
    assert (
        program(folder, "inspect", names[0], "--verify").returncode == 0
    )  # only this file is checked
    found = json.loads(program(folder, "inspect", "--verify", "--json").stdout)["checkpoints"]
    assert [one["ok"] for one in found] == [True, False]


def test_a_damaged_file_is_replaced_by_the_next_one(program: Program, folder: Path) -> None:
    run = folder / "checkpoints" / "my-corpus"
    shown = json.loads(program(folder, "inspect", "--json").stdout)
    (run / "last.safetensors").write_bytes(b"nothing")
    assert json.loads(program(folder, "inspect", "--json").stdout)["resumable"]
    shutil.copy(run / "best.safetensors", run / "previous.safetensors")
    (run / "best.safetensors").write_bytes(b"nothing")
    ended = program(folder, "inspect", "--json")
    assert [line.startswith("warning: ") for line in ended.messages] == [True]
    found = json.loads(ended.stdout)
    assert found["checkpoint"] == "checkpoints/my-corpus/previous.safetensors"
    assert (found["resumable"], found["history"]) == (True, shown["history"])


def test_a_model_without_a_training_state_is_not_resumable(program: Program, folder: Path) -> None:
    run = folder / "checkpoints" / "my-corpus"
    for path in run.glob("*.safetensors"):
        replace(load_checkpoint(path), training={}).save(path)
    shown = json.loads(program(folder, "inspect", "--json").stdout)
    assert not shown["resumable"]
    assert "state of its training" in shown["obstacle"]
    assert program(folder, "export-model", "-o", "small.safetensors").returncode == 0
    shown = json.loads(program(folder, "inspect", "small.safetensors", "--json").stdout)
    assert not shown["resumable"]
    assert shown["files"] == {"small.safetensors": (folder / "small.safetensors").stat().st_size}


def test_foreign_files_are_not_listed(program: Program, folder: Path) -> None:
    run = folder / "checkpoints" / "my-corpus"
    listed = json.loads(program(folder, "inspect", "--json").stdout)["files"]
    (run / "a letter.txt").write_text("not of the run")
    (run / "last.safetensors.damaged").write_text("kept when it was")
    found = json.loads(program(folder, "inspect", "--json").stdout)["files"]
    assert found == listed | {"last.safetensors.damaged": 16}


def test_a_model_without_held_out_text(program: Program, tmp_path: Path) -> None:
    metadata = {
        "corpus": "c",
        "val_fraction": 0,
        "protocol": "whole sweep",
        "position": {"step": 3},
    }
    save_run(tmp_path, "run", replace(random_checkpoint("abc"), metadata=metadata))
    shown = program(tmp_path, "inspect").stdout.decode()
    assert "c, nothing held out" in shown
    assert "whole sweep" not in shown  # no loss was measured


def test_a_model_without_metadata(program: Program, tmp_path: Path) -> None:
    save_run(tmp_path, "run", replace(random_checkpoint("abc"), metadata={}))
    for options in ((), ("--json",)):
        ended = program(tmp_path, "inspect", "run", *options)
        assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("name", ["absent", "damaged"])
def test_a_missing_or_foreign_file_is_an_error(program: Program, tmp_path: Path, name: str) -> None:
    (tmp_path / "damaged").write_bytes(b"charnn" * 99)
    for options in ((), ("--json",)):
        ended = program(tmp_path, "inspect", name, *options)
        assert (ended.returncode, ended.stdout) == (1, b"")
        assert len(ended.messages) == 1
        assert name in ended.messages[0]


def test_only_options_that_acted_are_shown(program: Program, tmp_path: Path) -> None:
    checkpoint = random_checkpoint("abc", dropout=0.5, weight_drop=0.3)
    for clip_value, acted in ((None, "--clip 1, "), (5.0, "--clip-value 5, ")):
        training = TrainingConfig(Budget(steps=3), clip_value=clip_value, shuffle=True)
        checkpoint.metadata["training"] = training.to_json()
        path = tmp_path / f"{clip_value}.safetensors"
        checkpoint.save(path)
        shown = program(tmp_path, "inspect", path).stdout.decode()
        (options,) = (line for line in shown.splitlines() if line.startswith("  options:"))
        assert acted in options
        assert options.count("--clip") == 1
        assert "shuffle on" in options
        assert "--dropout 0.5, --weight-drop 0.3" in shown


@pytest.mark.parametrize("options", [(), ("--verify",)], ids=str)
def test_metadata_cannot_control_the_terminal(tmp_path: Path, options: tuple[str, ...]) -> None:
    evil = "\x1b]52;c;ZXZpbA==\x07\x9b2J\x1b[1A\u202e\nresumable: yes"
    made = random_checkpoint("ab\x1b\x9b\u202e", documents=2)
    metadata = {"corpus": evil, "protocol": evil, "init_from": evil, "training": {evil: evil}}
    path = save_run(tmp_path, "run\x1b[2J", replace(made, metadata=metadata))
    terminal, inner = pty.openpty()
    ended = subprocess.run(
        command("inspect", path.parent, *options),
        cwd=tmp_path,
        env=environment(),
        stdout=inner,
        stderr=inner,
        check=False,
        timeout=30,
    )
    os.close(inner)
    shown = b""
    while chunk := read(terminal):
        shown += chunk
    os.close(terminal)
    assert ended.returncode == 0
    text = shown.decode()
    assert all(character.isprintable() or character in "\r\n" for character in text)
    assert "resumable: yes" not in text.splitlines()
    assert "x1b" in text


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""
