"""Transposition: all notes of a tune move by some semitones and keep their degree of the scale.

The mode stays, the new tonic has the spelling with the fewest sharps or flats, and the letter of
each note moves as far as the letter of the tonic. The accidental of a note follows from its sound:
an F sharp in C minor becomes an F double sharp in C sharp minor. If the note would need a triple
sharp or flat, it moves to the next letter. A written accidental stays an accidental, and a note
gets one if the new text would sound wrong without it. `transpose_keys.py` moves keys and chord
symbols.
"""

from dataclasses import replace
from typing import NamedTuple

from charnn.errors import TuneError, UsageError
from charnn.music.abc.fields import FieldError
from charnn.music.abc.key_field import parse_key
from charnn.music.abc.transpose_keys import (
    natural_midi_of_step,
    pitch_class,
    transpose_chord_symbol,
    transpose_key,
)
from charnn.music.tune.ornament_signs import has_ornaments
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import BarLine, Change, Element, Key, Mark, Note, Pitch, Tune

MAX_SEMITONES = 24
LOWEST, HIGHEST = 55, 83  # MIDI pitches G3 to B5, the range of fiddle, flute and whistle
TOLERANCE = 2  # semitones that notes may lie outside of this range


class Target(NamedTuple):
    """A key to move to: its tonic, and its mode or `""` for any mode."""

    tonic: str
    mode: str


def check_semitones(semitones: int) -> None:
    """Raise an error if tunes cannot be moved by a number of semitones.

    Raises:
        UsageError: the distance is more than two octaves.
    """
    if abs(semitones) > MAX_SEMITONES:
        raise UsageError(
            f"a tune can be transposed by at most {MAX_SEMITONES} semitones, not {semitones}"
        )


def parse_target(text: str) -> Target:
    """Return the tonic and mode of a text such as `"D"`, `"Bb"` or `"Em"`.

    Raises:
        UsageError: the text names no tonic, or an unknown mode.
    """
    words = text.strip()
    try:
        key = parse_key(words[:1].upper() + words[1:])
    except FieldError:
        key = None
    if key is None or not key.tonic or key.mode == "explicit":
        raise UsageError(
            f"{text!r} is no tonic: use a letter from A to G, then # or b if needed, then a mode "
            "only for tunes of this mode, as in Em"
        )
    return Target(key.tonic, key.mode if len(words) > len(key.tonic) else "")


def transpose(tune: Tune, semitones: int, *, tonic: str = "") -> Tune:
    """Return a tune moved up by a number of semitones, or down if the number is negative.

    A transposition by octaves keeps every letter. If the new key has six sharps or six
    flats, a tune with flats in its signature gets flats, and any other tune gets sharps.

    Args:
        tune: the tune.
        semitones: the distance.
        tonic: the spelling of the new tonic, if its key has at most six signs; `""` for the one
            with the fewest signs.

    Raises:
        UsageError: the distance is more than two octaves.
        TuneError: a note would leave the range of MIDI.
    """
    check_semitones(semitones)
    if not semitones and tonic in ("", tune.key.tonic):
        return tune
    ornaments = any(map(has_ornaments, tune.voices))
    first, *others = [
        _Transposer(voice, semitones, tonic, has_ornaments=ornaments).transpose()
        for voice in tune.voices
    ]
    return replace(first, others=tuple(others))


def transpose_to(tune: Tune, target: str) -> Tune:
    """Return a tune moved to another tonic (`"D"`, `"Bb"`) in its mode, by the shorter distance.

    For a tritone, the shorter distance is up. The tune moves by the longer distance if two things
    are true: the shorter one would put it more than a whole tone outside of G3 to B5, and the
    longer one puts it less far outside. Where the spelling of the tonic would need more than six
    signs, the result has fewer, D flat major for `"C#"`.

    Args:
        tune: the tune.
        target: the new tonic; with a mode (`"Em"`), only tunes in this mode are moved.

    Raises:
        UsageError: `target` names no key.
        TuneError: the tune has no key or another mode, or a note would leave the range of MIDI.
    """
    tonic, mode = parse_target(target)
    key = tune.key
    old_tonic = key.tonic or ("A" if key.mode == "pipes" else "")
    if not old_tonic:
        raise TuneError(
            "the tune has no key (K:) to transpose from: give K: a tonic", tune.line, 1, tune.name
        )
    if mode not in ("", key.mode):
        problem = f"the key {key.text.strip()} is not {mode}: name the tonic {tonic} alone"
        raise TuneError(problem, tune.line, 1, tune.name)
    up = (pitch_class(tonic) - pitch_class(old_tonic)) % 12
    shorter, longer = (up, up - 12) if up <= 6 else (up - 12, up)
    midi_pitches = [
        pitch.midi for note in tune.music if isinstance(note, Note) for pitch in note.pitches
    ]
    if not up or not midi_pitches:
        return transpose(tune, shorter if up else 0, tonic=tonic)

    def semitones_outside(semitones: int) -> int:
        lowest, highest = min(midi_pitches) + semitones, max(midi_pitches) + semitones
        return max(0, LOWEST - lowest) + max(0, highest - HIGHEST)

    outside = semitones_outside(shorter)
    other_way = outside > TOLERANCE and semitones_outside(longer) < outside
    return transpose(tune, longer if other_way else shorter, tonic=tonic)


