"""`--documents`: models of lines and passages, from training to samples."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.run_files import DOCUMENTS
from charnn.checkpoints.stored_documents import store_document_hashes
from charnn.corpus.text_documents import text_hash
from charnn.library import load, train
from tests.cli.conftest import SMALL, Program
from tests.helpers import prose, reciting_checkpoint, save_run

WORDS = sorted(dict.fromkeys(prose(9000).split()))


@pytest.fixture(scope="module")
def folder(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a list of words and a run on its lines. A test that writes takes a copy."""
    folder = tmp_path_factory.mktemp("words")
    (folder / "words.txt").write_text("\n".join(WORDS), encoding="utf-8")
    ended = program(folder, "train", "words.txt", "--documents", "lines", "--steps", "60", *SMALL)
    assert ended.returncode == 0, ended.stderr.decode()
    assert f"{len(WORDS):,} lines" in ended.stderr.decode()
    assert "whole lines" in ended.stderr.decode()
    return folder


@pytest.fixture
def workspace(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_sample_is_a_line_and_new_lines_are_counted(program: Program, folder: Path) -> None:
    ended = program(folder, "sample", "--num", "50", "--seed", "3")
    lines = ended.stdout.decode().split("\n")
    assert len(lines) == 51
    assert lines[-1] == ""
    assert "\0" not in ended.stdout.decode()
    assert ended.messages[-1].startswith("50 lines: ")
    ended = program(folder, "sample", "--num", "50", "--seed", "3", "--json")
    samples = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [sample["text"] for sample in samples] == lines[:-1]
    assert f"50 lines: {sum(sample['new'] for sample in samples)} new" in ended.messages[-1]


def test_the_length_bounds_each_line(program: Program, folder: Path) -> None:
    sample = ("sample", "--num", "40", "--seed", "3", "--length", "2", "--prime", "th")
    lines = program(folder, *sample).stdout.decode().splitlines()
    assert len(lines) == 40
    assert all(line.startswith("th") and len(line) <= 4 for line in lines)


def test_copies_and_repetitions_are_counted(program: Program, tmp_path: Path) -> None:
    checkpoint = reciting_checkpoint("abc", separator_after="c", documents=9)
    checkpoint.metadata["document_kind"] = "blank"
    run = save_run(tmp_path, "poems", checkpoint).parent
    sample = ("sample", "--num", "3", "--temperature", "0")
    ended = program(tmp_path, *sample)
    assert ended.stdout == b"abc\n\nabc\n\nabc\n"
    # Without hashes of the training documents, nothing is counted.
    assert len(ended.messages) == 1
    store_document_hashes(run, np.array([text_hash("abc")], np.uint64))
    summary = "3 passages: 0 new, 1 in the training text, 2 repeated"
    assert program(tmp_path, *sample).messages[-1] == summary
    store_document_hashes(run, np.array([text_hash("ab")], np.uint64))
    summary = "3 passages: 1 new, 0 in the training text, 2 repeated"
    assert program(tmp_path, *sample).messages[-1] == summary
    for damage in (b"", b"\x93NUMPY damaged", (run / DOCUMENTS).read_bytes()[:-3]):
        (run / DOCUMENTS).write_bytes(damage)
        ended = program(tmp_path, *sample)
        assert ended.returncode == 0
        assert f"{DOCUMENTS} cannot be read" in ended.messages[0]


def test_the_held_out_lines_are_evaluated(program: Program, folder: Path) -> None:
    ended = program(folder, "evaluate", "words", "words.txt", "--held-out", "--json")
    held_out = json.loads(ended.stdout)
    assert "lines with their ends, which training held out" in held_out["protocol"]
    assert "windows" not in held_out
    whole = json.loads(program(folder, "evaluate", "words", "words.txt", "--json").stdout)
    best = load_checkpoint(folder / "checkpoints" / "words" / "best.safetensors")
    # Held-out characters may be unknown, and unknown ones are not scored.
    known = [character for character in "".join(WORDS) if character in best.vocabulary]
    assert whole["chars"] == len(known) + len(WORDS)
    losses = [entry["val_loss"] for entry in best.metadata["history"]]
    assert held_out["nats_per_char"] == pytest.approx(min(losses), abs=1e-3)


def test_a_resumed_run_keeps_the_kind(program: Program, workspace: Path) -> None:
    resume = ("train", "words.txt", "--resume", "--steps", "70")
    (workspace / "checkpoints" / "words" / DOCUMENTS).unlink()
    ended = program(workspace, *resume)
    assert ended.returncode == 0, ended.stderr.decode()
    assert (workspace / "checkpoints" / "words" / DOCUMENTS).exists()
    ended = program(workspace, *resume, "--name", "words", "--documents", "blank")
    assert ended.returncode == 2
    assert ended.messages == [
        "error: --documents cannot be changed by --resume (it was lines): leave it out, or train a "
        "new run under another --name"
    ]
    ended = program(workspace, *resume, "--documents", "blank")
    assert ended.returncode == 1
    assert "no run in checkpoints/ was trained on this corpus" in ended.messages[0]


def test_fine_tuning_takes_over_the_kind(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    Path("others.txt").write_text("\n".join(word[::-1] for word in WORDS))
    model = train("others.txt", init_from="words", steps=2, threads=1)
    assert model.checkpoint.document_kind == "lines"
    text = train("others.txt", init_from="words", documents="auto", steps=2, name="t", threads=1)
    assert text.checkpoint.document_kind == "auto"
    assert load("others").held_out("others.txt").characters > 0


@pytest.mark.parametrize("kind", ["lines", "blank", "files"])
def test_a_single_document_is_refused(program: Program, tmp_path: Path, kind: str) -> None:
    (tmp_path / "one.txt").write_text("a single line")
    ended = program(tmp_path, "train", "one.txt", "--documents", kind)
    assert ended.returncode == 1
    assert f"error: --documents {kind} needs several" in ended.messages[0]


def test_blank_lines_separate_passages(program: Program, tmp_path: Path) -> None:
    words = iter(WORDS)
    verses = ["\n".join(verse) for verse in zip(words, words, words, strict=False)]
    (tmp_path / "poems.txt").write_text("\n\n\n".join(verses) + "\n", encoding="utf-8")
    train = ("train", "poems.txt", "--documents", "blank", "--steps", "30", *SMALL)
    ended = program(tmp_path, *train)
    assert ended.returncode == 0, ended.stderr.decode()
    assert f"{len(verses):,} passages" in ended.stderr.decode()
    inspected = json.loads(program(tmp_path, "inspect", "poems", "--json").stdout)
    assert (inspected["document_kind"], inspected["documents"]) == ("blank", len(verses))
    ended = program(tmp_path, "sample", "--num", "2", "--seed", "1", "--length", "30")
    assert ended.stdout.endswith(b"\n")
    assert ended.messages[-1].startswith("2 passages: ")
