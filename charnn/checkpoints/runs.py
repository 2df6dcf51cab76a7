"""Runs: the folders in which checkpoints lie, and how one is found by what the user names.

`checkpoints/NAME/` holds `best.safetensors` (lowest validation loss), `last.safetensors` (where
training stopped, to be resumed), `previous.safetensors` (what `last` was before) and
`metrics.jsonl`; a run that learned a book of tunes also keeps the tunes it learned from, so that
what it writes can be compared with them when the book is gone. Each of the checkpoints is complete:
where one is damaged, another serves.
"""

import gzip
import itertools
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.errors import CheckpointError, UsageError
from charnn.files import fsync_folder, remove_leftovers, write_bytes

BEST = "best.safetensors"
LAST = "last.safetensors"
PREVIOUS = "previous.safetensors"
METRICS = "metrics.jsonl"
TUNES = "tunes.abc.gz"
LOCK = ".lock"

# Bytes of the tunes of a run, unpacked; beyond any corpus of tunes.
MOST_OF_TUNES = 1_000_000_000

# To write with, the first that can be read.
CHECKPOINTS = (BEST, LAST, PREVIOUS)

# The model in the box: a model of the corpus of that name, which comes with charnn.
BUNDLED = "folk"
_PACKAGE = Path(__file__).parent.parent
# In an installed package, and in a clone of the repository.
_BUNDLED_PATHS = tuple(
    folder / "checkpoints" / f"{BUNDLED}.safetensors" for folder in (_PACKAGE, _PACKAGE.parent)
)

# Which file it is that has a name now: the name may become another's, or nobody's (None).
Identity = tuple[int, int] | None


class RunLock:
    """Keeps every other process from training in a run's folder; a context.

    Args:
        run: the folder.
    """

    def __init__(self, run: Path) -> None:
        from filelock import FileLock

        self.run = run
        self._lock = FileLock(run / LOCK)
        self._held: tuple[Identity, Identity] | None = None

    def __enter__(self) -> "RunLock":
        self.take()
        return self

    def __exit__(self, *failure: object) -> None:
        self.release()

    def take(self) -> None:
        """Lock the folder if it is not locked, and remove what a killed process has left half done.

        Raises:
            CheckpointError: another process is training there; or, since the folder was deleted or
                moved away, another run has come to its place.
            OSError: the folder cannot be written to.
        """
        from filelock import Timeout

        if self._held is not None:
            lock, folder = self._identity()
            if self._held == (lock, folder):
                return
            # Of our own folder someone may have deleted the lock alone.
            ours = lock is None and folder in (None, self._held[1])
            if not ours and not _is_hollow(self.run):
                raise CheckpointError(f"{self.run} is another run now")
        self._lock.release()
        self.run.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise CheckpointError(
                f"{self.run} is being trained by another process: wait for it"
            ) from None
        self._held = self._identity()
        fsync_folder(self.run.parent)
        for name in (*CHECKPOINTS, METRICS, TUNES):
            remove_leftovers(self.run / name)

    def release(self) -> None:
        """Let others train there."""
        self._held = None
        self._lock.release()

    def _identity(self) -> tuple[Identity, Identity]:
        """Which file the lock is, and which folder the run's."""
        return _identity(self.run / LOCK), _identity(self.run)


def _identity(path: Path) -> Identity:
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return None


