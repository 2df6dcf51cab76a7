"""Check that MusicXML contains the tune it was made from.

    python benchmarks/musicxml_readback.py BOOK.abc... [--tunes 200]

Writes tunes of the books, spread evenly over all that can be read, as MusicXML. music21 reads the
files, and every note, chord, rest and grace note is compared: pitches, spelling and length, in
order, as written. The exit code is 1 if anything differs.
"""

import argparse
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from music21 import converter, harmony

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.score.musicxml import to_musicxml
from charnn.music.tune.tune import Change, Key, Note, Pitch, Tune


class Column(NamedTuple):
    """The notes at one place: `E4 sharp` is ("E", 4, 1); a grace note lasts 0 quarter notes."""

    heads: frozenset[tuple[str, int, int]]
    duration: Fraction


def written(tune: Tune) -> Iterator[Column]:
    """Return the columns of a tune; a rest of many bars becomes one column a bar."""
    key = tune.key
    for element in tune.music:
        if isinstance(element, Change) and isinstance(element.value, Key):
            key = element.value
        if not isinstance(element, Note):
            continue
        for grace in element.graces:
            yield Column(heads(key, grace), Fraction(0))
        bars = int(element.length) if element.rest in ("Z", "X") and element.rest else 1
        for _ in range(bars):
            yield Column(heads(key, *element.pitches), element.duration / bars)


def heads(key: Key, *pitches: Pitch) -> frozenset[tuple[str, int, int]]:
    """Return letter, octave and alteration of each note as written, without `transpose=`."""
    return frozenset((p.letter, p.octave, p.midi - key.transpose - p.natural) for p in pitches)


def read_back(document: str) -> list[Column]:
    """Return the columns that music21 reads."""
    score = converter.parseData(document, format="musicxml")
    return [
        Column(
            frozenset((pitch.step, pitch.octave, round(pitch.alter)) for pitch in one.pitches)
            if not one.isRest
            else frozenset(),
            Fraction(one.duration.quarterLength).limit_denominator(10_000),
        )
        for one in score.flatten().notesAndRests
        if not isinstance(one, harmony.ChordSymbol)
    ]


def same(expected: list[Column], found: list[Column]) -> bool:
    """Return whether two lists agree; tied notes may replace a length that no single note has."""
    place = 0
    for column in expected:
        length = Fraction(0)
        while place < len(found) and found[place].heads == column.heads:
            length += found[place].duration
            place += 1
            if length >= column.duration:
                break
        if length != column.duration:
            return False
    return place == len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", nargs="+", type=Path)
    parser.add_argument("--tunes", type=int, default=200)
    options = parser.parse_args()
    tunes: list[Tune] = []
    for path in options.books:
        for source in split_book(path.read_text(encoding="utf-8", errors="replace")):
            try:
                tunes.append(read_tune(source))
            except TuneError:
                continue
    count = min(options.tunes, len(tunes))
    places = [round(number * len(tunes) / count) for number in range(count + 1)]
    equal = columns = 0
    for place, _ in pairwise(places):
        expected = list(written(tunes[place]))
        columns += len(expected)
        if same(expected, read_back(to_musicxml(tunes[place]))):
            equal += 1
        else:
            print("differs:", tunes[place].name)
    print(f"{equal} of {count} tunes equal, {columns:,} notes, chords, rests and grace notes")
    sys.exit(equal != count)


if __name__ == "__main__":
    main()
