"""The usual keys, in the spelling of cleaned tunes."""

from difflib import get_close_matches

from charnn.music.abc.key_field import is_key

_MODES = ("", "m", "dor", "mix", "lyd", "phr")
_TONICS = ("C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab", "Db", "F#", "C#", "G#")
# Some combinations are no keys: G# major would have eight sharps.
KEYS = tuple(tonic + mode for mode in _MODES for tonic in _TONICS if is_key(tonic + mode))


def similar_key(text: str) -> str:
    """Return the usual key on the same tonic that resembles a mistyped one most, or `""`."""
    same_tonic = [key for key in KEYS if key[0] == text[:1].upper()]
    return next(iter(get_close_matches(text, same_tonic, n=1)), "")
