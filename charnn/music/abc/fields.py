"""The values of the fields that change how notes sound: K: M: L: Q: and the order in P:.

Each function takes the words after the colon, comments removed, and raises `FieldError` with a
phrase that says what is wrong; who reads the tune knows the place.
"""

import re
from dataclasses import replace
from fractions import Fraction

from charnn.music.tune.theory import LETTERS, major_key_sharps, signature_alterations
from charnn.music.tune.tune import Key, Meter, Tempo

MAX_IN_FRACTION = 64
MAX_PARTS = 200
MIN_QUARTERS_PER_MINUTE, MAX_QUARTERS_PER_MINUTE = (
    4,
    2000,
)  # quarter notes a minute; MIDI can't hold slower

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
_KEY = re.compile(r"([A-Ga-g])([#b]?) *([A-Za-z]*)")
_KEY_ACCIDENTAL = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])")
CLEF = re.compile(
    r"(clef=)?(treble|bass|alto|tenor|perc|none|[GFC][1-5])([+-]8)?|"
    r"(octave|transpose)=-?[0-9]{1,2}|"
    r"(middle|m|stafflines|staffscale|staffsep|stem|gstem|name|nm|sname|snm)=\S+"
)
_SHIFT = re.compile(r"(?<!\S)(octave|transpose)=(-?[0-9]{1,2})(?!\S)")
ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}

_NUMBER = r"[0-9]{1,3}"
_METER = re.compile(rf"\(?({_NUMBER}(?: *\+ *{_NUMBER})*)\)? */ *({_NUMBER})")
_FRACTION = re.compile(rf"({_NUMBER})(?: */ *({_NUMBER}))?")
_BPM = r"(?:ca?\. *)?([0-9]{1,4}(?:\.[0-9]{1,3})?)(?![0-9])"
_TEMPO_BEATS = re.compile(rf"((?:{_NUMBER} */ *{_NUMBER}[ +]*)+)= *{_BPM}")
_TEMPO_UNITS = re.compile(rf"(?<![A-Za-z])(?:[A-Ga-g]({_NUMBER})?(?:/({_NUMBER}))? *= *){_BPM}")
_TEMPO_BARE = re.compile(rf"{_BPM} *(?:- *[0-9]+)? *(?:bpm)?")


class FieldError(ValueError):
    """A field whose words can't be understood; the message is the problem as a phrase."""


def parse_key(text: str, before: Key | None = None) -> Key:
    """Read `K:`: tonic, mode, explicit accidentals, `octave=`, `transpose=`; clefs are passed over.

    Words that name no key, but a clef, an octave or a transposition, keep the key `before`.
    """
    words = text.strip()
    if words.lower().startswith("none"):
        return _key(text, "", "none", 0, words[4:])
    if words[:2] in ("HP", "Hp"):
        return _key(text, "", "pipes", 2, words[2:])
    found = _KEY.match(words)
    if before and _is_clef(words):
        now = _shifts(words)
        octave, transpose = now.get("octave", before.octave), now.get("transpose", before.transpose)
        return replace(before, text=text, octave=octave, transpose=transpose)
    if found is None or _is_clef(words):  # "K:bass" names no key
        return _key(text, "", "none", 0, words)
    tonic, mode = found[1].upper() + found[2], found[3]
    rest = words[found.end() :]
    if _is_clef(mode + rest):  # "K:D clef=bass": no mode, but the next word
        mode, rest = "", mode + rest
    if mode[:3].lower() == "exp":
        return _key(text, tonic, "explicit", 0, rest)
    mode_name = mode[:3].lower()  # ABC 2.1, 3.1.14: "capitalisation is ignored", so M is m
    if mode_name not in _MODES:
        raise FieldError(f"unknown mode {mode!r} in the key {words!r}")
    name, shift = _MODES[mode_name]
    sharps = major_key_sharps(tonic[0]) + {"": 0, "#": 7, "b": -7}[found[2]] + shift
    if abs(sharps) > 7:
        raise FieldError(f"the key {words!r} would need more than seven sharps or flats")
    return _key(text, tonic, name, sharps, rest)


def _is_clef(words: str) -> bool:
    return bool(words.strip()) and CLEF.fullmatch(words.split()[0]) is not None


def _shifts(words: str) -> dict[str, int]:
    """What `octave=` and `transpose=` say, by these names; nothing where they are missing."""
    return {name: int(number) for name, number in _SHIFT.findall(words)}


def is_key(text: str) -> bool:
    """Whether there is such a key."""
    try:
        parse_key(text)
    except FieldError:
        return False
    return True


