"""The bar of the next part that a new bar may be equal to: tunes end their parts alike.

A model that writes from left to right seldom hits upon a bar that follows only later. In the 8-bar
parts of the built-in tunes, the last bars of the first two parts are equal in half of the tunes. So
some of the candidates for new bars end with the bar of the next part that has the same place.
"""

from itertools import pairwise

from charnn.music.abc.clean_lines import clean_music
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.located_tune import LocatedTune, Run


def find_echo(located: LocatedTune, numbers: BarNumbers, bars: set[int]) -> str:
    """Return the music of the bar with the place of the last chosen bar in the next part.

    The result is `""` if there is no such bar, or if it cannot stand in the other place.
    """
    last = max(bars)
    other = _same_place(numbers, last)
    runs, other_runs = ([run for run in located.runs if run.bar == bar] for bar in (last, other))
    if other is None or other in bars or len(runs) != 1 or len(other_runs) != 1:
        return ""
    run, echo = runs[0], other_runs[0]
    if run.duration != echo.duration or run.unit != echo.unit or run.key != echo.key:
        return ""
    if not (_stands_alone(run) and _stands_alone(echo)):
        return ""
    return clean_music(located.text[echo.start : echo.stop])


def _same_place(numbers: BarNumbers, bar: int) -> int | None:
    """Return the bar of the next part that has the place of a bar in its part."""
    parts = [[one for one in part if numbers.numbers[one]] for part in numbers.parts.values()]
    for part, following in pairwise(parts):
        if bar in part:
            place = part.index(bar)
            if place == len(part) - 1:
                return following[-1]
            return following[place] if place < len(following) else None
    return None


def _stands_alone(run: Run) -> bool:
    """Return whether no tie, slur or group of notes leads into a run or out of it."""
    last, before = run.notes[-1].note, run.before
    ties = any(pitch.tied for note in (last, before) if note for pitch in note.pitches)
    slurs = run.slurs_before or run.slurs_after or run.fewest_slurs
    return not (ties or slurs or run.cut_before or run.cut_after)
