"""The mistakes and habits of tune books, mended for training.

What a book leaves out or gets wrong, a model would learn as a fact: that tunes in G end on E, that
jigs stand in common time, that a title ends with a full stop. So titles get one style
(`clean_titles.py`), marks for the fiddler's bow are dropped, a key without a mode gets the mode
that its notes tell (`mode_inference.py`), and a tune without a type the type that its section or
its rhythm tells (`type_inference.py`). A type that contradicts the meter is dropped. Files that are
played or drawn are never changed in this way.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from charnn.music.abc.clean_titles import mend_title
from charnn.music.abc.dance_meters import name_in_meter, suits_meter
from charnn.music.abc.key_field import is_key
from charnn.music.abc.mode_inference import infer_key
from charnn.music.abc.patterns import FIELD
from charnn.music.abc.spelled_tune import SpelledTune
from charnn.music.abc.type_inference import TypeStatistics

_BOWING = re.compile(r'("[^"]*"|\[[A-Za-z]:[^\]]*\])|[uv]')
# The n of `Bn` is beside the m on a keyboard.
_MISTYPED_MINOR = re.compile("([A-G][#b]?) ?n")

# Old spellings in titles of Aird's selection.
_OLD_TYPE_NAMES = {"strathsy": "strathspey", "cotillon": "cotillion", "cottillon": "cotillion"}
_OLD_TYPE_NAME = re.compile(rf"\b({'|'.join(_OLD_TYPE_NAMES)})\b", re.IGNORECASE)


def mend_tunes(tunes: Sequence[SpelledTune]) -> list[SpelledTune]:
    """Return the tunes of some books with their mistakes mended, in the same order."""
    types = [stated_type(tune) for tune in tunes]
    statistics = TypeStatistics(
        (tune, name) for tune, name in zip(tunes, types, strict=True) if name
    )
    return [
        _mend(tune, name or ("" if tune.fields["R"] else statistics.infer(tune)))
        for tune, name in zip(tunes, types, strict=True)
    ]


def stated_type(tune: SpelledTune) -> str:
    """Return the type that R:, a section or a title states, if it suits the meter."""
    rhythm, meter = tune.fields["R"] or tune.section, tune.fields["M"]
    if not rhythm and (found := _OLD_TYPE_NAME.search(tune.fields["T"])):
        rhythm = _OLD_TYPE_NAMES[found[1].lower()]
    rhythm = name_in_meter(rhythm, meter)
    return rhythm if suits_meter(rhythm, meter) else ""


def _mend(tune: SpelledTune, rhythm: str) -> SpelledTune:
    """Return a tune with a type, a mended title and key, and without bowing."""
    body = tuple(
        line if FIELD.match(line) else _BOWING.sub(lambda found: found[1] or "", line)
        for line in tune.body
    )
    fields = tune.fields | {
        "T": mend_title(tune.fields["T"]),
        "R": rhythm,
        "K": infer_key(_mend_key(tune.fields["K"]), body),
    }
    return replace(tune, fields=fields, body=body)


def _mend_key(key: str) -> str:
    """Return a key that can be read: `Bm` for `Bn`; any other key stays unchanged."""
    found = _MISTYPED_MINOR.fullmatch(key)
    return f"{found[1]}m" if found and is_key(f"{found[1]}m") else key
