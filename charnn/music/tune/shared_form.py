"""The form of a tune in several voices: repeats, endings, parts and jumps.

Many tunes write them in the first voice only. Other voices then take them over, at the same time in
the music as written, so that all voices are played in the same order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from charnn.music.tune.jumps import is_jump_sign
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note


def share_form(first: Sequence[Element], other: Sequence[Element]) -> tuple[Element, ...]:
    """Return the music of another voice with the form of the first voice.

    Repeats, endings and jumps are those of the other voice if it has any. Parts are always those of
    the first voice, if it has any.
    """
    signs = list(_form_signs(first))
    if has_form(other):
        signs = [(time, sign) for time, sign in signs if _is_part(sign)]
    if not any(_is_form(sign) for _, sign in signs):
        return tuple(other)
    if any(_is_part(sign) for _, sign in signs):
        other = [element for element in other if not _is_part(element)]
    # By time: the jumps that stand before a bar line of the other voice, and all other signs.
    jumps: dict[Fraction, list[Element]] = {}
    signs_at: dict[Fraction, list[Element]] = {}
    bar_lines = {time for time, sign in signs if isinstance(sign, BarLine)}
    for time, sign in signs:
        before_bar_line = isinstance(sign, Mark) and time not in bar_lines
        (jumps if before_bar_line else signs_at).setdefault(time, []).append(sign)
    times = sorted({*jumps, *signs_at}, reverse=True)

    def take() -> list[Element]:
        time = times.pop()
        return jumps.pop(time, []) + signs_at.pop(time, [])

    music: list[Element] = []
    now = Fraction(0)
    for element in other:
        if isinstance(element, BarLine | Note):
            while times and (times[-1] < now or (times[-1] == now and isinstance(element, Note))):
                index = _before_marks(music)
                music[index:index] = take()
        if isinstance(element, BarLine):
            if times and times[-1] == now and now in bar_lines:
                music += _in_place_of(element, take())
                continue
            music += jumps.pop(now, [])
        music.append(element)
        now += element.duration if isinstance(element, Note) else 0
    while times:
        music += take()
    return tuple(music)


def has_form(music: Sequence[Element]) -> bool:
    """Return whether music has repeats, endings or jumps."""
    return any(_is_form(element) and not _is_part(element) for element in music)


def _before_marks(music: Sequence[Element]) -> int:
    """Return the index of the first of the marks at the end, which belong to the next note."""
    index = len(music)
    while index and isinstance(mark := music[index - 1], Mark):
        if mark.kind in ("line", "broken rhythm", "overlay") or mark.text in (")", ".)"):
            break
        index -= 1
    return index


def _in_place_of(own: BarLine, signs: list[Element]) -> list[Element]:
    """Return signs of the first voice, the first bar line in the place of one of another voice."""
    index = next(i for i, sign in enumerate(signs) if isinstance(sign, BarLine))
    signs[index] = replace(signs[index], line=own.line, column=own.column)
    return signs


def _form_signs(music: Sequence[Element]) -> Iterator[tuple[Fraction, Element]]:
    """Yield the signs of form and the double bars, with their time as written."""
    now = Fraction(0)
    for element in music:
        if isinstance(element, Note):
            now += element.duration
        elif _is_form(element) or (isinstance(element, BarLine) and element.section):
            # An ending has a bracket of its own where no bar line stands before it.
            yield now, replace(element, text="") if isinstance(element, Ending) else element


def _is_form(element: Element) -> bool:
    """Return whether an element is an ending, a part, a jump or a bar line with a repeat."""
    if isinstance(element, BarLine):
        return bool(element.ends or element.starts)
    if isinstance(element, Mark):
        return is_jump_sign(element)
    return isinstance(element, Ending) or _is_part(element)


def _is_part(element: Element) -> bool:
    return isinstance(element, Change) and element.letter == "P"
