"""The sets of a tune book: tunes in the order in which they are played."""

import sqlite3
from collections import Counter
from collections.abc import Sequence

from charnn.errors import UsageError
from charnn.tunebook.book_file import BookFile
from charnn.tunebook.book_records import KeptTune, TuneSet
from charnn.tunebook.tune_marks import check_name
from charnn.tunebook.tune_rows import kept_tune, rows_of
from charnn.tunebook.undo_steps import add_set

MAX_SET = 1_000  # tunes


class TuneSets:
    """The part of `charnn.tunebook.tune_book.TuneBook` that handles sets."""

    def __init__(self, file: BookFile) -> None:
        self._file = file

    def sets(self) -> list[TuneSet]:
        """Return the sets of tunes, in the order of their names."""
        with self._file.reading() as db:
            sets: dict[str, list[int]] = {
                name: [] for (name,) in db.execute("SELECT name FROM sets ORDER BY name")
            }
            rows = db.execute(
                "SELECT name, tune_id FROM sets JOIN set_tunes ON set_id = sets.id"
                " JOIN tunes ON tunes.id = tune_id WHERE removed_at IS NULL ORDER BY place"
            )
            for name, tune_id in rows:
                sets[name].append(tune_id)
        return [TuneSet(name, tuple(tune_ids)) for name, tune_ids in sets.items()]

    def save_set(self, name: str, tune_ids: Sequence[int]) -> None:
        """Save a set of tunes in their order, in place of the set that has this name.

        The removed tunes of that set stay in it, at its end, for the time when they are restored.
        `undo` brings a tune back that leaves the set.

        Raises:
            UsageError: the book lacks one of the tunes, the name is empty, or the set is too large.
        """
        name = check_name("the name of a set", name)
        if len(tune_ids) > MAX_SET:
            raise UsageError(f"a set has up to {MAX_SET:,} tunes, not {len(tune_ids):,}")
        with self._file.writing() as db:
            rows_of(db, tune_ids)
            before = _members(db, name)
            left = next(iter(Counter(before) - Counter(tune_ids)), None)
            if left is not None:
                [tune] = rows_of(db, [left])
                add_set(db, tune["title"], name, before)
            write_set(db, name, tune_ids)

    def remove_set(self, name: str) -> None:
        """Remove a set; its tunes stay in the book. `undo` brings it back.

        Raises:
            UsageError: there is no such set.
        """
        with self._file.writing() as db:
            row = db.execute("SELECT name FROM sets WHERE name = ?", (name,)).fetchone()
            if row is None:
                raise self._no_set(name)
            members = [*_members(db, name), *_members(db, name, removed=True)]
            add_set(db, row["name"], row["name"], members)
            db.execute("DELETE FROM sets WHERE name = ?", (name,))

    def set_tunes(self, name: str) -> list[KeptTune]:
        """Return the tunes of a set in their order.

        Raises:
            UsageError: there is no such set.
        """
        for one in self.sets():
            if one.name.casefold() == name.casefold():
                with self._file.reading() as db:
                    return [kept_tune(db, row) for row in rows_of(db, one.tune_ids)]
        raise self._no_set(name)

    def _no_set(self, name: str) -> UsageError:
        names = ", ".join(one.name for one in self.sets()) or "none"
        return UsageError(f"{self._file.path} has no set {name!r}; its sets: {names}")


def write_set(db: sqlite3.Connection, name: str, tune_ids: Sequence[int]) -> None:
    """Write a set in place of the one that has this name; its removed tunes stay, at its end.

    Args:
        db: the book, in a block that writes.
        name: the name of the set.
        tune_ids: the numbers of its tunes.
    """
    hidden = [each for each in _members(db, name, removed=True) if each not in tune_ids]
    db.execute("DELETE FROM sets WHERE name = ?", (name,))
    set_id = db.execute("INSERT INTO sets (name) VALUES (?)", (name,)).lastrowid
    rows = [(set_id, place, tune_id) for place, tune_id in enumerate([*tune_ids, *hidden])]
    db.executemany("INSERT INTO set_tunes VALUES (?, ?, ?)", rows)


def _members(db: sqlite3.Connection, name: str, *, removed: bool = False) -> list[int]:
    """Return the numbers of the tunes of a set, in their order: the kept or the removed ones."""
    rows = db.execute(
        "SELECT tune_id FROM sets JOIN set_tunes ON set_id = sets.id"
        " JOIN tunes ON tunes.id = tune_id"
        " WHERE name = ? AND (removed_at IS NOT NULL) = ? ORDER BY place",
        (name, removed),
    )
    return [row["tune_id"] for row in rows]
