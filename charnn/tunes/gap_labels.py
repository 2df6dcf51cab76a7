"""The bar labels in a gap, for a model of coded tunes.

A bar with a hole gets a label that the model chooses. A bar that stays keeps its label, unless this
label names a bar with a hole, which will be another one: then it gets a label of its own, and the
later bars that are equal to it get this label, too.
"""

from collections.abc import Sequence

from charnn.music.checking.bars import CountedBar
from charnn.music.coding.bar_labels import (
    CADENCES,
    LABELS,
    insert_labels,
    label,
    label_places,
    read_bars,
)
from charnn.music.grammar.gap_pieces import Fixed, Label, Piece
from charnn.tunes.tune_gap import Gap


def old_bars(gap: Gap) -> list[CountedBar]:
    """Return the bars of the old tune; an empty list if it cannot be read."""
    return read_bars(_old_tune(gap))


def find_labels(gap: Gap, bars: Sequence[CountedBar]) -> dict[int, list[Piece]]:
    """Return the label of each bar that begins in a gap, by its place in the old text.

    The last bar of a part also has its old cadence, so a new bar ends on the tonic where the old
    one did. A tune that cannot be labelled has no labels.

    Args:
        gap: the gap.
        bars: the bars of the old tune.
    """
    old = _old_tune(gap)
    labels = _places(insert_labels(old, bars))
    own_places = [place for place in label_places(bars) if place is not None]
    if len(own_places) != len(labels):
        return {}
    open_places = _open_places(gap)
    found: dict[int, list[Piece]] = {}
    renamed: dict[str, str] = {}  # the label of each bar that stays; "" if it names a hole
    starts = list(labels)
    for start, stop, own_place in zip(starts, [*starts[1:], len(old)], own_places, strict=True):
        character, cadence = labels[start][0], labels[start][1:]
        if any(start <= place < stop for place in open_places):
            renamed.setdefault(character, "")
            found[start] = [Label(own_place), *([Fixed(cadence)] if cadence else [])]
            continue
        renamed.setdefault(character, character)
        renamed[character] = renamed[character] or label(*own_place)
        found[start] = [Fixed(renamed[character] + cadence)]
    return {place: pieces for place, pieces in found.items() if place >= len(gap.before)}


def _old_tune(gap: Gap) -> str:
    return gap.before + "".join(stretch.old for stretch in gap.stretches) + gap.following


def _places(labelled: str) -> dict[int, str]:
    """Return each label, with its cadence if it has one, by its place in the text without them."""
    found: dict[int, str] = {}
    place = 0
    for character in labelled:
        if character in LABELS | CADENCES:
            found[place] = found.get(place, "") + character
        else:
            place += 1
    return found


def _open_places(gap: Gap) -> list[int]:
    """Return a place in each hole of the old text."""
    places, place = [], len(gap.before)
    for stretch in gap.stretches:
        if stretch.is_hole and stretch.pieces:
            places.append(place)
        place += len(stretch.old)
    return places
