"""A tune played with the options of a user: the source of MIDI and audio files.

A `Playback` computes its performance and its accompaniment at their first use and keeps both, so
that several formats made from one playback share that work.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from charnn.errors import TuneError
from charnn.music.performance.accompaniment import Chords, accompany
from charnn.music.performance.performance import Performance, Sound, at_tempo
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Tune


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
    def performance(self) -> Performance:
        """Return the melody as it sounds.

        Raises:
            TuneError: the tune has no notes, or has too many notes with its repeats.
            UsageError: the tempo is out of range.
        """
        options = self.options
        performance = perform(
            self.tune, graces=options.graces, swing=options.swing, repeats=options.repeats
        )
        if not performance.sounds:
            problem = "the tune has no notes to play"
            raise TuneError(problem, self.tune.line, 1, self.tune.name)
        return at_tempo(performance, options.tempo, options.speed)

    @cached_property
    def accompaniment(self) -> tuple[Sound, ...]:
        """Return the sounds that accompany the melody; empty with `chords="off"`.

        Raises:
            TuneError: the tune has too many bars or notes, see `accompaniment.accompany`.
        """
        return accompany(self.tune, self.performance, self.options.chords)
