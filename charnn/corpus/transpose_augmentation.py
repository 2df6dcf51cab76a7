"""The tunes to learn from in other keys: more to learn without another tune.

Every tune is written in every key of a range. The copies are dealt out over as many passes: a pass
has each tune once, in an order of its own, and the key changes from tune to tune and from pass to
pass, so that no part of an epoch is all in one key. A tune's own key keeps the letters of the book.
Writing tunes takes a while, so what was written is kept on the disk.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from charnn.corpus.text import Document, document
from charnn.errors import TuneError, UsageError
from charnn.files import remove_leftovers, write_bytes
from charnn.music.abc.reader import read_tunes
from charnn.music.abc.transpose import transpose
from charnn.music.abc.writer import write_tune

# Raised whenever the same tune would be written differently.
FORMAT = 1

MOST_SEMITONES = 6
ORIGINAL_KEY = (0, 0)
ALL_KEYS = (-5, 6)

Progress = Callable[[int, int], None]


def ignore_progress(done: int, tunes: int) -> None:
    """Take a progress and tell nobody."""


def parse_key_range(wanted: str | int) -> tuple[int, int]:
    """Return how many semitones down (at most 0) and up a tune goes: "all" is each of the 12 keys.

    Raises:
        UsageError: it is neither "all" nor one of 0..6.
    """
    if wanted == "all":
        return ALL_KEYS
    try:
        reach = int(wanted)
    except ValueError:
        reach = -1
    if not 0 <= reach <= MOST_SEMITONES:
        raise UsageError(
            f"--transpose must be all, or semitones in 0..{MOST_SEMITONES}, not {wanted}"
        )
    return -reach, reach


def augment_tunes(
    tunes: Sequence[Document],
    keys: tuple[int, int],
    folder: Path,
    progress: Progress = ignore_progress,
) -> list[Document]:
    """Return the tunes in all keys of a range, pass after pass.

    A tune that cannot be read stays in its own key in every pass.

    Args:
        tunes: each a complete tune in ABC notation.
        keys: semitones down and up, see `parse_key_range`.
        folder: where the written tunes are kept; it exists.
        progress: is told how many tunes of all are written.

    Raises:
        OSError: the folder cannot be written to.
    """
    if keys == ORIGINAL_KEY:
        return list(tunes)
    texts = [tune.text() for tune in tunes]
    written = _written(texts, keys, folder, progress)
    count = keys[1] - keys[0] + 1
    passes = []
    for number in range(count):
        order = sorted(range(len(texts)), key=lambda index: _place(number, texts[index]))
        passes += [
            document(tunes[index].name, written[index][(number + index) % count]) for index in order
        ]
    return passes


def _place(number: int, text: str) -> bytes:
    """Sort tunes as by chance, differently in each pass, but the same on every machine."""
    return hashlib.sha256(f"{number} {text}".encode("utf-8", "surrogatepass")).digest()


def _written(
    texts: list[str], keys: tuple[int, int], folder: Path, progress: Progress
) -> list[list[str]]:
    """Return each tune in each key, lowest first; from the disk if it was written before."""
    from filelock import FileLock

    content = json.dumps([FORMAT, keys, texts]).encode()
    path = folder / f"keys-{hashlib.sha256(content).hexdigest()[:12]}.json.gz"
    with FileLock(folder / f".{path.name}.lock"):
        remove_leftovers(path)
        kept = _kept(path, keys, len(texts))
        if kept is None:
            kept = []
            for number, text in enumerate(texts):
                progress(number, len(texts))
                kept.append(_copies(text, keys))
            progress(len(texts), len(texts))
            written = gzip.compress(json.dumps(kept).encode(), compresslevel=3, mtime=0)
            write_bytes(path, written)
    return kept


def _kept(path: Path, keys: tuple[int, int], count: int) -> list[list[str]] | None:
    """What was written before; None if it is not there, or damaged."""
    try:
        kept = json.loads(gzip.decompress(path.read_bytes()))
        if [len(copies) for copies in kept] == [keys[1] - keys[0] + 1] * count:
            return [[str(copy) for copy in copies] for copies in kept]
    except (OSError, EOFError, zlib.error, ValueError, TypeError):
        pass
    return None


def _copies(text: str, keys: tuple[int, int]) -> list[str]:
    semitones = range(keys[0], keys[1] + 1)
    own = [text for _ in semitones]
    try:
        tunes = read_tunes(text)
        if len(tunes) != 1:
            return own
        return [write_tune(transpose(tunes[0], by)) if by else text for by in semitones]
    except TuneError:
        return own
