"""The sign of a tuplet, `(p:q:r` (ABC 2.1, "Duplets, triplets, quadruplets, etc.")."""

from charnn.music.abc.patterns import TUPLET
from charnn.music.tune.theory import default_tuplet_time


def parse_tuplet(text: str, *, compound: bool) -> tuple[int, int, int]:
    """Return p, q and r: p notes are played in the time of q, and the next r notes are affected.

    Args:
        text: the sign. A number that is missing or 0 has its default: r is p.
        compound: whether the meter is compound; the default of q may depend on it.
    """
    found = TUPLET.match(text)
    p, q, r = (int(number or 0) for number in found.groups()) if found else (3, 0, 0)
    return p, q or default_tuplet_time(p, compound=compound), r or p
