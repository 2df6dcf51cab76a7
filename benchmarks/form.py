"""Measure the form of sampled tunes beside that of the training tunes: what repeats, and where.

    python -m benchmarks.form RUN... [--num 200] [--bars off|strict] [--temperature 0.8] [--seed 1]

Dance tunes have parts of 8 bars; the second half of a part often begins like the first one, and
part B shares bars, above all the last one, with part A. Two bars are equal if they have the same
pitches and durations; ornaments, slurs, chord symbols and ties do not count. A part counts as it is
played the first time, without its pick-up. Rows about parts count the parts of exactly 8 bars, rows
about A and B the tunes whose first two parts have 8 bars, the last row all tunes that can be read.
The columns are the training tunes of the first run, and the tunes of each run. Two runs, 200 tunes
each: a minute.
"""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import TypeAlias

from charnn.errors import TuneError
from charnn.library import Model, load
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.checking.bars import split_into_bars
from charnn.music.checking.parts import bars_as_played, split_into_passes
from charnn.music.tune.tune import Change, Key, Note, Tune

# The MIDI pitches and the duration of each note or rest of a bar.
Bar: TypeAlias = tuple[tuple[tuple[int, ...], Fraction], ...]

PART_BARS = 8
ROWS = (
    "bar 5 = bar 1",
    "bar 6 = bar 2",
    "a bar occurs twice in a part",
    "part B has a bar of part A",
    "last bars of A and B equal",
    "the last note is the tonic",
    "parts of 8 bars",
    "tunes that can be read",
)


def form(texts: Iterable[str]) -> list[tuple[int, int]]:
    """Return for each of `ROWS` how often it holds, and in how many cases."""
    parts_of_tunes, ends_at_home, texts_count, parts_count = [], [], 0, 0
    for text in texts:
        texts_count += 1
        with suppress(TuneError):
            tune = read_tune(split_book(text)[0])
            parts = list(_parts(tune))
            parts_count += len(parts)
            parts_of_tunes.append(parts)
            ends_at_home.append(_ends_on_tonic(tune))
    eights = [part for parts in parts_of_tunes for part in parts if len(part) == PART_BARS]
    pairs = [
        parts[:2]
        for parts in parts_of_tunes
        if len(parts) > 1 and len(parts[0]) == len(parts[1]) == PART_BARS
    ]
    held: list[tuple[int, int]] = [
        (sum(part[4] == part[0] for part in eights), len(eights)),
        (sum(part[5] == part[1] for part in eights), len(eights)),
        (sum(len(set(part)) < PART_BARS for part in eights), len(eights)),
        (sum(not set(a).isdisjoint(b) for a, b in pairs), len(pairs)),
        (sum(a[-1] == b[-1] for a, b in pairs), len(pairs)),
        (sum(ends_at_home), len(ends_at_home)),
        (len(eights), parts_count),
        (len(parts_of_tunes), texts_count),
    ]
    return held


def _parts(tune: Tune) -> Iterator[list[Bar]]:
    """Yield the bars of each part, as it is played the first time, without a pick-up."""
    bars, bar_of_note = split_into_bars(tune)
    notes: dict[int, list[tuple[tuple[int, ...], Fraction]]] = {}
    for index, bar in bar_of_note.items():
        note = tune.music[index]
        assert isinstance(note, Note)
        notes.setdefault(bar, []).append((tuple(p.midi for p in note.pitches), note.duration))
    known = set()
    for each in split_into_passes(bars, list(bars_as_played(tune, bar_of_note))):
        first = each.bar_indices[0]
        if first not in known and each.bars:
            known.add(first)
            yield [tuple(notes[bar]) for bar in each.bar_indices[bool(each.pickup) :]]


def _ends_on_tonic(tune: Tune) -> bool:
    """Return whether the last note is the tonic of the key in force, in any octave."""
    key, last = tune.key, None
    for element in tune.music:
        if isinstance(element, Change) and isinstance(element.value, Key):
            key = element.value
        elif isinstance(element, Note) and element.pitches:
            last = element.pitches[0].midi - key.transpose
    return last is not None and bool(key.tonic) and last % 12 == key.semitones % 12


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a model of tunes")
    parser.add_argument("--num", type=int, default=200, help="tunes to sample; default: 200")
    parser.add_argument("--bars", choices=("off", "strict"), default="off")
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    def sampled(model: Model) -> Iterator[str]:
        return model.tunes(
            options.num,
            seed=options.seed,
            temperature=options.temperature,
            bars=options.bars,
        )

    models = [load(run) for run in options.runs]
    columns = [form(models[0].learned_tunes()), *(form(sampled(model)) for model in models)]
    heads = ["", "training tunes", *options.runs]
    print(f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for name, cells in zip(ROWS, zip(*columns, strict=True), strict=True):
        shares = (f"{held / max(1, count):.0%} of {count:,}" for held, count in cells)
        print(f"| {name} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
