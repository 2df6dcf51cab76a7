"""The search for runs and their checkpoints, by the path or name that a user gives."""

import difflib
import itertools
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from charnn.checkpoints.bundled import BUNDLED, bundled_model
from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.run_files import BEST, CHECKPOINTS, LAST, PREVIOUS, SHARED, run_names
from charnn.errors import CheckpointError, join_sentences, shorten
from charnn.files import is_text_itself


def find_runs(folder: Path) -> list[Path]:
    """Return the runs in a folder, the most recently written one first."""
    if not folder.is_dir():
        return []
    written = [(_last_written(run), run) for run in folder.iterdir() if run.is_dir()]
    return [run for time, run in sorted(written, reverse=True) if time > 0]


def _last_written(run: Path) -> float:
    """Return the Unix time at which a run's last checkpoint was written; 0 without one."""
    # The time of the folder itself also changes when another file in it is created or renamed.
    times = [0.0]
    for name in CHECKPOINTS:
        with suppress(OSError):
            times.append((run / name).stat().st_mtime)
    return max(times)


def find_checkpoints(named: Path | None, folder: Path) -> list[Path]:
    """Return one or more checkpoint files for a name, the preferred file first.

    Args:
        named: a checkpoint file, a run's folder, the folder of a shared model, or the name of a run
            in `folder`; None for the newest run in `folder`, or for the bundled model if `folder`
            contains no run.
        folder: the folder that contains the runs.

    Raises:
        CheckpointError: there is no such checkpoint.
    """
    if named is None:
        runs = find_runs(folder)
        if not runs and (bundled := bundled_model()):
            return [bundled]
        if not runs:
            raise CheckpointError(
                f"there is no trained model in {folder}/. Train one first: charnn train folk"
            )
        named = runs[0]
    # A run may have any name that a folder may have, with line ends, too.
    if is_text_itself(str(named)) and is_text_itself(str(folder / named)):
        raise CheckpointError(
            f"{shorten(str(named), 40)!r} is a text of {len(str(named)):,} characters, not the "
            "name of a model: name a run or a .safetensors file"
        )
    if named.is_file() and named.suffix == ".safetensors":
        return [named]
    # A file without that suffix may be the corpus itself, whose run has the same name: runs first.
    for run in (named, folder / named):
        if found := [path for name in CHECKPOINTS if (path := run / name).is_file()]:
            return found
        if (run / SHARED).is_file():
            return [run / SHARED]
    if named == Path(BUNDLED) and (bundled := bundled_model()):
        return [bundled]
    if named.is_file():
        return [named]
    raise CheckpointError(
        f"{named} is neither a checkpoint file nor a run with a checkpoint, here or in {folder}/. "
        f"{similar_runs(str(named), folder)}"
    )


def similar_runs(name: str, folder: Path) -> str:
    """Return a sentence that suggests the runs of `folder` whose names resemble `name`."""
    similar = difflib.get_close_matches(name, run_names(folder), n=1)
    return f"Did you mean {similar[0]}?" if similar else "To list the runs: charnn runs"


@dataclass(frozen=True)
class LoadedCheckpoint:
    """A checkpoint that was read.

    Attributes:
        path: the file.
        checkpoint: its content.
        damaged: the error of each file that is preferred to this one but could not be read.
    """

    path: Path
    checkpoint: Checkpoint
    damaged: tuple[str, ...] = ()


def load_best(named: Path | None, folder: Path) -> LoadedCheckpoint:
    """Read the model that a user means: a named file, or the best readable checkpoint of a run.

    `best` is preferred to `last`, and `last` to `previous`.

    Args:
        named: as in `find_checkpoints`.
        folder: the folder that contains the runs.

    Raises:
        CheckpointError: there is no such checkpoint, or it is damaged.
        OSError: the only file cannot be read.
    """
    paths = find_checkpoints(named, folder)
    damaged: list[str] = []
    # If the user named a file, `paths` contains only that file, so no other one is read instead.
    for path in paths:
        try:
            return LoadedCheckpoint(path, load_checkpoint(path), tuple(damaged))
        except (CheckpointError, OSError) as problem:
            if len(paths) == 1:
                raise
            damaged.append(str(problem))
    raise CheckpointError(_none_readable(damaged))


def load_run(run: Path) -> tuple[dict[Path, Checkpoint], dict[Path, str]]:
    """Read all checkpoints of a run, with the tensors that resuming needs.

    Returns:
        The readable checkpoints by path, the one with the most steps first, and the error of each
        unreadable file by path.

    Raises:
        CheckpointError: the run has checkpoints, but none can be read.
    """
    readable: dict[Path, Checkpoint] = {}
    damaged: dict[Path, str] = {}
    # Sorting is stable: of checkpoints with the same step, the first in this order is resumed.
    for path in (run / name for name in (LAST, PREVIOUS, BEST)):
        try:
            if path.is_file():
                readable[path] = load_checkpoint(path, training=True)
        except (CheckpointError, OSError) as problem:
            damaged[path] = str(problem)
    if damaged and not readable:
        raise CheckpointError(_none_readable(damaged.values()))
    return dict(sorted(readable.items(), key=lambda item: -item[1].step)), damaged


def rename_damaged(path: Path) -> Path:
    """Rename a damaged file, so that training does not overwrite it, and return its new path.

    Raises:
        OSError: it cannot be renamed.
    """
    for number in itertools.count(1):
        renamed = path.with_name(f"{path.name}.damaged{f'-{number}' if number > 1 else ''}")
        if not renamed.exists():
            return path.rename(renamed)
    raise AssertionError("itertools.count never ends")


def _none_readable(problems: Iterable[str]) -> str:
    return f"{join_sentences(problems)}. No checkpoint of the run is readable: train it again."
