"""A run whose newest checkpoint is damaged resumes from the previous one, bit for bit."""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

import charnn
from charnn.checkpoints.run_files import BEST, LAST, PREVIOUS
from charnn.checkpoints.runs import load_run
from charnn.errors import CheckpointError
from charnn.library import Model
from charnn.training.events import Event, Recovered
from tests.faults.conftest import Trials
from tests.faults.runs import CORPUS, RUN, VAL_FRACTION, assert_whole_metrics, working_folder
from tests.forks import Ended, Forks
from tests.training.helpers import assert_same_run

STEPS = 40
SMALL = {
    "hidden_size": 16,
    "embedding_size": 8,
    "batch_size": 4,
    "seq_len": 16,
    "dropout": 0.2,
    "threads": 1,
    "precision": "fp32",
    "device": "cpu",
}


def train(folder: Path, **options: Any) -> list[Event]:
    """Train in a folder; return the reported events."""
    events: list[Event] = []
    runs = folder / RUN.parent
    corpus = folder / "corpus.txt"
    options = {"steps": STEPS, "val_fraction": VAL_FRACTION, "report": events.append} | options
    charnn.train(corpus, name="run", out=runs, **options)
    return events


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run that was stopped at step 31 and saved at step 30; its best
    checkpoint is older."""
    folder = working_folder(tmp_path_factory.mktemp("stopped"))
    steps = iter(range(1, STEPS))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # Without a pointer, no validation asks `should_stop` twice.
        options = {**SMALL, "pointer": 0, "save_every": 3}
        train(folder, **options, should_stop=lambda: next(steps) == 31)
    return folder


def damaged(random: random.Random, content: bytes) -> bytes:
    """Return content as a bad disk or an incomplete copy leaves it."""
    place = random.randrange(len(content))
    flipped = bytes([content[place] ^ 1 << random.randrange(8)])
    return random.choice(
        (
            content[:place],
            content[:place] + flipped + content[place + 1 :],
            content[:place] + bytes(min(512, len(content) - place)) + content[place + 512 :],
            content[:place] + random.randbytes(9) + content[place:],
            b"",
        )
    )


def test_a_run_resumes_from_its_newest_intact_checkpoint(
    trials: Trials, stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stopped)  # the folder with the prepared corpus
    whole = tmp_path / "whole"
    shutil.copytree(stopped, whole)
    shutil.copy(whole / RUN / PREVIOUS, whole / RUN / LAST)
    (whole / RUN / PREVIOUS).unlink()
    train(whole, resume=True)
    expected, _ = load_run(whole / RUN)
    assert {path.name for path in expected} == {BEST, LAST, PREVIOUS}

    def trial(random: random.Random) -> None:
        folder = tmp_path / "trial"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(stopped, folder)
        run = folder / RUN
        # Each of the three is the newest intact checkpoint in some trial.
        broken = random.choice(([LAST], [LAST], [LAST, BEST], [LAST, PREVIOUS], [BEST]))
        bad = {name: damaged(random, (run / name).read_bytes()) for name in broken}
        for name, content in bad.items():
            (run / name).write_bytes(content)
        # A flipped byte may be padding of the JSON, which is no damage.
        _, problems = load_run(run)
        bad = {name: content for name, content in bad.items() if run / name in problems}
        events = train(folder, resume=True)
        recovered = [event for event in events if isinstance(event, Recovered)]
        assert len(recovered) == bool(bad)
        for event in recovered:
            left = next(name for name in (LAST, PREVIOUS, BEST) if name not in bad)
            assert event.taken == run / left
            assert len(event.problems) == len(bad)
        for name, content in bad.items():
            assert (run / f"{name}.damaged").read_bytes() == content
        stored, _ = load_run(run)
        assert_same_run(stored[run / LAST], expected[whole / RUN / LAST])
        assert_whole_metrics(folder)

    trials("newest checkpoint damaged: goes on from the one before", trial, few=3, many=100)


@pytest.fixture
def broken(stopped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the run with damaged best and last checkpoints, and work in its folder."""
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in (BEST, LAST):
        spoil(tmp_path / RUN / name)
    return tmp_path / RUN


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def resume_run(**options: Any) -> Model:
    return charnn.train("corpus.txt", val_fraction=VAL_FRACTION, steps=33, resume=True, **options)


def warnings(ended: Ended, name: str) -> list[str]:
    return [line for line in ended.messages if line.startswith("warning: ") and name in line]


def test_a_damaged_run_is_found_by_its_corpus(broken: Path) -> None:
    assert resume_run().checkpoint.step == 33


def test_a_run_without_an_intact_checkpoint_is_refused(broken: Path, forks: Forks) -> None:
    spoil(broken / PREVIOUS)
    before = {path: path.read_bytes() for path in broken.iterdir()}
    for command in (("train", *CORPUS, "--resume", "--name", "run"), ("sample", "run")):
        ended = forks(Path.cwd(), *command)
        assert ended.returncode == 1
        assert ended.messages[-1].startswith("error: ")
        for name in (BEST, LAST, PREVIOUS):
            assert str(RUN / name) in ended.messages[-1]
    ended = forks(Path.cwd(), "train", *CORPUS, "--resume")
    assert ended.returncode == 1
    assert str(RUN / LAST) in ended.messages[-1]
    assert {path: path.read_bytes() for path in broken.iterdir()} == before


def test_resuming_warns_in_one_line(broken: Path, forks: Forks) -> None:
    ended = forks(Path.cwd(), "train", *CORPUS, "--resume", "--steps", "33")
    assert ended.returncode == 0, ended.stderr.decode()
    (warning,) = warnings(ended, LAST)
    for phrase in (LAST, f"{LAST}.damaged", f"goes on from {RUN / PREVIOUS}, step 30"):
        assert phrase in warning
    # A second damaged file does not overwrite the first one, which was kept.
    kept = (broken / f"{LAST}.damaged").read_bytes()
    spoil(broken / LAST)
    assert forks(Path.cwd(), "train", *CORPUS, "--resume", "--steps", "35").returncode == 0
    assert (broken / f"{LAST}.damaged").read_bytes() == kept
    assert (broken / f"{LAST}.damaged-2").exists()


def test_reading_falls_back_to_the_next_checkpoint(broken: Path, forks: Forks) -> None:
    for named in ("run", None, RUN):
        model = charnn.load(named)
        assert model.path == RUN / PREVIOUS
        assert [problem.split()[0] for problem in model.damaged] == [
            str(RUN / name) for name in (BEST, LAST)
        ]
    for arguments in (
        ("sample", "--length", "9"),
        ("evaluate", "run", "corpus.txt"),
        ("export-model", "run", "-o", "model.safetensors"),
        ("train", *CORPUS, "--name", "other", "--init-from", "run", "--steps", "1"),
    ):
        ended = forks(Path.cwd(), *arguments)
        assert ended.returncode == 0, ended.stderr.decode()
        (warning,) = warnings(ended, BEST)
        assert str(RUN / PREVIOUS) in warning
    # A named file is not replaced by another one.
    with pytest.raises(CheckpointError, match=BEST):
        charnn.load(RUN / BEST)
    assert forks(Path.cwd(), "sample", RUN / LAST).returncode == 1
    # The last checkpoint is preferred to the previous one.
    shutil.copy(RUN / PREVIOUS, RUN / LAST)
    assert charnn.load("run").path == RUN / LAST


def test_a_run_without_its_last_checkpoint_resumes(broken: Path) -> None:
    """A kill between two renames has this effect on a disk without links."""
    for name in (BEST, LAST):
        (broken / name).unlink()
    assert resume_run(name="run").checkpoint.step == 33
