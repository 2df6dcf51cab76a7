"""The chord symbols of a tune: whether there are any, and those that are not played as written."""

import re
from collections.abc import Iterator

from charnn.music.tune.chord_symbols import ParsedChord, parse_chord_symbol
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import Mark, Tune

_FINGERS = re.compile(r'[0-9.,() "]*')


def has_chords(voice: Tune) -> bool:
    """Return whether a voice has chord symbols that can be played."""
    return any(chord is not None for _, chord in _symbols(voice))


def unreadable_chords(voice: Tune, consequence: str) -> list[Problem]:
    """Return a problem for each chord symbol of a voice that names no chord.

    Fingers, which old books write in quotes, are no chord symbols.

    Args:
        voice: the voice.
        consequence: the end of each message, `"and is not played"` for example.
    """
    return [
        Problem(f"{mark.text} names no chord {consequence}", mark.line, mark.column, serious=False)
        for mark, chord in _symbols(voice)
        if chord is None and not _FINGERS.fullmatch(mark.text)
    ]


def shortened_chords(voice: Tune) -> list[Problem]:
    """Return a problem for each chord symbol of a voice of which only a part is played."""
    return [
        Problem(f"{mark.text} is played as {chord.heard}", mark.line, mark.column, serious=False)
        for mark, chord in _symbols(voice)
        if chord is not None and chord.heard
    ]


def _symbols(voice: Tune) -> Iterator[tuple[Mark, ParsedChord | None]]:
    for element in voice.music:
        if isinstance(element, Mark) and element.kind == "chord symbol":
            yield element, parse_chord_symbol(element.text)
