"""The repeats that the sign of a bar line states (ABC 2.1, "Repeat/bar symbols")."""

from functools import lru_cache

from charnn.music.abc.patterns import BAR_LINE, Match


def count_repeats(found: Match) -> tuple[int, int]:
    """Return how often a matched bar line goes back, and how many repeats it opens.

    Each colon stands for one repeat: `:|` is (1, 0), `|::` is (0, 2). Colons without a line are
    divided between both sides, so that `::` is `:|:`.
    """
    if colons := len(found["colons"] or ""):
        return colons - colons // 2, colons // 2
    return len(found["before"] or ""), len(found["after"] or "")


@lru_cache(maxsize=1024)
def states_repeats(sign: str, ends: int, starts: int) -> bool:
    """Return whether a sign alone states these numbers of repeats.

    If it does not, a colon at the beginning of the next line completes the sign.
    """
    found = BAR_LINE.fullmatch(sign)
    return found is not None and count_repeats(found) == (ends, starts)


@lru_cache(maxsize=1024)
def stay_apart(first: str, second: str) -> bool:
    """Return whether two signs written without a space are read as two bar lines."""
    found = BAR_LINE.match(first + second)
    return found is not None and found.end("sign") == len(first)
