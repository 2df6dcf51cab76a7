"""The repeats that the sign of a bar line states (ABC 2.1, "Repeat/bar symbols")."""

from functools import lru_cache

from charnn.music.abc.patterns import BAR_LINE


# A book has few different signs, and reading asks at every bar.
@lru_cache(maxsize=1024)
def count_repeats(sign: str) -> tuple[int, int] | None:
    """Return how often playing goes back at a sign, and how many repeats it opens.

    Each colon stands for one repeat: `:|` is (1, 0), `|::` is (0, 2). Colons without a line are
    divided between both sides, so that `::` means `:|:`. None stands for a text that is no sign.
    """
    found = BAR_LINE.fullmatch(sign)
    if found is None:
        return None
    if colons := len(found["colons"] or ""):
        return colons - colons // 2, colons // 2
    return len(found["before"] or ""), len(found["after"] or "")


@lru_cache(maxsize=1024)
def stay_apart(first: str, second: str) -> bool:
    """Return whether two signs written without a space are read as two bar lines."""
    found = BAR_LINE.match(first + second)
    return found is not None and found.end("sign") == len(first)
