"""Signs that are begun and not finished: tuplets, broken rhythms, slurs and ties.

The reader accepts such signs, for example a tuplet with two of three notes, so they can be played.
"""

from collections.abc import Iterator

from charnn.music.abc.tuplet import parse_tuplet
from charnn.music.checking.problems import problem_at
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import BarLine, Element, Ending, Mark, Note, Tune


def unfinished_sign_problems(tune: Tune) -> Iterator[Problem]:
    """Yield a problem for each unfinished sign, in no particular order."""
    yield from _tuplets(tune)
    yield from _broken_pairs(tune)
    yield from _slurs(tune)
    yield from _ties(tune)


def _tuplets(tune: Tune) -> Iterator[Problem]:
    tuplet: Mark | None = None
    missing = 0
    for element in [*tune.music, None]:  # None: the end of the tune
        starts = isinstance(element, Mark) and element.kind == "tuplet"
        if tuplet and missing and (starts or element is None or isinstance(element, BarLine)):
            notes = "1 note" if missing == 1 else f"{missing} notes"
            yield problem_at(tuplet, f"the tuplet {tuplet.text} lacks {notes}")
            tuplet = None
        if isinstance(element, Mark) and starts:
            tuplet, (_, _, missing) = element, parse_tuplet(element.text, compound=False)
        elif isinstance(element, Note):
            missing -= missing > 0


def _broken_pairs(tune: Tune) -> Iterator[Problem]:
    previous: Element | None = None  # the last note or bar line
    sign: Mark | None = None  # a `>` or `<` whose second note has not come yet
    first: Note | None = None
    for element in tune.music:
        if isinstance(element, Mark) and element.kind == "broken rhythm":
            if isinstance(previous, Note):
                sign, first = element, previous
            else:
                yield problem_at(
                    element, f"{element.text} joins notes across a bar line, which it cannot do"
                )
        elif isinstance(element, BarLine):
            if sign:
                yield problem_at(
                    sign, f"{sign.text} joins notes across a bar line, which it cannot do"
                )
            previous, sign = element, None
        elif isinstance(element, Note):
            if sign and first and first.length != element.length:
                yield problem_at(sign, f"{sign.text} between notes of different lengths")
            previous, sign = element, None


def _slurs(tune: Tune) -> Iterator[Problem]:
    opened: list[Mark] = []
    for element in tune.music:
        if not isinstance(element, Mark) or element.kind != "slur":
            continue
        if "(" in element.text:
            opened.append(element)
        elif opened:
            opened.pop()
        else:
            yield problem_at(element, "this slur has no beginning", serious=False)
    for mark in opened:
        yield problem_at(mark, "this slur has no end", serious=False)


def _ties(tune: Tune) -> Iterator[Problem]:
    tied_note: Note | None = None
    for element in tune.music:
        # At a repeat or an ending, the note after a tie depends on the pass.
        if isinstance(element, Ending) or (isinstance(element, BarLine) and element.section):
            tied_note = None
        if not isinstance(element, Note):
            continue
        if tied_note is not None:
            heads = {(pitch.letter, pitch.octave) for pitch in element.pitches}
            tied = {(pitch.letter, pitch.octave) for pitch in tied_note.pitches if pitch.tied}
            if not tied & heads:
                text = "no note of the same pitch follows this tie"
                yield problem_at(tied_note, text, serious=False)
        tied_note = element if any(pitch.tied for pitch in element.pitches) else None
