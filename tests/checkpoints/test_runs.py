"""Finding runs: which checkpoint a user means."""

import contextlib
import os
from pathlib import Path

import pytest

from charnn.checkpoints import bundled
from charnn.checkpoints.bundled import display_name
from charnn.checkpoints.run_files import BEST, LAST
from charnn.checkpoints.runs import find_checkpoints, find_runs, load_best, rename_damaged
from charnn.errors import CheckpointError
from tests.helpers import random_checkpoint


@pytest.fixture(autouse=True)
def no_bundled_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "_PATHS", ())


def run_of(folder: Path, name: str, *files: str, written: float) -> Path:
    run = folder / name
    run.mkdir(parents=True)
    for number, file in enumerate(files):
        (run / file).touch()
        os.utime(run / file, (written + number, written + number))
    return run


def test_the_most_recently_written_run_comes_first(tmp_path: Path) -> None:
    old = run_of(tmp_path, "b", BEST, LAST, written=1000)
    new = run_of(tmp_path, "a", BEST, LAST, written=2000)
    resumed = run_of(tmp_path, "c", BEST, LAST, written=500)
    os.utime(resumed / LAST, (3000, 3000))
    run_of(tmp_path, "without-checkpoint", "metrics.jsonl", written=9000)
    (tmp_path / "README.md").touch()
    assert find_runs(tmp_path) == [resumed, new, old]
    assert find_runs(tmp_path / "absent") == []
    assert find_checkpoints(None, tmp_path)[0] == resumed / BEST


def test_the_name_of_a_run_may_have_lines(tmp_path: Path) -> None:
    run = run_of(tmp_path, "two\nlines", BEST, written=1000)
    assert find_checkpoints(Path(run.name), tmp_path) == [run / BEST]


def test_a_checkpoint_is_found_by_file_folder_and_name(tmp_path: Path) -> None:
    run = run_of(tmp_path, "run", BEST, LAST, written=1000)
    assert find_checkpoints(run, Path("elsewhere"))[0] == run / BEST
    assert find_checkpoints(run / LAST, Path("elsewhere"))[0] == run / LAST
    assert find_checkpoints(Path("run"), tmp_path)[0] == run / BEST
    (run / BEST).unlink()
    assert find_checkpoints(Path("run"), tmp_path)[0] == run / LAST
    (run / LAST).unlink()
    with pytest.raises(CheckpointError, match="neither a checkpoint file nor a run"):
        find_checkpoints(Path("run"), tmp_path)
    corpus = tmp_path / "here" / "run"
    corpus.mkdir(parents=True)
    (run / LAST).touch()
    with contextlib.chdir(corpus.parent):  # a corpus of the same name does not hide the run
        assert find_checkpoints(Path("run"), tmp_path)[0] == run / LAST
    (run / LAST).unlink()
    with pytest.raises(CheckpointError, match="absent"):
        find_checkpoints(Path("absent"), tmp_path)
    with pytest.raises(CheckpointError, match="charnn train"):
        find_checkpoints(None, tmp_path)


def test_a_damaged_checkpoint_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    random_checkpoint("abc").save(run / LAST)
    (run / BEST).write_bytes(b"damaged")
    loaded = load_best(Path("run"), tmp_path)
    assert loaded.path == run / LAST
    assert loaded.damaged == (f"{run / BEST} is not a checkpoint that charnn can read",)
    (run / LAST).write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match=r"best.* read\. .*last.* read\. No checkpoint"):
        load_best(Path("run"), tmp_path)


def test_a_damaged_file_is_renamed_and_never_overwritten(tmp_path: Path) -> None:
    for number, suffix in enumerate(("", "-2", "-3")):
        path = tmp_path / LAST
        path.write_bytes(bytes([number]))
        assert rename_damaged(path) == tmp_path / f"{LAST}.damaged{suffix}"
        assert not path.exists()
    assert (tmp_path / f"{LAST}.damaged").read_bytes() == b"\0"


class TestBundledModel:
    @pytest.fixture
    def path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "package" / "folk.safetensors"
        path.parent.mkdir()
        path.touch()
        monkeypatch.setattr(bundled, "_PATHS", (tmp_path / "absent", path))
        return path

    def test_it_is_used_where_there_is_no_run(self, path: Path, tmp_path: Path) -> None:
        assert find_checkpoints(None, tmp_path / "runs")[0] == path
        assert find_checkpoints(Path("folk"), tmp_path / "runs")[0] == path
        with pytest.raises(CheckpointError, match="neither a checkpoint file nor a run"):
            find_checkpoints(Path("reel"), tmp_path / "runs")

    def test_a_run_is_preferred(self, path: Path, tmp_path: Path) -> None:
        other = run_of(tmp_path / "runs", "other", BEST, written=1000)
        assert find_checkpoints(None, tmp_path / "runs")[0] == other / BEST
        assert find_checkpoints(Path("folk"), tmp_path / "runs")[0] == path
        folk = run_of(tmp_path / "runs", "folk", BEST, written=500)
        assert find_checkpoints(Path("folk"), tmp_path / "runs")[0] == folk / BEST
        assert find_checkpoints(None, tmp_path / "runs")[0] == other / BEST

    def test_messages_use_its_name(self, path: Path, tmp_path: Path) -> None:
        assert display_name(path) == "folk"
        assert display_name(tmp_path / "a.safetensors") == str(tmp_path / "a.safetensors")

    def test_where_it_is_missing(self, path: Path, tmp_path: Path) -> None:
        path.unlink()
        with pytest.raises(CheckpointError, match="no trained model"):
            find_checkpoints(None, tmp_path / "runs")
        with pytest.raises(CheckpointError, match="neither a checkpoint file nor a run"):
            find_checkpoints(Path("folk"), tmp_path / "runs")
