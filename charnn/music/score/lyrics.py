"""Lyrics: the syllables of the `w:` fields, aligned to the notes above them (ABC 2.1, section 5).

The fields that follow each other without notes between them are the verses of the notes since the
fields before. Rests and grace notes have no syllables.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from charnn.music.abc.text_escapes import decode_text
from charnn.music.tune.tune import BarLine, Change, Note, Tune

# MusicXML's words: a whole word, or the place of the syllable in its word.
Syllabic = Literal["single", "begin", "middle", "end"]
# MusicXML's words for the line after a syllable that is held for several notes.
Extension = Literal["", "start", "continue", "stop"]


@dataclass(frozen=True, slots=True)
class Syllable:
    """The syllable of a verse at one note.

    Attributes:
        verse: the number of the verse, from 1.
        text: the syllable; `""` if the syllable before is held.
        syllabic: the place of the syllable in its word.
        extension: the part of the extension line at this note.
    """

    verse: int
    text: str
    syllabic: Syllabic = "single"
    extension: Extension = ""


@dataclass(frozen=True, slots=True)
class Lyrics:
    """The lyrics of a tune.

    Attributes:
        syllables: the syllables at each note; the key is the index of the note in `tune.music`.
        unplaced: line number and text of the syllables for which there are no notes, by field.
    """

    syllables: dict[int, tuple[Syllable, ...]]
    unplaced: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Token:
    """A syllable of a field, or a sign: `_` holds, `*` skips a note, `|` goes to the next bar."""

    text: str
    sign: str = ""
    hyphen: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """A note for a syllable.

    Attributes:
        index: the index of the note in `tune.music`.
        bar: the number of the bar that contains the note.
        after_rest: True if a bar of rests, or none, precedes that bar.
    """

    index: int
    bar: int
    after_rest: bool


def find_lyrics(tune: Tune) -> Lyrics:
    """Return the lyrics of a tune; an overlay has no lyrics (ABC 2.1, "Voice overlay")."""
    if tune.is_overlay:
        return Lyrics({}, ())
    syllables: dict[int, tuple[Syllable, ...]] = {}
    unplaced: list[tuple[int, str]] = []
    places: list[_Place] = []  # the notes since the fields before
    verses: list[tuple[int, str]] = []  # line number and text of the adjacent fields
    bar, first_bar, bar_has_music = 0, 0, False
    # The last element stands for the end of the tune.
    for index, element in enumerate((*tune.music, None)):
        if isinstance(element, BarLine):
            bar, bar_has_music = bar + bar_has_music, False
        elif isinstance(element, Change) and element.letter in "w+":
            _add_verse(verses, element)
        elif isinstance(element, Note) or element is None:
            if verses:
                for verse, (line, text) in enumerate(verses, 1):
                    left = _align(text, verse, places, first_bar, syllables)
                    unplaced += [(line, left)] if left else []
                places, verses, first_bar = [], [], bar
            bar_has_music = True
            if element is not None and element.pitches:
                last_bar = places[-1].bar if places else first_bar - 1
                places.append(_Place(index, bar, after_rest=bar > last_bar + 1))
    return Lyrics(syllables, tuple(unplaced))


def _add_verse(verses: list[tuple[int, str]], field: Change) -> None:
    """Add a `w:` to the adjacent ones; `+:` and a field after a `\\` continue the last one."""
    is_continued = bool(verses) and (field.letter == "+" or verses[-1][1].endswith("\\"))
    if is_continued:
        line, text = verses[-1]
        verses[-1] = line, f"{text.removesuffix(chr(92))} {field.text}"
    elif field.letter == "w":
        verses.append((field.line, field.text))


def _align(
    text: str,
    verse: int,
    places: list[_Place],
    first_bar: int,
    syllables: dict[int, tuple[Syllable, ...]],
) -> str:
    """Add the syllables of a verse to `syllables`, and return the text that found no note."""
    position, bar = 0, first_bar
    in_word = False  # whether a hyphen connects the next syllable to the one before
    held: tuple[int, Syllable] | None = None  # the syllable that a `_` holds, with its note
    tokens = _tokens(text)
    for number, token in enumerate(tokens):
        if token.sign == "|":
            # A bar with too many syllables is over already: then the sign has no effect.
            bar += 1
            while position < len(places) and places[position].bar < bar:
                position += 1
            continue
        if position == len(places):
            return " ".join(left.text for left in tokens[number:] if left.text)
        place = places[position]
        position += 1
        if place.after_rest:  # a field may omit the sign for a bar of rests
            bar = max(bar, place.bar)
        sung: Syllable | None = None
        if token.text:
            sung = Syllable(verse, token.text, _syllabic(in_word, token.hyphen))
            in_word = token.hyphen
        elif token.sign == "_" and held is not None:
            index, before = held
            extended = replace(before, extension="start" if before.text else "continue")
            syllables[index] = (*syllables[index][:-1], extended)
            sung = Syllable(verse, "", extension="stop")
        if sung is not None:
            syllables[place.index] = (*syllables.get(place.index, ()), sung)
        if token.sign != "_" or sung is not None:
            # Up to the next syllable of a word, readers draw hyphens, and no line.
            held = None if sung is None or in_word else (place.index, sung)
    return ""


def _syllabic(in_word: bool, hyphen: bool) -> Syllabic:
    if in_word:
        return "middle" if hyphen else "end"
    return "begin" if hyphen else "single"


# A syllable with the hyphen after it, or a sign. A `\\` before a sign makes it a letter.
_TOKEN = re.compile(r"(?P<text>(?:\\[-*_|~\\]|[^-*_|\s])+)(?P<hyphen>-?)|(?P<sign>[-*_|])")


def _tokens(text: str) -> list[_Token]:
    """Return the syllables and signs of a field."""
    tokens: list[_Token] = []
    for found in _TOKEN.finditer(decode_text(text)):
        words = re.sub(r"\\([-*_|~\\])|~", lambda sign: sign[1] or " ", found["text"] or "")
        if words.strip():
            tokens.append(_Token(words.strip(), "", bool(found["hyphen"])))
        elif found["sign"] == "-":
            # After a space or another hyphen, a hyphen takes a note of its own inside the word.
            if tokens and tokens[-1].text:
                tokens[-1] = _Token(tokens[-1].text, "", hyphen=True)
            tokens.append(_Token("", "_"))
        else:
            sign = {"_": "_", "|": "|"}.get(found["sign"] or "", "*")
            tokens.append(_Token("", sign))
    return tokens
