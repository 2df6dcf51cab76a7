"""The places of chord symbols: those that stand before the same note share its time."""

from charnn.music.score.staff import ChordSign, Event, WrittenBar
from charnn.music.tune.chord_symbols import parse_chord_symbol


def place_chords(bars: list[WrittenBar]) -> None:
    """Set `offset` of all chord symbols, so that none is printed over another."""
    for bar in bars:
        chords: list[ChordSign] = []  # since the last note
        for item in bar.items:
            if isinstance(item, ChordSign) and parse_chord_symbol(item.text):
                chords.append(item)
            elif isinstance(item, Event) and not item.grace:
                for number, chord in enumerate(chords):
                    chord.offset = item.duration * number / len(chords)
                chords = []
