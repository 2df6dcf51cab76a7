"""The stretches of a tune's text that hold its bars, each with its place in the form."""

from typing import NamedTuple

from charnn.music.abc.tokenizer import tokenize
from charnn.music.coding.bar_labels import (
    LABELLED_PARTS,
    cut_at_borders,
    has_notes,
    label_places,
    read_bars,
)

HEADER, PICKUP = "header", "pick-up"


class BarText(NamedTuple):
    """A stretch of a tune's text: its name, and where it begins and ends.

    The name is the letter of the part and the number of the bar (`A1`), or `PICKUP`, or `HEADER`
    for all that comes before the first bar. Bars of a tune that cannot be read have numbers only.
    """

    name: str
    begin: int
    end: int


def bar_texts(tune: str) -> list[BarText]:
    """Return the header and the bars of a tune, one after the other, without a gap.

    A bar contains the bar line after it. A text without music is one header.
    """
    pieces = tokenize(tune)
    start = next((n + 1 for n, piece in enumerate(pieces) if piece.startswith("\nK:")), None)
    if start is None:
        return [BarText(HEADER, 0, len(tune))]
    at = len("".join(pieces[:start]))
    begins = []
    for chunk in cut_at_borders(pieces[start:]):
        if has_notes(chunk):
            begins.append(at)
        at += len("".join(chunk))
    borders = [0, *begins, len(tune)]
    names = [HEADER, *_names(tune, len(begins))]
    return [BarText(*each) for each in zip(names, borders[:-1], borders[1:], strict=True)]


def _names(tune: str, count: int) -> list[str]:
    places = label_places(read_bars(tune))
    if len(places) != count:
        return [str(number + 1) for number in range(count)]
    return [PICKUP if place is None else _name(*place) for place in places]


def _name(part: int, bar: int) -> str:
    letter = chr(ord("A") + part) if part < LABELLED_PARTS else f"part {part + 1}, "
    return f"{letter}{bar + 1}"
