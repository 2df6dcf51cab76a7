"""Slurs, ties, variant endings and bar numbers: everything that spans several notes or bars."""

from charnn.music.score.musicxml_signs import SPANS, sign_name
from charnn.music.score.staff import WrittenBar
from charnn.music.tune.tune import Mark, Note, Tune

# MusicXML distinguishes nested slurs by a number, which was 1 to 6 before version 4.0.
MAX_SLUR_NUMBER = 6


def find_slurs(tune: Tune) -> dict[tuple[int, str], tuple[int, ...]]:
    """Return the numbers of the slurs that begin (`"("` or `".("`) or end (`")"`) at each note.

    Each key is a pair: the index of the note in `tune.music`, and the parenthesis, which has a dot
    where a dotted slur begins. A slur is omitted if it is never closed, spans a single note, or is
    nested more than six deep.
    """
    slurs: dict[tuple[int, str], tuple[int, ...]] = {}
    # For each open slur, innermost last, its sign and the index of its first note; None until that
    # note comes.
    opened: list[tuple[str, int | None]] = []
    last_note: int | None = None
    for index, element in enumerate(tune.music):
        if isinstance(element, Note) and element.pitches:
            opened = [(sign, index if first is None else first) for sign, first in opened]
            last_note = index
        elif isinstance(element, Mark) and element.kind == "slur":
            if "(" in element.text:
                opened.append((element.text, None))
            elif opened:
                number = len(opened)
                sign, first = opened.pop()
                if first is None or last_note is None or first == last_note:
                    continue
                if number > MAX_SLUR_NUMBER:
                    continue
                slurs[first, sign] = (*slurs.get((first, sign), ()), number)
                slurs[last_note, ")"] = (*slurs.get((last_note, ")"), ()), number)
    return slurs


def find_ties(tune: Tune) -> dict[int, frozenset[int]]:
    """Return the MIDI pitches that are tied to each note from the note before it.

    The keys are the indices of the notes in `tune.music`.
    """
    ties: dict[int, frozenset[int]] = {}
    tied: frozenset[int] = frozenset()
    for index, element in enumerate(tune.music):
        if isinstance(element, Note):
            ties[index] = tied & {pitch.midi for pitch in element.pitches}
            tied = frozenset(pitch.midi for pitch in element.pitches if pitch.tied)
    return ties


def find_unpaired_signs(tune: Tune) -> frozenset[int]:
    """Return the indices in `tune.music` of hairpins and trills without an end or a beginning."""
    unpaired: set[int] = set()
    opened: dict[str, int] = {}  # the index of the open sign of each kind
    for index, element in enumerate(tune.music):
        if not isinstance(element, Mark) or element.kind != "decoration":
            continue
        kind, is_beginning = SPANS.get(sign_name(element.meaning or element.text), ("", False))
        if kind and (kind in opened) == is_beginning:
            unpaired.add(opened[kind] if is_beginning else index)
        if is_beginning:
            opened[kind] = index
        else:
            opened.pop(kind, None)
    return frozenset({*unpaired, *opened.values()})


def number_bars(bars: list[WrittenBar]) -> None:
    """Set `number` and `counted` of each bar.

    A pickup has the number 0, as MusicXML 4.0 recommends. If a repeat sign divides a bar, the
    second part is not counted: its number is an X and the number of the first part.
    """
    count = 0
    before: WrittenBar | None = None
    for bar in bars:
        full, length = bar.meter.bar, bar.duration
        if before is None:
            bar.counted = not length < full
        elif not before.closing_line and not before.repeat_ends:
            bar.counted = False
        # A bar that begins a later ending (`[2`) is counted, so this branch skips that bar.
        elif before.counted and bar.ending_passes[:1] <= (1,):
            is_divided = before.ends_section or bar.repeat_starts or bar.ending_passes
            is_completed = before.duration < full and before.duration + length == full
            bar.counted = not (is_divided and is_completed)
        count += bar.counted
        bar.number = str(count) if bar.counted or not count else f"X{count}"
        before = bar


def close_endings(bars: list[WrittenBar]) -> None:
    """Set `ending_stop_passes` of the bar in which each variant ending stops.

    An ending stops at a repeat sign, a double bar or the next ending. ABC does not mark the end of
    the last ending of a repeat. If the next sign is the end of a later repeat, the last ending gets
    at most the length of the ending before it.
    """
    length, last_bar = 0, -1  # of the ending before: number of bars, index of the last one
    for index, bar in enumerate(bars):
        if not bar.ending_passes:
            continue
        last = index
        while (
            not bars[last].ends_section
            and last + 1 < len(bars)
            and not (bars[last + 1].ending_passes or bars[last + 1].repeat_starts)
        ):
            last += 1
        follows_ending = last_bar == index - 1 and length
        if follows_ending and bars[last].repeat_ends and last - index + 1 > length:
            last = index + length - 1
        bars[last].ending_stop_passes = bar.ending_passes
        length, last_bar = last - index + 1, last
