"""The reader of a body with any number of voices (ABC 2.1, "Multiple voices").

V: divides the body: each line, and each piece of a line after an inline `[V:2]`, goes to the
`BodyReader` of its voice. Tune books lay voices out in many ways, so some rules go beyond the
standard:

- Music before the first V: belongs to the first voice that the header declares. Without any, it
  belongs to the voice 1, or to the first voice of the body if this one has no number, as in
  abc2midi.
- Fields between the header and the first music hold for all voices. So does a P:, K:, M:, L: or
  Q: between music and the V: of a voice that has music already: a block of all voices begins there.
- A voice without repeats, endings and parts has those of the first voice
  (`charnn.music.tune.shared_form`).
- Music after a `&` becomes a voice of its own (`overlays.py`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from charnn.errors import TuneError
from charnn.music.abc.body_reader import BodyReader
from charnn.music.abc.note_reader import MAX_NOTES
from charnn.music.abc.overlays import separate_overlays
from charnn.music.abc.staff_words import with_staff
from charnn.music.abc.voice_field import VoiceField
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import Element, Key, Meter, Note

MAX_VOICES = 16

_FIRST_NUMBER = "1"
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")  # 1.2 is an overlay of the voice 1, as it is written
# Fields that hold for all voices if a V: follows them.
_FIELDS_OF_BLOCKS = frozenset("KLMPQ")
# A text in quotes may contain the signs of an inline field.
_INLINE_VOICE = re.compile(r'"[^"]*"|\[V:(?P<text>[^\]]*)\]')


@dataclass(frozen=True, slots=True)
class VoiceMusic:
    """The music of a voice.

    Attributes:
        voice_id: the first word of its V:; `""` without V:.
        name: the text of its `name=`, else `voice_id`.
        key: the key at its beginning, with its clef.
        music: its elements.
        is_overlay: whether it is an overlay of the voice before it.
    """

    voice_id: str
    name: str
    key: Key
    music: tuple[Element, ...]
    is_overlay: bool

    def notes(self) -> Iterator[Note]:
        """Yield the notes, chords and rests."""
        return (element for element in self.music if isinstance(element, Note))


@dataclass(frozen=True, slots=True)
class _Field:
    letter: str
    text: str
    line_number: int


@dataclass(slots=True)
class _Voice:
    """A voice that is being read.

    Attributes:
        voice_id: the first word of its V:; None until a V: names it.
        name: its name; `""` without.
        key: the key at its beginning.
        reader: the reader of its music; None before its first field or note.
    """

    voice_id: str | None
    name: str
    key: Key
    reader: BodyReader | None = None


class VoicesReader:
    """A reader of the lines of a body.

    Args:
        name: the name of the tune in errors.
        key: the key of the header.
        meter: the meter of the header.
        unit: the unit length of the header, in quarter notes.
    """

    def __init__(self, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        self._name = name
        self._key, self._meter, self._unit = key, meter, unit
        self._voices: list[_Voice] = []
        self._current: _Voice | None = None
        self._opening: list[_Field] = []  # the fields with which every voice begins
        self._waiting: list[_Field] = []  # fields that a V: may follow
        self._problems: set[Problem] = set()
        self._has_music = False  # whether music has followed the last V:

    @property
    def problems(self) -> list[Problem]:
        """The problems of all voices, and the properties of V: that were left out."""
        readers = (voice.reader for voice in self._voices if voice.reader)
        return [*self._problems, *(problem for reader in readers for problem in reader.problems)]

    def declare(self, letter: str, text: str, line_number: int) -> None:
        """Read a U: or V: of the header.

        Raises:
            TuneError: there are too many voices.
        """
        if letter == "V":
            field = VoiceField(text)
            voice = self._find(field, line_number)
            voice.key = with_staff(voice.key, field.staff)
        else:
            self._opening.append(_Field(letter, text, line_number))

    def read_field(self, letter: str, text: str, line_number: int) -> None:
        """Read a field on its own line.

        Raises:
            TuneError: the field can't be read, or there are too many voices.
        """
        if letter == "V":
            self._select(VoiceField(text), line_number, 1, inline=False)
        elif self._current is None or letter in _FIELDS_OF_BLOCKS:
            self._waiting.append(_Field(letter, text, line_number))
        else:
            _change(self._reader(), [_Field(letter, text, line_number)])

    def read_music(self, text: str, line_number: int) -> None:
        """Read a line of music.

        Raises:
            TuneError: the line contains a sign that can't be read, or there are too many voices.
        """
        start = 0
        for found in _INLINE_VOICE.finditer(text) if "[V:" in text else ():
            if found["text"] is None:
                continue
            field = VoiceField(found["text"])
            has_music = bool(text[start : found.start()].strip())
            if has_music:
                self._reader()
            if self._current and self._find(field, line_number) is self._current:
                continue  # a BodyReader reads a field that changes no voice
            if has_music:
                self._read_piece(text[: found.start()], line_number, start)
            self._select(field, line_number, found.start() + 1, inline=True)
            start = found.end()
        self._read_piece(text, line_number, start)

    def finish(self) -> list[VoiceMusic]:
        """Return the voices that have notes or rests, in the order of the header, then of the body.

        Raises:
            TuneError: a voice is incomplete, or there are too many voices or notes.
        """
        self._reader()
        found: list[VoiceMusic] = []
        for voice in self._voices:
            if voice.reader is None:
                continue
            lines, problems = separate_overlays(voice.reader.finish(), self._unit, self._name)
            self._problems.update(problems)
            for number, music in enumerate(lines, 1):
                voice_id, name = voice.voice_id or "", voice.name or voice.voice_id or ""
                if number > 1:  # an overlay
                    voice_id = f"{voice_id or _FIRST_NUMBER}.{number}"
                    name = f"{name or _FIRST_NUMBER}.{number}"
                found.append(VoiceMusic(voice_id, name, voice.key, music, number > 1))
        sounding = [voice for voice in found if any(voice.notes())] or found[:1]
        self._check_limits(sounding)
        return sounding

    def _read_piece(self, text: str, line_number: int, start: int) -> None:
        """Read the music of one voice in a line, from the position `start` on."""
        self._reader().read_line(text, line_number, start)
        self._has_music = True

    def _select(self, field: VoiceField, line_number: int, column: int, *, inline: bool) -> None:
        """Go to the voice that a V: of the body names, and read the field."""
        fields, self._waiting = self._waiting, []
        before, voice = self._current, self._find(field, line_number)
        if before is None:
            self._opening += fields
        elif self._has_music and voice.reader:  # a new block of all voices begins
            for each in self._voices:
                if each.reader:
                    _change(each.reader, fields)
        else:
            _change(self._begun(before), fields)
        self._current = voice
        self._begun(voice).change("V", field.text, line_number, column, inline)
        self._has_music = False

    def _reader(self) -> BodyReader:
        """Return the reader of the current voice, which has read the fields that waited for it."""
        fields, self._waiting = self._waiting, []
        if self._current is None:
            self._opening += fields
            fields = []
            self._current = self._voices[0] if self._voices else self._new_voice(None, 1)
        reader = self._begun(self._current)
        _change(reader, fields)
        return reader

    def _begun(self, voice: _Voice) -> BodyReader:
        """Return the reader of a voice, which has read the opening fields."""
        if voice.reader is None:
            is_first = not any(each.reader for each in self._voices)
            voice.reader = BodyReader(self._name, voice.key, self._meter, self._unit)
            for field in self._opening:
                # Words and remarks stand in the first voice only.
                if is_first or field.letter in _FIELDS_OF_BLOCKS or field.letter == "U":
                    _change(voice.reader, [field])
        return voice.reader

    def _find(self, field: VoiceField, line_number: int) -> _Voice:
        """Return the voice that a V: names; a new one if no V: has named it before."""
        voice_id = field.voice_id
        unnamed = next((voice for voice in self._voices if voice.voice_id is None), None)
        if unnamed is not None:
            is_other_number = bool(_NUMBER.fullmatch(voice_id)) and voice_id != _FIRST_NUMBER
            unnamed.voice_id = _FIRST_NUMBER if is_other_number else voice_id
        found = next((voice for voice in self._voices if voice.voice_id == voice_id), None)
        voice = found or self._new_voice(voice_id, line_number)
        voice.name = field.name or voice.name
        for word in field.unknown:
            problem = f"{word!r} in V: is left out"
            self._problems.add(Problem(problem, line_number, 1, serious=False))
        return voice

    def _new_voice(self, voice_id: str | None, line_number: int) -> _Voice:
        if len(self._voices) == MAX_VOICES:
            raise self._too_many_voices(line_number)
        self._voices.append(_Voice(voice_id, "", self._key))
        return self._voices[-1]

    def _too_many_voices(self, line_number: int) -> TuneError:
        problem = f"more than {MAX_VOICES} voices in one tune: remove some"
        return TuneError(problem, line_number, 1, self._name)

    def _check_limits(self, voices: Iterable[VoiceMusic]) -> None:
        count = 0
        for number, voice in enumerate(voices, 1):
            for note in voice.notes():
                count += 1
                if number > MAX_VOICES:
                    raise self._too_many_voices(note.line)
                if count > MAX_NOTES:
                    problem = f"more than {MAX_NOTES} notes in one tune: split the tune"
                    raise TuneError(problem, note.line, note.column, self._name)


def _change(reader: BodyReader, fields: Iterable[_Field]) -> None:
    """Read fields on lines of their own."""
    for field in fields:
        reader.change(field.letter, field.text, field.line_number, 1)
