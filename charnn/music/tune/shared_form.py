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
    """Return the music of another voice, with the form of the first voice if it has none."""
    signs = list(_form_signs(first))
    has_own_form = any(_is_form(element) and not _is_part(element) for element in other)
    if has_own_form or not any(_is_form(sign) for _, sign in signs):
        return tuple(other)
    # Parts of the other voice, too, are those of the first voice: it may lack some of them.
    other = [element for element in other if not _is_part(element)]
    signs.reverse()
    music: list[Element] = []
    now = Fraction(0)
    for element in other:
        is_bar_line = isinstance(element, BarLine)
        if is_bar_line or isinstance(element, Note):
            while signs and signs[-1][0] < now:
                music.append(signs.pop()[1])
            simultaneous = [sign for time, sign in reversed(signs) if time == now]
            if is_bar_line and any(isinstance(sign, BarLine) for sign in simultaneous):
                continue  # the bar line of the first voice takes its place
            for sign in simultaneous:
                # Jumps stand before a bar line, parts and endings after it.
                if isinstance(element, Note) or isinstance(sign, Mark):
                    music.append(sign)
                    signs.remove((now, sign))
        music.append(element)
        now += element.duration if isinstance(element, Note) else 0
    return (*music, *(sign for _, sign in reversed(signs)))


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
