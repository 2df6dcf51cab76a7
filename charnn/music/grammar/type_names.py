"""The words that name types of dances in titles, in the spellings of old books."""

import re
from functools import cache

# For each type, the words that name it, in lower case and without punctuation.
_NAMES = {
    "reel": "rh?ee+le?s?",
    "jig": "jigg?e?s?|gigu?e?s?",
    "slip jig": "slip|slipjigg?s?",
    "slide": "slides?",
    "hornpipe": "horn|hornp[iy]p[a-z]*",
    "strathspey": "str[a-z]*sp[a-z]*|strathsy",
    "march": "march|marche|marches",
    "quickstep": "quickst[a-z]*|steps?",
    "waltz": "wal[tsz]+e?s?|valses?",
    "minuet": "min[aeiou]*ett?e?s?",
    "mazurka": "mazo?urkas?|varsov[a-z]*",
    "polka": "pol[ck]as?",
    "galop": "gall?opp?e?s?",
    "fling": "flings?",
    "clog": "clogs?",
    "schottische": "s[ck]h?ott?is[a-z]*",
    "barndance": "barndances?",
    "gavotte": "gavott?e?s?",
    "walkaround": "walkarounds?",
    "cotillion": "cotill?i?ons?",
    "quadrille": "quadrilles?",
    "air": "airs?|laments?|lamentation|planxty",
}
_NO_LETTERS = re.compile("[^a-z]")


def names_other_type(word: str, rhythm: str) -> bool:
    """Return whether a word names a type that a tune of the type `rhythm` does not belong to.

    A slip jig may be called a jig, but no jig a slip jig.
    """
    plain = _NO_LETTERS.sub("", word.lower().removesuffix("'s"))
    return _other_names(rhythm).fullmatch(plain) is not None


@cache
def _other_names(rhythm: str) -> re.Pattern[str]:
    """Return a pattern of the names of all types but `rhythm`."""
    others = (names for name, names in _NAMES.items() if not re.search(rf"\b{name}\b", rhythm))
    return re.compile("|".join(others))
