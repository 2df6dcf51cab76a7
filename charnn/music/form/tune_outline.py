"""The outline of a tune: its parts as rows of bars that can be compared with each other.

Two bars are equal if they have the same pitches and durations; ornaments, slurs, chord symbols and
ties do not count. The bars of a part are those of its first pass, without a pick-up. Its last bar
is that of its last pass, because a second ending closes a part, and a first ending leads back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import TypeAlias

from charnn.music.abc.clean_fields import normalise_rhythm
from charnn.music.checking.bars import CountedBar, split_into_bars
from charnn.music.checking.parts import PartPass, bars_as_played, split_into_passes
from charnn.music.tune.tune import BarLine, Change, Ending, Key, Note, Tune

# The MIDI pitches (none for a rest) and the duration in quarter notes of each note of a bar.
BarNotes: TypeAlias = tuple[tuple[tuple[int, ...], Fraction], ...]
# The duration of each note of a bar, and whether the note is a rest.
BarRhythm: TypeAlias = tuple[tuple[Fraction, bool], ...]


@dataclass(frozen=True, slots=True)
class PartOutline:
    """A part of a tune.

    Attributes:
        bars: the bars of the first pass, without a pick-up.
        last_bar: the last bar of the last pass.
        ends_on_tonic: whether the last note of the last pass is the tonic of the key in force, in
            any octave; None without a note or without a tonic.
    """

    bars: tuple[BarNotes, ...]
    last_bar: BarNotes
    ends_on_tonic: bool | None


@dataclass(frozen=True, slots=True)
class FirstEnding:
    """A first ending.

    Attributes:
        bars: the number of bars as written.
        alike: whether the second ending begins with the same notes, up to the middle of a bar; None
            if no second ending follows.
    """

    bars: int
    alike: bool | None


@dataclass(frozen=True, slots=True)
class TuneOutline:
    """The outline of a tune that was read.

    Attributes:
        tune: the tune.
        parts: the parts, in the order in which they are first played.
        first_endings: the first endings, in the order written.
        bars: all bars, in the order written.
    """

    tune: Tune
    parts: tuple[PartOutline, ...]
    first_endings: tuple[FirstEnding, ...]
    bars: tuple[BarNotes, ...]

    @property
    def rhythm(self) -> str:
        """Return the type of dance in its usual spelling; `""` without one."""
        return normalise_rhythm(self.tune.rhythm)

    @property
    def meter(self) -> str:
        """Return the meter as a fraction: `4/4` for C."""
        return f"{self.tune.meter.numerator}/{self.tune.meter.denominator}"

    @property
    def title(self) -> str:
        """Return the first title; `""` without one."""
        return self.tune.titles[0] if self.tune.titles else ""


def outline_tune(tune: Tune) -> TuneOutline:
    """Return the outline of a tune.

    Raises:
        TuneError: the playing order has more than 100,000 elements.
    """
    counted, bar_of_note = split_into_bars(tune)
    notes: list[list[tuple[tuple[int, ...], Fraction]]] = [[] for _ in counted]
    for index, element in enumerate(tune.music):
        if isinstance(element, Note):
            pitches = tuple(pitch.midi for pitch in element.pitches)
            notes[bar_of_note[index]].append((pitches, element.duration))
    bars = tuple(map(tuple, notes))
    passes = split_into_passes(counted, list(bars_as_played(tune, bar_of_note)))
    homes = _homes(tune, bar_of_note)
    return TuneOutline(
        tune=tune,
        parts=tuple(_outline_parts(passes, counted, bars, homes)),
        first_endings=tuple(_first_endings(tune, bar_of_note, counted, bars)),
        bars=bars,
    )


def bar_rhythm(bar: BarNotes) -> BarRhythm:
    """Return the rhythm of a bar."""
    return tuple((duration, not pitches) for pitches, duration in bar)


def _outline_parts(
    passes: list[PartPass],
    counted: list[CountedBar],
    bars: tuple[BarNotes, ...],
    homes: dict[int, bool],
) -> Iterator[PartOutline]:
    """Yield the parts; a pick-up alone is not a part."""
    passes_by_start: dict[int, list[PartPass]] = {}
    for one in passes:
        passes_by_start.setdefault(one.bar_indices[0], []).append(one)
    for same_part in passes_by_start.values():
        first, last = same_part[0], same_part[-1]
        if first.bars:
            yield PartOutline(
                bars=tuple(_joined(first, counted, bars)[bool(first.pickup) :]),
                last_bar=_joined(last, counted, bars)[-1],
                ends_on_tonic=next(
                    (homes[bar] for bar in reversed(last.bar_indices) if bar in homes), None
                ),
            )


def _joined(one: PartPass, counted: list[CountedBar], bars: tuple[BarNotes, ...]) -> list[BarNotes]:
    """Return the bars of a pass. An ending that begins in mid-bar continues the bar before it."""
    joined: list[BarNotes] = []
    for before, bar in zip((None, *one.bar_indices), one.bar_indices, strict=False):
        continues = before is not None and counted[bar].completes(counted[before])
        if continues and counted[bar].begins_ending:
            joined[-1] += bars[bar]
        else:
            joined.append(bars[bar])
    return joined


def _homes(tune: Tune, bar_of_note: dict[int, int]) -> dict[int, bool]:
    """Return, for each bar with a note, whether its last note is the tonic of the key in force.

    Bars in keys without a tonic are left out.
    """
    homes: dict[int, bool] = {}
    key = tune.key
    for index, element in enumerate(tune.music):
        if isinstance(element, Change) and isinstance(element.value, Key):
            key = element.value
        elif isinstance(element, Note) and element.pitches and key.tonic:
            # The first head of a chord counts, as written: `transpose=` changes no degree.
            written = element.pitches[0].midi - key.transpose
            homes[bar_of_note[index]] = (written - key.semitones) % 12 == 0
    return homes


def _first_endings(
    tune: Tune,
    bar_of_note: dict[int, int],
    counted: list[CountedBar],
    bars: tuple[BarNotes, ...],
) -> Iterator[FirstEnding]:
    # Each ending with the indices of its bars. It lasts until a repeat sign or a double bar.
    endings: list[tuple[Ending, list[int]]] = []
    inside = False
    for index, element in enumerate(tune.music):
        if isinstance(element, Ending):
            endings.append((element, []))
            inside = True
        elif isinstance(element, BarLine) and element.section:
            inside = False
        elif inside and isinstance(element, Note) and bar_of_note[index] not in endings[-1][1]:
            endings[-1][1].append(bar_of_note[index])
    for number, (ending, indices) in enumerate(endings):
        if 1 in ending.passes and indices:
            after = endings[number + 1] if number + 1 < len(endings) else None
            second = after[1] if after and 2 in after[0].passes else []
            alike = None
            if second:
                middle = counted[indices[0]].meter.bar / 2
                first_bars = (bars[indices[0]], bars[second[0]])
                alike = len({_notes_before(middle, bar) for bar in first_bars}) == 1
            yield FirstEnding(len(indices), alike)


def _notes_before(end: Fraction, bar: BarNotes) -> BarNotes:
    """Return the notes that begin before a time, in quarter notes from the beginning of a bar."""
    begins = accumulate((duration for _, duration in bar), initial=Fraction(0))
    return tuple(note for note, begin in zip(bar, begins, strict=False) if begin < end)
