"""Holes where a tune contains a `*`, as the tunes of folkrnn.org may: a bar or a note to fill in.

A single `*` in a bar stands for all the time that the bar lacks, so `|*|` is a whole bar and
`|d2e *|` half a bar of 6/8. Several in one bar stand for one note each, and so does a `*` with a
length (`*2`), in a broken pair or in a tuplet.
"""

import re
from fractions import Fraction

from charnn.errors import UsageError
from charnn.music.abc.note_length import format_length, parse_length
from charnn.music.abc.patterns import FIELD, LENGTH
from charnn.music.checking.report import length_name
from charnn.music.grammar.gap_pieces import Head, Music
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.located_tune import LocatedTune, PlacedNote, Run
from charnn.tunes.new_bars import Fits, tied_head
from charnn.tunes.tune_gap import Hole, timing

# Stands for a star while the tune is read: an invisible rest, one character long as well.
_REST = "x"
_NOTE = "A"  # and while it is cleaned, any note
_SIGNS = re.compile(r'"[^"\n]*"|%.*|\[[A-Za-z]:[^\]\n]*\]|![^!\n]*!|(?P<star>\*)')


def replace_stars(text: str) -> tuple[str, set[int]]:
    """Return a tune with a rest in place of each `*` in its music, and the places of the rests."""
    places: set[int] = set()
    in_body = False
    lines: list[str] = []
    offset = 0
    for line in re.split(r"(\r\n|\r|\n)", text):
        field = FIELD.match(line)
        if in_body and not field:
            found = [sign.start() for sign in _SIGNS.finditer(line) if sign["star"]]
            places |= {offset + at for at in found}
            line = "".join(_REST if at in found else c for at, c in enumerate(line))
        in_body = in_body or bool(field and field[1] == "K")
        lines.append(line)
        offset += len(line)
    return "".join(lines), places


class StarredGap:
    """The holes of a tune with stars.

    Args:
        located: the tune, with a rest in place of each star.
        places: the offsets of these rests.
        numbers: the numbers of its bars, for messages.
        fits: a function that returns whether notes can fill a piece of music.
        is_whole: whether the tune ends with its last bar.
    """

    def __init__(
        self,
        located: LocatedTune,
        places: set[int],
        numbers: BarNumbers,
        fits: Fits,
        *,
        is_whole: bool = True,
    ) -> None:
        self._located, self._places, self._is_whole = located, places, is_whole
        self._numbers, self._fits = numbers, fits
        self._check_places()
        self._stars: dict[int, int] = {}  # the number of stars of each bar that has some
        self._grouped: set[int] = set()  # the bars with a star in a tuplet or a broken pair
        for run in located.runs:
            for placed in run.notes:
                if placed.start in places:
                    self._stars[run.bar] = self._stars.get(run.bar, 0) + 1
                    # A tuplet or a broken pair changes the written length.
                    if placed.note.duration != run.unit * (self._length(placed) or 1):
                        self._grouped.add(run.bar)

    def _check_places(self) -> None:
        """Raise an error for a star that is no note: in a chord or in graces, with an accidental.

        Raises:
            UsageError: there is one.
        """
        text = self._located.text
        notes = {placed.start for run in self._located.runs for placed in run.notes}
        for place in sorted(self._places):
            has_sign = text[place - 1] in "^_=" or text[place + 1 : place + 2] in ("'", ",")
            if has_sign or place not in notes:
                around = f"{text[place - 1].strip()}*{text[place + 1 : place + 2].strip()}"
                raise UsageError(
                    f"the * in {around} belongs to another sign: a * stands between notes, without "
                    "accidental and octave"
                )

    def holes(self) -> list[Hole]:
        """Return the holes.

        Raises:
            UsageError: a bar with stars is not full, or no notes can fill it.
        """
        return [
            self._hole(run, placed)
            for run in self._located.runs
            for placed in run.notes
            if placed.start in self._places
        ]

    def bar_durations(self) -> list[Fraction]:
        """Return the duration of each bar when all stars are filled in."""
        return [
            self._bar_length(index) if index in self._stars else bar.duration
            for index, bar in enumerate(self._located.bars)
        ]

    def _hole(self, run: Run, placed: PlacedNote) -> Hole:
        place = placed.start, placed.stop
        lacking = self._bar_length(run.bar) - self._located.bars[run.bar].duration
        if not lacking:
            return Hole(*place, (Head(),), _NOTE)
        note = placed.note
        has_length = self._length(placed) is not None
        alone = self._stars[run.bar] == 1 and not has_length and run.bar not in self._grouped
        total = lacking + note.duration
        found = timing(total, run.unit) if alone and total > 0 else None
        opening = tied_head(run) if run.notes[0] is placed else ""
        if found is not None and self._fits(music := Music(found, opening)):
            return Hole(*place, (music,), _NOTE + format_length(total / run.unit))
        raise self._refusal(run.bar)

    def _length(self, placed: PlacedNote) -> Fraction | None:
        """Return the length after a star in units; None without one."""
        found = LENGTH.match(self._located.text, placed.stop)
        return parse_length(found[0]) if found and found[0] else None

    def _refusal(self, index: int) -> UsageError:
        """Return the error for a bar that its stars do not fill."""
        bar, length = self._located.bars[index], self._bar_length(index)
        if index in self._grouped:
            advice = (
                "a * in a tuplet or a broken pair is one note, so make the other notes of the bar "
                "add up"
            )
        elif bar.duration > length:
            advice = "shorten its notes, or leave a * out"
        else:
            advice = (
                "give each * a length, as in *2, or write a single * without a length for all that "
                "is missing"
            )
        return UsageError(
            f"{self._bar_name(index)} lasts {length_name(bar.duration, bar.meter)} with one note "
            f"for each *, and should last {length_name(length, bar.meter)}: {advice}"
        )

    def _bar_name(self, index: int) -> str:
        """Return the name of a bar with stars. It is a whole bar, even if it looks like a pick-up
        while its stars are short notes."""
        numbers = self._numbers.numbers
        whole = sum(not numbers[bar] for bar in self._stars if bar <= index)
        return f"bar {max(numbers[: index + 1]) + whole}"

    def _bar_length(self, index: int) -> Fraction:
        """Return the duration that a bar should have: that of its meter, without the pick-up of
        its part if it is the last bar of the part."""
        bars = self._located.bars
        bar, length = bars[index], bars[index].meter.bar
        if not length:
            return bar.duration
        begin = next(n for n in range(index, -1, -1) if bars[n].begins_part or n == 0)
        is_last = self._is_whole if index + 1 == len(bars) else bars[index + 1].begins_part
        first = bars[begin]
        if is_last and index > begin and first.too_short and begin not in self._stars:
            return length - first.duration
        return length
