"""The surprise at each bar of a tune: where a tune is unusual."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from charnn.insight.text_surprise import Surprise


@dataclass(frozen=True)
class BarBits:
    """The surprise at a bar.

    Attributes:
        name: the place of the bar in the form, see `charnn.music.coding.bar_texts.BarText`.
        text: the characters of the bar, with the bar line after it.
        bits: the surprise at the whole bar, with that at its label.
    """

    name: str
    text: str
    bits: float


@dataclass(frozen=True)
class TuneBits:
    """The surprise at a tune: its title, its header and its bars."""

    title: str
    header: BarBits
    bars: tuple[BarBits, ...]

    @property
    def mean(self) -> float:
        """Return the mean surprise of a bar, in bits."""
        return sum(bar.bits for bar in self.bars) / max(1, len(self.bars))


def bits_by_bar(surprise: Surprise) -> list[TuneBits]:
    """Return the surprise at each bar of the tunes that were read, tune by tune.

    The bits of a label count in the bar that it begins, those of a document's end in the last bar.
    """
    borders = [*surprise.read.starts, len(surprise)]
    return [_tune_bits(surprise, begin, end) for begin, end in pairwise(borders)]


def _tune_bits(surprise: Surprise, begin: int, end: int) -> TuneBits:
    from charnn.music.coding.bar_texts import bar_texts

    pieces = surprise.pieces[begin:end]
    tune = "".join(pieces)
    places = np.cumsum([0, *map(len, pieces)])[:-1]
    # A label has no characters; it stands where the first sign of its bar begins.
    bars = bar_texts(tune)
    bar_of_token = np.searchsorted([bar.begin for bar in bars], places, side="right") - 1
    sums = np.bincount(bar_of_token, surprise.bits[begin:end], minlength=len(bars))
    header, *others = [
        BarBits(bar.name, tune[bar.begin : bar.end], float(bits))
        for bar, bits in zip(bars, sums, strict=True)
    ]
    title = next((line[2:] for line in tune.split("\n") if line.startswith("T:")), "")
    return TuneBits(title.strip(), header, tuple(others))
