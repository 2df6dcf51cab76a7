"""A gap in a tune: the places where new music goes, and the text around them.

A `Hole` is one such place. The text around the holes exists twice: as the user wrote it, which is
what the result contains, and cleaned as the training tunes are, which is what the model reads.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest

from charnn.errors import TuneError
from charnn.music.abc.cleaning import clean_books
from charnn.music.grammar.gap_pieces import Fixed, Piece
from charnn.music.grammar.grammar_state import TICKS_PER_WHOLE_NOTE, Timing

# Stands on both sides of a hole while the tune is cleaned. U+FDD0 is no character of any text.
_EDGE = "\ufdd0"
_HOLE = re.compile(f"{_EDGE}[^{_EDGE}]*{_EDGE}")


STAR = "*"  # stands for a hole in the tunes of folkrnn.org


@dataclass(frozen=True)
class Hole:
    """A place in the text of a tune that gets new music.

    Attributes:
        start, stop: the place in the text.
        pieces: the pieces that take its place; empty if its text is only removed.
    """

    start: int
    stop: int
    pieces: tuple[Piece, ...] = ()


class Gap:
    """The holes of a tune, and the text around them.

    Args:
        text: the text of one tune.
        holes: the holes in the order of the text; they do not overlap.

    Attributes:
        before: the cleaned text before the first hole.
        pieces: the pieces of the holes, with the cleaned text between the holes.
        following: the cleaned text after the last hole.

    Raises:
        TuneError: the holes cannot be found in the cleaned text.
    """

    def __init__(self, text: str, holes: Sequence[Hole]) -> None:
        self._text, self._holes = text, tuple(holes)
        # The old music stays between the edges, because cleaning infers the mode from the notes.
        old = (text[hole.start : hole.stop].replace(STAR, "A") for hole in holes)
        cleaned = clean_books([self._spliced([_EDGE + music + _EDGE for music in old])])
        self.before: str
        self.before, *after = _HOLE.split(cleaned[0].text) if cleaned else [""]
        if len(after) != len(holes):
            problem = "a line with chosen bars is not read as music: choose other bars"
            raise TuneError(problem, 1, 1)
        self.pieces: list[Piece] = []
        self._hole_of_piece: list[int | None] = []
        for number, (hole, following) in enumerate(zip(holes, after, strict=True)):
            for piece in hole.pieces:
                self._append(piece, number)
            if number + 1 < len(holes):
                self._append(Fixed(following), None)
        self.following = after[-1]

    def _append(self, piece: Piece, hole: int | None) -> None:
        if piece == Fixed(""):
            return
        last = self.pieces[-1] if self.pieces else None
        if (
            isinstance(piece, Fixed)
            and isinstance(last, Fixed)
            and hole is None
            and self._hole_of_piece[-1] is None
        ):
            self.pieces[-1] = Fixed(last.text + piece.text)
        else:
            self.pieces.append(piece)
            self._hole_of_piece.append(hole)

    def read_music(self) -> str:
        """Return the text around the holes that the model reads, without titles and types."""
        fixed = "".join(piece.text for piece in self.pieces if isinstance(piece, Fixed))
        lines = (self.before + fixed + self.following).splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(("T:", "R:")))

    def filled(self, piece_texts: Sequence[str]) -> str:
        """Return the tune with new music in the holes.

        Args:
            piece_texts: the text of each of `pieces`; further texts are ignored.
        """
        texts = [""] * len(self._holes)
        for hole, text in zip(self._hole_of_piece, piece_texts, strict=False):
            if hole is not None:
                texts[hole] += text
        return self._spliced(texts)

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
