"""Tunes in other keys: every note moves by so many semitones and keeps its place in the scale.

The mode stays, the tonic becomes the one with the fewest sharps or flats, and each note's letter
moves as the tonic's letter does. Its accidental follows from its sound, so what was an F sharp
written out in C is an F double sharp in C sharp minor, and where that would take a triple sign the
neighbouring letter is used. Accidentals written stay written; one is added where the new text would
sound wrong without it.

Keys without a tonic: music in `K:none` moves as if from C, still without a signature, so that
accidentals tell its notes apart; `K:HP` becomes the mixolydian key that A becomes, for no pipes
play it; in `exp` keys all accidentals of the scale are written out.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from charnn.errors import TuneError, UsageError
from charnn.music.abc import fields
from charnn.music.tune.chord_symbols import BASS, ROOT, SIGN_ALTERATIONS, read_chord
from charnn.music.tune.theory import (
    LETTERS,
    SEMITONES,
    SHARP_ORDER,
    major_key_sharps,
    natural_midi,
)
from charnn.music.tune.tune import (
    BarLine,
    Change,
    Element,
    Key,
    Mark,
    Note,
    Pitch,
    Tune,
)

FURTHEST = 24  # semitones
LOWEST, HIGHEST = 55, 83  # G3 to B5, where folk instruments play
TOLERANCE = 2  # semitones beyond that are not worth a turn to the other side

_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_TONIC = re.compile(r"([A-Ga-g])([#b]?)")
_EXTRA = re.compile(r"([A-Za-z]*)((?:(?:\^\^|\^|__|_|=)[A-Ga-g])+)")
_ONE_EXTRA = re.compile(r"(\^\^|\^|__|_|=)([A-Ga-g])")
_ROOT = re.compile(rf"(?:(?<=^)|(?<=[\s(;,|])){ROOT}|(?<=/){BASS}")


def transpose(tune: Tune, semitones: int) -> Tune:
    """Return the tune so many semitones higher, or lower below 0.

    A tie between six sharps and six flats goes by the key it was in. An octave keeps every letter.

    Raises:
        UsageError: it is more than two octaves.
        TuneError: a note would be beyond all hearing.
    """
    if abs(semitones) > FURTHEST:
        raise UsageError(
            f"a tune can be transposed by at most {FURTHEST} semitones, not {semitones}"
        )
    return _Transposer(tune, semitones).tune() if semitones else tune


def transpose_to(tune: Tune, tonic: str) -> Tune:
    """Return the tune on another tonic, `"D"` or `"Bb"`, its mode kept, by the nearest way.

    That is at most a tritone, and up if it is one. If notes then lie more than a whole tone beyond
    G3 to B5, and fewer semitones beyond it the other way, that way is taken. The name of the tonic
    says its pitch: the spelling is that with the fewest signs (for C sharp major, D flat).

    Raises:
        UsageError: `tonic` is none, or the tune has no key to start from.
        TuneError: a note would be beyond all hearing.
    """
    found = _TONIC.fullmatch(tonic.strip())
    if found is None:
        raise UsageError(f"{tonic!r} is no tonic: give a letter from A to G, with # or b behind it")
    if not tune.key.tonic:
        raise UsageError(f"{tune.name} has no key (K:) to transpose from")
    up = (_pitch_class(found[1].upper() + found[2]) - _pitch_class(tune.key.tonic)) % 12
    near, far = (up, up - 12) if up <= 6 else (up - 12, up)
    sounding = [p.midi for note in tune.music if isinstance(note, Note) for p in note.pitches]
    if not up or not sounding:
        return transpose(tune, near if up else 0)

    def beyond(semitones: int) -> int:
        lowest, highest = min(sounding) + semitones, max(sounding) + semitones
        return max(0, LOWEST - lowest) + max(0, highest - HIGHEST)

    turns = beyond(near) > TOLERANCE and beyond(far) < beyond(near)
    return transpose(tune, far if turns else near)


class _Transposer:
    """Goes through a tune once, reading along what the new text will say."""

    def __init__(self, tune: Tune, semitones: int) -> None:
        self._tune, self._semitones = tune, semitones
        self._heads: dict[tuple[str, int, int], tuple[str, int, int]] = {}
        self._altered: dict[str, int] = {}  # as the reader keeps them
        self._tied: dict[tuple[str, int], int] = {}
        self._key = self._first = self._turn_to(tune.key, None)

    def tune(self) -> Tune:
        tune = self._tune
        letter, text = tune.fields[-1]
        last = (letter, self._first.text if letter == "K" else text)
        music = tuple([self._element(element) for element in tune.music])
        return replace(tune, key=self._first, fields=(*tune.fields[:-1], last), music=music)

    def _turn_to(self, key: Key, before: Key | None) -> Key:
        self._key, self._steps = _moved_key(key, before, self._semitones)
        self._in_key = dict(zip(LETTERS, self._key.alterations, strict=True))
        self._shift = key.transpose
        self._altered = {}
        self._heads = {}
        return self._key

    def _element(self, element: Element) -> Element:
        if isinstance(element, Note):
            return self._note(element)
        if isinstance(element, BarLine):
            self._altered = {}
        elif isinstance(element, Change) and isinstance(element.value, Key):
            key = self._turn_to(element.value, self._key)
            return replace(element, text=key.text, value=key)
        elif isinstance(element, Mark) and element.kind == "chord symbol":
            text = _moved_symbol(element.text, self._steps, self._semitones)
            return replace(element, text=text)
        return element

    def _note(self, note: Note) -> Note:
        if not note.pitches and not note.graces:
            self._tied = {}
            return note
        graces = tuple([self._pitch(p, note) for p in note.graces]) if note.graces else ()
        pitches = tuple([self._pitch(p, note) for p in note.pitches])
        self._tied = {}
        for pitch in pitches:
            if pitch.tied:
                alteration = pitch.midi - self._shift - pitch.natural
                self._tied[pitch.letter, pitch.octave] = alteration
        return Note(pitches, note.length, note.duration, graces, note.rest, note.line, note.column)

    def _pitch(self, pitch: Pitch, note: Note) -> Pitch:
        head = (pitch.letter, pitch.octave, pitch.midi)
        moved = self._heads.get(head)
        if moved is None:
            moved = self._heads[head] = self._move(pitch, note)
        letter, octave, alteration = moved
        accidental = None
        if pitch.accidental is None:
            if letter in self._altered:
                expected = self._altered[letter]
            else:
                expected = self._tied.get((letter, octave), self._in_key[letter])
            if expected != alteration:
                accidental = self._altered[letter] = alteration
        else:
            accidental = self._altered[letter] = alteration
        midi = pitch.midi + self._semitones
        return Pitch(letter, octave, accidental, midi, pitch.length, pitch.tied)

    def _move(self, pitch: Pitch, note: Note) -> tuple[str, int, int]:
        """The letter, octave and alteration that a head comes to."""
        midi = pitch.midi + self._semitones
        if not 0 <= midi <= 127:
            problem = "a note would come to lie beyond all hearing"
            raise TuneError(problem, note.line, note.column, self._tune.name)
        place = 7 * pitch.octave + LETTERS.index(pitch.letter) + self._steps
        alteration = midi - self._shift - _natural(place)
        while abs(alteration) > 2:
            place += 1 if alteration > 0 else -1
            alteration = midi - self._shift - _natural(place)
        return LETTERS[place % 7], place // 7, alteration


def _natural(place: int) -> int:
    """The sound of a letter without accidental; 28, four octaves of letters, is middle C."""
    return natural_midi(LETTERS[place % 7], place // 7)


def _pitch_class(tonic: str) -> int:
    return SEMITONES[tonic[0]] + SIGN_ALTERATIONS[tonic[1:]]


@lru_cache(maxsize=1024)
def _moved_key(key: Key, before: Key | None, semitones: int) -> tuple[Key, int]:
    """A key so much higher, and how many letters up its notes go.

    `before` is the new key in force so far, which a mere clef keeps.
    """
    plain = fields.parse_key(key.text)
    names_key = bool(plain.tonic) or plain.mode == "pipes"
    start = _tonic_of(key)
    tonic = _nearest(start, _sharps(key), semitones)
    steps = _steps(start, tonic, semitones)
    if not names_key:
        return fields.parse_key(key.text, before), steps
    if semitones % 12 == 0:
        return key, steps
    return fields.parse_key(_moved_words(key, tonic, steps, semitones), before), steps


def _tonic_of(key: Key) -> str:
    return key.tonic or ("A" if key.mode == "pipes" else "C")


def _sharps(key: Key) -> int:
    """Sharps of the signature to be moved; for accidentals alone, of the tonic's major key."""
    return key.sharps if key.mode != "explicit" else _fifths(key.tonic)


