"""Note lengths as ABC writes them after a note: `3/2`, `2`, `/` (ABC 2.1, "Note lengths")."""

from fractions import Fraction
from functools import lru_cache

from charnn.music.abc.patterns import LENGTH

# The limit of numerators and denominators. Small numbers keep exact arithmetic fast in any text.
MAX_IN_FRACTION = 64


@lru_cache(maxsize=1024)
def parse_length(text: str) -> Fraction | None:
    """Return a written length in units: 1 for `""`, 1/2 for `/`, 1/4 for `//`.

    The result is None if the numerator or the denominator is 0 or above 64.
    """
    found = LENGTH.fullmatch(text)
    if found is None:
        return None
    top, slashes, bottom = found.groups()
    numerator = int(top or 1)
    denominator = int(bottom) * 2 ** (len(slashes) - 1) if bottom else 2 ** len(slashes)
    if not (1 <= numerator <= MAX_IN_FRACTION and 1 <= denominator <= MAX_IN_FRACTION):
        return None
    return Fraction(numerator, denominator)


def format_length(length: Fraction) -> str:
    """Return the shortest spelling of a length: `""` for 1, `/` for 1/2, `3/2`."""
    return _format(length.numerator, length.denominator)


@lru_cache(maxsize=1024)
def _format(numerator: int, denominator: int) -> str:
    top = "" if numerator == 1 else str(numerator)
    if denominator == 1:
        return top
    return top + ("/" if (numerator, denominator) == (1, 2) else f"/{denominator}")
