"""Holes for new bars: each run of the chosen bars gets new music of the same duration."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from charnn.errors import UsageError
from charnn.music.abc.note_head import format_head
from charnn.music.checking.report import length_name
from charnn.music.grammar.gap_pieces import Fixed, Music, Piece
from charnn.music.grammar.grammar_state import Timing
from charnn.music.tune.tune import Meter
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.located_tune import LocatedTune, PlacedNote, Run
from charnn.tunes.tune_gap import Hole, timing

Fits = Callable[[Music], bool]


class NewBars:
    """The holes for new music in some bars.

    Args:
        located: the tune.
        numbers: the numbers of its bars, for messages.
        bars: the indices of the chosen bars.
        fits: a function that returns whether notes can fill a piece of music.
        keep_beats: whether the notes on the beats stay.
    """

    def __init__(
        self,
        located: LocatedTune,
        numbers: BarNumbers,
        bars: set[int],
        fits: Fits,
        *,
        keep_beats: bool = False,
    ) -> None:
        self._located, self._numbers, self._bars = located, numbers, bars
        self._fits, self._keep_beats = fits, keep_beats

    def holes(self) -> list[Hole]:
        """Return the holes.

        Raises:
            UsageError: no music of the grammar fits into one of them.
        """
        return [
            Hole(run.start, run.stop, tuple(self._pieces(run, before, after)))
            for before, run, after in self._neighbours()
        ]

    def _neighbours(self) -> Iterator[tuple[Run | None, Run, Run | None]]:
        """Yield each chosen run with the runs beside it, None where these are not chosen."""
        runs = self._located.runs
        chosen = [run if run.bar in self._bars else None for run in runs]
        for before, run, after in zip([None, *chosen], chosen, [*chosen[1:], None], strict=False):
            if run is not None:
                yield before, run, after

    def _pieces(self, run: Run, before: Run | None, after: Run | None) -> Iterator[Piece]:
        check_edges(self._numbers, run, before, after)
        opening = "" if before else tied_head(run)
        slur_out = after is None and run.slurs_after > run.fewest_slurs
        slur_in = before is None and run.slurs_before > run.fewest_slurs
        if slur_in and slur_out:
            raise UsageError(
                f"{self._numbers.name(run.bar)} ends one slur and begins another: choose the bars "
                "beside it as well"
            )
        goes_on = after is not None and self._is_bar_line(run.stop, after.start)
        whole = Music(
            self._timing(run, run.duration),
            ("(" if slur_out else "") + opening,
            goes_on,
            slur_in,
            slur_out,
        )
        if self._keep_beats and not slur_in and not slur_out:
            yield from self._between_beats(run, whole)
        elif self._fits(whole):
            yield whole
        else:
            raise self._refusal(run, run.duration)

    def _is_bar_line(self, start: int, stop: int) -> bool:
        """Return whether only a plain bar line stands between two places of the text."""
        return "".join(self._located.text[start:stop].split()) in ("|", "")

    def _timing(self, run: Run, duration: Fraction) -> Timing:
        found = timing(duration, run.unit)
        if found is None:
            raise self._refusal(run, duration)
        return found

    def _refusal(self, run: Run, duration: Fraction) -> UsageError:
        meter = self._located.bars[run.bar].meter
        return UsageError(
            f"{self._numbers.name(run.bar)} cannot be filled: no notes of this unit length last "
            f"{length_name(duration, meter)}. Choose other bars"
        )

    def _between_beats(self, run: Run, whole: Music) -> Iterator[Piece]:
        """Yield new music between the notes that begin on a beat."""
        kept = [n for n in notes_on_beats(self._located, run) if self._fits(self._from(run, n))]
        first = run.notes[0]
        borders = [each for each in kept if each.onset > first.onset]
        opening = whole.opening
        if kept and kept[0].onset == first.onset and not opening:
            opening = self._written(kept[0])
        onset, pieces = first.onset, []
        for border in borders:
            pieces.append((border.onset - onset, opening))
            onset, opening = border.onset, self._written(border)
        pieces.append((first.onset + run.duration - onset, opening))
        for number, (duration, opening) in enumerate(pieces):
            if number and self._follows_space(run, borders[number - 1]):
                yield Fixed(" ")
            last = number == len(pieces) - 1
            music = Music(self._timing(run, duration), opening, whole.goes_on and last)
            if not self._fits(music):
                raise self._refusal(run, duration)
            yield music

    def _follows_space(self, run: Run, placed: PlacedNote) -> bool:
        """Return whether a space stands between a note and the note before it."""
        before = run.notes[run.notes.index(placed) - 1]
        return " " in self._located.text[before.stop : placed.start]

    def _from(self, run: Run, placed: PlacedNote) -> Music:
        """Return the music that begins with a note and fills the rest of the run."""
        duration = run.notes[0].onset + run.duration - placed.onset
        return Music(self._timing(run, duration), self._written(placed))

    def _written(self, placed: PlacedNote) -> str:
        return self._located.text[placed.start : placed.stop]


def check_edges(numbers: BarNumbers, run: Run, before: Run | None, after: Run | None) -> None:
    """Raise an error if a group of notes leads into a chosen run, or out of it.

    Args:
        numbers: the numbers of the bars.
        run: the chosen run.
        before, after: the runs beside it; None where these are not chosen.

    Raises:
        UsageError: a broken pair or a tuplet would be cut.
    """
    for cut, beside, edge in (
        (run.cut_before, before, "begins"),
        (run.cut_after, after, "ends"),
    ):
        if cut and beside is None:
            raise UsageError(
                f"{numbers.name(run.bar)} {edge} inside a {cut}: choose the bar beside it as well"
            )


def tied_head(run: Run) -> str:
    """Return the note head that a tie from before the run demands; `""` without a tie."""
    pitches = run.before.pitches if run.before else ()
    tied = next((pitch for pitch in pitches if pitch.tied), None)
    return format_head(tied.letter, tied.octave - run.key.octave, None) if tied else ""


def notes_on_beats(located: LocatedTune, run: Run) -> list[PlacedNote]:
    """Return the notes of a run that begin on a beat, without rests."""
    bar = located.bars[run.bar]
    # A pick-up is the end of a bar, so its beats are counted from there.
    missing = bar.meter.bar - bar.duration if bar.begins_part and bar.too_short else Fraction(0)
    beat = beat_length(bar.meter)
    return [each for each in run.notes if each.note.pitches and not (missing + each.onset) % beat]


def beat_length(meter: Meter) -> Fraction:
    """Return the duration of a beat in quarter notes: 3/2 in 6/8, 2 in C|, 1 in 4/4 and 3/4."""
    if meter.compound or meter.text == "3/8":
        return Fraction(12, meter.denominator)
    return Fraction(4, min(meter.denominator, 4)) if meter.denominator else Fraction(1)
