"""From the end back to the beginning: `D.C.`, `D.S.`, `segno`, `coda` and `fine`.

Followed where it is plain what they mean: one jump, written as a decoration (`!D.C.!`), in a tune
without P:. It is taken at the end of its bar, once all repeats are played. Then comes the music
from the beginning or the `!segno!`, without repeats, until the bar of the `!fine!` is over, or
without what lies between the first `!coda!` (or the `!dacoda!`) and the last. A jump without either
is not followed: where it ends is then left to the player. Words in quotes move nobody.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import dropwhile, takewhile

from charnn.music.tune.tune import BarLine, Element, Mark

_BACK_TO = {  # where a jump goes
    **dict.fromkeys(("dc", "dacapo", "dcalfine", "dcalcoda"), ""),
    **dict.fromkeys(("ds", "dalsegno", "dsalfine", "dsalcoda"), "segno"),
}
_LETTERS = {"s": "segno", "o": "coda"}  # ABC 2.1, 4.16


def follow_jumps(
    music: Sequence[Element], order: Iterable[int], once: Callable[[], Iterable[int]]
) -> Iterator[int]:
    """Yield the places in `music` as they are played.

    Args:
        music: the body of a tune.
        order: the places with all repeats, but no jump.
        once: makes the places without repeats.
    """
    signs = _signs(music)
    jumps = [(place, name) for name in _BACK_TO for place in signs.get(name, ())]
    target = _BACK_TO[jumps[0][1]] if len(jumps) == 1 else None
    leave, arrive = _coda(music, signs)
    ends = "fine" in signs or arrive
    if target is None or (target and target not in signs) or not ends:
        yield from order
        return
    played = list(order)
    jump = jumps[0][0]
    if jump not in played:  # in an ending that is never reached
        yield from played
        return
    last = len(played) - played[::-1].index(jump)
    bar_end = _bar_end(music, jump)
    yield from played[:last]
    yield from takewhile(lambda place: place != bar_end, played[last:])
    start = signs[target][0] if target else 0
    stop = _bar_end(music, signs["fine"][0]) if "fine" in signs else len(music)
    for place in dropwhile(lambda place: place < start, once()):
        if place == stop:
            return
        if not leave <= place < arrive:
            yield place


def _signs(music: Sequence[Element]) -> dict[str, list[int]]:
    """Where each sign stands, by its bare name."""
    found: dict[str, list[int]] = {}
    for place, element in enumerate(music):
        if isinstance(element, Mark) and element.kind == "decoration":
            name = re.sub("[^a-z]", "", (element.meaning or element.text).lower())
            found.setdefault(_LETTERS.get(name, name), []).append(place)
    return found


def _coda(music: Sequence[Element], signs: dict[str, list[int]]) -> tuple[int, int]:
    """From where to where to skip the second time."""
    leave = signs.get("dacoda", []) + signs.get("coda", [])
    if len(leave) < 2:
        return 0, 0
    return _bar_end(music, leave[0]), leave[-1]


def _bar_end(music: Sequence[Element], place: int) -> int:
    while place < len(music) and not isinstance(music[place], BarLine):
        place += 1
    return place
