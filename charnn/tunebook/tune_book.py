"""The tune book of a user: every tune that was written, the tunes that are kept, and their sets.

Every method may be called in any thread, and several programs may use one book. A method that
returns has its change on the disk.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from charnn.errors import TuneConflictError
from charnn.tunebook.book_abc import export_tunes, import_sources, left_out, one_tune
from charnn.tunebook.book_file import BookFile
from charnn.tunebook.book_records import ImportedTunes, KeptTune, Novelty, WrittenTune
from charnn.tunebook.book_undo import BookUndo
from charnn.tunebook.known_novelty import read_novelty, write_novelty
from charnn.tunebook.melody_search import rank_melodies
from charnn.tunebook.tune_facts import fold_text, tune_facts
from charnn.tunebook.tune_marks import Marks, check_text
from charnn.tunebook.tune_rows import (
    fact_columns,
    insert_tune,
    kept_tune,
    last_id,
    now,
    rows_of,
    update_tune,
    written_tune,
)
from charnn.tunebook.tune_sets import TuneSets
from charnn.tunebook.undo_steps import add_change, add_removal, drop_removal

MAX_HISTORY = 10_000  # tunes; older ones that were not kept are forgotten


class TuneBook(TuneSets, BookUndo):
    """A tune book in a file.

    Args:
        path: the file, see `charnn.tunebook.book_file.default_book`.
        create: whether to make a new book if there is no such file.

    Raises:
        TuneBookError: the file cannot be used; see `charnn.tunebook.book_file.BookFile`. All
            methods may raise it.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        super().__init__(BookFile(path, create=create))

    @property
    def path(self) -> Path:
        """The file of the book."""
        return self._file.path

    def add_written(
        self,
        abc: str,
        *,
        command: str = "",
        model: str = "",
        seed: int | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a tune to the history, and return its number there.

        Args:
            abc: the text of the tune.
            command: the command that writes it again.
            model: the name of the model.
            seed: the seed.
            settings: what was asked for, to be stored as JSON.
        """
        source = one_tune(check_text(abc))
        with self._file.writing() as db:
            row = (
                abc,
                tune_facts(source).titles[0],
                check_text(command),
                check_text(model),
                None if seed is None else str(seed),
                json.dumps(settings or {}),
                now(),
            )
            added = db.execute(
                "INSERT INTO history (abc, title, command, model, seed, settings, written_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            number = last_id(added)
            db.execute(
                "DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ? AND id NOT IN"
                " (SELECT history_id FROM tunes WHERE history_id IS NOT NULL)",
                (MAX_HISTORY,),
            )
        return number

    def history(self, limit: int = 100, *, before: int | None = None) -> list[WrittenTune]:
        """Return tunes of the history, the newest first.

        Args:
            limit: the number of tunes at most.
            before: only tunes that were written before the one with this number.
        """
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT *, EXISTS (SELECT 1 FROM tunes WHERE history_id = history.id"
                " AND removed_at IS NULL) AS kept FROM history WHERE ? IS NULL OR id < ?"
                " ORDER BY id DESC LIMIT ?",
                (before, before, limit),
            ).fetchall()
            return [written_tune(db, row) for row in rows]

    def keep(
        self,
        abc: str,
        *,
        command: str = "",
        tags: Iterable[str] = (),
        note: str = "",
        rating: int = 0,
        written: int | None = None,
    ) -> int:
        """Keep a tune, and return its number.

        Args:
            abc: the text of the tune; one tune, with all that is around it.
            command: the command that writes it.
            tags: its tags.
            note: a note of the user.
            rating: 0 (not rated) to 5.
            written: the number in the history of the tune that this one was made of; by default,
                the newest one with the same text.

        Raises:
            UsageError: there is no tune, or several; or a value is out of range.
        """
        source = one_tune(check_text(abc))
        marks = Marks.checked(rating=rating, tags=tags, note=note, command=command)
        facts = fact_columns(source, abc, marks)
        with self._file.writing() as db:
            return insert_tune(db, facts, marks.tags, written)

    def tune(self, tune_id: int) -> KeptTune:
        """Return a tune that is kept or removed.

        Raises:
            UsageError: the book has no such tune.
        """
        with self._file.reading() as db:
            [row] = rows_of(db, [tune_id])
            return kept_tune(db, row)

    def change(
        self,
        tune_id: int,
        *,
        abc: str | None = None,
        before: str | None = None,
        tags: Iterable[str] | None = None,
        note: str | None = None,
        rating: int | None = None,
    ) -> None:
        """Change what is given of a tune; None leaves a value as it is. `undo` undoes a new text.

        Args:
            tune_id: the number of the tune.
            abc: its new text.
            before: the text that the new one was made of; by default, the text in the book.
            tags, note, rating: its marks.

        Raises:
            UsageError: the book has no such tune, or a value is out of range.
            TuneConflictError: the tune was removed, or its text is neither `before` nor `abc`.
        """
        if abc is not None:
            one_tune(check_text(abc))
        with self._file.writing() as db:
            [row] = rows_of(db, [tune_id])
            removed = row["removed_at"] is not None
            if removed or (before is not None and row["abc"] not in (before, abc)):
                raise TuneConflictError(row["title"], removed=removed)
            if abc not in (None, row["abc"]):
                add_change(db, row)
            update_tune(db, row, abc=abc, tags=tags, note=note, rating=rating)

    def remove(self, tune_id: int) -> None:
        """Remove a tune from the book; `restore` or `undo` brings it back, into its sets as well.

        Raises:
            UsageError: the book has no such tune.
        """
        with self._file.writing() as db:
            [row] = rows_of(db, [tune_id])
            if row["removed_at"] is None:
                db.execute("UPDATE tunes SET removed_at = ? WHERE id = ?", (now(), tune_id))
                add_removal(db, row)

    def restore(self, tune_id: int) -> None:
        """Bring back a tune that was removed.

        Raises:
            UsageError: the book has no such tune.
        """
        with self._file.writing() as db:
            rows_of(db, [tune_id])
            db.execute("UPDATE tunes SET removed_at = NULL WHERE id = ?", (tune_id,))
            drop_removal(db, tune_id)

    def find(
        self, text: str = "", *, melody: str = "", tag: str = "", rating: int = 0
    ) -> list[KeptTune]:
        """Return the kept tunes that fit all that is asked for.

        Tunes found by melody come in the order of their likeness, others the newest first.

        Args:
            text: words that occur in the header, the tags or the note, in any order.
            melody: notes in ABC, which are found in any key.
            tag: a tag.
            rating: the lowest rating.

        Raises:
            UsageError: the melody has too few notes.
        """
        conditions = ["removed_at IS NULL", "rating >= ?"]
        values: list[object] = [rating]
        for word in fold_text(check_text(text)).split():
            conditions.append("instr(words, ?) > 0")
            values.append(word)
        if tag.strip():
            conditions.append("id IN (SELECT tune_id FROM tags WHERE tag = ?)")
            values.append(check_text(" ".join(tag.split())))
        where = " AND ".join(conditions)  # fixed texts; the values are bound
        with self._file.reading() as db:
            query = f"SELECT * FROM tunes WHERE {where} ORDER BY id DESC"  # noqa: S608
            rows = {row["id"]: row for row in db.execute(query, values)}
            if not melody.strip():
                return [kept_tune(db, row) for row in rows.values()]
            codes = {number: row["melody"] for number, row in rows.items()}
            found = rank_melodies(check_text(melody), codes)
            return [kept_tune(db, rows[one.tune_id], one.similarity) for one in found]

    def novelty(self, abc: str) -> Novelty | None:
        """Return how new a tune is; None if `keep_novelty` was not called for it."""
        with self._file.reading() as db:
            return read_novelty(db, abc)

    def keep_novelty(self, abc: str, novelty: Novelty) -> None:
        """Keep how new a tune is, so that it is not compared again."""
        with self._file.writing() as db:
            write_novelty(db, abc, novelty)

    def tags(self) -> dict[str, int]:
        """Return the tags of the kept tunes, with the number of tunes that have them."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT min(tag), count(*) FROM tags JOIN tunes ON tunes.id = tune_id"
                " WHERE removed_at IS NULL GROUP BY tag ORDER BY tag"
            ).fetchall()
        return dict(map(tuple, rows))

    def import_abc(self, text: str) -> ImportedTunes:
        """Keep every tune of a text in ABC notation, also those that cannot be read.

        A comment of `export_abc` gives a tune its rating, tags, note and command. A tune whose text
        is in the book already is not added again.
        """
        text = check_text(text)
        # Reading takes seconds, and a block that writes keeps all other writers waiting.
        tunes = [
            (fact_columns(source, source.text, marks), marks.tags)
            for source, marks in import_sources(text)
        ]
        added, known = [], 0
        with self._file.writing() as db:
            for facts, tags in tunes:
                row = db.execute(
                    "SELECT id FROM tunes WHERE abc = ? AND removed_at IS NULL", (facts["abc"],)
                ).fetchone()
                if row is not None:
                    known += 1
                else:
                    added.append(insert_tune(db, facts, tags, None))
        return ImportedTunes(tuple(added), known, tuple(left_out(text)))

    def export_abc(self, tunes: Iterable[KeptTune] | None = None) -> str:
        """Return tunes as a text in ABC notation, by default all that are kept, the oldest first.

        A comment in each tune holds its rating, tags, note and command for `import_abc`.
        """
        return export_tunes(self.find()[::-1] if tunes is None else tunes)
