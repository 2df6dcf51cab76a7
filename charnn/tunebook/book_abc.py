"""A tune book as ABC notation: tunes in, tunes out, with the marks of each in a comment."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from charnn.errors import TuneError, UsageError
from charnn.music.abc.book_text import NumberGiver
from charnn.music.abc.patterns import LINE_END
from charnn.music.abc.tunebook import TuneSource, inherited_fields, iterate_book, split_book
from charnn.tunebook.book_records import KeptTune
from charnn.tunebook.tune_marks import Marks

# A comment, so that all programs skip it.
BOOK_COMMENT = re.compile(r"(?m)^% charnn-book (\{.*\})\n")
MAX_PROBLEMS = 20


def one_tune(text: str) -> TuneSource:
    """Return the only tune of a text.

    Raises:
        UsageError: there is no tune, or there are several.
    """
    sources = split_book(text)
    if len(sources) != 1:
        found = (
            "no tune: a tune in ABC has a K: line, then notes" if not sources else "several tunes"
        )
        raise UsageError(f"the text contains {found}")
    return sources[0]


def import_sources(text: str) -> Iterator[tuple[TuneSource, Marks]]:
    """Yield each tune of a text with its marks.

    The text of each tune is complete: it contains the fields of the file header that hold for it,
    and no comment with its marks.
    """
    for source in iterate_book(text):
        found = BOOK_COMMENT.search(source.text)
        marks = _read_marks(found[1]) if found else None
        if found and marks:
            rest = source.text[: found.start()] + source.text[found.end() :]
            yield _complete(source, rest), marks
        else:
            yield _complete(source, source.text), Marks()


def left_out(text: str) -> Iterator[str]:
    """Yield a message for each passage of a text that belongs to no tune, with its line.

    A file header is part of its tunes. The comments between tunes are left out, too.
    """
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    in_tunes: set[int] = set()
    for source in iterate_book(text):
        in_tunes |= set(range(source.line, source.line + source.text.count("\n")))
        in_tunes |= {field.line for field in source.file_header}
    before_is_left_out = False
    count = 0
    for number, line in enumerate(lines, 1):
        is_left_out = bool(line.strip()) and number not in in_tunes
        if is_left_out and not before_is_left_out:
            count += 1
            if count <= MAX_PROBLEMS:
                yield f"line {number}: this text belongs to no tune, so it was left out"
        before_is_left_out = is_left_out
    if count > MAX_PROBLEMS:
        yield f"and {count - MAX_PROBLEMS:,} more such passages"


def export_tunes(tunes: Iterable[KeptTune]) -> str:
    """Return tunes as a text in ABC notation, each with its number X: and its marks."""
    exported = list(tunes)
    texts = [_without_empty_lines(tune.abc) for tune in exported]
    numbers = NumberGiver("\n".join(texts))
    written = []
    for tune, text in zip(exported, texts, strict=True):
        first, rest = numbers.numbered(one_tune(text), text).split("\n", 1)
        written.append(f"{first}\n{_marks_comment(tune)}{rest}")
    return "\n".join(written)


def _complete(source: TuneSource, text: str) -> TuneSource:
    """Return a tune with the fields that it inherits, after its titles, and with another text."""
    try:
        fields = inherited_fields(source)
    except TuneError:  # typeset text is never closed
        fields = []
    lines = text.split("\n")
    place = 0
    while lines[place].startswith(("X:", "T:", "+:")):
        place += 1
    lines[place:place] = [f"{field.letter}:{field.text}" for field in fields]
    return replace(source, text="\n".join(lines), file_header=())


def _without_empty_lines(abc: str) -> str:
    """Return the text of a tune from its first line on, without what would end it in a book."""
    source = one_tune(abc)
    return "".join(f"{line}\n" for line in source.text.split("\n") if line.strip())


def _marks_comment(tune: KeptTune) -> str:
    """Return the line with the marks of a tune; `""` without marks."""
    marks = {
        "rating": tune.rating,
        "tags": list(tune.tags),
        "note": tune.note,
        # Most tunes contain the command in a comment of their own.
        "command": "" if tune.command in tune.abc else tune.command,
    }
    given = {name: value for name, value in marks.items() if value}
    return f"% charnn-book {json.dumps(given, ensure_ascii=False)}\n" if given else ""


def _read_marks(text: str) -> Marks | None:
    """Return the marks of a comment; None if it is not one that `export_tunes` writes."""
    try:
        given = json.loads(text)
        tags = given.get("tags", [])
        texts = [given.get("note", ""), given.get("command", ""), *tags]
        if not (isinstance(tags, list) and all(isinstance(each, str) for each in texts)):
            return None
        note, command = texts[:2]
        return Marks.checked(rating=given.get("rating", 0), tags=tags, note=note, command=command)
    except (ValueError, RecursionError, UsageError):
        return None
