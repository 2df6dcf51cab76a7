"""The key that a model reads in place of a rare one, if its notes are relative to the tonic.

Such a model reads the same notes in every key of a mode; only the value of K: differs. A rare value
has few training tunes, so the model reads a common value, and the tune gets the requested key
when it is decoded.
"""

from collections import Counter
from functools import cache

from charnn.music.abc.key_field import parse_key
from charnn.music.grammar.tune_request import LearnedHeader

# A key is common if it has at least this share of the tunes of the commonest key of its mode.
_COMMON_SHARE = 0.05


@cache
def reading_key(key: str, learned: tuple[LearnedHeader, ...]) -> str:
    """Return `key`, or the common key of the same mode whose tonic is nearest, if `key` is rare.

    The nearest tonic keeps the range of the tune: with a tonic far below, the model would write
    more notes above it. If no training tune has this mode, the key is returned.
    """
    wanted = parse_key(key)
    counts: Counter[str] = Counter()
    for row in learned:
        counts[row.key] += row.tunes
    tunes = {name: count for name, count in counts.items() if parse_key(name).mode == wanted.mode}
    common = [name for name, count in tunes.items() if count >= _COMMON_SHARE * max(tunes.values())]
    if key in common or not common:
        return key
    return min(
        sorted(common),
        key=lambda name: (abs(parse_key(name).semitones - wanted.semitones), -tunes[name]),
    )