def _key(text: str, tonic: str, mode: str, sharps: int, rest: str) -> Key:
    alterations = dict(zip(LETTERS, signature_alterations(sharps), strict=True))
    for word in rest.split():
        place = 0
        while found := _KEY_ACCIDENTAL.match(word, place):
            alterations[found[2].upper()] = ALTERATIONS[found[1]]
            place = found.end()
        if place < len(word) and not CLEF.fullmatch(word):
            raise FieldError(f"cannot read {word!r} in the key {text.strip()!r}")
    altered = tuple(alterations[letter] for letter in LETTERS)
    return Key(text, tonic, mode, altered, sharps, **_shifts(rest))


def parse_meter(text: str) -> Meter:
    """Read `M:`: `C`, `C|`, `6/8`, `3+2/8`, `none` or nothing."""
    words = text.strip()
    if words.lower() in ("", "none"):
        return Meter(words, 0, 0)
    if words in ("C", "c"):
        return Meter(words, 4, 4)
    if words in ("C|", "c|"):
        return Meter(words, 2, 2)
    found = _METER.fullmatch(words)
    if found is None:
        raise FieldError(f"unknown meter {words!r}")
    top, bottom = sum(map(int, found[1].split("+"))), int(found[2])
    if not 1 <= top <= MAX_IN_FRACTION or bottom not in (1, 2, 4, 8, 16, 32, 64):
        raise FieldError(f"impossible meter {words!r}")
    return Meter(words, top, bottom)


def parse_unit_length(text: str) -> Fraction:
    """Read `L:`, in quarter notes: `1/8` is 1/2."""
    found = _FRACTION.fullmatch(text.strip())
    if found is None:
        raise FieldError(f"unknown unit note length {text.strip()!r}")
    return 4 * _fraction(found[1], found[2])


def default_unit_length(meter: Meter) -> Fraction:
    """The unit where no L: is given: a sixteenth in meters below 3/4, else an eighth (ABC 2.1)."""
    return Fraction(1, 4) if 0 < meter.bar < 3 else Fraction(1, 2)


def parse_tempo(text: str, unit: Fraction) -> Tempo:
    """Read `Q:`: `1/4=120`, `1/4 3/8=40`, `"Allegro" 3/8=120`, `C=100`, `120`, or words alone.

    The old forms: `C=120` counts unit notes, `C3=40` three of them at once (ABC 2.1, 10.1). A bare
    `120` means quarter notes, as every player takes it, though the oldest standard says unit notes.
    Words around a tempo are passed over, and `120-130` is 120; what is no tempo is words.
    """
    words = re.sub(r'"[^"]*"', " ", text).strip()
    if found := _TEMPO_BEATS.search(words):
        beats = Fraction(found[2])
        beat = sum((4 * _fraction(f[1], f[2]) for f in _FRACTION.finditer(found[1])), Fraction(0))
    elif found := _TEMPO_UNITS.search(words):
        beats = Fraction(found[3])
        beat = unit * _fraction(found[1] or "1", found[2])
    elif found := _TEMPO_BARE.fullmatch(words):
        beats, beat = Fraction(found[1]), Fraction(1)
    else:
        return Tempo(text, Fraction(0), Fraction(0))
    if not MIN_QUARTERS_PER_MINUTE <= beat * beats <= MAX_QUARTERS_PER_MINUTE:
        raise FieldError(f"impossible tempo {words!r}")
    return Tempo(text, beat, beats)


def parse_part_order(text: str) -> tuple[str, ...]:
    """Read the header's `P:`, repeats written out: `A2(BC)2.A` is A A B C B C A."""
    stack: list[list[str]] = [[]]
    last: list[str] = []  # what a number behind it would repeat
    for sign in re.findall(r"[0-9]+|[^\s.]", text):
        if sign[0] in "0123456789":
            if int(sign[:4]) > MAX_PARTS:
                raise FieldError("too many parts to play")
            stack[-1].extend(last * (int(sign[:4]) - 1))
            last = []
        elif sign == "(":
            stack.append([])
        elif sign == ")":
            last = stack.pop()
            if not stack:
                raise FieldError(f"unbalanced brackets in the order of parts {text.strip()!r}")
            stack[-1].extend(last)
        elif sign.isalpha():
            last = [sign]
            stack[-1].append(sign)
        else:
            raise FieldError(f"cannot read the order of parts {text.strip()!r}")
        if len(stack[-1]) > MAX_PARTS or len(stack) > 8:
            raise FieldError("too many parts to play")
    if len(stack) > 1:
        raise FieldError(f"unbalanced brackets in the order of parts {text.strip()!r}")
    return tuple(stack[0])


def _fraction(top: str, bottom: str | None) -> Fraction:
    over, under = int(top), int(bottom or 1)
    if not (1 <= over <= MAX_IN_FRACTION and 1 <= under <= MAX_IN_FRACTION):
        raise FieldError(f"impossible length {top}/{bottom or 1}")
    return Fraction(over, under)
