"""How hard a note is struck: the first of a bar hardest, those on a beat harder than the rest."""

from fractions import Fraction

from charnn.music.performance.played_bars import PlayedBar, beat_of

FIRST, BEAT, OTHER, GRACE = 100, 91, 82, 72  # velocities; MIDI has 1 to 127


def velocity(onset: Fraction, bar: PlayedBar, *, grace: bool = False) -> int:
    """The velocity of a note that begins at `onset` in a bar. In free meter none stands out."""
    if grace:
        return GRACE
    if not bar.meter.bar:
        return BEAT
    since = (onset - bar.origin) % bar.meter.bar
    if since == 0:
        return FIRST
    return BEAT if since % beat_of(bar.meter) == 0 else OTHER
