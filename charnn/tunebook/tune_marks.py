"""The marks of a kept tune, rating, tags, note and command, checked where they enter."""

from collections.abc import Iterable
from dataclasses import dataclass

from charnn.errors import UsageError, shorten

MAX_RATING = 5
MAX_TAGS, MAX_NAME, MAX_NOTE = 50, 60, 10_000  # the last two in characters


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a tune, see `charnn.tunebook.book_records.KeptTune`."""

    rating: int = 0
    tags: tuple[str, ...] = ()
    note: str = ""
    command: str = ""

    @classmethod
    def checked(cls, *, rating: int, tags: Iterable[str], note: str, command: str) -> "Marks":
        """Return the marks of a tune; each tag occurs once, whatever its capitals.

        Raises:
            UsageError: a value is out of range.
        """
        if rating not in range(MAX_RATING + 1):
            raise UsageError(f"a rating is a whole number from 0 to {MAX_RATING}, not {rating!r}")
        named = {tag.casefold(): tag for tag in (check_name("a tag", tag) for tag in tags)}
        if len(named) > MAX_TAGS:
            raise UsageError(f"a tune has up to {MAX_TAGS} tags, not {len(named)}")
        for text in (note, command):
            if len(check_text(text)) > MAX_NOTE:
                raise UsageError(f"a note or a command has up to {MAX_NOTE:,} characters")
        return cls(int(rating), tuple(named.values()), note, command)


def check_name(what: str, name: str) -> str:
    """Return a name with single spaces.

    Args:
        what: the words for the name in an error.
        name: the name.

    Raises:
        UsageError: the name is empty, or too long.
    """
    plain = " ".join(check_text(name).split())
    if not 1 <= len(plain) <= MAX_NAME:
        raise UsageError(f"{what} has 1 to {MAX_NAME} characters, not {shorten(plain, 80)!r}")
    return plain


def check_text(text: str) -> str:
    """Return a text that can be stored.

    Raises:
        UsageError: the text contains a half of a character, which no file in UTF-8 can hold.
    """
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        raise UsageError(
            f"a text contains half a character: {problem.object[problem.start]!r}"
        ) from None
    return text
