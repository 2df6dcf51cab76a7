"""What reaches over several notes or measures: slurs, ties, endings, and the count of the bars."""

from charnn.music.score.staff import Measure
from charnn.music.tune.tune import Mark, Note, Tune

MOST_SLURS = 6  # inside one another, as MusicXML numbers them


def slurs(tune: Tune) -> dict[tuple[int, str], tuple[int, ...]]:
    """The numbers of the slurs that begin (`"("`) or end (`")"`) at a note, by its place.

    One that is never closed, or spans one note, is left out.
    """
    found: dict[tuple[int, str], tuple[int, ...]] = {}
    opened: list[int | None] = []  # the place of the first note; None until it comes
    last: int | None = None
    for place, element in enumerate(tune.music):
        if isinstance(element, Note) and element.pitches:
            opened = [place if first is None else first for first in opened]
            last = place
        elif isinstance(element, Mark) and element.kind == "slur":
            if element.text == "(":
                opened.append(None)
            elif opened:
                number = len(opened)
                first = opened.pop()
                if first is None or last is None or first == last or number > MOST_SLURS:
                    continue
                found[first, "("] = (*found.get((first, "("), ()), number)
                found[last, ")"] = (*found.get((last, ")"), ()), number)
    return found


def ties(tune: Tune) -> dict[int, frozenset[int]]:
    """The pitches of each note, by its place, that are held over from the note before."""
    found: dict[int, frozenset[int]] = {}
    tied: frozenset[int] = frozenset()
    for place, element in enumerate(tune.music):
        if isinstance(element, Note):
            found[place] = tied & {pitch.midi for pitch in element.pitches}
            tied = frozenset(pitch.midi for pitch in element.pitches if pitch.tied)
    return found


def number(measures: list[Measure]) -> None:
    """Count the bars; a pickup is 0, and the second part of a bar that a repeat cuts has none."""
    count = 0
    before: Measure | None = None
    for measure in measures:
        bar, length = measure.meter.bar, measure.duration
        if before is None:
            measure.counted = not length < bar
        elif not before.line and not before.ends:
            measure.counted = False
        elif before.counted and measure.passes[:1] <= (1,):  # a second ending begins anew
            cut = before.section or measure.starts or measure.passes
            completes = before.duration < bar and before.duration + length == bar
            measure.counted = not (cut and completes)
        count += measure.counted
        measure.number = str(count) if measure.counted or not count else f"X{count}"
        before = measure


def close_endings(measures: list[Measure]) -> None:
    """Find where each ending stops: at a repeat or double bar, or where the next one begins.

    Where a later repeat is what comes next, the last ending is as long as the one before it.
    """
    length, stop = 0, -1  # of the ending before: its measures, and the last of them
    for place, measure in enumerate(measures):
        if not measure.passes:
            continue
        last = place
        while (
            not measures[last].section
            and last + 1 < len(measures)
            and not (measures[last + 1].passes or measures[last + 1].starts)
        ):
            last += 1
        follows = stop == place - 1 and length
        if follows and measures[last].ends and last - place + 1 > length:
            last = place + length - 1
        measures[last].ending_stops = measure.passes
        length, stop = last - place + 1, last
