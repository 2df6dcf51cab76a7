"""The novelty of the tunes of a book, kept by the text of each tune."""

import hashlib
import sqlite3

from charnn.tunebook.book_records import Novelty


def read_novelty(db: sqlite3.Connection, abc: str) -> Novelty | None:
    """Return how new a tune is; None if it has not been compared, or if a value is damaged."""
    found = "SELECT * FROM novelty WHERE digest = ?"
    row = db.execute(found, (_digest(abc),)).fetchone()
    if row is None:
        return None
    novelty = Novelty(**{name: row[name] for name in Novelty.__slots__})
    try:
        is_sound = 0 <= novelty.similarity <= 1 and novelty.shared_notes >= 0
    except TypeError:
        return None
    return novelty if is_sound else None


def write_novelty(db: sqlite3.Connection, abc: str, novelty: Novelty) -> None:
    """Keep how new a tune is."""
    values = [getattr(novelty, name) for name in Novelty.__slots__]
    db.execute("INSERT OR REPLACE INTO novelty VALUES (?, ?, ?, ?, ?, ?)", (_digest(abc), *values))


def _digest(abc: str) -> bytes:
    return hashlib.sha256(abc.encode("utf-8", "surrogatepass")).digest()[:16]