def create_run(folder: Path, name: str | None, corpus: str) -> RunLock:
    """Make the folder of a new run, and lock it; what is there is never written over.

    Of several processes that want the same name, one gets it.

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
        with suppress(FileExistsError):
            run.mkdir()
        if _is_hollow(run):
            lock = RunLock(run)
            try:
                lock.take()
            except CheckpointError:
                if name is not None:
                    raise
                continue
            if _is_hollow(run):  # still: who had the lock before may have saved something
                return lock
            lock.release()
        if name is not None:
            raise CheckpointError(
                f"{run} exists: go on with it by --resume, or choose another --name"
            )
    raise AssertionError("itertools.count ends never")


def _is_hollow(run: Path) -> bool:
    """Whether a folder is empty, or a run that has saved nothing yet, so nothing can be lost."""
    if not run.is_dir():
        return False
    inside = {path.name for path in run.iterdir() if not _is_leftover(path.name)}
    return not inside or (LOCK in inside and inside <= {LOCK, METRICS, TUNES})


def _is_leftover(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")


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
        with gzip.open(path) as file:
            text = file.read(MOST_OF_TUNES).decode()
            if not text or file.read(1):
                raise EOFError("it is empty, or larger than any book of tunes")
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


def find_checkpoints(named: Path | None, folder: Path) -> list[Path]:
    """The checkpoint files that a user may mean, at least one: the first, unless it is damaged.

    Args:
        named: a checkpoint file, a run's folder, or the name of a run in `folder`; None for the
            newest run in `folder`. Where no run is, the model in the box, which is called
            `BUNDLED`.
        folder: where runs lie.

    Raises:
        CheckpointError: there is none.
    """
    if named is None:
        runs = find_runs(folder)
        if not runs and (bundled := bundled_model()):
            return [bundled]
        if not runs:
            raise CheckpointError(
                f"there is no trained model in {folder}/: train one first, "
                "for instance with `charnn train folk`"
            )
        named = runs[0]
    if named.is_file() and named.suffix == ".safetensors":
        return [named]
    # A corpus may have the same name as the run that learned it, and lie right here.
    for run in (named, folder / named):
        if found := [path for name in CHECKPOINTS if (path := run / name).is_file()]:
            return found
    if named == Path(BUNDLED) and (bundled := bundled_model()):
        return [bundled]
    if named.is_file():
        return [named]
    raise CheckpointError(
        f"{named}: there is no such checkpoint file, nor a run with a checkpoint "
        f"there or in {folder}/"
    )


@dataclass(frozen=True)
class Found:
    """A model that was read.

    Args:
        path: its file.
        checkpoint: what is in it.
        damaged: what is wrong with each file of the run that should have been read instead.
    """

    path: Path
    checkpoint: Checkpoint
    damaged: tuple[str, ...] = ()


def read_model(named: Path | None, folder: Path) -> Found:
    """The model that a user means: the best checkpoint of a run or, if that cannot be read, the
    last one, or the one before. A file that is named is that one or none.

    Args:
        named: as in `find_checkpoints`.
        folder: where runs lie.

    Raises:
        CheckpointError: there is none, or it is damaged.
        OSError: it cannot be read.
    """
    choices = find_checkpoints(named, folder)
    damaged: list[str] = []
    for path in choices:
        try:
            return Found(path, load_checkpoint(path), tuple(damaged))
        except (CheckpointError, OSError) as problem:
            if len(choices) == 1:
                raise
            damaged.append(str(problem))
    raise CheckpointError(_none_readable(damaged))


def read_run(run: Path) -> tuple[dict[Path, Checkpoint], dict[Path, str]]:
    """Read all checkpoints of a run, with what resuming needs.

    Returns:
        Those that can be read, the one of most steps first; and what is wrong with the others.

    Raises:
        CheckpointError: it has some, but none can be read.
    """
    read: dict[Path, Checkpoint] = {}
    damaged: dict[Path, str] = {}
    for path in (run / name for name in (LAST, PREVIOUS, BEST)):
        try:
            if path.is_file():
                read[path] = load_checkpoint(path, training=True)
        except (CheckpointError, OSError) as problem:
            damaged[path] = str(problem)
    if damaged and not read:
        raise CheckpointError(_none_readable(damaged.values()))
    return dict(sorted(read.items(), key=lambda item: -item[1].step)), damaged


def set_aside(path: Path) -> Path:
    """Give a damaged file another name, so that nothing is written over it; that name.

    Raises:
        OSError: it cannot be renamed.
    """
    for number in itertools.count(1):
        aside = path.with_name(f"{path.name}.damaged{f'-{number}' if number > 1 else ''}")
        if not aside.exists():
            return path.rename(aside)
    raise AssertionError("itertools.count ends never")


def _none_readable(problems: Iterable[str]) -> str:
    return f"{'; '.join(problems)}: no checkpoint of the run is left, so train it again"


def bundled_model() -> Path | None:
    """The checkpoint of the model that comes with charnn, if it is there."""
    return next((path for path in _BUNDLED_PATHS if path.is_file()), None)


def known_as(path: Path) -> str:
    """What a user calls a checkpoint: by its path, or, if it is the model in the box, by name."""
    return BUNDLED if path == bundled_model() else str(path)


def _last_written(run: Path) -> float:
    """When a checkpoint of the run was last written, in seconds; 0 if it has none."""
    times = [0.0]
    for name in CHECKPOINTS:
        with suppress(OSError):
            times.append((run / name).stat().st_mtime)
    return max(times)
