"""The meters in which the types of dances are written."""

_DUPLE, _TRIPLE = ("C|", "C", "4/4", "2/2", "2/4"), ("3/4", "3/8")
# Types that are danced to one rhythm, with their usual meter first. Marches, airs and many others
# are written in any meter.
_METERS = {
    "reel": _DUPLE,
    "hornpipe": (*_DUPLE, "3/2"),
    "strathspey": ("C", "C|", "4/4", "2/2"),
    "polka": ("2/4", "C", "C|", "4/4", "2/2"),
    "fling": _DUPLE,
    "jig": ("6/8", "12/8"),
    "slip jig": ("9/8",),
    "slide": ("12/8", "6/8"),
    "waltz": _TRIPLE,
    "minuet": _TRIPLE,
    "mazurka": _TRIPLE,
}


def name_in_meter(rhythm: str, meter: str) -> str:
    """Return the name of a type of dance in a meter: books call a jig in 9/8 a slip jig."""
    return "slip jig" if (rhythm, meter) == ("jig", "9/8") else rhythm


def suits_meter(rhythm: str, meter: str) -> bool:
    """Return whether a type of dance, as in R:, is written in a meter, as in M:.

    Any meter suits an unknown type, and any type suits an empty meter.
    """
    return not meter or meter in _METERS.get(rhythm, (meter,))


def usual_meter(rhythm: str) -> str:
    """Return the usual meter of a type of dance; `""` if the type is written in any meter."""
    return _METERS.get(rhythm, ("",))[0]
