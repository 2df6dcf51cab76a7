"""Voice overlays (ABC 2.1, "Voice overlay"): `A2 B2 & C4 |` is two voices in one bar.

Each overlay becomes a voice of its own, with invisible rests in all other bars, so that players and
scores need not know about overlays.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from charnn.music.tune.jumps import is_jump_sign
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note


def separate_overlays(music: Sequence[Element], unit: Fraction) -> list[tuple[Element, ...]]:
    """Return the music without its overlays, then the voices of the overlays.

    Args:
        music: the elements of a voice; marks of the kind `"overlay"` separate overlays.
        unit: the unit length at the beginning, in quarter notes.
    """
    if not any(map(_is_overlay, music)):
        return [tuple(music)]
    bars = list(_bars(music))
    lines: list[list[Element]] = [[] for _ in range(max(len(layers) for layers, _ in bars))]
    for layers, bar_line in bars:
        main = layers[0]
        line_ends = [e for layer in layers[1:] for e in layer if _is_line_end(e)]
        for number, line in enumerate(lines):
            if number == 0:
                line += main
            else:
                layer = layers[number] if number < len(layers) else []
                line += [e for e in main if _is_shared(e)]
                line += [e for e in layer if not _is_line_end(e)]
                line += _rest(main, layer, unit)
            line += [*line_ends, *bar_line]
        unit = _unit_after(main, unit)
    return [tuple(line) for line in lines]


def _bars(music: Sequence[Element]) -> Iterator[tuple[list[list[Element]], list[Element]]]:
    """Yield the layers of each bar, and the bar line after it, if there is one."""
    layers: list[list[Element]] = [[]]
    for element in music:
        if _is_overlay(element):
            layers.append([])
        elif isinstance(element, BarLine):
            yield layers, [element]
            layers = [[]]
        else:
            layers[-1].append(element)
    yield layers, []


def _rest(main: Sequence[Element], layer: Sequence[Element], unit: Fraction) -> list[Element]:
    """Return the rest that a layer lacks to be as long as its bar."""
    missing = _duration(main) - _duration(layer)
    if missing <= 0:
        return []
    return [Note((), missing / unit, missing, (), "x", main[0].line, main[0].column)]


def _duration(elements: Sequence[Element]) -> Fraction:
    return sum((e.duration for e in elements if isinstance(e, Note)), Fraction(0))


def _is_overlay(element: Element) -> bool:
    return isinstance(element, Mark) and element.kind == "overlay"


def _is_line_end(element: Element) -> bool:
    return isinstance(element, Mark) and element.kind == "line"


def _is_shared(element: Element) -> bool:
    """Return whether an element of the main layer holds for overlays, too."""
    is_jump = isinstance(element, Mark) and is_jump_sign(element)
    return is_jump or _is_line_end(element) or isinstance(element, Ending | Change)


def _unit_after(elements: Iterable[Element], unit: Fraction) -> Fraction:
    """Return the unit length after some elements, if it is `unit` before them."""
    for element in elements:
        if isinstance(element, Change) and isinstance(element.value, Fraction):
            unit = element.value
    return unit
