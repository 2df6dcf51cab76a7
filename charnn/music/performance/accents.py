"""The accents of a performance: the MIDI velocity of a note by its place in the bar."""

from fractions import Fraction

from charnn.music.performance.played_bars import PlayedBar, beat_of

# MIDI velocities, 1 to 127. The steps are small, so that a listener hears the beat without losing
# the notes between the beats.
FIRST_BEAT, BEAT, OFF_BEAT, GRACE = 100, 91, 82, 72


def velocity(onset: Fraction, bar: PlayedBar, *, grace: bool = False) -> int:
    """Return the MIDI velocity of a note that begins at `onset` (in quarter notes) in `bar`.

    The first beat of a bar is the loudest, other beats come next, notes between beats are softer,
    and grace notes are the softest. In free meter, all other notes have
    the velocity of a note on a beat.
    """
    if grace:
        return GRACE
    if not bar.meter.bar:
        return BEAT
    # Modulo, because a played bar can hold several bars of its meter where ABC has no bar lines.
    position = (onset - bar.origin) % bar.meter.bar
    if position == 0:
        return FIRST_BEAT
    return BEAT if position % beat_of(bar.meter) == 0 else OFF_BEAT
