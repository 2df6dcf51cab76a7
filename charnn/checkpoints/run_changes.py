"""Changes of whole runs: a new name, and removal. A run that is being trained is left alone."""

from contextlib import suppress
from pathlib import Path

from charnn.checkpoints.run_files import CHECKPOINTS, LOCK, TENSORBOARD
from charnn.checkpoints.run_lock import RunLock, is_folder_name
from charnn.checkpoints.run_summary import run_files
from charnn.checkpoints.runs import similar_runs
from charnn.errors import CheckpointError, UsageError


def find_run_folder(name: str, folder: Path) -> Path:
    """Return the folder of a run.

    Args:
        name: the name of a run in `folder`, or the path of a run's folder.
        folder: the folder that contains the runs.

    Raises:
        CheckpointError: there is no such run.
    """
    for run in (folder / name, Path(name)):
        if name and any((run / file).is_file() for file in CHECKPOINTS):
            return run
    raise CheckpointError(f"there is no run {name} in {folder}/. {similar_runs(name, folder)}")


def rename_run(run: Path, name: str) -> Path:
    """Give a run another name, and return its new folder.

    Raises:
        CheckpointError: the name is taken, or the run is being trained.
        UsageError: the name cannot be the name of a folder.
        OSError: the folder cannot be renamed.
    """
    if not is_folder_name(name):
        raise UsageError(f"{name!r} is not the name of a folder: leave out slashes")
    renamed = run.with_name(name)
    if renamed.exists():
        raise CheckpointError(f"{renamed} exists. Choose another name.")
    _expect_untrained(run)
    return run.rename(renamed)


def remove_run(run: Path) -> bool:
    """Delete the files of a run, and its folder unless the user keeps other files in it.

    Returns:
        Whether the folder was deleted, too.

    Raises:
        CheckpointError: the run is being trained.
        OSError: a file cannot be deleted.
    """
    _expect_untrained(run)
    for path in run_files(run):
        path.unlink()
    (run / LOCK).unlink(missing_ok=True)
    for folder in (run / TENSORBOARD, run):
        with suppress(OSError):
            folder.rmdir()
    return not run.exists()


def _expect_untrained(run: Path) -> None:
    """Raise an error if another process trains in the folder of the run."""
    try:
        # Windows renames no folder with an open file in it, so the lock is released again.
        with RunLock(run):
            pass
    except CheckpointError:
        raise CheckpointError(
            f"{run} is being trained by another process: wait until it ends, or stop it"
        ) from None
