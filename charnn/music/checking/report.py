"""Whether a tune is right: its bars, parts, repeats, and the signs in it.

What cannot be read at all is the reader's business (`TuneError`); here is judged what can.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from charnn.errors import TuneError
from charnn.music.checking.bar_count import Count, CountedBar, Gap, Part, count
from charnn.music.checking.problems import Problem, problem_at
from charnn.music.checking.repeats import repeat_problems
from charnn.music.checking.unfinished import loose_ends
from charnn.music.tune.tune import BarLine, Meter, Note, Pitch, Tune

WIDEST = 36  # semitones; a wider tune is no mistake, but looks like one
_ACCIDENTALS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_Heard: TypeAlias = tuple[Pitch, Note]


@dataclass(frozen=True, slots=True)
class TuneReport:
    """What is found in a tune.

    Attributes:
        number, title, rhythm: as its header says; `""` without.
        meter, key: in force at its beginning, as written; a change in the body is not shown.
        bars: as written, without pick-ups.
        parts: in the order they are first played.
        repeats: how many repeat signs send back.
        lowest, highest: the sounding notes between which it moves (`D4`), grace notes left out;
            `""` without notes.
        problems: in the order of the text.
    """

    number: str
    title: str
    rhythm: str
    meter: str
    key: str
    bars: int
    parts: tuple[Part, ...]
    repeats: int
    lowest: str
    highest: str
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing serious is wrong."""
        return not any(problem.serious for problem in self.problems)


def check_tune(tune: Tune) -> TuneReport:
    """Judge a tune that was read. Never raises."""
    problems = [*repeat_problems(tune), *loose_ends(tune)]
    try:
        counted = count(tune)
    except TuneError as error:
        counted = Count(0, (), (), (), ())
        problems.append(Problem(error.problem, error.line, error.column))
    heard = sorted(
        ((pitch, note) for note in tune.music if isinstance(note, Note) for pitch in note.pitches),
        key=lambda pair: pair[0].midi,
    )
    problems += [*_bar_problems(counted), *_range_problems(heard)]
    if not heard:
        problems.append(Problem("there are no notes in this tune", tune.line, 1))
    return TuneReport(
        number=tune.number,
        title=tune.titles[0] if tune.titles else "",
        rhythm=tune.rhythm,
        meter=tune.meter.text,
        key=tune.key.text,
        bars=counted.bars,
        parts=counted.parts,
        repeats=sum(element.ends for element in tune.music if isinstance(element, BarLine)),
        lowest=note_name(heard[0][0]) if heard else "",
        highest=note_name(heard[-1][0]) if heard else "",
        problems=tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))),
    )


def note_name(pitch: Pitch) -> str:
    """A sounding pitch in scientific notation (`F#4`), with its own letter where that can be."""
    if abs(pitch.midi - pitch.natural) <= 2:
        accidental = _ACCIDENTALS[pitch.midi - pitch.natural]
        return f"{pitch.letter}{accidental}{pitch.octave}"
    return f"{_NAMES[pitch.midi % 12]}{pitch.midi // 12 - 1}"  # moved away by transpose=


def length_name(duration: Fraction, meter: Meter) -> str:
    """Quarter notes as a part of a whole note, counted in the meter's notes if they fit: `4/8`."""
    whole = duration / 4
    beats = whole * (meter.denominator or 1)
    if beats.denominator == 1 and meter.denominator:
        return f"{beats}/{meter.denominator}"
    return f"{whole.numerator}/{whole.denominator}"


def _bar_problems(counted: Count) -> Iterator[Problem]:
    for counted_bar in counted.overfull:
        yield _at(counted_bar, f"too much in this bar: {_filled(counted_bar)}")
    for counted_bar in counted.short:
        yield _at(counted_bar, f"too little in this bar: {_filled(counted_bar)}")
    for gap in counted.gaps:
        yield _at(gap.counted_bar, _gap_text(gap), serious=gap.heard)


def _at(counted_bar: CountedBar, text: str, serious: bool = True) -> Problem:
    return Problem(text, counted_bar.line, counted_bar.column, serious)


def _filled(counted_bar: CountedBar) -> str:
    return f"{length_name(counted_bar.duration, counted_bar.meter)} in {counted_bar.meter.text}"


def _gap_text(gap: Gap) -> str:
    meter = gap.counted_bar.meter
    pickup, rest = length_name(gap.pickup, meter), length_name(gap.rest, meter)
    if not gap.rest and gap.counted_bar.short:
        return f"this short bar makes no whole one with any other: {_filled(gap.counted_bar)}"
    if not gap.rest:
        return f"a part that begins with a pick-up of {pickup} ends here with a full bar"
    if not gap.pickup:
        return f"a part without a pick-up ends here with a short bar: {rest} in {meter.text}"
    return f"pick-up and last bar of the part that ends here make {pickup} + {rest} in {meter.text}"


def _range_problems(heard: Sequence[_Heard]) -> Iterator[Problem]:
    if heard and heard[-1][0].midi - heard[0][0].midi > WIDEST:
        yield problem_at(heard[-1][1], "the tune is wider than three octaves", serious=False)
