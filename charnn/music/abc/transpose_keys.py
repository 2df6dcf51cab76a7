"""Transposition of keys and chord symbols, and the spelling of the new tonic.

Two keys have no tonic. Music in `K:none` moves as if its tonic were C and stays without a
signature, so its notes get accidentals; with trills or rolls, whose upper notes have none, the
accidentals of the moved scale stand in the key. `K:HP` counts as A mixolydian and becomes another
mixolydian key, because bagpipes have no other key. In `exp` keys, all accidentals of the scale are
written out.

A step is a number for a letter in an octave: 7 x octave + index in `LETTERS`, so middle C is 28.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from charnn.music.abc.key_field import read_key
from charnn.music.abc.note_head import ACCIDENTALS
from charnn.music.abc.patterns import KEY_ACCIDENTAL, KEY_TONIC, Match
from charnn.music.abc.staff_words import is_staff_word
from charnn.music.tune.chord_symbols import SIGN_ALTERATIONS, replace_chord_notes
from charnn.music.tune.theory import (
    LETTERS,
    SEMITONES,
    SHARP_ORDER,
    major_key_sharps,
    natural_midi,
)
from charnn.music.tune.tune import Key

_MIDDLE_C_STEP = 28
_MOST_SIGNS = 6
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}  # of tonics and of chords' roots
_KEY_EXTRA = re.compile(rf"([A-Za-z]*)((?:{KEY_ACCIDENTAL.pattern})+)")


def natural_midi_of_step(step: int) -> int:
    """Return the MIDI pitch of a step without accidental."""
    return natural_midi(LETTERS[step % 7], step // 7)


def pitch_class(tonic: str) -> int:
    """Return the number of semitones from C up to a tonic: 2 for D, -1 for Cb."""
    return SEMITONES[tonic[0]] + SIGN_ALTERATIONS[tonic[1:]]


@lru_cache(maxsize=1024)
def transpose_key(
    key: Key, before: Key | None, semitones: int, wanted: str = "", *, has_ornaments: bool = False
) -> tuple[Key, int]:
    """Return a key moved up, and the number of letters by which its notes move up.

    Args:
        key: a key of the old tune.
        before: the key of the new tune up to here, which stays if the field contains only a clef.
        semitones: the number of semitones by which the tune moves up.
        wanted: the spelling of a tonic, which the new key gets if it has this tonic and then at
            most six signs; `""` for the spelling with the fewest signs.
        has_ornaments: whether the scale of the key is heard beside the notes. Then `K:none` gets
            the accidentals of the moved scale.
    """
    parsed, _ = read_key(key.text)
    names_key = bool(parsed.tonic) or parsed.mode == "pipes"
    old_tonic = key.tonic or ("A" if key.mode == "pipes" else "C")
    new_tonic = _new_tonic(old_tonic, _signature_sharps(key), semitones, wanted)
    letter_steps = _letter_steps(old_tonic, new_tonic, semitones)
    if semitones % 12 == 0 and names_key and new_tonic == old_tonic:
        return key, letter_steps
    text = key.text
    if names_key:
        text = _moved_text(key, new_tonic, letter_steps, semitones)
    elif key.mode == "none" and has_ornaments and semitones % 12:
        text = _scale_without_tonic(key, letter_steps, semitones)
    moved, _ = read_key(text, before)
    # The words of a V: are not part of the key's text.
    moved = replace(moved, octave=key.octave, transpose=key.transpose, clef=key.clef)
    return moved, letter_steps


def _signature_sharps(key: Key) -> int:
    """Return the number of sharps of a key's signature; flats are negative.

    An `exp` key counts as the major key on its tonic.
    """
    return key.sharps if key.mode != "explicit" else _fifths(key.tonic)


def _fifths(tonic: str) -> int:
    """Return the number of sharps of the major key on a tonic: 1 for G, -6 for Gb."""
    return major_key_sharps(tonic[0]) + 7 * SIGN_ALTERATIONS[tonic[1:]]


def _new_tonic(tonic: str, sharps: int, semitones: int, wanted: str) -> str:
    """Return the new tonic: `wanted` if this is possible with six signs, else the simplest one."""
    if wanted and (pitch_class(wanted) - pitch_class(tonic) - semitones) % 12 == 0:
        mode_sharps = sharps - _fifths(tonic)
        if abs(_fifths(wanted) + mode_sharps) <= _MOST_SIGNS:
            return wanted
    return _simplest_tonic(tonic, sharps, semitones)


def _simplest_tonic(tonic: str, sharps: int, semitones: int) -> str:
    """Return the new tonic, spelled so that its signature has the fewest sharps or flats.

    Args:
        tonic: the old tonic.
        sharps: the number of sharps of the old signature; negative for flats.
        semitones: the number of semitones by which the tune moves up.
    """
    if semitones % 12 == 0:
        return tonic
    # A semitone is seven fifths; twelve fifths are an octave, so the result is -6 to 5 sharps.
    new_sharps = (sharps + 7 * semitones + 6) % 12 - 6
    if new_sharps == -6 and sharps >= 0:
        new_sharps = 6
    mode_sharps = sharps - _fifths(tonic)
    sign, letter = divmod(new_sharps - mode_sharps + 1, 7)
    return SHARP_ORDER[letter] + _SIGNS[sign]


def _letter_steps(old_tonic: str, new_tonic: str, semitones: int) -> int:
    """Return the number of letters from the old tonic up to the new tonic.

    The new tonic sounds `semitones` above the old one. A negative number counts downwards.
    """
    octaves = (semitones - pitch_class(new_tonic) + pitch_class(old_tonic)) // 12
    return LETTERS.index(new_tonic[0]) - LETTERS.index(old_tonic[0]) + 7 * octaves


def _moved_text(key: Key, tonic: str, letter_steps: int, semitones: int) -> str:
    """Return the text of the new K: field, with clefs and other words unchanged."""
    words = key.text.strip()
    if key.mode == "pipes":
        return f"{tonic}mix{words[2:]}"
    found = KEY_TONIC.match(words)
    rest = words[found.end() :] if found else ""
    if key.mode == "explicit":
        accidentals = _moved_scale(key, letter_steps, semitones)
        others = _replace_accidentals(rest, lambda _: "").partition("exp")[2]
        return f"{tonic} exp {accidentals} {others}".strip()

    def move_accidental(found: Match) -> str:
        letter, alteration = _move_letter(key, found[2].upper(), letter_steps, semitones)
        written = letter.lower() if found[2].islower() else letter
        # ABC has no triple signs. The notes get accidentals instead.
        return ACCIDENTALS[alteration] + written if abs(alteration) <= 2 else ""

    return (tonic + _replace_accidentals(rest, move_accidental)).strip()


def _scale_without_tonic(key: Key, letter_steps: int, semitones: int) -> str:
    """Return the text of a new `K:none` with the accidentals of its moved scale."""
    words = key.text.strip()
    rest = words[4:] if words.lower().startswith("none") else words
    others = _replace_accidentals(rest, lambda _: "").split()
    return " ".join(["none", *_moved_scale(key, letter_steps, semitones).split(), *others])


def _moved_scale(key: Key, letter_steps: int, semitones: int) -> str:
    """Return the accidentals of the moved scale of a key."""
    moved = [_move_letter(key, letter, letter_steps, semitones) for letter in LETTERS]
    return " ".join(
        ACCIDENTALS[alteration] + letter
        for letter, alteration in moved
        if alteration and abs(alteration) <= 2
    )


def _replace_accidentals(words: str, replacement: Callable[[Match], str]) -> str:
    """Return the words of a key with each of its accidentals replaced."""

    def replace_in_word(found: Match) -> str:
        parts = _KEY_EXTRA.fullmatch(found[0])
        if parts is None or is_staff_word(found[0]):
            return found[0]
        return parts[1] + KEY_ACCIDENTAL.sub(replacement, parts[2])

    return re.sub(r"\S+", replace_in_word, words)


def _move_letter(key: Key, letter: str, letter_steps: int, semitones: int) -> tuple[str, int]:
    """Return the letter to which a letter of a key's scale moves, and its alteration there."""
    index = LETTERS.index(letter)
    old_step, new_step = _MIDDLE_C_STEP + index, _MIDDLE_C_STEP + index + letter_steps
    midi = natural_midi_of_step(old_step) + key.alterations[index] + semitones
    return LETTERS[new_step % 7], midi - natural_midi_of_step(new_step)


@lru_cache(maxsize=4096)
def transpose_chord_symbol(text: str, letter_steps: int, semitones: int) -> str:
    """Return a transposed chord symbol in quotes; root and bass move like the notes.

    Text in quotes that is no chord symbol stays as it is.
    """

    def move(written_letter: str, sign: str) -> str:
        old_step = _MIDDLE_C_STEP + LETTERS.index(written_letter.upper())
        midi = natural_midi_of_step(old_step) + SIGN_ALTERATIONS[sign] + semitones
        step = old_step + letter_steps
        while abs(midi - natural_midi_of_step(step)) > 1:  # no chord has a double sharp as root
            step += 1 if midi > natural_midi_of_step(step) else -1
        letter = LETTERS[step % 7]
        written = letter if written_letter.isupper() else letter.lower()
        return written + _SIGNS[midi - natural_midi_of_step(step)]

    return f'"{replace_chord_notes(text[1:-1], move)}"'
