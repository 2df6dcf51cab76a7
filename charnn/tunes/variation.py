"""Variations of a tune: chosen bars are written anew, everything else stays byte for byte."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import CharnnError, TuneError, UsageError
from charnn.music.abc.macros import without_macros
from charnn.music.grammar.gap_grammar import GapGrammar
from charnn.music.grammar.gap_pieces import Fixed, Music
from charnn.music.tune.tune import Note
from charnn.sampling.params import SamplingParams
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.echo_bar import find_echo
from charnn.tunes.infilling import CANDIDATES, Candidate, GapFiller, Infiller
from charnn.tunes.kept_rhythm import kept_rhythm_holes
from charnn.tunes.located_tune import LocatedTune
from charnn.tunes.new_bars import NewBars
from charnn.tunes.starred_gap import StarredGap, replace_stars
from charnn.tunes.tune_gap import STAR, Gap, Hole

KEEP = ("rhythm", "contour", "notes-on-beats")
# What --busier adds to the logarithm of the probability of each note, and --simpler subtracts.
NOTE_BONUS = 1.0
# The number of further seeds that are tried where all candidates of a seed are refused.
MAX_ATTEMPTS = 5

_SIGN = re.compile(r'"[^"\n]*"|![^!\s]+!')

# The MIDI pitches and the duration of each note and rest.
Melody: TypeAlias = list[tuple[tuple[int, ...], Fraction]]


@dataclass(frozen=True)
class VaryOptions:
    """The choice of bars, and what their new music has in common with the old one.

    Attributes:
        bars, part, ending: see `BarNumbers.select`. If all three are empty, the bars and notes that
            the tune marks by `*` are filled.
        keep: names of `KEEP`. `contour` keeps the rhythm as well.
        simpler, busier: whether the new bars must have fewer or more notes.

    Raises:
        UsageError: a name of `keep` is unknown, or options contradict each other.
    """

    bars: str = ""
    part: str = ""
    ending: bool = False
    keep: Sequence[str] = ()
    simpler: bool = False
    busier: bool = False

    def __post_init__(self) -> None:
        for name in self.keep:
            if name not in KEEP:
                raise UsageError(f"--keep {name} is unknown. Choose one of {', '.join(KEEP)}")
        if self.simpler and self.busier:
            raise UsageError("--simpler and --busier exclude each other: leave one of them out")
        if (self.simpler or self.busier) and self.keeps_rhythm:
            raise UsageError(
                "--keep rhythm and --keep contour keep the number of notes: leave --simpler and "
                "--busier out"
            )

    @property
    def keeps_rhythm(self) -> bool:
        """Return whether only the note heads change."""
        return "rhythm" in self.keep or "contour" in self.keep

    @property
    def chooses_bars(self) -> bool:
        """Return whether bars are chosen by number, part or ending."""
        return bool(self.bars or self.part or self.ending)


@dataclass(frozen=True)
class Variation:
    """A variation of a tune.

    Attributes:
        text: the tune.
        seed: the seed that gives it again.
        following_log_prob: see `Candidate`.
    """

    text: str
    seed: int
    following_log_prob: float


class Varier:
    """A model that varies one tune.

    Args:
        infiller: the model.
        text: the text of the tune.
        options: the bars to vary.
        is_beginning: whether the text is only the beginning of a tune, so that its last bar is not
            shorter by the length of the pick-up.

    Attributes:
        left_out: the chord symbols and other signs in quotes or exclamation marks that stand among
            the old notes of the bars, in the order of the text. The new bars do not have them.

    Raises:
        TuneError: the tune cannot be read, or contains a character that the model does not know.
        UsageError: a chosen bar does not exist, or nothing fits into it.
    """

    def __init__(
        self,
        infiller: Infiller,
        text: str,
        options: VaryOptions,
        *,
        is_beginning: bool = False,
    ) -> None:
        text = without_macros(text)
        self._infiller, self._text, self._options = infiller, text, options
        self._is_beginning = is_beginning
        self._old: Melody | None = None
        self._echo = ""
        holes = self._chosen_holes() if options.chooses_bars else self._stars()
        self._gap = Gap(text, holes, self._echo)
        replaced = (text[hole.start : hole.stop] for hole in holes)
        self.left_out = [sign for old in replaced for sign in _SIGN.findall(old)]
        self._check_characters()

    def _chosen_holes(self) -> list[Hole]:
        """Return the holes of bars that the options choose."""
        located = LocatedTune(self._text)
        self._old, self._bar_durations = _melody(located), _bar_durations(located)
        options, numbers = self._options, BarNumbers(located)
        bars = numbers.select(bars=options.bars, part=options.part, ending=options.ending)
        keep_beats = "notes-on-beats" in options.keep
        if options.keeps_rhythm:
            holes = kept_rhythm_holes(
                located, bars, keep_contour="contour" in options.keep, keep_beats=keep_beats
            )
        else:
            holes = NewBars(located, numbers, bars, self._fits, keep_beats=keep_beats).holes()
            self._echo = "" if keep_beats else find_echo(located, numbers, bars)
        if not holes:
            raise UsageError("the chosen bars contain no note that may change: choose others")
        return holes

    def _stars(self) -> list[Hole]:
        """Return the holes of bars and notes that the tune marks."""
        read, places = replace_stars(self._text)
        if not places:
            raise UsageError(
                f"choose bars by --bars 5-8, --part B or --ending, or write {STAR} in the tune "
                "where the model should fill in music"
            )
        if self._options.keep or self._options.simpler or self._options.busier:
            raise UsageError(
                f"a {STAR} has no old notes to keep or to count: leave --keep, --simpler and "
                "--busier out, or choose bars by --bars"
            )
        located = LocatedTune(read)
        numbers, is_whole = BarNumbers(located), not self._is_beginning
        starred = StarredGap(located, places, numbers, self._fits, is_whole=is_whole)
        self._bar_durations = starred.bar_durations()
        return starred.holes()

    def old_text(self) -> str:
        """Return the tune with some music of the right duration in place of each `*`."""
        return self._gap.old_text()

    def old_places(self) -> list[tuple[int, int]]:
        """Return the start and the stop of this music in `old_text`, for each `*`."""
        return self._gap.old_places()

    def _check_characters(self) -> None:
        """Raise an error for a character of the music that the model does not know."""
        music = self._gap.read_music()
        if unknown := self._infiller.unknown_characters(music):
            lines = self._text.splitlines()
            problem = f"the model does not know {unknown[0]!r}: remove it, or name another model"
            for number, line in enumerate(lines, 1):
                if unknown[0] in line:
                    raise TuneError(problem, number, line.index(unknown[0]) + 1)
            # The character stands in the coded tune only (`charnn.music.coding`).
            raise UsageError(problem)

    def _fits(self, music: Music) -> bool:
        return GapGrammar([music, Fixed("|")], self._infiller.characters).fits(music)

    def variations(
        self, seeds: Sequence[int], params: SamplingParams, candidates: int = CANDIDATES
    ) -> Iterator[Variation]:
        """Yield a variation for each seed; all differ from the tune and from each other.

        If all candidates of a seed are refused, further seeds are tried.

        Args:
            seeds: the seeds.
            params: the temperature.
            candidates: the number of candidates that are drawn for each variation.

        Raises:
            UsageError: the temperature is 0.
            CharnnError: no further variation was found.
        """
        if params.temperature == 0:
            raise UsageError("variations are drawn: use a --temperature above 0")
        filler = GapFiller(
            self._infiller,
            self._gap,
            temperature=params.temperature,
            note_bonus=NOTE_BONUS * (self._options.busier - self._options.simpler),
        )
        found: list[Melody] = []
        for number, seed in enumerate(seeds):
            for attempt in range(MAX_ATTEMPTS):
                # Skips the seeds of the other variations.
                tried = seed + attempt * len(seeds)
                chosen = self._choose(filler.candidates(tried, candidates), found)
                if chosen is not None:
                    text = self._gap.filled(chosen.stretches)
                    yield Variation(text, tried, chosen.following_log_prob)
                    break
            else:
                raise CharnnError(
                    f"only {number} different variations were found: choose more bars, keep less, "
                    "or use a higher --temperature"
                    if number
                    else f"no variation was found{self._wanted()}: choose more bars, keep less, or "
                    "use a higher --temperature"
                )

    def _wanted(self) -> str:
        if self._options.simpler:
            return " with fewer notes"
        return " with more notes" if self._options.busier else " that differs from the tune"

    def _choose(self, candidates: Iterable[Candidate], found: list[Melody]) -> Candidate | None:
        """Return the first acceptable candidate, and add the melody of its tune to `found`.

        Returns None if there is no acceptable candidate, or if its melody was found before. The
        second one is no substitute: it is not what the same seed writes alone.
        """
        for candidate in candidates:
            melody = self._accepted(self._gap.filled(candidate.stretches))
            if melody in found:
                return None
            if melody is not None:
                found.append(melody)
                return candidate
        return None

    def _accepted(self, text: str) -> Melody | None:
        """Return the melody of a new text; None if the text is refused.

        It is refused if it sounds like the old one, if its bars have other durations, or if the
        number of its notes is not what the options ask for.
        """
        try:
            located = LocatedTune(text)
        except TuneError:
            return None
        if _bar_durations(located) != self._bar_durations:
            return None
        melody = _melody(located)
        if self._old is None:
            return melody
        more = _note_count(melody) - _note_count(self._old)
        if (self._options.simpler and more >= 0) or (self._options.busier and more <= 0):
            return None
        return None if melody == self._old else melody


def vary_tune(
    checkpoint: Checkpoint,
    text: str,
    options: VaryOptions,
    seeds: Sequence[int],
    params: SamplingParams,
) -> Iterator[Variation]:
    """Return an iterator over variations of a tune by a model, see `Varier`."""
    return Varier(Infiller(checkpoint), text, options).variations(seeds, params)


def _bar_durations(located: LocatedTune) -> list[Fraction]:
    return [bar.duration for bar in located.bars]


def _melody(located: LocatedTune) -> Melody:
    """Return the notes and rests of a tune; tied notes are separate, graces do not count."""
    return [
        (tuple(pitch.midi for pitch in note.pitches), note.duration)
        for note in located.tune.music
        if isinstance(note, Note)
    ]


def _note_count(melody: Melody) -> int:
    return sum(bool(pitches) for pitches, _ in melody)
