"""The steps that can be undone in a tune book: removals, and tunes that were written over.

They are in the book, so that they outlive the page and the program.
"""

import json
import sqlite3
from collections.abc import Sequence

MAX_STEPS = 1_000


def add_removal(db: sqlite3.Connection, tune: sqlite3.Row) -> None:
    """Add the step that brings a tune back."""
    _add(db, tune["title"], tune_id=tune["id"])


def add_change(db: sqlite3.Connection, tune: sqlite3.Row) -> None:
    """Add the step that gives a tune the text back that it has now."""
    _add(db, tune["title"], tune_id=tune["id"], abc=tune["abc"])


def add_set(db: sqlite3.Connection, label: str, name: str, tune_ids: Sequence[int]) -> None:
    """Add the step that gives a set these tunes back.

    Args:
        db: the book, in a block that writes.
        label: the name of the set, or the title of the tune that leaves it.
        name: the name of the set.
        tune_ids: the numbers of its tunes.
    """
    _add(db, label, set_name=name, set_tunes=json.dumps(list(tune_ids)))


def newest_step(db: sqlite3.Connection) -> sqlite3.Row | None:
    """Return the step to undo next; None without."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM undo ORDER BY id DESC LIMIT 1").fetchone()
    return row


def drop_step(db: sqlite3.Connection, step_id: int) -> None:
    """Forget a step."""
    db.execute("DELETE FROM undo WHERE id = ?", (step_id,))


def drop_removal(db: sqlite3.Connection, tune_id: int) -> None:
    """Forget the step that brings a tune back, which is back."""
    db.execute(
        "DELETE FROM undo WHERE tune_id = ? AND abc IS NULL AND set_name IS NULL", (tune_id,)
    )


def _add(db: sqlite3.Connection, label: str, **values: object) -> None:
    columns = {"label": label, "tune_id": None, "abc": None, "set_name": None, "set_tunes": None}
    db.execute(
        "INSERT INTO undo (label, tune_id, abc, set_name, set_tunes)"
        " VALUES (:label, :tune_id, :abc, :set_name, :set_tunes)",
        {**columns, **values},
    )
    db.execute("DELETE FROM undo WHERE id <= (SELECT max(id) FROM undo) - ?", (MAX_STEPS,))
