"""`charnn evaluate --copies`: new texts beside held-out text, compared with the training text."""

import json
import re
import shutil
from pathlib import Path

import pytest

from charnn.cli import evaluate_copies
from charnn.cli.commands import evaluate
from charnn.cli.evaluate_copies import compare_with_training_text, copies_table
from charnn.cli.insight_options import read_corpus
from charnn.corpus.sources import open_corpus
from charnn.errors import CheckpointError
from charnn.library import load, train
from tests.cli.conftest import Ended, Program
from tests.helpers import prose, reciting_checkpoint, save_run


@pytest.fixture
def workspace(trained: tuple[Path, Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the folder with one run. Samples are short."""
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluate_copies, "TEXTS", 3)
    monkeypatch.setattr(evaluate_copies, "LENGTH", 100)
    return tmp_path


def test_the_figures_of_texts_and_of_held_out_text(workspace: Path) -> None:
    found = compare_with_training_text(load("my-corpus"), None, 1.0, 7)
    assert (found["texts"], found["characters"], found["seed"]) == (3, 300, 7)
    assert found == compare_with_training_text(load("my-corpus"), None, 1.0, 7)
    assert found["longest_run"] in prose(3000)
    assert len(found["longest_run"]) == found["longest"]["model"]
    # Real text has longer words than an untrained model writes.
    assert found["longest"]["held_out"] > found["longest"]["model"]
    assert [row["length"] for row in found["runs"]] == [16, 32, 64]
    table = "".join(copies_table(found))
    assert table.startswith("found in the training text                   model  held out\n")
    assert table.count("\n") == 6


def test_the_training_corpus_is_found_or_named(workspace: Path) -> None:
    model = load("my-corpus")
    expected = compare_with_training_text(model, None, 1.0, 7)
    shutil.rmtree("data")
    with pytest.raises(CheckpointError, match="is not in data/: name the training corpus"):
        compare_with_training_text(model, None, 1.0, 7)
    Path("other.txt").write_text(prose(3000, 5000))
    with pytest.raises(CheckpointError, match="and other is another text"):
        compare_with_training_text(model, open_corpus(["other.txt"]), 1.0, 7)
    named = open_corpus(["my corpus.txt"])
    assert compare_with_training_text(model, named, 1.0, 7) == expected
    # Now the corpus is prepared again.
    assert compare_with_training_text(model, None, 1.0, 7) == expected


def test_a_damaged_corpus_is_not_used(workspace: Path) -> None:
    (ids,) = Path("data").glob("*/ids.npy")
    content = bytearray(ids.read_bytes())
    content[-1] ^= 1
    ids.write_bytes(content)
    with pytest.raises(CheckpointError, match="is not in data/"):
        compare_with_training_text(load("my-corpus"), None, 1.0, 7)


def test_the_command(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # In this process, where the samples are short.
    evaluate.command(Path("my-corpus"), copies=True, seed=7)
    written = capsys.readouterr()
    assert written.err.endswith("3 texts of up to 100 characters, temperature 1, seed 7\n")
    assert written.out.startswith("found in the training text")
    evaluate.command(Path("my-corpus"), ["my corpus.txt"], copies=True, seed=7, as_json=True)
    results = json.loads(capsys.readouterr().out)
    assert results["copies"] == compare_with_training_text(load("my-corpus"), None, 1.0, 7)
    assert "nats_per_char" in results


def test_of_a_model_of_bytes_bytes_are_counted(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("data.txt").write_text("na\u00efve caf\u00e9\n" * 4000, "utf-8")
    options = {"hidden_size": 8, "batch_size": 4, "seq_len": 16, "pointer": 0}
    model = train("data.txt", tokens="bytes", steps=2, report=print, **options)
    capsys.readouterr()
    found = compare_with_training_text(model, None, 1.0, 7)
    assert "3 texts of up to 100 bytes" in capsys.readouterr().err
    table = "".join(copies_table(found))
    assert "longest run, in bytes" in table
    assert "runs of 16 bytes" in table
    read_corpus(model, ["data.txt"], None, limit=20_000)
    assert re.search(r"reads [\d,]+ of 52,000 bytes", capsys.readouterr().err)
    evaluation = model.evaluate(model.held_out(), windows=True)
    assert evaluation.protocol.startswith("whole sweep, every byte once")
    assert evaluation.windows is not None
    assert evaluation.windows.protocol.startswith("windows of 256 bytes")


def test_a_model_of_tunes_is_refused(program: Program, tmp_path: Path) -> None:
    checkpoint = reciting_checkpoint("X:1\n", documents=9)
    checkpoint.metadata["tunes"] = True
    save_run(tmp_path, "tunes", checkpoint)
    ended = program(tmp_path, "evaluate", "tunes", "--copies")
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert "use --tunes N" in ended.messages[0]
