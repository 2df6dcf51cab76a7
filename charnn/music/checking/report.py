"""The report on a tune: its bars, parts, repeats, range and key, and their problems.

Only a tune that was read has a report: for a text that cannot be read, the reader raises
`TuneError`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from charnn.errors import TuneError
from charnn.music.checking.bar_count import BarCount, count_bars
from charnn.music.checking.bars import CountedBar
from charnn.music.checking.parts import Part, PartGap
from charnn.music.checking.problems import problem_at
from charnn.music.checking.repeats import repeat_problems
from charnn.music.checking.unfinished_signs import unfinished_sign_problems
from charnn.music.checking.voice_problems import voice_problems
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import BarLine, Meter, Note, Pitch, Tune

# In semitones. A wider range is more likely due to a wrong octave mark.
MAX_RANGE = 36
_ACCIDENTALS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_SoundingNote: TypeAlias = tuple[Pitch, Note]


@dataclass(frozen=True, slots=True)
class TuneReport:
    """The report on a tune.

    Attributes:
        number, title, rhythm: the values of X:, T: and R:; `""` where a field is missing.
        meter, key: the values at the beginning, as written; changes in the body are not shown.
        bars: the number of bars as written, without pick-ups.
        parts: the parts, in the order in which they are first played.
        repeats: the number of times that the repeat signs lead back, added up over all signs.
        lowest, highest: the lowest and the highest sounding note (`D4`), without grace notes; `""`
            without notes.
        problems: the problems, in the order of the text.
        voices: the names of the voices of a tune that has several; bars, parts and repeats are
            those of the first voice.
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
    voices: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether no problem is serious."""
        return not any(problem.serious for problem in self.problems)


def check_tune(tune: Tune) -> TuneReport:
    """Return the report on a tune. Never raises."""
    counts, problems = zip(*map(_check_voice, tune.voices), strict=True)
    counted: BarCount = counts[0]
    sounding = _sounding(tune.voices)
    found = [*tune.problems, *voice_problems(tune, problems)]
    if not sounding:
        found.append(Problem("the tune has no notes", tune.line, 1))
    return TuneReport(
        number=tune.number,
        title=tune.titles[0] if tune.titles else "",
        rhythm=tune.rhythm,
        meter=tune.meter.text,
        key=tune.key.text,
        bars=counted.bars,
        parts=counted.parts,
        repeats=sum(element.ends for element in tune.music if isinstance(element, BarLine)),
        # Grace notes are not in `pitches`: a slide from below does not widen the range.
        lowest=note_name(sounding[0][0]) if sounding else "",
        highest=note_name(sounding[-1][0]) if sounding else "",
        problems=tuple(sorted(found, key=lambda problem: (problem.line, problem.column))),
        voices=tuple(voice.voice for voice in tune.voices) if tune.others else (),
    )


def _check_voice(voice: Tune) -> tuple[BarCount, list[Problem]]:
    """Return the bars and parts of a voice, and its problems."""
    problems = [*repeat_problems(voice), *unfinished_sign_problems(voice)]
    try:
        counted = count_bars(voice)
    except TuneError as error:
        # Parts cannot be counted without a playing order, so the report has zeros and this problem.
        counted = BarCount(0, (), (), (), ())
        problems.append(Problem(error.problem, error.line, error.column))
    return counted, [*problems, *_bar_problems(counted), *_range_problems(_sounding([voice]))]


def _sounding(voices: Sequence[Tune]) -> list[_SoundingNote]:
    """Return the pitches of some voices with their notes, the lowest one first."""
    notes = (note for voice in voices for note in voice.music if isinstance(note, Note))
    pairs = ((pitch, note) for note in notes for pitch in note.pitches)
    return sorted(pairs, key=lambda pair: pair[0].midi)


def note_name(pitch: Pitch) -> str:
    """Return a sounding pitch in scientific notation (`F#4`), spelled as written where possible."""
    if abs(pitch.midi - pitch.natural) <= 2:
        accidental = _ACCIDENTALS[pitch.midi - pitch.natural]
        return f"{pitch.letter}{accidental}{pitch.octave}"
    # `transpose=` moves the sound more than two semitones away from the written letter.
    return f"{_NAMES[pitch.midi % 12]}{pitch.midi // 12 - 1}"


def length_name(duration: Fraction, meter: Meter) -> str:
    """Return a duration in quarter notes as a fraction of a whole note, such as `4/8`.

    The fraction has the denominator of the meter if its numerator is then a whole number. Else it
    is in lowest terms.
    """
    # "4/8 in 6/8" is how a player counts; "1/2 in 6/8" would have to be converted.
    whole_notes = duration / 4
    units = whole_notes * (meter.denominator or 1)
    if units.denominator == 1 and meter.denominator:
        return f"{units}/{meter.denominator}"
    return f"{whole_notes.numerator}/{whole_notes.denominator}"


def _bar_problems(counted: BarCount) -> Iterator[Problem]:
    for bar in counted.too_long:
        yield _at(bar, f"this bar is too long: {_content(bar)}")
    for bar in counted.too_short:
        yield _at(bar, f"this bar is too short: {_content(bar)}")
    for gap in counted.gaps:
        yield _at(gap.last_bar, _gap_text(gap), serious=gap.is_heard)


def _at(bar: CountedBar, text: str, serious: bool = True) -> Problem:
    return Problem(text, bar.line, bar.column, serious)


def _content(bar: CountedBar) -> str:
    return f"{length_name(bar.duration, bar.meter)} in {bar.meter.text}"


def _gap_text(gap: PartGap) -> str:
    meter = gap.last_bar.meter
    pickup, rest = length_name(gap.pickup, meter), length_name(gap.rest, meter)
    if not gap.rest and gap.last_bar.too_short:
        return f"no other bar completes this short bar: {_content(gap.last_bar)}"
    if not gap.rest:
        return f"a part that begins with a pick-up of {pickup} ends here with a full bar"
    if not gap.pickup:
        return f"a part without a pick-up ends here with a short bar: {rest} in {meter.text}"
    return (
        f"the part that ends here has a pick-up and a last bar of {pickup} + {rest} in {meter.text}"
    )


def _range_problems(sounding: Sequence[_SoundingNote]) -> Iterator[Problem]:
    if sounding and sounding[-1][0].midi - sounding[0][0].midi > MAX_RANGE:
        yield problem_at(sounding[-1][1], "the range is wider than three octaves", serious=False)
