"""The spelling of fields in cleaned tunes: key, title, type of dance, unit length.

A model of tunes is trained on cleaned books (`cleaning.py`). The same functions spell the fields of
a user's request: `A dorian` becomes `Ador`, the spelling that the model was trained on.
"""

import re
from dataclasses import replace

from charnn.music.abc import fields
from charnn.music.abc.key_field import parse_key

# Types of dance that books call by several names. Songs and laments are played as slow airs, and
# "miscellaneous" has no meaning.
_RHYTHM_ALIASES = {
    "slipjig": "slip jig",
    "double jig": "jig",
    "highland fling": "fling",
    "setdance": "set dance",
    "quick step": "quickstep",
    "ocarolan": "air",
    "planxty": "air",
    "lament": "air",
    "miscellaneous": "",
}
_TITLE_RHYTHM = re.compile(
    r"\b(slip jig|set dance|highland fling|quick ?step|strathspey|hornpipe|walkaround|cotillion"
    r"|minuet|gavotte|planxty|lament|march|waltz|polka|slide|fling|clog|reel|jig|air)\b",
    re.IGNORECASE,
)
# The MIT collection has no R: fields; its Z: fields read "id:dc-reel-12".
_MIT_RHYTHM = re.compile(r"id:dc-([a-z]+)")
# "O'Neill's Music of Ireland" (1903) numbers its tunes in order of type. The pattern skips "The
# Dance Music of Ireland", which has other numbers.
_ONEILL_BOOK = re.compile(
    r"\bO'?Neill(?!.*\bdance\D*\d{1,3}\b)[^0-9]*(?P<number>[0-9]*)", re.IGNORECASE
)
_ONEILL_RHYTHMS = (
    (range(1, 626), ""),
    (range(626, 701), "air"),
    (range(701, 1116), "jig"),
    (range(1116, 1176), "slip jig"),
    (range(1176, 1556), "reel"),
    (range(1556, 1781), "hornpipe"),
)
# The sections whose tunes differ in rhythm: songs and slow airs, and long dances.
_ONEILL_MIXED_SECTIONS = ((range(1, 626), "air"), (range(1781, 1801), "set dance"))
_KEY_EXTRA = re.compile(r"(?<!\S)(?:exp|[_^=]+[A-Ga-g]|octave=\S+|transpose=\S+)(?!\S)")
_SHORT_MODES = {
    "major": "",
    "minor": "m",
    "dorian": "dor",
    "phrygian": "phr",
    "lydian": "lyd",
    "mixolydian": "mix",
    "locrian": "loc",
    "explicit": "",
}
_TYPOGRAPHIC_QUOTES = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")


def short_key(words: str) -> str:
    """Return the short spelling of a key: D, Em, Ador, Bbmix; any other text stays unchanged."""
    try:
        key = parse_key(words)
        if key.mode not in _SHORT_MODES:
            return words
        extras = [found[0] for found in _KEY_EXTRA.finditer(words)]
        short = " ".join([key.tonic + _SHORT_MODES[key.mode], *extras])
        # The short spelling may lose words such as a clef, which is harmless. If the short
        # spelling would mean another key, the text stays unchanged.
        return short if replace(parse_key(short), text=key.text) == key else words
    except fields.FieldError:
        return words


def plain_title(title: str) -> str:
    """Return a title with ASCII quotes, without a `T:` at its beginning or commas at its end."""
    return title.translate(_TYPOGRAPHIC_QUOTES).removeprefix("T:").rstrip(" ,")


def normalise_rhythm(words: str) -> str:
    """Return the usual name of a type of dance in lower case: `slip jig` for `Slipjig.`"""
    name = words.lower().strip(" .")
    return _RHYTHM_ALIASES.get(name, name)


def find_rhythm(header: dict[str, str], transcription: str) -> str:
    """Return the type of dance of a tune; `""` if the header contains no hint.

    The sources are tried in this order: R:, the `id:dc-` entry that MIT's collection has in Z:, the
    title, the number in O'Neill's book, the meter.

    Args:
        header: the text of the first header field with each letter, by letter.
        transcription: the texts of all Z: fields.
    """
    title = header.get("T", "")
    found = _MIT_RHYTHM.search(transcription) or _TITLE_RHYTHM.search(title)
    name = header.get("R", "") or (found[1] if found else "")
    return normalise_rhythm(name or _rhythm_in_book(header))


def book_section(header: dict[str, str]) -> str:
    """Return the type of a tune in a mixed section of O'Neill's book, or `""`.

    The songs and slow airs at the beginning of the book are airs, its long dances set dances.
    """
    number = _oneill_number(header)
    return next((rhythm for numbers, rhythm in _ONEILL_MIXED_SECTIONS if number in numbers), "")


def _rhythm_in_book(header: dict[str, str]) -> str:
    """Return the type of dance of a tune by its number in O'Neill's book, or by its meter.

    Without a known number, the result is `slip jig` for 9/8 and `""` for all other meters.
    """
    number = _oneill_number(header)
    for numbers, rhythm in _ONEILL_RHYTHMS:
        if number in numbers:
            return rhythm
    return "slip jig" if header.get("M") == "9/8" else ""


def _oneill_number(header: dict[str, str]) -> int:
    """Return the number of a tune in O'Neill's book; 0 for a tune of another book.

    The number stands in B:, or in X: if B: contains only the title of the book.
    """
    book = _ONEILL_BOOK.search(header.get("B", ""))
    number = book and (book["number"] or header.get("X", ""))
    return int(number[:6]) if number and number.isdecimal() else 0


def body_field_value(letter: str, words: str) -> str:
    """Return the cleaned text of a field in the body; `""` if the field is dropped.

    K:, M:, L: and the letter of a part (P:) stay, because they change or structure the music. Every
    other field, such as lyrics (w:) or a remark (r:), is dropped.
    """
    if letter == "K":
        return short_key(words)
    if letter in "ML":
        return words.replace(" ", "")
    if letter == "P" and re.fullmatch(r"[A-Z]\d?", words):
        return words
    return ""


def default_unit_length(meter: str) -> str:
    """Return the default text of L: for a meter: `1/16` for `2/4`, `1/8` for an unknown meter."""
    try:
        return f"1/{4 / fields.default_unit_length(fields.parse_meter(meter))}"
    except fields.FieldError:
        return "1/8"
