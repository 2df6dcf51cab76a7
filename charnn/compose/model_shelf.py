"""The models of the page by name: the bundled one and the user's runs, each read once.

A model is read again when its files have changed, such as those of a run that is trained again
while the page is open.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from charnn.checkpoints.bundled import BUNDLED, bundled_model
from charnn.checkpoints.run_files import CHECKPOINTS, RUNS_FOLDER, TUNES, run_names
from charnn.checkpoints.run_summary import summarise_run
from charnn.checkpoints.runs import find_checkpoints
from charnn.errors import CharnnError, UsageError
from charnn.library import Model, load
from charnn.music.similarity.copies import TuneIndex
from charnn.tunes.training_tunes import load_header_stats

# For each file of a run that exists: its name, the time of its last change and its size.
_Stamp = tuple[tuple[str, int, int], ...]

# Two requests must not read the same model at once.
_reading, _indexing = threading.Lock(), threading.Lock()


def tune_models() -> list[str]:
    """Return the names of the models that write tunes: the bundled one, then the user's runs."""
    runs = run_names(RUNS_FOLDER)
    names = [BUNDLED, *(name for name in runs if name != BUNDLED)]
    return [name for name in names if _writes_tunes(name, runs)]


def describe_models(first: str = "") -> list[dict[str, Any]]:
    """Return the name of each model, and the types, meters and keys that it has learned.

    Args:
        first: the name of the model that comes first; by default, the bundled one.
    """
    names = sorted(tune_models(), key=lambda name: name != first)
    return [{"name": name, **_learned(name)} for name in names]


def shelf_name(run: Path) -> str:
    """Return the name under which the page offers a run, named as in any command.

    Raises:
        CheckpointError: there is no such run.
        UsageError: the page does not offer it, because it is elsewhere or writes no tunes.
    """
    path = find_checkpoints(run, RUNS_FOLDER)[0]
    name = BUNDLED if path == bundled_model() else path.parent.name
    if name != BUNDLED and path.parent.parent.resolve() != RUNS_FOLDER.resolve():
        raise UsageError(
            f"the page offers the runs in {RUNS_FOLDER}/, and {run} is elsewhere: start charnn "
            "compose in the folder where the run was trained"
        )
    if not _writes_tunes(name, run_names(RUNS_FOLDER)):
        raise UsageError(f"{run} writes no tunes: name a run that was trained on a tune book")
    return name


def model_of(name: str) -> Model:
    """Return a model by its name.

    Raises:
        UsageError: the page offers no such model.
        CheckpointError: the model is damaged.
    """
    if not _writes_tunes(name, run_names(RUNS_FOLDER)):
        raise UsageError(f"there is no model {name} here: choose another one")
    return _read(name)


def learned_index(name: str) -> TuneIndex:
    """Return an index of the tunes that a model has learned.

    Raises:
        UsageError: the page offers no such model.
        CharnnError: the model is damaged, or its tunes are missing.
    """
    model_of(name)
    with _indexing:
        return _index(name, _stamp(name, (TUNES,)))


def _learned(name: str) -> dict[str, Any]:
    """Return types, meters and keys, each with its number of training tunes."""
    try:
        model = _read(name)
        headers = load_header_stats(model.path, model.checkpoint)
    except (CharnnError, OSError):
        headers = None
    return dict(headers.counts()) if headers else {}


def _writes_tunes(name: str, runs: Sequence[str]) -> bool:
    """Return whether a model is there and writes tunes; only the header of a run is read."""
    if name in runs:
        return bool(summarise_run(RUNS_FOLDER / name).metadata.get("tunes"))
    return name == BUNDLED and bundled_model() is not None


def _read(name: str) -> Model:
    with _reading:
        return _load(name, _stamp(name, CHECKPOINTS))


def _stamp(name: str, files: Sequence[str]) -> _Stamp:
    """Return what changes when a run is trained again; empty for the bundled model."""
    found = []
    for file in files:
        try:
            status = (RUNS_FOLDER / name / file).stat()
        except OSError:
            continue
        found.append((file, status.st_mtime_ns, status.st_size))
    return tuple(found)


# Training replaces the files of a run every minute or so; the models before take no memory.
@lru_cache(maxsize=4)
def _load(name: str, stamp: _Stamp) -> Model:
    return load(Path(name))


@lru_cache(maxsize=2)
def _index(name: str, stamp: _Stamp) -> TuneIndex:
    return TuneIndex(_read(name).learned_tunes())
