"""The text of K:, the key field (ABC 2.1, "K: - key").

`parse_key` turns a key signature into the accidentals of a `Key`: the alteration of each letter.
"""

import re
from dataclasses import replace

from charnn.music.abc.fields import FieldError
from charnn.music.abc.note_head import ALTERATIONS
from charnn.music.abc.patterns import KEY_ACCIDENTAL, KEY_TONIC
from charnn.music.abc.staff_words import is_staff_word, staff_words, with_staff
from charnn.music.tune.theory import LETTERS, major_key_sharps, signature_alterations
from charnn.music.tune.tune import Key

# A mode is known by its first three letters ("" and "m" are major and minor). The values are its
# name, and the sharps that it adds to those of the major key with the same tonic.
_MODES = {
    "": ("major", 0),
    "maj": ("major", 0),
    "ion": ("major", 0),
    "mix": ("mixolydian", -1),
    "dor": ("dorian", -2),
    "m": ("minor", -3),
    "min": ("minor", -3),
    "aeo": ("minor", -3),
    "phr": ("phrygian", -4),
    "loc": ("locrian", -5),
    "lyd": ("lydian", 1),
}
_TONIC_AND_MODE = re.compile(KEY_TONIC.pattern + r" *([A-Za-z]*)")


def parse_key(text: str, before: Key | None = None) -> Key:
    """Return the key of a K: field: tonic, mode, accidentals, clef, `octave=` and `transpose=`.

    The field may contain words about the staff and no key. Then the key is that of `before`.

    Args:
        text: the text of the field.
        before: the key up to here; clef, octave and transposition remain unless the field sets
            them.

    Raises:
        FieldError: the mode is unknown, the signature would need more than seven sharps or
            flats, or a word is unknown.
    """
    key, rest = _signature(text, before)
    if before is not None:
        staff = before.octave, before.transpose, before.clef
        key = replace(key, octave=staff[0], transpose=staff[1], clef=staff[2])
    return with_staff(key, staff_words(rest))


def _signature(text: str, before: Key | None) -> tuple[Key, str]:
    """Return the key of a K: field without its staff, and the words after tonic and mode."""
    words = text.strip()
    if words.lower().startswith("none"):
        return _make_key(text, "", "none", 0, words[4:]), words[4:]
    # Bagpipes: F and C sound sharp for HP as well, which prints no signature.
    if words[:2] in ("HP", "Hp"):
        return _make_key(text, "", "pipes", 2, words[2:]), words[2:]
    found = _TONIC_AND_MODE.match(words)
    if before and _begins_with_staff(words):
        for word in staff_words(words):
            if not is_staff_word(word):
                raise FieldError(f"cannot read {word!r} in the key {words!r}")
        return replace(before, text=text), words
    if found is None or _begins_with_staff(words):  # "K:bass" is a clef, not the key of B
        return _make_key(text, "", "none", 0, words), words
    tonic, mode = found[1].upper() + found[2], found[3]
    rest = words[found.end() :]
    if _begins_with_staff(mode + rest):  # "K:D clef=bass": "clef" is not the mode
        mode, rest = "", mode + rest
    short_mode = mode[:3].lower()  # the standard ignores capitals, so "M" is minor like "m"
    if short_mode == "exp":
        return _make_key(text, tonic, "explicit", 0, rest), rest
    if short_mode not in _MODES:
        raise FieldError(f"unknown mode {mode!r} in the key {words!r}")
    mode_name, mode_sharps = _MODES[short_mode]
    sharps = major_key_sharps(tonic[0]) + {"": 0, "#": 7, "b": -7}[found[2]] + mode_sharps
    if abs(sharps) > 7:
        raise FieldError(f"the key {words!r} would need more than seven sharps or flats")
    return _make_key(text, tonic, mode_name, sharps, rest), rest


def is_key(text: str) -> bool:
    """Return whether `parse_key` can read a text."""
    try:
        parse_key(text)
    except FieldError:
        return False
    return True


def _begins_with_staff(text: str) -> bool:
    words = staff_words(text)
    return bool(words) and is_staff_word(words[0])


def _make_key(text: str, tonic: str, mode: str, sharps: int, rest: str) -> Key:
    """Return a key whose signature is changed by the accidentals in the `rest` of the text."""
    alterations = dict(zip(LETTERS, signature_alterations(sharps), strict=True))
    for word in staff_words(rest):
        position = 0
        while found := KEY_ACCIDENTAL.match(word, position):
            alterations[found[2].upper()] = ALTERATIONS[found[1]]
            position = found.end()
        if position < len(word) and not is_staff_word(word):
            raise FieldError(f"cannot read {word!r} in the key {text.strip()!r}")
    altered = tuple(alterations[letter] for letter in LETTERS)
    return Key(text, tonic, mode, altered, sharps)
