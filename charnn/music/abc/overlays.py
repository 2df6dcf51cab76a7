"""Voice overlays (ABC 2.1, "Voice overlay"): `A2 B2 & C4 |` is two voices in one bar.

Each further `&` in a row goes back by one more bar: in `A4 | B4 && C4 | D4 |`, the C sounds with
the A. `(& A4 | B4 & C4 | D4 &) |`, as abcm2ps has it, goes back to the bracket. Bar lines within
such an overlay are those of the bars that it overlays.

Each overlay becomes a voice of its own, with invisible rests in all other bars, so that players and
scores need not know about overlays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from charnn.errors import TuneError
from charnn.music.tune.jumps import is_jump_sign
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note

MAX_OVERLAYS = 15  # of a bar, which then has 16 voices


def separate_overlays(
    music: Sequence[Element], unit: Fraction, name: str
) -> tuple[list[tuple[Element, ...]], list[Problem]]:
    """Return the music without its overlays followed by the voices of the overlays; and problems.

    Args:
        music: the elements of a voice; marks of the kind `"overlay"` separate overlays.
        unit: the unit length at the beginning, in quarter notes.
        name: the name of the tune in errors.

    Raises:
        TuneError: a bar has more than 15 overlays.
    """
    if not any(map(_is_overlay, music)):
        return [tuple(music)], []
    reader = _OverlayReader(unit, name)
    for element in music:
        reader.read(element)
    reader.finish()
    lines: list[list[Element]] = [[] for _ in range(max(len(bar.layers) for bar in reader.bars))]
    for bar in reader.bars:
        main = bar.layers[0]
        line_ends = [e for layer in bar.layers[1:] for e in layer if _is_line_end(e)]
        for number, line in enumerate(lines):
            if number == 0:
                line += main
            else:
                layer = bar.layers[number] if number < len(bar.layers) else []
                line += [e for e in main if _is_shared(e)]
                line += [e for e in layer if not _is_line_end(e) and not isinstance(e, Ending)]
                line += _rest(_duration(main) - _duration(layer), bar.unit, main)
            line += [*line_ends, *bar.bar_line]
    return [tuple(line) for line in lines], reader.problems


@dataclass(slots=True)
class _Bar:
    """A bar with its overlays.

    Attributes:
        unit: the unit length at its beginning, in quarter notes.
        layers: the elements of the music, then those of each overlay.
        bar_line: the bar line after it, if there is one.
    """

    unit: Fraction
    layers: list[list[Element]] = field(default_factory=lambda: [[]])
    bar_line: list[Element] = field(default_factory=list)


class _OverlayReader:
    """A reader of bars and their overlays.

    Attributes:
        bars: the bars up to here. The last one is not complete.
        problems: overlays that are not as long as what they overlay.
    """

    def __init__(self, unit: Fraction, name: str) -> None:
        self.bars = [_Bar(unit)]
        self.problems: list[Problem] = []
        self._unit, self._name = unit, name
        self._at, self._layer = 0, 0  # the bar and the layer to which elements are added
        self._opened: tuple[Mark, int, Fraction] | None = None  # a (&: its bar, the time before it

    def read(self, element: Element) -> None:
        """Add the next element."""
        if isinstance(element, Mark) and element.kind == "overlay":
            self._go_back(element)
        elif isinstance(element, BarLine):
            self._end_bar(element)
        else:
            self.bars[self._at].layers[self._layer].append(element)
            if self._layer == 0 and isinstance(element, Change):
                self._unit = element.value if isinstance(element.value, Fraction) else self._unit

    def finish(self) -> None:
        """Report what is not complete at the end."""
        if self._opened is not None:
            self._report("this (& is never closed: add &)", self._opened[0])

    def _go_back(self, mark: Mark) -> None:
        last = len(self.bars) - 1
        if mark.text == "(&":
            self._opened = (mark, last, _duration(self.bars[last].layers[0]))
        elif mark.text == "&)":
            if self._opened is None:
                self._report("this &) closes no (&: it is left out", mark)
            else:
                self._check_length(mark)
                self._opened, self._at, self._layer = None, last, 0
        elif self._opened is not None:
            self._check_length(mark)
            _, start, before = self._opened
            self._begin_layer(start, mark)
            self.bars[start].layers[self._layer] += _rest(before, self.bars[start].unit, [mark])
        else:
            start = self._at + 1 - len(mark.text)
            if start < 0:
                self._report(f"{mark.text} goes back to before the beginning of the tune", mark)
            self._begin_layer(max(0, start), mark)

    def _begin_layer(self, start: int, mark: Mark) -> None:
        """Go back to a bar, and begin a layer that all bars from there on have free."""
        spanned = self.bars[start:]
        self._at, self._layer = start, max(len(bar.layers) for bar in spanned)
        if self._layer > MAX_OVERLAYS:
            problem = f"more than {MAX_OVERLAYS} of & in a bar: remove some"
            raise TuneError(problem, mark.line, mark.column, self._name)
        for bar in spanned:
            bar.layers += [[] for _ in range(self._layer + 1 - len(bar.layers))]

    def _end_bar(self, bar_line: BarLine) -> None:
        last = len(self.bars) - 1
        if self._at < last and not bar_line.ends and not bar_line.starts:
            self._at += 1
            return
        self._check_length(bar_line)
        self.bars[last].bar_line = [bar_line]
        self.bars.append(_Bar(self._unit))
        self._at, self._layer = last + 1, 0

    def _check_length(self, end: Mark | BarLine) -> None:
        missing = len(self.bars) - 1 - self._at
        if missing:
            bars = f"{missing} bars" if missing > 1 else "a bar"
            self._report(f"the overlay that ends here is {bars} shorter than the music", end)

    def _report(self, problem: str, place: Mark | BarLine) -> None:
        self.problems.append(Problem(problem, place.line, place.column))


def _rest(missing: Fraction, unit: Fraction, place: Sequence[Element]) -> list[Element]:
    """Return the invisible rest of some quarter notes; nothing if the time is 0 or less."""
    if missing <= 0:
        return []
    return [Note((), missing / unit, missing, (), "x", place[0].line, place[0].column)]


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
