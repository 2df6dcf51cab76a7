"""The creation of runs, and the lock on a run's folder."""

from pathlib import Path

import pytest

from charnn.checkpoints.run_files import BEST, LAST, METRICS
from charnn.checkpoints.run_lock import RunLock, create_run
from charnn.checkpoints.stored_tunes import store_tunes
from charnn.errors import CheckpointError, UsageError


def test_a_new_run_is_named_after_its_corpus_and_numbered(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "checkpoints"
    for name in ("tunes", "tunes-2", "tunes-3"):
        with create_run(folder, None, "tunes") as lock:
            assert lock.run == folder / name
            (lock.run / LAST).touch()
    assert create_run(folder, "mine", "tunes").run == folder / "mine"


def test_a_run_with_a_checkpoint_is_never_reused(tmp_path: Path) -> None:
    for file in (BEST, LAST):
        with create_run(tmp_path, file, "tunes") as lock:
            pass
        # Nothing was saved yet, so nothing can be lost.
        with create_run(tmp_path, file, "tunes") as again:
            assert again.run == lock.run
            (lock.run / file).touch()
        with pytest.raises(CheckpointError, match="--resume"):
            create_run(tmp_path, file, "tunes")


@pytest.mark.parametrize("file", ["diary.txt", METRICS])
def test_a_folder_that_is_not_a_run_is_not_used(tmp_path: Path, file: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / file).write_text("my notes")
    with pytest.raises(CheckpointError, match="another --name"):
        create_run(tmp_path, "mine", "tunes")
    assert create_run(tmp_path, None, "mine").run == tmp_path / "mine-2"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [file]


def test_a_file_with_the_name_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "tunes").touch()
    assert create_run(tmp_path, None, "tunes").run == tmp_path / "tunes-2"
    with pytest.raises(CheckpointError):
        create_run(tmp_path, "tunes", "tunes")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "../up", "a/"])
def test_names_that_are_not_folder_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--name"):
        create_run(tmp_path / "runs", name, "tunes")
    assert list(tmp_path.rglob("*")) == []


def test_a_run_is_trained_by_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        RunLock(tmp_path),
        pytest.raises(CheckpointError, match="another process"),
        RunLock(tmp_path),
    ):
        pytest.fail("two at once")
    with RunLock(tmp_path):
        pass


def test_a_run_without_a_checkpoint_is_reused(tmp_path: Path) -> None:
    with create_run(tmp_path, "run", "corpus"):
        store_tunes(tmp_path / "run", ["X:1\nT:One\nK:C\nCDE|\n"])
    assert create_run(tmp_path, "run", "corpus").run == tmp_path / "run"
