"""The files of a run while its disk fails, and afterwards."""

import errno
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.run_files import BEST, LAST, LOCK, METRICS, PREVIOUS
from charnn.checkpoints.run_lock import RunLock, create_run
from charnn.corpus.ids import Dataset
from charnn.errors import CheckpointError, UnsavedError
from charnn.training import saver, trainer
from charnn.training.events import Event, SavedAtLast, ShortOfSpace, Stepped, Unsaved, Validated
from charnn.training.metrics import Metrics
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run, assert_same_run

FILES = {BEST, LAST, PREVIOUS, METRICS}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1250), val_fraction=0.03)


class Disk:
    """A disk that is full as long as a test wants, or has so much room.

    Args:
        folder: all that is on it.
    """

    def __init__(self, folder: Path) -> None:
        self.full = False
        self.room = math.inf
        self._folder = folder
        self._fsync = os.fsync

    def fsync(self, descriptor: int) -> None:
        sizes = {path.stat().st_ino: path.stat().st_size for path in self._folder.rglob("*.*")}
        if self.full or sum(sizes.values()) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._fsync(descriptor)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(tmp_path)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


def train(run: Run, steps: int, at: dict[int, Callable[[], object]], **options: int) -> None:
    """Train, and call functions after some of the steps."""
    trainer = run.trainer(run.config(steps, **options))

    def should_stop() -> bool:
        at.get(trainer.state.position.step, lambda: None)()
        return False

    trainer.should_stop = should_stop
    trainer.run()


def told(run: Run) -> list[type[Event]]:
    return [type(event) for event in run.events if isinstance(event, Unsaved | SavedAtLast)]


def steps_of(run: Run) -> dict[str, int]:
    return {name: load_checkpoint(run.folder / name).step for name in (BEST, LAST, PREVIOUS)}


def steps_of_last(run: Run) -> int:
    return load_checkpoint(run.folder / LAST).step


