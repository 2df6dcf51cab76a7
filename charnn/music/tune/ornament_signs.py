"""The decorations that are played as several notes, with neighbours in the scale of the key."""

from charnn.music.tune.tune import Mark, Tune

TRILLS = frozenset(("T", "!trill!", "+trill+"))
ROLLS = frozenset(("~", "!roll!", "+roll+"))


def has_ornaments(voice: Tune) -> bool:
    """Return whether a voice has a trill or a roll."""
    marks = (element for element in voice.music if isinstance(element, Mark))
    return any((mark.meaning or mark.text) in TRILLS | ROLLS for mark in marks)
