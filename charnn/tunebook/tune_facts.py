"""The facts about a tune by which a book finds and sorts it, from its header alone.

The header is read without the music, so a tune that cannot be read is found as well as any other.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from charnn.errors import TuneError
from charnn.music.abc.clean_fields import find_rhythm, short_key
from charnn.music.abc.text_escapes import decode_text
from charnn.music.abc.tunebook import HEADER_FIELD, TuneSource, content_lines
from charnn.music.score.titles import display_title

# Fields whose words name a tune or say where it comes from.
_SEARCHED = frozenset("TCARSZNHBDGO")
_STAFF_WORDS = re.compile(r"\s+(clef=|treble|bass|alto|tenor).*")


@dataclass(frozen=True, slots=True)
class TuneFacts:
    """The facts about a tune.

    Attributes:
        titles: all titles as they are printed, at least one: "Untitled" if there is none.
        rhythm: the type of dance, in lower case; `""` if nothing in the header names it.
        meter: the text of M:; `""` without.
        key: the key in its short spelling, such as `Ador`; `""` without.
        words: all words of the header, for `fold_text`.
    """

    titles: tuple[str, ...]
    rhythm: str
    meter: str
    key: str
    words: str


def tune_facts(source: TuneSource) -> TuneFacts:
    """Return the facts about a tune; never raises."""
    try:
        lines = content_lines(source)
    except TuneError:  # typeset text is never closed
        lines = source.text.split("\n")
    own: list[tuple[str, str]] = []
    for line in lines:
        if found := HEADER_FIELD.match(line):
            own.append((found[1], found[2].strip()))
            if found[1] == "K":
                break
    inherited = source.inherited({letter for letter, _ in own})
    return header_facts([*own, *((field.letter, field.text) for field in inherited)])


def header_facts(fields: Iterable[tuple[str, str]]) -> TuneFacts:
    """Return the facts about a tune with these fields in its header: letters and texts."""
    texts = [(letter, decode_text(text)) for letter, text in fields]
    first: dict[str, str] = {}
    for letter, text in texts:
        first.setdefault(letter, text)
    titles = [display_title(text) for letter, text in texts if letter == "T" and text.strip()]
    transcription = " ".join(text for letter, text in texts if letter == "Z")
    return TuneFacts(
        titles=tuple(titles) or ("Untitled",),
        rhythm=find_rhythm(first, transcription),
        meter=first.get("M", ""),
        key=_STAFF_WORDS.sub("", short_key(first.get("K", ""))),
        words=" ".join(text for letter, text in texts if letter in _SEARCHED),
    )


def fold_text(text: str) -> str:
    """Return a text without accents and capitals, as a search compares it: `cafe` for `Café`."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def sort_title(title: str) -> tuple[str, str]:
    """Return the key by which a list of titles is sorted: without its article and its accents."""
    folded = re.sub(r"^(the|an?|da) (?=.)", "", fold_text(title))
    return re.sub(r"[^\w ]+", "", folded).strip(), title