def _fifths(tonic: str) -> int:
    return major_key_sharps(tonic[0]) + 7 * SIGN_ALTERATIONS[tonic[1:]]


def _nearest(tonic: str, sharps: int, semitones: int) -> str:
    """The tonic with the fewest sharps or flats in its signature."""
    if semitones % 12 == 0:
        return tonic
    moved = (sharps + 7 * semitones + 6) % 12 - 6
    if moved == -6 and sharps >= 0:
        moved = 6
    fifths = moved - (sharps - _fifths(tonic))
    signs, letter = divmod(fifths + 1, 7)
    return SHARP_ORDER[letter] + _SIGNS[signs]


def _steps(old: str, new: str, semitones: int) -> int:
    """Letters from one tonic up to the other, so many semitones above it."""
    octaves = (semitones - _pitch_class(new) + _pitch_class(old)) // 12
    return LETTERS.index(new[0]) - LETTERS.index(old[0]) + 7 * octaves


def _moved_words(key: Key, tonic: str, steps: int, semitones: int) -> str:
    words = key.text.strip()
    if key.mode == "pipes":
        return f"{tonic}mix{words[2:]}"
    found = _TONIC.match(words)
    rest = words[found.end() :] if found else ""
    if key.mode == "explicit":
        altered = [_moved_letter(key, letter, steps, semitones) for letter in LETTERS]
        signs = " ".join(_ACCIDENTALS[a] + letter for letter, a in altered if a and abs(a) <= 2)
        return f"{tonic} exp {signs} {_each(rest, lambda _: '').partition('exp')[2]}".strip()

    def moved(extra: "re.Match[str]") -> str:
        letter, alteration = _moved_letter(key, extra[2].upper(), steps, semitones)
        written = letter.lower() if extra[2].islower() else letter
        # What no sign can say is left to the notes.
        return _ACCIDENTALS[alteration] + written if abs(alteration) <= 2 else ""

    return (tonic + _each(rest, moved)).strip()


