"""The figures of form: how often tunes come home, repeat, rhyme and end as real ones do.

Each figure is a quotient over many tunes, for example the parts of 8 bars whose bar 5 equals bar 1,
divided by the parts of 8 bars. A tune contributes a `Tally`, its share of both numbers, so the
tunes can be weighted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from charnn.music.form.tune_outline import PartOutline, TuneOutline

PART_BARS = 8

# The figures that follow from the tune alone, and their descriptions. "Parts" are those of 8 bars
# in figures about bars 1 to 6; A and B are the first two parts, if both have 8 bars.
OWN_FIGURES = {
    "tune_home": "ends on its tonic",
    "parts_home": "all parts end on the tonic",
    "bar_5": "bar 5 = bar 1",
    "bar_6": "bar 6 = bar 2",
    "repeated_bar": "a bar occurs twice in a part",
    "shared_bar": "part B has a bar of part A",
    "rhyme": "last bars of A and B equal",
    "last_rest": "a rest in the last bar of a part",
    "first_ending_bars": "bars of a first ending",
    "endings_alike": "1st and 2nd ending begin alike",
}
# The figure that is a number, not a share.
NUMBER_FIGURES = ("first_ending_bars",)

# How often a figure holds, and in how many cases.
Tally: TypeAlias = tuple[float, float]


def tune_tallies(tune: TuneOutline) -> dict[str, Tally]:
    """Return the tally of each of `OWN_FIGURES`; of (0, 0) if the tune has no case of it."""
    parts, endings = tune.parts, tune.first_endings
    homes = [part.ends_on_tonic for part in parts if part.ends_on_tonic is not None]
    eights = [part for part in parts if len(part.bars) == PART_BARS]
    pair = parts[:2] if len(parts) > 1 and parts[0] in eights and parts[1] in eights else ()
    alike = [ending.alike for ending in endings if ending.alike is not None]
    return {
        "tune_home": (sum(homes[-1:]), len(homes[-1:])),
        "parts_home": (all(homes) if homes else 0, bool(homes)),
        "bar_5": (sum(part.bars[4] == part.bars[0] for part in eights), len(eights)),
        "bar_6": (sum(part.bars[5] == part.bars[1] for part in eights), len(eights)),
        "repeated_bar": (sum(len(set(part.bars)) < PART_BARS for part in eights), len(eights)),
        "shared_bar": (bool(pair) and not set(pair[0].bars).isdisjoint(pair[1].bars), bool(pair)),
        "rhyme": (bool(pair) and pair[0].last_bar == pair[1].last_bar, bool(pair)),
        "last_rest": (sum(_has_rest(part) for part in parts), len(parts)),
        "first_ending_bars": (sum(ending.bars for ending in endings), len(endings)),
        "endings_alike": (sum(alike), len(alike)),
    }


def figures(
    tallies: Sequence[Mapping[str, Tally]], weights: Sequence[float] | None = None
) -> dict[str, float | None]:
    """Return each figure over many tunes; None for a figure without a case.

    Args:
        tallies: the tallies of each tune, all with the same names.
        weights: the weight of each tune; None weights all tunes equally.
    """
    weights = [1.0] * len(tallies) if weights is None else weights
    return {name: held / cases if cases else None for name, held, cases in _sums(tallies, weights)}


def _sums(
    tallies: Sequence[Mapping[str, Tally]], weights: Sequence[float]
) -> Iterator[tuple[str, float, float]]:
    for name in tallies[0] if tallies else ():
        pairs = [(weight, *tally[name]) for weight, tally in zip(weights, tallies, strict=True)]
        yield (
            name,
            sum(weight * held for weight, held, _ in pairs),
            sum(weight * cases for weight, _, cases in pairs),
        )


def _has_rest(part: PartOutline) -> bool:
    return any(not pitches for pitches, _ in part.last_bar)
