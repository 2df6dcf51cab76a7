"""The rows of kept tunes: written from a tune and its marks, and read as records."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from charnn.errors import UsageError
from charnn.music.abc.tunebook import TuneSource
from charnn.tunebook.book_abc import one_tune
from charnn.tunebook.book_records import KeptTune, WrittenTune, source_of
from charnn.tunebook.known_novelty import read_novelty
from charnn.tunebook.melody_search import melody_code
from charnn.tunebook.tune_facts import fold_text, tune_facts
from charnn.tunebook.tune_marks import Marks


def insert_tune(
    db: sqlite3.Connection, facts: Mapping[str, object], tags: Iterable[str], written: int | None
) -> int:
    """Add a tune, and return its number.

    Args:
        db: the book, in a block that writes.
        facts: the values of `fact_columns`.
        tags: its tags.
        written: its number in the history; None for the newest one with the same text.
    """
    if written is None:
        found = "SELECT id FROM history WHERE abc = ? ORDER BY id DESC LIMIT 1"
        row = db.execute(found, (facts["abc"],)).fetchone()
    else:
        row = db.execute("SELECT id FROM history WHERE id = ?", (written,)).fetchone()
    columns = {**facts, "kept_at": now(), "history_id": row["id"] if row else None}
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    # The names are those of `fact_columns`, and the values are bound.
    added = db.execute(f"INSERT INTO tunes ({names}) VALUES ({values})", columns)  # noqa: S608
    tune_id = last_id(added)
    insert_tags(db, tune_id, tags)
    return tune_id


def fact_columns(source: TuneSource, abc: str, marks: Marks) -> dict[str, object]:
    """Return the values of the columns that follow from a tune and its marks."""
    facts = tune_facts(source)
    words = " ".join([*facts.titles, facts.rhythm, facts.key, facts.words, *marks.tags, marks.note])
    return {
        "abc": abc,
        "title": facts.titles[0],
        "rhythm": facts.rhythm,
        "meter": facts.meter,
        "key": facts.key,
        "words": fold_text(words),
        "melody": melody_code(source.text),
        "command": marks.command,
        "rating": marks.rating,
        "note": marks.note,
    }


def update_tune(
    db: sqlite3.Connection,
    row: sqlite3.Row,
    *,
    abc: str | None = None,
    tags: Iterable[str] | None = None,
    note: str | None = None,
    rating: int | None = None,
) -> None:
    """Change what is given of a tune; None leaves a value as it is.

    Args:
        db: the book, in a block that writes.
        row: the tune as it is.
        abc: its text.
        tags, note, rating: its marks.

    Raises:
        UsageError: a value is out of range.
    """
    tune_id, text = row["id"], row["abc"] if abc is None else abc
    marks = Marks.checked(
        rating=row["rating"] if rating is None else rating,
        tags=tags_of(db, tune_id) if tags is None else tags,
        note=row["note"] if note is None else note,
        command=row["command"],
    )
    facts = fact_columns(one_tune(text), text, marks)
    assignments = ", ".join(f"{name} = :{name}" for name in facts)
    # The names of the columns are those of `fact_columns`.
    db.execute(f"UPDATE tunes SET {assignments} WHERE id = :id", facts | {"id": tune_id})  # noqa: S608
    db.execute("DELETE FROM tags WHERE tune_id = ?", (tune_id,))
    insert_tags(db, tune_id, marks.tags)


def insert_tags(db: sqlite3.Connection, tune_id: int, tags: Iterable[str]) -> None:
    """Add tags to a tune."""
    db.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(tune_id, tag) for tag in tags])


def tags_of(db: sqlite3.Connection, tune_id: int) -> tuple[str, ...]:
    """Return the tags of a tune, in alphabetical order."""
    rows = db.execute("SELECT tag FROM tags WHERE tune_id = ? ORDER BY tag", (tune_id,))
    return tuple(row["tag"] for row in rows)


def rows_of(db: sqlite3.Connection, tune_ids: Sequence[int]) -> list[sqlite3.Row]:
    """Return the rows of tunes, in the given order.

    Raises:
        UsageError: the book lacks one of them.
    """
    rows = []
    for tune_id in tune_ids:
        row = None
        if -(2**63) <= tune_id < 2**63:  # the whole numbers of SQLite
            row = db.execute("SELECT * FROM tunes WHERE id = ?", (tune_id,)).fetchone()
        if row is None:
            raise UsageError(f"the tune book has no tune {tune_id}")
        rows.append(row)
    return rows


def kept_tune(db: sqlite3.Connection, row: sqlite3.Row, similarity: float = 0.0) -> KeptTune:
    """Return the record of a row of the table `tunes`."""
    found = "SELECT abc, settings FROM history WHERE id = ?"
    written = db.execute(found, (row["history_id"],)).fetchone()
    return KeptTune(
        id=row["id"],
        abc=row["abc"],
        title=row["title"],
        rhythm=row["rhythm"],
        meter=row["meter"],
        key=row["key"],
        command=row["command"],
        written=row["history_id"],
        edited=written is not None and written["abc"] != row["abc"],
        rating=row["rating"],
        tags=tags_of(db, row["id"]),
        note=row["note"],
        kept_at=row["kept_at"],
        source=_source(written["settings"]) if written else "",
        novelty=read_novelty(db, row["abc"]),
        similarity=similarity,
    )


def written_tune(db: sqlite3.Connection, row: sqlite3.Row) -> WrittenTune:
    """Return the record of a row of the table `history`, with the column `kept`.

    Raises:
        sqlite3.DatabaseError: a value is damaged.
    """
    try:
        seed = None if row["seed"] is None else int(row["seed"])
    except ValueError as problem:
        raise sqlite3.DatabaseError("a value is damaged") from problem
    return WrittenTune(
        id=row["id"],
        abc=row["abc"],
        title=row["title"],
        command=row["command"],
        model=row["model"],
        seed=seed,
        settings=_settings(row["settings"]),
        written_at=row["written_at"],
        kept=bool(row["kept"]),
        novelty=read_novelty(db, row["abc"]),
    )


def _source(settings: str) -> str:
    """Return the tune that was changed; `""` without, also if the settings are damaged."""
    try:
        return source_of(_settings(settings))
    except sqlite3.DatabaseError:
        return ""


def _settings(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise sqlite3.DatabaseError("a value is damaged") from problem


def last_id(cursor: sqlite3.Cursor) -> int:
    """Return the number of the row that a statement has added."""
    return int(cursor.lastrowid or 0)


def now() -> str:
    """Return the time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
