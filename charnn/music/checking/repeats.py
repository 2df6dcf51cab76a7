"""The check that the repeat signs and variant endings of a tune belong together.

A `:|` without a `|:` is right: playing goes back to the last double bar, to the end of the last
repeat or to the beginning (ABC 2.1, 4.8), and many books leave out `|:`. A double bar may stand
inside a repeat. But a `|:` needs a `:|`.
"""

from collections.abc import Iterator

from charnn.music.checking.problems import problem_at
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import BarLine, Ending, Note, Tune


def repeat_problems(tune: Tune) -> Iterator[Problem]:
    """Yield the problems of repeats and endings, in no particular order."""
    yield from _open_repeats(tune)
    yield from _ending_problems(tune)


def _open_repeats(tune: Tune) -> Iterator[Problem]:
    opened: BarLine | None = None
    for element in tune.music:
        if not isinstance(element, BarLine):
            continue
        if element.ends:
            opened = None
        if element.starts:
            if opened is not None:
                yield problem_at(opened, "this |: has no :|")
            opened = element
    if opened is not None:
        yield problem_at(opened, "this |: has no :|")


def _ending_problems(tune: Tune) -> Iterator[Problem]:
    seen: set[int] = set()  # the passes of the endings since the last part without endings
    at_border = begins_ending = False  # a border, or an ending, since the last note
    for element in tune.music:
        if isinstance(element, BarLine):
            at_border = at_border or element.section
        elif isinstance(element, Ending):
            passes = set(element.passes)
            if 1 in passes and seen:
                seen = set()  # the endings of a new part
            if not seen and 1 not in passes:
                yield problem_at(element, f"ending {min(passes)} without an ending 1 before it")
            elif seen and passes & seen:
                yield problem_at(element, f"ending {min(passes)} comes twice")
            elif seen and min(passes) != max(seen) + 1:
                yield problem_at(
                    element,
                    f"ending {min(passes)} follows ending {max(seen)}: ending {max(seen) + 1} is "
                    "missing or out of order",
                )
            seen |= passes
            begins_ending = True
        elif isinstance(element, Note):
            if at_border and not begins_ending:
                seen = set()
            at_border = begins_ending = False
