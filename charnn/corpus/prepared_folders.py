"""The folders of prepared corpora that no run needs any more."""

import json
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from charnn.corpus.own_files import IDS, METADATA


def remove_prepared(folder: Path, needed: Collection[str]) -> dict[Path, int]:
    """Remove the prepared corpora that are not needed, and return the bytes of each one removed.

    `prepare` writes a removed one again when its corpus is trained on. A corpus that is being
    prepared is left alone, and so is every folder that contains anything else.

    Args:
        folder: the folder of the prepared corpora.
        needed: the fingerprints of the corpora that stay.
    """
    from filelock import FileLock, Timeout

    removed: dict[Path, int] = {}
    for path in sorted(folder.glob("[!.]*-*")):
        fingerprint = _fingerprint(path)
        if fingerprint is None or fingerprint in needed:
            continue
        # The lock file stays, because another process may wait for it already. Windows deletes
        # no file that a running training has mapped into its memory.
        lock = FileLock(folder / f".{path.name}.lock", timeout=0)
        with suppress(Timeout, PermissionError), lock:
            size = sum(file.stat().st_size for file in path.iterdir())
            shutil.rmtree(path)
            removed[path] = size
    return removed


def _fingerprint(path: Path) -> str | None:
    """Return the fingerprint of a prepared corpus; None if the folder is anything else."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if {file.name for file in path.iterdir()} <= {IDS, METADATA} and not path.is_symlink():
            fingerprint = str(json.loads((path / METADATA).read_bytes())["fingerprint"])
            return fingerprint if path.name.endswith(f"-{fingerprint[:12]}") else None
    return None
