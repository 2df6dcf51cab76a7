"""The completions of the shell: names of runs, corpora, types of tunes, keys and actions.

The shell waits for these functions at every press of the Tab key, so their modules import little.
"""

import glob
from typing import Any

from charnn.checkpoints.bundled import BUNDLED
from charnn.checkpoints.run_files import RUNS_FOLDER, run_names

RUN_ACTIONS = ("compare", "rename", "remove", "clean")
# The commonest types of the folk corpus, and a few of other books.
RHYTHMS = (
    *("air", "clog", "fling", "hornpipe", "jig", "march", "mazurka", "minuet", "polka"),
    *("quickstep", "reel", "set dance", "slide", "slip jig", "strathspey", "waltz"),
)


def complete_run(incomplete: str) -> list[str]:
    """Return the runs, and the bundled model, whose names begin so."""
    return _beginning([*run_names(RUNS_FOLDER), BUNDLED], incomplete)


def complete_action_or_run(ctx: Any, incomplete: str) -> list[str]:
    """Return the actions of `charnn runs`, or the runs after an action."""
    words = ctx.params.get("words") or ()
    return _beginning(run_names(RUNS_FOLDER) if words else RUN_ACTIONS, incomplete)


def complete_corpus(incomplete: str) -> list[str]:
    """Return the corpora of the catalogue, and the files and folders, that begin so."""
    from charnn.corpus.catalogue import CATALOGUE

    files = sorted(glob.glob(f"{glob.escape(incomplete)}*")) if incomplete else []  # noqa: PTH207
    return [*_beginning(CATALOGUE, incomplete), *files]


def complete_run_or_corpus(incomplete: str) -> list[str]:
    """Return the runs, corpora, files and folders that begin so."""
    return list(dict.fromkeys([*complete_run(incomplete), *complete_corpus(incomplete)]))


def complete_rhythm(incomplete: str) -> list[str]:
    """Return the types of tunes that begin so."""
    return _beginning(RHYTHMS, incomplete)


def complete_key(incomplete: str) -> list[str]:
    """Return the keys that begin so."""
    from charnn.music.abc.key_names import KEYS

    return _beginning(KEYS, incomplete)


def _beginning(names: Any, incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
