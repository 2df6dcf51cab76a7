"""The reader of ABC notation: text in, `Tune` out.

A tune passes through the files of this folder in this order:

1. `tunebook.split_book` finds where the tunes of a text begin and end.
2. `macros.write_out_macros` puts notes in place of macros.
3. `read_tune`, in this file, reads the header.
4. `voices_reader.VoicesReader` passes each line of the body to the `BodyReader` of its voice.
5. `body_reader.BodyReader` reads bar lines, endings and fields.
6. Its base class `chord_reader.ChordReader` reads chords and grace notes.
7. The base class of `ChordReader`, `note_reader.NoteReader`, reads notes and rests.
8. The base class of `NoteReader`, `mark_reader.MarkReader`, reads spaces, words and decorations.

The meaning of single fields and signs is defined in `fields.py`, `key_field.py`, `staff_words.py`,
`voice_field.py`, `part_order.py`, `note_head.py`, `note_length.py`, `tuplet.py`, `bar_line.py` and
`patterns.py`.

The reader follows the ABC standard 2.1, and accepts what traditional tune books contain besides:
old `!` line breaks, free text between tunes, headers without X:, M: or L:. Bars may have any length
(`charnn.music.checking` counts them). A sign without a meaning changes no note, so it is left out,
and `Tune.problems` has its line and column. The reader refuses music that it would have to guess,
such as a chord that is never closed.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from charnn.errors import TuneError
from charnn.music.abc import fields
from charnn.music.abc.chord_reader import DECORATED_GRACE
from charnn.music.abc.key_field import read_key
from charnn.music.abc.macros import has_macros, write_out_macros
from charnn.music.abc.mark_reader import DOTTED_TIE
from charnn.music.abc.part_order import read_part_order
from charnn.music.abc.text_escapes import decode_text
from charnn.music.abc.tunebook import (
    BODY_FIELD,
    HEADER_FIELD,
    MAX_CHARACTERS,
    MAX_FILE_HEADER,
    HeaderField,
    TuneSource,
    content_lines,
    split_book,
)
from charnn.music.abc.voices_reader import VoiceMusic, VoicesReader
from charnn.music.tune.problem import Problem
from charnn.music.tune.shared_form import share_form
from charnn.music.tune.tune import Key, Meter, Tune

_COLON_FORGOTTEN = re.compile(r"[H-Z] ")  # "N bars 1| and 2|"
_LOST_MUSIC = "music after an empty line belongs to no tune: remove the empty line"
_Value = TypeVar("_Value")
_Default = TypeVar("_Default")


def read_tunes(text: str) -> list[Tune]:
    """Return every tune of a text.

    To skip tunes that can't be read, call `split_book` and `read_tune`.

    Raises:
        TuneError: a tune can't be read; the line of the error is counted in the whole text.
    """
    return [read_tune(source) for source in split_book(text)]


def read_first_tune(text: str) -> Tune | None:
    """Return the first tune of a text; None if no tune begins there or it cannot be read."""
    sources = split_book(text)
    try:
        return read_tune(sources[0]) if sources else None
    except TuneError:
        return None


def read_whole_tune(text: str) -> Tune:
    """Return the first tune of a text, which has one voice and no sign that the reader leaves out.

    The texts that a model learns are prepared in two ways: these tunes have bar labels and copies
    in other keys.

    Raises:
        TuneError: there is no tune, it can't be read, it has several voices or macros, or a sign
            would be left out.
    """
    sources = split_book(text)
    if not sources:
        raise TuneError("there is no tune here", 1, 1)
    tune = read_tune(sources[0])
    if has_macros(sources[0]):
        raise TuneError("the tune has macros", tune.line, 1, tune.name)
    for problem in tune.problems:
        if problem.text not in (DECORATED_GRACE, DOTTED_TIE):
            raise TuneError(problem.text, problem.line, problem.column, tune.name)
    if tune.others:
        raise TuneError("the tune has several voices", tune.line, 1, tune.name)
    return tune


def read_tune(source: TuneSource) -> Tune:
    """Read one tune of a text.

    Raises:
        TuneError: the tune can't be read, is longer than 16,384 characters or has more than 2,000
            notes.
    """
    if len(source.text) > MAX_CHARACTERS:
        problem = f"the tune is longer than {MAX_CHARACTERS:,} characters: split the tune"
        raise TuneError(problem, source.line, 1, source.name)
    if sum(len(field.text) + 2 for field in source.file_header) > MAX_FILE_HEADER:
        problem = f"the file header is longer than {MAX_FILE_HEADER:,} characters: shorten it"
        raise TuneError(problem, source.file_header[0].line, 1, source.name)
    written = write_out_macros(source)
    try:
        return written.placed(_read_tune(written.source))
    except TuneError as error:
        column = written.column(error.line, error.column)
        raise TuneError(error.problem, error.line, column, error.tune) from None


def _read_tune(source: TuneSource) -> Tune:
    """Read a tune without macros."""
    lines = content_lines(source)
    header = _Header(source, lines)
    free = Meter((header.last("M") or ("", 0))[0], 0, 0)
    meter = header.value("M", fields.parse_meter, free)
    unit = header.value("L", fields.parse_unit_length, fields.default_unit_length(meter))
    tempo = header.value("Q", partial(fields.parse_tempo, unit=unit), None)
    if problem := fields.tempo_problem(tempo):
        header.report("Q", problem)
    key = header.key()
    body = VoicesReader(source.name, key, meter, unit)
    for letter, text, line_number in header.fields:
        if letter in "UV":
            # A field of the file header, too, is an element of the tune.
            body.declare(letter, text, max(line_number, source.line))
    for line_number, text in enumerate(lines[header.length :], source.line + header.length):
        if found := BODY_FIELD.match(text):
            body.read_field(found[1], found[2], line_number)
        elif text:
            body.read_music(text, line_number)
    first, *others = body.finish()
    order, order_line = header.last("P") or ("", source.line)
    parts, part_problems = read_part_order(order, order_line, first.music)
    problems = {*part_problems, *header.problems, *body.problems}
    if source.lost_line:
        problems.add(Problem(_LOST_MUSIC, source.lost_line, 1))
    tune = Tune(
        number=source.number,
        titles=tuple(decode_text(text) for letter, text, _ in header.fields if letter == "T"),
        rhythm=header.value("R", decode_text, ""),
        parts=parts,
        key=first.key,
        meter=meter,
        unit=unit,
        tempo=tempo,
        fields=tuple((letter, text) for letter, text, _ in header.fields),
        music=first.music,
        line=source.line,
        voice=first.name,
        problems=tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))),
    )
    return replace(tune, others=tuple(_other_voice(tune, voice) for voice in others))


def _other_voice(tune: Tune, voice: VoiceMusic) -> Tune:
    """Return a further voice of a tune; without repeats and parts, it gets those of the tune."""
    music = share_form(tune.music, voice.music)
    return replace(
        tune,
        key=voice.key,
        music=music,
        voice=voice.name,
        voice_id=voice.voice_id,
        is_overlay=voice.is_overlay,
    )


class _Header:
    """The fields of a tune, up to and including its first K:.

    Attributes:
        fields: the fields, with those of the file header after X: and T:.
        length: the number of lines of the header.
        problems: what was left out of the fields.

    Raises:
        TuneError: K: is missing, or music precedes it.
    """

    def __init__(self, source: TuneSource, lines: list[str]) -> None:
        self._name = source.name
        self.fields: list[HeaderField] = []
        self.length = 0
        self.problems: list[Problem] = []
        for line_number, text in enumerate(lines, source.line):
            self.length += 1
            if found := HEADER_FIELD.match(text):
                self.fields.append(HeaderField(found[1], found[2].strip(), line_number))
                if found[1] == "K":
                    self._inherit(source)
                    return
            elif "|" in text and not _COLON_FORGOTTEN.match(text):
                problem = "music before the key (K:): move K: before the first line of music"
                raise TuneError(problem, line_number, 1, self._name)
            elif text:
                # In ABC 1.6, H: ran over lines.
                self.fields.append(HeaderField("+", text, line_number))
        raise TuneError("the key (K:) is missing: add K:C, for example", source.line, 1, self._name)

    def _inherit(self, source: TuneSource) -> None:
        """Add the fields of the file header before those that the tune may replace them with."""
        letters = [field.letter for field in self.fields]
        start = next(i for i, letter in enumerate(letters) if letter not in "XT+")
        self.fields[start:start] = source.inherited(letters)

    def value(
        self, letter: str, parse: Callable[[str], _Value], default: _Default
    ) -> _Value | _Default:
        """Return the parsed text of the last field with a letter.

        The result is `default` without such a field, or if it can't be read, which is a problem.
        """
        text, line_number = self.last(letter) or ("", 0)
        try:
            return parse(text) if line_number else default
        except fields.FieldError as error:
            self.report(letter, f"{error}; {fields.WITHOUT[letter]}", serious=True)
            return default

    def key(self) -> Key:
        """Return the key."""
        text, _ = self.last("K") or ("none", 0)
        key, unknown = read_key(text)
        for word in unknown:
            self.report("K", word.message, serious=word.serious)
        return key

    def report(self, letter: str, problem: str, *, serious: bool = False) -> None:
        """Add a problem at the last field with a letter."""
        _, line_number = self.last(letter) or ("", 0)
        self.problems.append(Problem(problem, line_number, 3, serious))

    def last(self, letter: str) -> tuple[str, int] | None:
        """Return the text and line number of the last field with a letter."""
        for field in reversed(self.fields):
            if field.letter == letter:
                return field.text, field.line
        return None
