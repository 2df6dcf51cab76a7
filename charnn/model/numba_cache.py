"""numba's on-disk cache of machine code, keyed by the content of everything that was compiled.

The cache lies in the user's cache folder. Beside the source files, where numba would keep it, it
would outlive an uninstalled package.

numba discards the machine code of a function when the function's source file changes. But a
compiled function contains the functions that it calls, from other files: after an edit of an
equation in `charnn/model/cells.py`, numba would keep running the old equation. Here, the stamp that
numba compares is a hash of all these files.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from numba import config, njit
from platformdirs import user_cache_dir

PACKAGE = Path(__file__).parent.parent
# All files with lines that are compiled, and this one, which has the options of the compiler.
COMPILED_FILES = (
    "inference/exponential.py",
    "inference/int8_dot.py",
    "inference/numba_stepper.py",
    "inference/int8_pointer.py",
    "inference/quantised.py",
    "inference/rounding.py",
    "model/activations.py",
    "model/cells.py",
    "model/gradients.py",
    "model/kernels.py",
    "model/numba_cache.py",
    "model/numba_cells.py",
    "model/numba_kernel.py",
    "sampling/logits.py",
    "sampling/numba_decoder.py",
)


def compiled(function: Callable[..., None]) -> Any:
    """Return a function that numba compiles at its first call, or loads from the cache.

    The environment variable NUMBA_CACHE_DIR names another cache folder. If the cache folder cannot
    be written, numba writes beside the function's source file.

    Raises:
        RuntimeError: numba can write to neither folder.
    """
    # nogil: other threads run meanwhile, so text appears while a long one is generated.
    # error_model: without a check for division by zero, loops with a division can be vectorised.
    options = {"nogil": True, "error_model": "numpy"}
    with _user_cache():
        dispatcher = njit(cache=True, **options)(function)
    try:
        # Private attributes of numba, the same from 0.61 to 0.68. numba compares the stamp with
        # the stamp of an entry on disk, and overwrites the entries that have another stamp.
        index = dispatcher._cache._cache_file
        index._source_stamp = (index._source_stamp, content_hash())
        _remove_stale_files(Path(dispatcher._cache.cache_path), dispatcher._cache._impl)
    except (AttributeError, OSError):
        # Without a stamp, stale code could run. Every process compiles for itself instead.
        return njit(**options)(function)
    return dispatcher


@contextmanager
def _user_cache() -> Iterator[None]:
    """Make numba choose the user's cache folder while a function is declared."""
    before = config.CACHE_DIR
    folder = Path(user_cache_dir("charnn"), "numba")
    # Without a home folder, the path begins with "~", which would be a folder of that name here.
    if not before and folder.is_absolute():
        config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def is_on_disk(dispatcher: Any) -> bool:
    """Return whether the cache has machine code of a compiled function, for any types."""
    try:
        return bool(dispatcher._cache._cache_file._load_index())
    except (AttributeError, OSError):  # as in `compiled`
        return False


def _remove_stale_files(folder: Path, implementation: Any) -> None:
    """Remove a function's cache files from the time when the function began on another line.

    The line number is part of the file name, so numba itself would never overwrite these files.
    """
    current = implementation.filename_base  # such as "numba_stepper.feed-151.py311"
    name, _, rest = current.rpartition("-")
    python = rest.partition(".")[2]
    for path in folder.glob(f"{name}-*.{python}.*"):
        if not path.name.startswith(f"{current}."):
            path.unlink(missing_ok=True)


@cache
def content_hash() -> str:
    """Return a hash of all files that are compiled.

    These files have 30 kB; hashing them takes a tenth of a millisecond.
    """
    digest = hashlib.sha256()
    for name in COMPILED_FILES:
        content = (PACKAGE / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
