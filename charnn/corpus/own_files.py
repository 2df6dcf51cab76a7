"""The files that charnn itself writes beside a corpus: runs, prepared corpora, shared models.

A folder that contains them is never part of a corpus. Otherwise `charnn train .` would learn the
metrics of its own first run, and `--resume` would find another corpus than before.
"""

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

# A prepared corpus, see `charnn.corpus.ids`, and transposed tunes, see
# `charnn.corpus.transpose_augmentation`.
IDS, METADATA = "ids.npy", "corpus.json"
TRANSPOSED = re.compile(r"keys-[0-9a-f]{12}\.json\.gz")
PREPARATION_LOCK = re.compile(r"\..+-[0-9a-f]{12}(\.json\.gz)?\.lock")

# Repeated from `charnn.checkpoints.run_files`, which stands above this room. A test compares both.
CHECKPOINTS = frozenset({"best.safetensors", "last.safetensors", "previous.safetensors"})
LOCK = ".lock"
RECORDS = frozenset({"metrics.jsonl", "tunes.abc.gz", "documents.npy"})
TENSORBOARD, EVENTS = "tensorboard", "events.out.tfevents."
# Repeated from `charnn.share.shared_model`: the files of a shared model. Beside a model in a single
# file lies its card, under the same name.
SHARED = frozenset({"model.safetensors", "config.json"})
MODEL, CARD = ".safetensors", ".md"


def is_own_folder(names: Collection[str]) -> bool:
    """Return whether a folder with these files is a run, a shared model or a prepared corpus."""
    present = set(names)
    has_ids = present >= {IDS, METADATA}
    # A run that was stopped before its first save has no checkpoint.
    has_run = present & CHECKPOINTS or (LOCK in present and present & RECORDS)
    return has_ids or bool(has_run) or present >= SHARED


def is_own_file(name: str, names: Collection[str]) -> bool:
    """Return whether a file is charnn's own beside files of the user with the other `names`."""
    if name.endswith(CARD):
        return name.removesuffix(CARD) + MODEL in names
    return bool(TRANSPOSED.fullmatch(name))


def own_files(paths: Iterable[Path]) -> set[Path]:
    """Return the files among `paths` that charnn wrote."""
    paths = list(paths)
    names: dict[Path, set[str]] = {}
    for folder in {path.parent for path in paths}:
        with suppress(OSError):
            names[folder] = {path.name for path in folder.iterdir()}
    own = {folder for folder, present in names.items() if is_own_folder(present)}
    return {
        path
        for path in paths
        if path.parent in own or is_own_file(path.name, names.get(path.parent, ())) or _is_log(path)
    }


def _is_log(path: Path) -> bool:
    """Return whether a file belongs to the log of a run for TensorBoard."""
    return path.parent.name == TENSORBOARD and path.name.startswith(EVENTS)