def _each(words: str, change: Callable[["re.Match[str]"], str]) -> str:
    """Words of a key with each of its accidentals changed."""

    def word(found: "re.Match[str]") -> str:
        parts = _EXTRA.fullmatch(found[0])
        if parts is None or fields.CLEF.fullmatch(found[0]):
            return found[0]
        return parts[1] + _ONE_EXTRA.sub(change, parts[2])

    return re.sub(r"\S+", word, words)


def _moved_letter(key: Key, letter: str, steps: int, semitones: int) -> tuple[str, int]:
    """Where a letter of a key's scale goes, and how it is altered there."""
    place = LETTERS.index(letter)
    new = 28 + place + steps
    sound = _natural(28 + place) + key.alterations[place] + semitones
    return LETTERS[new % 7], sound - _natural(new)


@lru_cache(maxsize=4096)
def _moved_symbol(text: str, steps: int, semitones: int) -> str:
    """A chord symbol, quotes and all, its root and bass spelled as the notes are."""
    words = text[1:-1]
    if read_chord(words) is None:
        return text

    def root(found: "re.Match[str]") -> str:
        letter, sign = (found[1] or found[3]).upper(), found[2] or found[4] or ""
        place = 28 + LETTERS.index(letter)
        sound = _natural(place) + SIGN_ALTERATIONS[sign] + semitones
        new = place + steps
        while abs(sound - _natural(new)) > 1:  # no chord is called by a double sharp
            new += 1 if sound > _natural(new) else -1
        name = LETTERS[new % 7]
        return (name if (found[1] or found[3]).isupper() else name.lower()) + _SIGNS[
            sound - _natural(new)
        ]

    return f'"{_ROOT.sub(root, words)}"'
