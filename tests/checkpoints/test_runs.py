"""Runs: the folders of checkpoints, and which one a user means."""

import contextlib
import gzip
import os
from pathlib import Path

import pytest

from charnn.checkpoints import runs
from charnn.checkpoints.bundled import display_name
from charnn.checkpoints.run_files import BEST, LAST, METRICS, TUNES
from charnn.checkpoints.run_lock import RunLock, create_run
from charnn.checkpoints.runs import find_checkpoints, find_runs
from charnn.checkpoints.stored_tunes import read_stored_tunes, store_tunes
from charnn.errors import CheckpointError, UsageError


@pytest.fixture(autouse=True)
def no_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_BUNDLED_PATHS", ())


def run_of(folder: Path, name: str, *files: str, written: float) -> Path:
    run = folder / name
    run.mkdir(parents=True)
    for number, file in enumerate(files):
        (run / file).touch()
        os.utime(run / file, (written + number, written + number))
    return run


def test_a_new_run_takes_the_name_of_its_corpus_and_a_number(tmp_path: Path) -> None:
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
        # Begun, but nothing was saved yet: nothing can be lost.
        with create_run(tmp_path, file, "tunes") as again:
            assert again.run == lock.run
            (lock.run / file).touch()
        with pytest.raises(CheckpointError, match="--resume"):
            create_run(tmp_path, file, "tunes")


@pytest.mark.parametrize("file", ["diary.txt", METRICS])
def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path, file: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / file).write_text("my notes")
    with pytest.raises(CheckpointError, match="another --name"):
        create_run(tmp_path, "mine", "tunes")
    assert create_run(tmp_path, None, "mine").run == tmp_path / "mine-2"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [file]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "tunes").touch()
    assert create_run(tmp_path, None, "tunes").run == tmp_path / "tunes-2"
    with pytest.raises(CheckpointError):
        create_run(tmp_path, "tunes", "tunes")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc", "../up", "a/"])
def test_what_is_no_name_for_a_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--name"):
        create_run(tmp_path / "runs", name, "tunes")
    assert list(tmp_path.rglob("*")) == []


def test_the_newest_run_is_the_one_that_was_written_to_last(tmp_path: Path) -> None:
    old = run_of(tmp_path, "b", BEST, LAST, written=1000)
    new = run_of(tmp_path, "a", BEST, LAST, written=2000)
    resumed = run_of(tmp_path, "c", BEST, LAST, written=500)
    os.utime(resumed / LAST, (3000, 3000))
    run_of(tmp_path, "hollow", "metrics.jsonl", written=9000)
    (tmp_path / "README.md").touch()
    assert find_runs(tmp_path) == [resumed, new, old]
    assert find_runs(tmp_path / "absent") == []
    assert find_checkpoints(None, tmp_path)[0] == resumed / BEST


def test_a_checkpoint_by_file_folder_and_name(tmp_path: Path) -> None:
    run = run_of(tmp_path, "run", BEST, LAST, written=1000)
    assert find_checkpoints(run, Path("elsewhere"))[0] == run / BEST
    assert find_checkpoints(run / LAST, Path("elsewhere"))[0] == run / LAST
    assert find_checkpoints(Path("run"), tmp_path)[0] == run / BEST
    (run / BEST).unlink()
    assert find_checkpoints(Path("run"), tmp_path)[0] == run / LAST
    (run / LAST).unlink()
    with pytest.raises(CheckpointError, match="nor a run with a checkpoint"):
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


class TestTheBox:
    @pytest.fixture
    def bundled(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        bundled = tmp_path / "package" / "folk.safetensors"
        bundled.parent.mkdir()
        bundled.touch()
        monkeypatch.setattr(runs, "_BUNDLED_PATHS", (tmp_path / "absent", bundled))
        return bundled

    def test_it_is_found_where_there_is_no_run(self, bundled: Path, tmp_path: Path) -> None:
        assert find_checkpoints(None, tmp_path / "runs")[0] == bundled
        assert find_checkpoints(Path("folk"), tmp_path / "runs")[0] == bundled
        with pytest.raises(CheckpointError, match="no such checkpoint"):
            find_checkpoints(Path("reel"), tmp_path / "runs")

    def test_a_run_goes_before_it(self, bundled: Path, tmp_path: Path) -> None:
        other = run_of(tmp_path / "runs", "other", BEST, written=1000)
        assert find_checkpoints(None, tmp_path / "runs")[0] == other / BEST
        assert find_checkpoints(Path("folk"), tmp_path / "runs")[0] == bundled
        folk = run_of(tmp_path / "runs", "folk", BEST, written=500)
        assert find_checkpoints(Path("folk"), tmp_path / "runs")[0] == folk / BEST
        assert find_checkpoints(None, tmp_path / "runs")[0] == other / BEST

    def test_it_is_called_by_its_name(self, bundled: Path, tmp_path: Path) -> None:
        assert display_name(bundled) == "folk"
        assert display_name(tmp_path / "a.safetensors") == str(tmp_path / "a.safetensors")

    def test_where_it_is_missing(self, bundled: Path, tmp_path: Path) -> None:
        bundled.unlink()
        with pytest.raises(CheckpointError, match="no trained model"):
            find_checkpoints(None, tmp_path / "runs")
        with pytest.raises(CheckpointError, match="no such checkpoint"):
            find_checkpoints(Path("folk"), tmp_path / "runs")


def test_a_run_belongs_to_one_trainer(tmp_path: Path) -> None:
    with (
        RunLock(tmp_path),
        pytest.raises(CheckpointError, match="another process"),
        RunLock(tmp_path),
    ):
        pytest.fail("two at once")
    with RunLock(tmp_path):
        pass


class TestKeptTunes:
    TUNES = ("X:1\nT:One\nK:C\nCDE|\n", "X:1\nT:Zwölf\nK:C\nEDC|\n")

    def test_they_come_back_and_the_file_is_always_the_same(self, tmp_path: Path) -> None:
        store_tunes(tmp_path, iter(self.TUNES))
        assert read_stored_tunes(tmp_path) == list(self.TUNES)
        first = (tmp_path / TUNES).read_bytes()
        store_tunes(tmp_path, self.TUNES)
        assert (tmp_path / TUNES).read_bytes() == first
        assert gzip.decompress(first).decode() == "\n".join(self.TUNES)

    def test_a_run_without_them(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="book of tunes"):
            read_stored_tunes(tmp_path)

    @pytest.mark.parametrize("damage", [b"", b"no gzip", b"\x1f\x8b\x08", None])
    def test_a_damaged_file(self, tmp_path: Path, damage: bytes | None) -> None:
        store_tunes(tmp_path, self.TUNES)
        whole = (tmp_path / TUNES).read_bytes()
        (tmp_path / TUNES).write_bytes(whole[:-9] if damage is None else damage)
        with pytest.raises(CheckpointError, match="cannot be read"):
            read_stored_tunes(tmp_path)

    def test_a_file_that_unpacks_without_end(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store_tunes(tmp_path, self.TUNES)
        monkeypatch.setattr(runs, "MOST_OF_TUNES", 30)
        with pytest.raises(CheckpointError, match="larger than any book"):
            read_stored_tunes(tmp_path)

    def test_a_run_that_came_no_further_is_abandoned(self, tmp_path: Path) -> None:
        with create_run(tmp_path, "run", "corpus"):
            store_tunes(tmp_path / "run", self.TUNES)
        assert create_run(tmp_path, "run", "corpus").run == tmp_path / "run"
