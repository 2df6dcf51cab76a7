"""Runs: the folders in which checkpoints lie, and how one is found by what the user names.

`checkpoints/NAME/` holds `best.safetensors` (lowest validation loss), `last.safetensors` (where
training stopped, to be resumed) and `metrics.jsonl`; a run that learned a book of tunes also keeps
the tunes it learned from, so that what it writes can be compared with them when the book is gone.
"""

import gzip
import itertools
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from charnn.errors import CheckpointError, UsageError
from charnn.files import write_bytes

BEST = "best.safetensors"
LAST = "last.safetensors"
METRICS = "metrics.jsonl"
TUNES = "tunes.abc.gz"
LOCK = ".lock"

# The model in the box: a model of the corpus of that name, which comes with charnn.
BOX = "folk"
_PACKAGE = Path(__file__).parent.parent
# In an installed package, and in a clone of the repository.
_BOXES = tuple(
    folder / "checkpoints" / f"{BOX}.safetensors" for folder in (_PACKAGE, _PACKAGE.parent)
)


def create_run(folder: Path, name: str | None, corpus: str) -> Path:
    """Make the folder of a new run; what is there is never written over.

    Args:
        folder: where runs lie.
        name: what the user calls the run; None to name it after the corpus, numbered if need be.
        corpus: the corpus's name.

    Raises:
        CheckpointError: a run of that name exists.
        UsageError: the name is not one for a folder.
        OSError: the folder cannot be made.
    """
    if name is not None and (name in ("", ".", "..") or Path(name).name != name):
        raise UsageError(f"--name {name!r} is not the name of a folder: leave out / and the like")
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        run = folder / (name or (corpus if number == 1 else f"{corpus}-{number}"))
        try:
            run.mkdir()
        except FileExistsError:
            if _is_abandoned(run):
                return run
            if name is None:
                continue
            raise CheckpointError(
                f"{run} exists: go on with it by --resume, or choose another --name"
            ) from None
        return run
    raise AssertionError("itertools.count ends never")


@contextmanager
def lock_run(run: Path) -> Iterator[None]:
    """Keep every other process from training in the same folder.

    Raises:
        CheckpointError: another one is at it.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(run / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CheckpointError(f"{run} is being trained by another process: wait for it") from None
    try:
        yield
    finally:
        lock.release()


def _is_abandoned(run: Path) -> bool:
    """Whether a run of ours ended before its first save, so that nothing in it can be lost."""
    if not run.is_dir():
        return False
    inside = {path.name for path in run.iterdir()}
    if LOCK not in inside or not inside <= {LOCK, METRICS, TUNES}:
        return False
    try:
        with lock_run(run):
            return True
    except CheckpointError:
        return False


def keep_tunes(run: Path, tunes: Iterable[str]) -> None:
    """Keep the tunes that a run learns from; the same tunes make the same file.

    Args:
        run: its folder.
        tunes: cleaned texts, without empty lines, each with a line end.

    Raises:
        OSError: the file cannot be written.
    """
    write_bytes(run / TUNES, gzip.compress("\n".join(tunes).encode(), mtime=0))


def kept_tunes(run: Path) -> list[str]:
    """The tunes that a run learned from.

    Raises:
        CheckpointError: it has not kept any, or the file is damaged.
    """
    path = run / TUNES
    try:
        text = gzip.decompress(path.read_bytes()).decode()
        if not text:
            raise EOFError("it is empty")
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing, so new tunes cannot be compared with those the model has learned: "
            "train on a book of tunes, or go on with the run by --resume, which writes it"
        ) from None
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}): go on with the run by --resume, which writes it anew"
        ) from error
    return [tune.rstrip("\n") + "\n" for tune in text.split("\n\n")]


def find_runs(folder: Path) -> list[Path]:
    """The runs in `folder`, the one that was written to last first."""
    if not folder.is_dir():
        return []
    written = [(_last_written(run), run) for run in folder.iterdir() if run.is_dir()]
    return [run for time, run in sorted(written, reverse=True) if time > 0]


def find_checkpoint(named: Path | None, folder: Path) -> Path:
    """The checkpoint file that a user means.

    Args:
        named: a checkpoint file, a run's folder, or the name of a run in `folder`; None for the
            newest run in `folder`. Where no run is, the model in the box, which is called `BOX`.
        folder: where runs lie.

    Raises:
        CheckpointError: there is none.
    """
    if named is None:
        runs = find_runs(folder)
        if not runs and (box := box_model()):
            return box
        if not runs:
            raise CheckpointError(
                f"there is no trained model in {folder}/: train one first, "
                "for instance with `charnn train folk`"
            )
        named = runs[0]
    if named.is_file() and named.suffix == ".safetensors":
        return named
    # A corpus may have the same name as the run that learned it, and lie right here.
    for run in (named, folder / named):
        if found := _checkpoint_of(run):
            return found
    if named == Path(BOX) and (box := box_model()):
        return box
    if named.is_file():
        return named
    raise CheckpointError(
        f"{named}: there is no such checkpoint file, nor a run with a checkpoint "
        f"there or in {folder}/"
    )


def box_model() -> Path | None:
    """The checkpoint of the model that comes with charnn, if it is there."""
    return next((path for path in _BOXES if path.is_file()), None)


def known_as(path: Path) -> str:
    """What a user calls a checkpoint: by its path, or, if it is the model in the box, by name."""
    return BOX if path == box_model() else str(path)


def _checkpoint_of(run: Path) -> Path | None:
    """The best checkpoint of a run, or the last if none was measured; None if it has neither."""
    present = (run / name for name in (BEST, LAST))
    return next((path for path in present if path.is_file()), None)


def _last_written(run: Path) -> float:
    """When a checkpoint of the run was last written, in seconds; 0 if it has none."""
    times = [(run / name).stat().st_mtime for name in (BEST, LAST) if (run / name).is_file()]
    return max(times, default=0.0)
