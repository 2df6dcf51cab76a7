"""The lock on a run's folder, and the creation of new runs: two processes never share a folder."""

import itertools
from contextlib import suppress
from pathlib import Path

from charnn.checkpoints.run_files import LOCK, METRICS, RUN_FILES, TUNES
from charnn.errors import CheckpointError, UsageError
from charnn.files import fsync_folder, remove_leftovers

# The device and inode of a path, None if nothing is there. The path does not identify a folder:
# while a run is trained, the user may move its folder and start another run of the same name.
FileId = tuple[int, int] | None


class RunLock:
    """A lock that keeps every other process from training in a run's folder; a context manager.

    Args:
        run: the folder.
    """

    def __init__(self, run: Path) -> None:
        from filelock import FileLock

        self.run = run
        # The operating system releases the lock of a killed process, so no lock is ever stale.
        self._lock = FileLock(run / LOCK)
        self._locked_ids: tuple[FileId, FileId] | None = None

    def __enter__(self) -> "RunLock":
        self.acquire()
        return self

    def __exit__(self, *failure: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Lock the folder unless this object holds its lock, and remove files of killed processes.

        The removed files are temporary files of earlier saves. Training calls this method before
        each save: the user may have deleted or moved the folder.

        Raises:
            CheckpointError: another process trains in the folder, or the path now leads to the
                folder of another run.
            OSError: the folder cannot be written to.
        """
        from filelock import Timeout

        if self._locked_ids is not None:
            lock, folder = self._file_ids()
            if self._locked_ids == (lock, folder):
                return
            # The lock file may be gone while the folder is still ours, or both may be gone.
            ours = lock is None and folder in (None, self._locked_ids[1])
            if not ours and not has_no_checkpoint(self.run):
                raise CheckpointError(
                    f"{self.run} now contains another run. Train with another --name."
                )
        self._lock.release()
        self.run.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise CheckpointError(
                f"{self.run} is being trained by another process: wait until it ends, or use "
                "another --name."
            ) from None
        self._locked_ids = self._file_ids()
        fsync_folder(self.run.parent)
        for name in RUN_FILES:
            remove_leftovers(self.run / name)

    def release(self) -> None:
        """Let other processes train in the folder."""
        self._locked_ids = None
        self._lock.release()

    def _file_ids(self) -> tuple[FileId, FileId]:
        """Return the identities of the lock file and of the run's folder."""
        return _file_id(self.run / LOCK), _file_id(self.run)


def _file_id(path: Path) -> FileId:
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return None


def create_run(folder: Path, name: str | None, corpus: str) -> RunLock:
    """Create the folder of a new run, and lock it; an existing run is never overwritten.

    If several processes ask for the same name at once, one of them gets it.

    Args:
        folder: the folder that contains the runs.
        name: the name of the run; None names it after the corpus, with a number if necessary.
        corpus: the name of the corpus.

    Raises:
        CheckpointError: a run of that name exists.
        UsageError: the name cannot be the name of a folder.
        OSError: the folder cannot be created.
    """
    if name is not None and not is_folder_name(name):
        raise UsageError(
            f"--name {name!r} is not the name of a folder: leave out slashes, and use --out for "
            "another place"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        run = folder / (name or (corpus if number == 1 else f"{corpus}-{number}"))
        with suppress(FileExistsError):
            run.mkdir()
        if has_no_checkpoint(run):
            lock = RunLock(run)
            try:
                lock.acquire()
            except CheckpointError:
                if name is not None:
                    raise
                continue
            # Check again under the lock: the process that held it may have saved a checkpoint.
            if has_no_checkpoint(run):
                return lock
            lock.release()
        if name is not None:
            raise CheckpointError(
                f"{run} exists. Resume it with --resume, or choose another --name."
            )
    raise AssertionError("itertools.count never ends")


def is_folder_name(name: str) -> bool:
    """Return whether a name can be the name of a run's folder."""
    return name not in ("", ".", "..") and Path(name).name == name


def has_no_checkpoint(run: Path) -> bool:
    """Return whether a folder is empty, or its run was stopped before the first save."""
    if not run.is_dir():
        return False
    names = {path.name for path in run.iterdir() if not _is_temporary(path.name)}
    # A folder without a lock file may belong to the user, so it is taken only if it is empty.
    return not names or (LOCK in names and names <= {LOCK, METRICS, TUNES})


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")
