"""How a tune is to be played: what every maker of MIDI or sound is told."""

from dataclasses import dataclass

from charnn.errors import TuneError
from charnn.music.performance.accompaniment import Chords
from charnn.music.performance.performance import Performance, at_tempo, perform
from charnn.music.tune.tune import Tune


@dataclass(frozen=True, slots=True)
class Playing:
    """The choices of a player.

    Attributes:
        tempo: beats a minute in place of the tune's own, see `performance.at_tempo`.
        instrument: see `instruments.find_instrument`.
        graces, swing, repeats: see `performance.perform`.
        chords: see `accompaniment.accompany`.
    """

    tempo: float | None = None
    instrument: str = "fiddle"
    graces: bool = True
    swing: bool | None = None
    chords: Chords = "off"
    repeats: bool = True

    def perform(self, tune: Tune) -> Performance:
        """Play a tune; the chords are left to who has an instrument for them.

        Raises:
            TuneError: the tune has no notes, or too many once its repeats are played.
            UsageError: a tempo out of range.
        """
        performance = perform(tune, graces=self.graces, swing=self.swing, repeats=self.repeats)
        if not performance.sounds:
            raise TuneError("it has no notes to play", tune.line, 1, tune.name)
        return at_tempo(performance, self.tempo)


AS_USUAL = Playing()
