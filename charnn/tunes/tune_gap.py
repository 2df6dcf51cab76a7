"""A gap in a tune: the places where new music goes, and the text around them.

A `Hole` is one such place. The text around the holes exists twice: as the user wrote it, which is
what the result contains, and cleaned as the training tunes are, which is what the model reads.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from charnn.errors import TuneError
from charnn.music.abc.cleaning import clean_books
from charnn.music.grammar.gap_pieces import Fixed, Piece
from charnn.music.grammar.grammar_state import TICKS_PER_WHOLE_NOTE, Timing

# Stands on both sides of a hole while the tune is cleaned. U+FDD0 is no character of any text.
_EDGE = "\ufdd0"


STAR = "*"  # stands for a hole in the tunes of folkrnn.org


@dataclass(frozen=True)
class Hole:
    """A place in the text of a tune that gets new music.

    Attributes:
        start, stop: the place in the text.
        pieces: the pieces that take its place; empty if its text is only removed.
        old: music of the same duration, if the text contains none; `""` for the text itself.
    """

    start: int
    stop: int
    pieces: tuple[Piece, ...] = ()
    old: str = ""


@dataclass(frozen=True)
class Stretch:
    """A hole, or the cleaned text between two holes.

    Attributes:
        pieces: the pieces that the text is made of.
        old: the cleaned text that stands there now.
        is_hole: whether it is a hole.
    """

    pieces: tuple[Piece, ...]
    old: str
    is_hole: bool


class Gap:
    """The holes of a tune, and the text around them.

    Args:
        text: the text of one tune.
        holes: the holes in the order of the text; they do not overlap.
        echo: music that the last hole may contain (see `echo_bar`); `""` for none.

    Attributes:
        echo: the argument.
        before: the cleaned text before the first hole.
        stretches: the holes, and the cleaned text between them.
        following: the cleaned text after the last hole.

    Raises:
        TuneError: the holes cannot be found in the cleaned text.
    """

    def __init__(self, text: str, holes: Sequence[Hole], echo: str = "") -> None:
        self._text, self._holes, self.echo = text, tuple(holes), echo
        # The old music stays between the edges, because cleaning infers the mode from the notes.
        cleaned = clean_books([self._spliced([_EDGE + music + _EDGE for music in self._old()])])
        parts = cleaned[0].text.split(_EDGE) if cleaned else []
        if len(parts) != 2 * len(holes) + 1:
            problem = "a line with chosen bars is not read as music: choose other bars"
            raise TuneError(problem, 1, 1)
        self.before, self.following = parts[0], parts[-1]
        self.stretches = [
            Stretch(holes[number // 2].pieces, part, True)
            if number % 2 == 0
            else Stretch((Fixed(part),) if part else (), part, False)
            for number, part in enumerate(parts[1:-1])
        ]

    def _old(self) -> list[str]:
        return [hole.old or self._text[hole.start : hole.stop] for hole in self._holes]

    def old_text(self) -> str:
        """Return the text with some music of the right duration in each hole."""
        return self._spliced(self._old())

    def old_places(self) -> list[tuple[int, int]]:
        """Return the start and the stop of the old music of each hole in `old_text`."""
        places: list[tuple[int, int]] = []
        growth = 0  # of the text before the hole
        for hole, music in zip(self._holes, self._old(), strict=True):
            start = hole.start + growth
            places.append((start, start + len(music)))
            growth += len(music) - (hole.stop - hole.start)
        return places

    def with_echo(self) -> "Gap":
        """Return the gap with the echo in the last hole."""
        gap = copy.copy(self)
        *others, last = self.stretches
        gap.stretches = [*others, replace(last, pieces=(Fixed(self.echo),))]
        return gap

    def read_music(self) -> str:
        """Return the text around the holes that the model reads, without titles and types."""
        fixed = "".join(stretch.old for stretch in self.stretches if not stretch.is_hole)
        lines = (self.before + fixed + self.following).splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(("T:", "R:")))

    def filled(self, texts: Sequence[str]) -> str:
        """Return the tune with new music in the holes.

        Args:
            texts: the text of each of `stretches`.
        """
        pairs = zip(self.stretches, texts, strict=True)
        return self._spliced([text for stretch, text in pairs if stretch.is_hole])

    def _spliced(self, texts: Sequence[str]) -> str:
        """Return the text with `texts` in the places of the holes."""
        starts = [0, *(hole.stop for hole in self._holes)]
        stops = [*(hole.start for hole in self._holes), len(self._text)]
        kept = (self._text[start:stop] for start, stop in zip(starts, stops, strict=True))
        return "".join(part for pair in zip_longest(kept, texts, fillvalue="") for part in pair)


def timing(duration: Fraction, unit: Fraction) -> Timing | None:
    """Return the timing of music in ticks; None if the ticks are not whole numbers.

    Args:
        duration, unit: the durations of the music and of the unit length in quarter notes.
    """
    bar, unit_ticks = duration * TICKS_PER_WHOLE_NOTE / 4, unit * TICKS_PER_WHOLE_NOTE / 4
    # A quarter of the unit must be divisible by 4 in a broken pair.
    if bar.denominator != 1 or unit_ticks.denominator != 1 or unit_ticks % 16:
        return None
    return Timing(int(bar), int(unit_ticks))
