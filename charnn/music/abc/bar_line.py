"""The numbers of repeats that a bar line ends and begins (ABC 2.1, "Repeat/bar symbols")."""

from functools import lru_cache

from charnn.music.abc.patterns import BAR_LINE


# A book has few different signs, and reading asks at every bar.
@lru_cache(maxsize=1024)
def count_repeats(sign: str) -> tuple[int, int] | None:
    """Return the number of repeats that a bar line ends, and the number that it begins.

    Each colon stands for one repeat: `:|` is (1, 0), `|::` is (0, 2). Colons without a line are
    divided between both sides, so `::` means `:|:`; an odd colon ends a repeat, but a single one is
    a dotted bar line. The result is None for a text that is no bar line.
    """
    found = BAR_LINE.fullmatch(sign)
    if found is None:
        return None
    if colons := len(found["colons"] or ""):
        return (colons - colons // 2, colons // 2) if colons > 1 else (0, 0)
    return len(found["before"] or ""), len(found["after"] or "")


@lru_cache(maxsize=1024)
def stay_apart(first: str, second: str) -> bool:
    """Return whether the reader reads two bar lines without a space between them as two."""
    found = BAR_LINE.match(first + second)
    return found is not None and found.end("sign") == len(first)
