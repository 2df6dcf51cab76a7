"""The words that name types of dances in titles, in the spellings of old books."""

import re
from functools import cache

# For each type, the beginnings of words that name it, in lower case and without punctuation.
_NAMES = {
    "reel": "rh?ee+l",
    "jig": "jig|gigue",
    "slip jig": "slip",
    "slide": "slide",
    "hornpipe": "horn",
    "strathspey": "str[a-z]*sp|strathsy",
    "march": "march",
    "quickstep": "quickst|step",
    "waltz": "walt[sz]|valse",
    "minuet": "min[aeiou]*et",
    "mazurka": "mazo?urk|varsov",
    "polka": "pol[ck]a",
    "galop": "gall?op",
    "fling": "fling",
    "clog": "clog",
    "schottische": "scho?tt?is",
    "barndance": "barnd",
    "gavotte": "gavot",
    "walkaround": "walkar",
    "cotillion": "cotil",
    "quadrille": "quadr",
    "air": "air|lament|planxty",
}
_NO_LETTERS = re.compile("[^a-z]")


def names_other_type(word: str, rhythm: str) -> bool:
    """Return whether a word begins with the name of a type other than `rhythm`.

    A slip jig may be called a jig, but no jig a slip jig. Longer words such as Marchioness are
    counted, too: where a model begins to write March, it would often have to write one of them.
    """
    plain = _NO_LETTERS.sub("", word.lower().removesuffix("'s"))
    return _other_names(rhythm).match(plain) is not None


@cache
def _other_names(rhythm: str) -> re.Pattern[str]:
    """Return a pattern of the names of all types but `rhythm`."""
    others = (names for name, names in _NAMES.items() if not re.search(rf"\b{name}\b", rhythm))
    return re.compile("|".join(others))
