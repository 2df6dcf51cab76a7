"""The undo of a tune book, see `charnn.tunebook.undo_steps`."""

import json
import sqlite3
from collections.abc import Sequence

from charnn.errors import UsageError
from charnn.tunebook.book_file import BookFile
from charnn.tunebook.tune_rows import rows_of, update_tune
from charnn.tunebook.tune_sets import write_set
from charnn.tunebook.undo_steps import drop_step, newest_step


class BookUndo:
    """The part of `charnn.tunebook.tune_book.TuneBook` that takes changes back."""

    _file: BookFile

    def undoable(self) -> str:
        """Return the title of the tune, or the name of the set, of the step that `undo` takes back.

        `""` if there is no such step.
        """
        with self._file.reading() as db:
            step = newest_step(db)
            return str(step["label"]) if step else ""

    def undo(self) -> str:
        """Take the newest step back, and return its title or name.

        Raises:
            UsageError: there is no such step.
        """
        with self._file.writing() as db:
            step = newest_step(db)
            if step is None:
                raise UsageError("there is nothing to undo in the tune book")
            if step["set_name"] is not None:
                write_set(db, step["set_name"], _numbers(step["set_tunes"]))
            elif step["abc"] is None:
                db.execute("UPDATE tunes SET removed_at = NULL WHERE id = ?", (step["tune_id"],))
            else:
                [row] = rows_of(db, [step["tune_id"]])
                update_tune(db, row, abc=step["abc"])
            drop_step(db, step["id"])
            return str(step["label"])


def _numbers(text: str) -> Sequence[int]:
    try:
        numbers = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise sqlite3.DatabaseError("a value is damaged") from problem
    if not isinstance(numbers, list) or not all(type(each) is int for each in numbers):
        raise sqlite3.DatabaseError("a value is damaged")
    return numbers
