"""Whether the repeat signs and variant endings of a tune belong together.

A `:|` without a `|:` goes back to the repeat end or double bar before it, or to the beginning, as
ABC 2.1 has it (4.8), and a double bar may stand inside a repeat; but a `|:` needs its `:|`.
"""

from collections.abc import Iterator

from charnn.music.checking.problems import Problem, problem_at
from charnn.music.tune.tune import BarLine, Ending, Note, Tune


def repeat_problems(tune: Tune) -> Iterator[Problem]:
    """What is wrong with the repeats, in no particular order."""
    opened: BarLine | None = None
    for element in tune.music:
        if not isinstance(element, BarLine):
            continue
        if element.ends:
            opened = None
        if element.starts:
            if opened is not None:
                yield problem_at(opened, _UNCLOSED)
            opened = element
    if opened is not None:
        yield problem_at(opened, _UNCLOSED)
    yield from _ending_problems(tune)


_UNCLOSED = "this |: has no :|"


def _ending_problems(tune: Tune) -> Iterator[Problem]:
    played: set[int] = set()  # the passes of the endings since the last part without one
    border = fresh = False  # a border since the last note; an ending since then
    for element in tune.music:
        if isinstance(element, BarLine):
            border = border or element.section
        elif isinstance(element, Ending):
            passes = set(element.passes)
            if 1 in passes and played:
                played = set()
            if not played and 1 not in passes:
                yield problem_at(element, f"ending {min(passes)} without an ending 1 before it")
            elif played and passes & played:
                yield problem_at(element, f"ending {min(passes)} comes twice")
            elif played and min(passes) != max(played) + 1:
                yield problem_at(element, f"ending {min(passes)} after ending {max(played)}")
            played |= passes
            fresh = True
        elif isinstance(element, Note):
            if border and not fresh:
                played = set()
            border = fresh = False
