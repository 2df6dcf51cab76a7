"""The text of K:, the key field (ABC 2.1, "K: - key").

`read_key` turns a key signature into the accidentals of a `Key`: the alteration of each letter. It
leaves out words without a meaning, such as `capo=2`, and returns them. A key with more than seven
sharps or flats is read as its enharmonic one: G# as Ab. `parse_key` refuses both.
"""

import re
from dataclasses import replace
from typing import NamedTuple

from charnn.music.abc.fields import FieldError
from charnn.music.abc.note_head import ALTERATIONS
from charnn.music.abc.patterns import KEY_ACCIDENTAL, KEY_TONIC
from charnn.music.abc.staff_words import is_staff_word, moves_notes, staff_words, with_staff
from charnn.music.tune.theory import LETTERS, SHARP_ORDER, major_key_sharps, signature_alterations
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
_NO_SIGNATURE = ("none", 0)
_ASSIGNMENT = re.compile(r"[A-Za-z-]{2,}=")
# `E flat`, `E-flat`, `E b` and `E♭` are Eb.
_SIGN_OF_TONIC = re.compile(
    r"([A-G])(?:[ -]?(?:(flat)|sharp)(?![a-z])|(?: ?(?:(♭)|♯))| (?:(b)|#)(?![a-z]))", re.IGNORECASE
)
_TONIC_AND_MODE = re.compile(KEY_TONIC.pattern + r" *([A-Za-z]*)")


class UnknownWord(NamedTuple):
    """A word of K: without a meaning, or with another than it seems to have.

    Attributes:
        problem: the message.
        serious: whether the word may have been meant to change notes.
        reading: what is done about it.
    """

    problem: str
    serious: bool
    reading: str = "it is left out"

    @property
    def message(self) -> str:
        """The problem, and what is done about it."""
        return f"{self.problem}: {self.reading}"


def parse_key(text: str, before: Key | None = None) -> Key:
    """Return the key of a K: field all of whose words have a meaning; see `read_key`.

    Raises:
        FieldError: the mode or another word is unknown, or the signature would need more than seven
            sharps or flats.
    """
    key, unknown = read_key(text, before)
    if unknown:
        raise FieldError(unknown[0].problem)
    return key


def read_key(text: str, before: Key | None = None) -> tuple[Key, list[UnknownWord]]:
    """Return the key of a K: field: tonic, mode, accidentals, clef, `octave=` and `transpose=`.

    The field may contain words about the staff and no key. Then the key is that of `before`.

    Args:
        text: the text of the field.
        before: the key up to here; clef, octave and transposition remain unless the field sets
            them.

    Returns:
        The key, and the words that were left out. The text of the key has the tonic as it is read.
    """
    key, words, unknown = _signature(text, before)
    if before is not None:
        staff = before.octave, before.transpose, before.clef
        key = replace(key, octave=staff[0], transpose=staff[1], clef=staff[2])
    alterations = dict(zip(LETTERS, key.alterations, strict=True))
    for word in words:
        position = 0
        while found := KEY_ACCIDENTAL.match(word, position):
            alterations[found[2].upper()] = ALTERATIONS[found[1]]
            position = found.end()
        if position < len(word) and not is_staff_word(word):
            problem = f"cannot read {word!r} in the key {text.strip()!r}"
            unknown.append(UnknownWord(problem, "=" not in word or moves_notes(word)))
    key = replace(key, alterations=tuple(alterations.values()))
    return with_staff(key, words), unknown


def _signature(text: str, before: Key | None) -> tuple[Key, list[str], list[UnknownWord]]:
    """Return the key that tonic and mode of a K: field give, the words after them, and problems."""
    words = text.strip()
    if found := _SIGN_OF_TONIC.match(words):
        sign = "b" if found[2] or found[3] or found[4] else "#"
        text = words = found[1].upper() + sign + words[found.end() :]
    if words.lower().startswith("none"):
        return _make_key(text, "", _NO_SIGNATURE), staff_words(words[4:]), []
    # Bagpipes: F and C sound sharp for HP as well, which prints no signature.
    if words[:2] in ("HP", "Hp"):
        return _make_key(text, "", ("pipes", 2)), staff_words(words[2:]), []
    found = _TONIC_AND_MODE.match(words)
    if before and _begins_with_word(words):
        return replace(before, text=text), staff_words(words), []
    if found is None or _begins_with_word(words):  # "K:bass" is a clef, not the key of B
        return _make_key(text, "", _NO_SIGNATURE), staff_words(words), []
    tonic, mode = found[1].upper() + found[2], found[3]
    rest = words[found.end() :]
    if _is_property(mode + rest, mode):  # "K:D clef=bass": "clef" is not the mode
        mode, rest = "", mode + rest
    short_mode = mode[:3].lower()  # the standard ignores capitals, so "M" is minor like "m"
    if short_mode == "exp":
        return _make_key(text, tonic, ("explicit", 0)), staff_words(rest), []
    problems = []
    if short_mode not in _MODES:
        problems = [UnknownWord(f"unknown mode {mode!r} in the key {words!r}", serious=True)]
    mode_name, mode_sharps = _MODES.get(short_mode, _MODES[""])
    sharps = major_key_sharps(tonic[0]) + {"": 0, "#": 7, "b": -7}[found[2]] + mode_sharps
    if abs(sharps) > 7:
        new_sharps = sharps - 12 if sharps > 0 else sharps + 12
        new_tonic = _tonic_with_sharps(new_sharps - mode_sharps)
        problem = f"the key {words!r} would need more than seven sharps or flats"
        reading = f"it is read as {new_tonic}{words[len(tonic) :].split(' ')[0]}"
        problems.append(UnknownWord(problem, False, reading))
        text, tonic, sharps = new_tonic + words[len(tonic) :], new_tonic, new_sharps
    return _make_key(text, tonic, (mode_name, sharps)), staff_words(rest), problems


def _tonic_with_sharps(sharps: int) -> str:
    """Return the tonic of the major key with -8 to 12 sharps: D for 2."""
    signs, place = divmod(sharps + 1, len(SHARP_ORDER))
    return SHARP_ORDER[place] + ("#" * signs if signs >= 0 else "b" * -signs)


def is_key(text: str) -> bool:
    """Return whether `parse_key` can read a text."""
    try:
        parse_key(text)
    except FieldError:
        return False
    return True


def _begins_with_word(text: str) -> bool:
    """Return whether a text begins with a word that is neither a key nor an accidental."""
    found = _TONIC_AND_MODE.match(text)
    if found is None:
        return bool(text) and KEY_ACCIDENTAL.match(text) is None
    # Tonics in lower case are rare, and "auto" is not the key of A.
    is_word = text[0].islower() and " " not in found[0] and not _is_mode(found[3])
    return is_word or _is_property(text, found[3])


def _is_property(text: str, mode: str) -> bool:
    """Return whether a text begins with a word such as `bass` or `capo=2`, known or not.

    In `Dmix=c`, the sign belongs to an accidental after the mode.
    """
    first = next(iter(staff_words(text)), "")
    return is_staff_word(first) or (_ASSIGNMENT.match(first) is not None and not _is_mode(mode))


def _is_mode(text: str) -> bool:
    return text[:3].lower() in (*_MODES, "exp")


def _make_key(text: str, tonic: str, mode: tuple[str, int]) -> Key:
    name, sharps = mode
    return Key(text, tonic, name, signature_alterations(sharps), sharps)
