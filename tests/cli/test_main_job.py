"""The main job from end to end: train on a book, sample a tune, export its MIDI."""

import itertools
import json
import re
from pathlib import Path

import mido

from tests.helpers import charnn_process

BARS = ("GABd", "dBAG", "ABcA", "gfed", "edBd", "cBAc")


def book() -> str:
    """Return a book of small reels, no two with the same notes."""
    return "\n".join(
        f"X:{number}\nT:Reel\nR:reel\nM:4/4\nL:1/8\nK:G\n|:{one}{two} {two}{one}|{one}{one} G4:|\n"
        for number, (one, two) in enumerate(itertools.permutations(BARS, 2), start=1)
    )


def test_train_sample_export(tmp_path: Path) -> None:
    (tmp_path / "reels.abc").write_text(book())
    small = ["--hidden-size", "64", "--batch-size", "4", "--seq-len", "32", "--threads", "1"]
    run = charnn_process(tmp_path, "train", "reels.abc", "--epochs", "25", "--lr", "0.01", *small)
    assert run.returncode == 0, run.stderr
    assert b"30 documents" in run.stderr

    run = charnn_process(
        tmp_path, "sample", "--temperature", "0.3", "--seed", "1", "--num", "2", "--json"
    )
    samples = [json.loads(line) for line in run.stdout.splitlines()]
    assert [sample["seed"] for sample in samples] == [1, 2]
    assert samples[0]["checkpoint"] == "checkpoints/reels/best.safetensors"

    # A sample is exactly one tune, from its first to its last character.
    tune = charnn_process(tmp_path, "sample", "--temperature", "0.3", "--seed", "1").stdout
    assert tune.decode() == samples[0]["text"]
    assert re.match(rb"X:1\n% charnn sample .*\nT:Reel\nR:reel\nM:4/4\n", tune)
    assert tune.count(b"X:") == 1
    assert tune.endswith(b"|\n")

    run = charnn_process(tmp_path, "export-midi", "-", "-o", "new.mid", stdin=tune)
    assert run.returncode == 0, run.stderr
    notes = [m for m in mido.MidiFile(tmp_path / "new.mid") if m.type == "note_on" and m.velocity]
    assert len(notes) >= 8
