"""Jumps back in a tune: `D.C.` and `D.S.` with `segno`, `coda` and `fine`.

A jump is followed only if it is unambiguous: a single jump, written as a decoration (`!D.C.!`), in
a tune without an order of parts. The jump happens at the end of its bar, after all repeats. Then
the music is played from the beginning (D.C.) or from the `!segno!` (D.S.), without repeats. This
replay ends with the bar of `!fine!`, or it skips the music between the first `!coda!` (or
`!dacoda!`) and the last one. A jump without fine or coda is not followed, because its end is
unknown. Words in quotes are annotations and never jumps.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import dropwhile, takewhile

from charnn.music.tune.tune import BarLine, Element, Mark

# The sign that each jump goes back to, "" for the beginning.
_JUMP_TARGETS = {
    **dict.fromkeys(("dc", "dacapo", "dcalfine", "dcalcoda"), ""),
    **dict.fromkeys(("ds", "dalsegno", "dsalfine", "dsalcoda"), "segno"),
}
_SIGNS = {*_JUMP_TARGETS, "segno", "coda", "dacoda", "fine"}
_LETTERS = {"s": "segno", "o": "coda"}  # S and O: ABC 2.1, "Decorations"


def is_jump_sign(mark: Mark) -> bool:
    """Return whether a mark is the sign of a jump or of its target."""
    return mark.kind == "decoration" and _sign_name(mark) in _SIGNS


def follow_jumps(
    music: Sequence[Element],
    order: Iterable[int],
    order_without_repeats: Callable[[], Iterable[int]],
) -> Iterator[int]:
    """Yield the indices of the elements in the order they are played.

    Args:
        music: the body of a tune.
        order: the indices with all repeats, but without jumps.
        order_without_repeats: a function that returns the indices without repeats.
    """
    signs = _find_signs(music)
    jumps = [(index, name) for name in _JUMP_TARGETS for index in signs.get(name, ())]
    target = _JUMP_TARGETS[jumps[0][1]] if len(jumps) == 1 else None
    skip_start, skip_stop = _coda_skip(music, signs)
    has_end = "fine" in signs or skip_stop
    if target is None or (target and target not in signs) or not has_end:
        yield from order
        return
    played = list(order)
    jump = jumps[0][0]
    if jump not in played:  # the jump is in an ending that is never played
        yield from played
        return
    # The jump happens the last time that it is passed; the rest of its bar is still played.
    last = len(played) - played[::-1].index(jump)
    jump_bar_end = _bar_end(music, jump)
    yield from played[:last]
    yield from takewhile(lambda index: index != jump_bar_end, played[last:])
    # By custom, repeats are not played again after a jump.
    start = signs[target][0] if target else 0
    stop = _bar_end(music, signs["fine"][0]) if "fine" in signs else len(music)
    for index in dropwhile(lambda index: index < start, order_without_repeats()):
        if index == stop:
            return
        if not skip_start <= index < skip_stop:
            yield index


def _find_signs(music: Sequence[Element]) -> dict[str, list[int]]:
    """Return the indices of all decorations, by name in small letters without punctuation."""
    found: dict[str, list[int]] = {}
    for index, element in enumerate(music):
        if isinstance(element, Mark) and element.kind == "decoration":
            found.setdefault(_sign_name(element), []).append(index)
    return found


def _sign_name(mark: Mark) -> str:
    name = re.sub("[^a-z]", "", (mark.meaning or mark.text).lower())
    return _LETTERS.get(name, name)


def _coda_skip(music: Sequence[Element], signs: dict[str, list[int]]) -> tuple[int, int]:
    """Return the start and stop of the music that a jump skips; 0, 0 without two coda signs."""
    codas = signs.get("dacoda", []) + signs.get("coda", [])
    if len(codas) < 2:
        return 0, 0
    return _bar_end(music, codas[0]), codas[-1]


def _bar_end(music: Sequence[Element], index: int) -> int:
    """Return the index of the first bar line from `index` on, else the length of the music."""
    while index < len(music) and not isinstance(music[index], BarLine):
        index += 1
    return index