class _Transposer:
    """A transposition of one tune.

    It walks over the elements and tracks the accidentals of the new text, as `NoteReader` does.

    Args:
        tune: the tune to be moved.
        semitones: the number of semitones by which it moves up.
        tonic: the spelling of the new tonic, or `""`.
        has_ornaments: whether any voice has ornaments; the voices share the keys.
    """

    def __init__(self, tune: Tune, semitones: int, tonic: str, *, has_ornaments: bool) -> None:
        self._tune, self._semitones, self._tonic = tune, semitones, tonic
        self._has_ornaments = has_ornaments
        # Letter, octave and alteration of each new head, by letter, octave and MIDI pitch.
        self._moved_heads: dict[tuple[str, int, int], tuple[str, int, int]] = {}
        # These two attributes have the same meaning as in `NoteReader`.
        self._bar_alterations: dict[str, int] = {}
        self._tied_alterations: dict[tuple[str, int], int] = {}
        self._key = self._first_key = self._change_key(tune.key, None)

    def transpose(self) -> Tune:
        """Return the moved tune."""
        tune = self._tune
        letter, text = tune.fields[-1]
        last_field = (letter, self._first_key.text if letter == "K" else text)
        music = tuple([self._move_element(element) for element in tune.music])
        fields = (*tune.fields[:-1], last_field)
        return replace(tune, key=self._first_key, fields=fields, music=music)

    def _change_key(self, key: Key, before: Key | None) -> Key:
        """Set the key that is in force from here on, and return it.

        Args:
            key: a key of the old tune.
            before: the key of the new tune up to here.
        """
        self._key, self._letter_steps = transpose_key(
            key, before, self._semitones, self._tonic, has_ornaments=self._has_ornaments
        )
        self._key_alterations = dict(zip(LETTERS, self._key.alterations, strict=True))
        self._key_transpose = key.transpose
        self._bar_alterations = {}
        self._moved_heads = {}
        return self._key

    def _move_element(self, element: Element) -> Element:
        if isinstance(element, Note):
            return self._move_note(element)
        if isinstance(element, BarLine):
            self._bar_alterations = {}
        elif isinstance(element, Change) and isinstance(element.value, Key):
            key = self._change_key(element.value, self._key)
            text = key.text if element.letter == "K" else element.text
            return replace(element, text=text, value=key)
        elif isinstance(element, Mark) and element.kind == "chord symbol":
            text = transpose_chord_symbol(element.text, self._letter_steps, self._semitones)
            return replace(element, text=text)
        return element

    def _move_note(self, note: Note) -> Note:
        if not note.pitches and not note.graces:
            self._tied_alterations = {}
            return note
        graces = tuple([self._move_pitch(p, note) for p in note.graces]) if note.graces else ()
        pitches = tuple([self._move_pitch(p, note) for p in note.pitches])
        self._tied_alterations = {}
        for pitch in pitches:
            if pitch.tied:
                alteration = pitch.midi - self._key_transpose - pitch.natural
                self._tied_alterations[pitch.letter, pitch.octave] = alteration
        return Note(pitches, note.length, note.duration, graces, note.rest, note.line, note.column)

    def _move_pitch(self, pitch: Pitch, note: Note) -> Pitch:
        """Return a moved pitch, with an accidental if the old one had it or the text needs it."""
        head = (pitch.letter, pitch.octave, pitch.midi)
        # A tune has few different heads, so most are looked up.
        moved = self._moved_heads.get(head)
        if moved is None:
            moved = self._moved_heads[head] = self._move_head(pitch, note)
        letter, octave, alteration = moved
        accidental = None
        if pitch.accidental is None:
            if letter in self._bar_alterations:
                expected = self._bar_alterations[letter]
            else:
                in_key = self._key_alterations[letter]
                expected = self._tied_alterations.get((letter, octave), in_key)
            if expected != alteration:
                accidental = self._bar_alterations[letter] = alteration
        else:
            accidental = self._bar_alterations[letter] = alteration
        midi = pitch.midi + self._semitones
        return Pitch(letter, octave, accidental, midi, pitch.length, pitch.tied)

    def _move_head(self, pitch: Pitch, note: Note) -> tuple[str, int, int]:
        """Return the letter, octave and alteration of a moved head."""
        midi = pitch.midi + self._semitones
        if not 0 <= midi <= 127:
            problem = "this note would leave the range of MIDI: transpose by fewer semitones"
            raise TuneError(problem, note.line, note.column, self._tune.name)
        # 7 steps an octave, as in `transpose_keys.py`.
        step = 7 * pitch.octave + LETTERS.index(pitch.letter) + self._letter_steps
        alteration = midi - self._key_transpose - natural_midi_of_step(step)
        while abs(alteration) > 2:
            step += 1 if alteration > 0 else -1
            alteration = midi - self._key_transpose - natural_midi_of_step(step)
        return LETTERS[step % 7], step // 7, alteration
