"""A tune played with the options of a user: the source of MIDI and audio files.

A `Playback` computes its performance and its accompaniment at their first use and keeps both, so
that several formats made from one playback share that work.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from charnn.errors import TuneError
from charnn.music.performance.accompaniment import Chords, accompany
from charnn.music.performance.performance import (
    MAX_SOUNDS,
    Performance,
    Sound,
    at_tempo,
    join_tempos,
)
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Tune
from charnn.music.tune.written_chords import has_chords


@dataclass(frozen=True, slots=True)
class PlaybackOptions:
    """The user's options for the playing of a tune.

    Attributes:
        tempo: beats a minute; None keeps the tempo of the tune, see `performance.at_tempo`.
        instrument: name of the melody's instrument, see `instruments.find_instrument`.
        graces, swing, repeats: see `player.perform`.
        chords: the source of the accompanying chords, see `accompaniment.accompany`.
        speed: the factor of the tempo, below 1 for practice.
    """

    tempo: float | None = None
    instrument: str = "fiddle"
    graces: bool = True
    swing: Fraction | None = None
    chords: Chords = "off"
    repeats: bool = True
    speed: Fraction = Fraction(1)


@dataclass(frozen=True)  # no slots: cached_property stores its value in __dict__
class Playback:
    """A tune, and the user's options for the playing of this tune."""

    tune: Tune
    options: PlaybackOptions = PlaybackOptions()

    @cached_property
    def performances(self) -> tuple[Performance, ...]:
        """Return each voice as it sounds. The first one has the tempos of all voices.

        Raises:
            TuneError: the tune has no notes, or has too many notes with its repeats.
            UsageError: the tempo is out of range.
        """
        options = self.options
        found: list[Performance] = []
        count = 0
        for voice in self.tune.voices:
            found.append(
                perform(voice, graces=options.graces, swing=options.swing, repeats=options.repeats)
            )
            count += len(found[-1].sounds)
            if count > MAX_SOUNDS:
                raise self._error(
                    f"the voices have more than {MAX_SOUNDS:,} notes once their repeats are "
                    "played: choose one with --voice"
                )
        if not count:
            raise self._error("the tune has no notes to play")
        return (at_tempo(join_tempos(found), options.tempo, options.speed), *found[1:])

    @property
    def performance(self) -> Performance:
        """Return the first voice as it sounds."""
        return self.performances[0]

    @property
    def duration(self) -> Fraction:
        """Return the length of the longest voice in quarter notes."""
        return max(performance.duration for performance in self.performances)

    @property
    def chord_voice(self) -> int:
        """Return the index of the voice that is accompanied: the first one with chord symbols.

        If no voice has chord symbols, the first one is accompanied.
        """
        voices = enumerate(self.tune.voices)
        return next((index for index, voice in voices if has_chords(voice)), 0)

    @cached_property
    def accompaniment(self) -> tuple[Sound, ...]:
        """Return the sounds that accompany the melody; empty with `chords="off"`.

        Raises:
            TuneError: the tune has too many bars or notes, see `accompaniment.accompany`.
        """
        index = self.chord_voice
        return accompany(self.tune.voices[index], self.performances[index], self.options.chords)

    def _error(self, problem: str) -> TuneError:
        return TuneError(problem, self.tune.line, 1, self.tune.name)
