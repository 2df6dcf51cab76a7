"""Signs that promise something which does not come: tuplets, broken pairs, slurs and ties.

The reader takes them as far as they go; here is said where they stop short.
"""

from collections.abc import Iterator

from charnn.music.abc.patterns import TUPLET
from charnn.music.checking.problems import Problem, problem_at
from charnn.music.tune.tune import BarLine, Element, Ending, Mark, Note, Tune


def loose_ends(tune: Tune) -> Iterator[Problem]:
    """What is left half said in a tune, in no particular order."""
    yield from _tuplets(tune)
    yield from _broken_pairs(tune)
    yield from _slurs(tune)
    yield from _ties(tune)


def _tuplets(tune: Tune) -> Iterator[Problem]:
    opened: Mark | None = None
    missing = 0
    for element in [*tune.music, None]:
        starts = isinstance(element, Mark) and element.kind == "tuplet"
        if opened and missing and (starts or element is None or isinstance(element, BarLine)):
            notes = "1 note" if missing == 1 else f"{missing} notes"
            yield problem_at(opened, f"the tuplet {opened.text} lacks {notes}")
            opened = None
        if isinstance(element, Mark) and starts:
            found = TUPLET.fullmatch(element.text)
            opened, missing = element, int(found[3] or found[1]) if found else 0
        elif isinstance(element, Note):
            missing -= missing > 0


def _broken_pairs(tune: Tune) -> Iterator[Problem]:
    before: Element | None = None  # the last note or bar line
    waiting: Mark | None = None  # for its second note
    first: Note | None = None
    for element in tune.music:
        if isinstance(element, Mark) and element.kind == "broken rhythm":
            if isinstance(before, Note):
                waiting, first = element, before
            else:
                yield problem_at(element, f"{element.text} over a bar line")
        elif isinstance(element, BarLine):
            if waiting:
                yield problem_at(waiting, f"{waiting.text} over a bar line")
            before, waiting = element, None
        elif isinstance(element, Note):
            if waiting and first and first.length != element.length:
                yield problem_at(waiting, f"{waiting.text} between notes of different lengths")
            before, waiting = element, None


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
    held: Note | None = None
    for element in tune.music:
        # What a tie leads to at a repeat or an ending depends on the pass.
        if isinstance(element, Ending) or (isinstance(element, BarLine) and element.section):
            held = None
        if not isinstance(element, Note):
            continue
        if held is not None:
            heads = {(pitch.letter, pitch.octave) for pitch in element.pitches}
            tied = {(pitch.letter, pitch.octave) for pitch in held.pitches if pitch.tied}
            if not tied & heads:
                yield problem_at(held, "the tie leads to no note of its pitch", serious=False)
        held = element if any(pitch.tied for pitch in element.pitches) else None
