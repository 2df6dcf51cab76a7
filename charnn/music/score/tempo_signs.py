"""The tempo of a tune as it is printed above the music: words, and a note with its beats."""

import re

from charnn.music.abc.text_escapes import decode_text
from charnn.music.score.musicxml_elements import legal
from charnn.music.score.note_values import note_values
from charnn.music.tune.tune import Tempo

# The notes of a metronome mark in SMuFL, the standard of music fonts, by MusicXML's name.
_NOTES = {
    "whole": "\ueca2",
    "half": "\ueca3",
    "quarter": "\ueca5",
    "eighth": "\ueca7",
    "16th": "\ueca9",
    "32nd": "\uecab",
}
_DOT = "\uecb7"


def tempo_signs(tempo: Tempo) -> tuple[str, ...]:
    """Return the parts of a tempo: words, and signs of the music font.

    Example:
        `Q:"Lively" 3/8=116` is Lively, a dotted quarter note, and `= 116`.
    """
    parts = [legal(tempo_words(tempo))]
    if tempo.beats:
        values = [value for value in note_values(tempo.beat) if value.name in _NOTES]
        parts.append("".join(_NOTES[value.name] + _DOT * value.dots for value in values))
        parts.append(f"= {float(tempo.beats):g}")
    return tuple(part for part in parts if part)


def tempo_words(tempo: Tempo) -> str:
    """Return the words of a tempo: those in quotes, or the whole text if it has no beats."""
    words = " ".join(re.findall(r'"([^"]*)"', tempo.text))
    return decode_text(words or ("" if tempo.beats else tempo.text.strip()))