def test_the_previous_save_is_kept(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    train(run, 9, {}, save_every=2)
    assert {path.name for path in run.folder.iterdir()} == FILES
    steps = steps_of(run)
    assert steps[LAST] == 9
    assert steps[PREVIOUS] == 8
    assert not told(run)


def test_a_best_checkpoint_without_a_loss_is_replaced(tmp_path: Path, dataset: Dataset) -> None:
    """Someone has replaced it by a checkpoint from before the first validation."""
    run = Run(tmp_path / "run", dataset)
    run.train(9, stop_after=3)
    shutil.copy(run.folder / LAST, run.folder / BEST)
    last, best = run.checkpoint(LAST), run.checkpoint(BEST)
    assert not best.metadata["history"]
    assert run.trainer(run.config(9), resume=last, best=best).run().reason == "done"
    assert steps_of(run)[BEST] == 9


def test_a_run_survives_a_full_disk(tmp_path: Path, dataset: Dataset, disk: Disk) -> None:
    """In the end every file is what it would be without the full disk."""
    well = Run(tmp_path / "well", dataset)
    train(well, 30, {}, save_every=1)
    run = Run(tmp_path / "run", dataset)
    saved = {}

    def fill() -> None:
        disk.full = True
        saved.update({path: path.read_bytes() for path in run.folder.iterdir()})

    def look() -> None:
        for path, content in saved.items():
            if path.name in (BEST, LAST):
                assert path.read_bytes() == content
        assert {path.name for path in run.folder.iterdir()} == FILES - {PREVIOUS}

    at = {12: fill, **dict.fromkeys(range(13, 20), look), 20: lambda: setattr(disk, "full", False)}
    train(run, 30, at, save_every=1)
    assert told(run) in ([Unsaved, SavedAtLast], [Unsaved, Unsaved, SavedAtLast])
    assert next(event for event in run.events if isinstance(event, Unsaved)).reason == (
        "No space left on device"
    )
    for name in (BEST, LAST, PREVIOUS):
        assert_same_run(run.checkpoint(name), well.checkpoint(name))


@pytest.mark.parametrize("stop", [False, True])
def test_files_that_are_unsaved_at_the_end_are_an_error(
    tmp_path: Path, dataset: Dataset, disk: Disk, stop: bool
) -> None:
    run = Run(tmp_path / "run", dataset)
    trainer = run.trainer(run.config(30, save_every=1))

    def should_stop() -> bool:
        disk.full = trainer.state.position.step >= 12
        return stop and trainer.state.position.step == 20

    trainer.should_stop = should_stop
    with pytest.raises(UnsavedError, match=r"last\.safetensors could not be saved") as failure:
        trainer.run()
    assert "--resume" in str(failure.value)
    assert "No space left" in str(failure.value)
    last = run.checkpoint()
    assert last.step == 11
    assert {path.name for path in run.folder.iterdir()} == FILES - {PREVIOUS}
    # The error has the model, so that a notebook can save it elsewhere.
    disk.full = False
    assert isinstance(failure.value.checkpoint, Checkpoint)
    failure.value.checkpoint.save(tmp_path / "elsewhere.safetensors")
    assert load_checkpoint(tmp_path / "elsewhere.safetensors").step > 0


def test_on_a_full_disk_the_previous_save_is_deleted(
    tmp_path: Path, dataset: Dataset, disk: Disk
) -> None:
    """The newest checkpoint is worth more than the previous one."""
    run = Run(tmp_path / "run", dataset)

    def shrink() -> None:
        used = sum(path.stat().st_size for path in run.folder.iterdir())
        disk.room = used + (run.folder / LAST).stat().st_size // 2

    def look() -> None:
        saved.append(steps_of_last(run))

    saved: list[int] = []
    train(run, 30, {12: shrink, **dict.fromkeys(range(13, 30), look)}, save_every=1)
    assert saved == list(range(12, 29))
    assert steps_of_last(run) == 30
    assert not told(run)


def test_saving_is_retried_between_the_saves(
    tmp_path: Path, dataset: Dataset, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "RETRY_AFTER", 0.0)
    run = Run(tmp_path / "run", dataset)
    at = {
        9: lambda: setattr(disk, "full", True),
        15: lambda: setattr(disk, "full", False),
        16: lambda: steps.append(steps_of_last(run)),
    }
    steps: list[int] = []
    train(run, 30, at, save_every=10)
    assert steps == [15]
    assert told(run)[-1] is SavedAtLast


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no folder of open files")
def test_a_deleted_folder_is_written_again(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The rate jumps in the middle, so the best checkpoint comes before.
    monkeypatch.setattr(trainer, "learning_rate", lambda progress, lr: lr if progress < 0.5 else 1)
    well = Run(tmp_path / "well", dataset)
    train(well, 40, {}, save_every=5)
    assert load_checkpoint(well.folder / BEST).step < 30
    run = Run(tmp_path / "run", dataset)
    train(run, 40, {31: lambda: shutil.rmtree(run.folder)}, save_every=5)
    assert told(run)[-1] is SavedAtLast
    for name in (BEST, LAST, PREVIOUS):
        assert_same_run(run.checkpoint(name), well.checkpoint(name))
    one, other = (
        [(line["event"], line["step"]) for line in metrics(folder)]
        for folder in (run.folder, well.folder)
    )
    assert one == other


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no folder of open files")
@pytest.mark.parametrize("copied", [False, True])
def test_another_run_in_the_same_place_is_not_overwritten(
    tmp_path: Path, dataset: Dataset, copied: bool
) -> None:
    """Someone moved the folder away and trained another run there, or copied one there."""
    run = Run(tmp_path / "run", dataset)

    def another() -> None:
        run.folder.rename(tmp_path / "moved")
        with create_run(tmp_path, "run", "corpus"):
            for name in (BEST, METRICS):
                (run.folder / name).write_text("of the other run")
        if copied:
            (run.folder / LOCK).unlink()

    with RunLock(run.folder) as lock:
        trainer = run.trainer(run.config(40, save_every=5), claim_folder=lock.acquire)
        trainer.should_stop = lambda: bool(trainer.state.position.step == 12 and another())
        with pytest.raises(UnsavedError, match="another run"):
            trainer.run()
    assert (run.folder / BEST).read_text() == "of the other run"
    assert (run.folder / METRICS).read_text() == "of the other run"
    there = {BEST, METRICS} if copied else {BEST, METRICS, LOCK}
    assert {path.name for path in run.folder.iterdir()} == there
    assert 1 <= len(told(run)) <= 3


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no locked file")
def test_a_deleted_lock_is_acquired_again(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    with RunLock(run.folder) as lock:
        trainer = run.trainer(run.config(40, save_every=5), claim_folder=lock.acquire)
        remove = (run.folder / LOCK).unlink
        trainer.should_stop = lambda: bool(trainer.state.position.step == 12 and remove())
        trainer.run()
        with pytest.raises(CheckpointError, match="another process"):
            RunLock(run.folder).acquire()
    assert steps_of_last(run) == 40
    assert not told(run)


def metrics(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / METRICS).read_text("utf-8").splitlines()]


def test_too_little_space_is_reported_at_the_start(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(5)
    assert not [event for event in run.events if isinstance(event, ShortOfSpace)]
    size = (run.folder / LAST).stat().st_size
    usage = shutil.disk_usage(tmp_path)
    other = Run(tmp_path / "other", dataset)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2 * size))
    other.train(5)
    (event,) = [event for event in other.events if isinstance(event, ShortOfSpace)]
    assert event.needed == pytest.approx(4 * size, rel=0.9)
    assert isinstance(other.events[0], ShortOfSpace)


class TestMetrics:
    EVENT = Stepped(10, 1.5, 0.001, 0.5, 1000.0, 0.1, 1.0)

    @pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
    def test_a_full_disk_cuts_no_line_and_loses_none(self, tmp_path: Path) -> None:
        import resource

        metrics = Metrics(tmp_path / METRICS, 0, 0)
        metrics.add(self.EVENT)
        metrics.flush()
        line = (tmp_path / METRICS).read_bytes()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        for room in (1, 10, len(line) + 5):
            size = (tmp_path / METRICS).stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, before[1]))
            try:
                metrics.add(self.EVENT)
                metrics.add(self.EVENT)
                with pytest.raises(OSError, match="too large"):
                    metrics.flush()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert (tmp_path / METRICS).stat().st_size == size
            metrics.flush()
            assert (tmp_path / METRICS).stat().st_size == size + 2 * len(line)
        metrics.close()
        assert (tmp_path / METRICS).read_bytes() == 7 * line

    def test_a_repeated_validation_is_recorded_once(self, tmp_path: Path) -> None:
        """A run that was killed between a line and its save."""
        metrics = Metrics(tmp_path / METRICS, 0, 0)
        metrics.add(self.EVENT)
        metrics.add(Validated(10, 1.5, True, None))  # type: ignore[arg-type]
        metrics.flush()
        metrics.close()
        Metrics(tmp_path / METRICS, 10, 0).close()
        assert [line["event"] for line in map(json.loads, lines(tmp_path))] == ["step"]


def lines(folder: Path) -> list[str]:
    return (folder / METRICS).read_text("utf-8").splitlines()
