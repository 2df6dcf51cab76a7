"""Books of tunes in ABC notation, cleaned for training: one spelling for each thing.

A model spends capacity on everything that varies, so cleaning drops everything that carries no
music: comments, sources, remarks, further titles, fingerings, words and line-break signs. The rest
gets one spelling: the fields X T R M L P K in this order, an explicit unit length, short key names,
single spaces. Every tune gets `X:1`, because each becomes a separate text, in which a running
number would be noise. The notes keep their spelling, except that traces of quoted-printable mail
(`=3D`) are undone.

Then the mistakes and habits of the books are mended (`mending.py`). A tune that is held out for
validation stays held out when mending changes: the spelling before mending decides.

Cleaning does not use the reader (`reader.py`), for two reasons. The result is text, so no `Tune` is
needed. And tunes that the reader refuses are kept: their notes and bars still teach a model.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from charnn.errors import TuneError
from charnn.music.abc.clean_fields import (
    body_field_value,
    book_section,
    default_unit_length,
    find_rhythm,
    plain_title,
    short_key,
)
from charnn.music.abc.clean_lines import clean_music
from charnn.music.abc.mending import mend_tunes
from charnn.music.abc.patterns import FIELD, SINGLE_BAR_LINE
from charnn.music.abc.spelled_tune import SpelledTune
from charnn.music.abc.tunebook import TuneSource, content_lines, split_book

_VOICE_CHANGE = re.compile(r"\[V:\s*(\w+)[^\]]*\]")
_BAR_LINE_ENDS = ("|", ":", "|]", ":]")
_PART_ORDER = re.compile(r"[A-Z0-9(). ]+")
_NOTE = re.compile(r"[A-Ga-g]")
_GRACES = re.compile(r"\{[^{}]*\}")
_WORDS_AND_FIELDS = re.compile(r'"[^"]*"|\[[A-Za-z]:[^\]]*\]')
# Pitches, rests and lengths, however long: capping digits would make two long texts alike.
_FINGERPRINT = re.compile(r"[_^=]*[A-Ga-gzxZ][,']*[\d/]*|[<>]+|\(\d")


@dataclass(frozen=True)
class CleanTune:
    """A tune for training, as a complete ABC text.

    Attributes:
        text: the tune.
        spelling: the tune in the same spelling, with the mistakes of its book. It stays the same
            when tunes are mended in another way, so it decides whether a tune is held out.
    """

    text: str
    spelling: str


def clean_books(texts: Iterable[str]) -> list[CleanTune]:
    """Return the cleaned tunes of some books, each tune once; see `spell_books`."""
    spelled = spell_books(texts)
    return [
        CleanTune(mended.text(), tune.text())
        for mended, tune in zip(mend_tunes(spelled), spelled, strict=True)
    ]


def spell_books(texts: Iterable[str]) -> list[SpelledTune]:
    """Return the tunes of some books in one spelling, with their mistakes, each tune once.

    A tune is left out if its pitches and lengths equal those of an earlier tune; titles and grace
    notes are not compared. A text without a key or without notes is left out as well.
    """
    tunes: dict[str, SpelledTune] = {}
    for text in texts:
        for source in split_book(text):
            tune = _TuneLines()
            for line in _non_empty_lines(source):
                tune.add_line(line)
            tune.inherit(source)
            # The same tune occurs in several books, often under another title: the first is kept.
            if tune.key is not None and _NOTE.search(tune.notes()):
                tunes.setdefault(tune.fingerprint(), tune.spell())
    return list(tunes.values())


def _non_empty_lines(source: TuneSource) -> list[str]:
    """Return the lines of a tune that are not empty, stripped.

    The result is an empty list if typeset text (`%%begintext`) is never closed.
    """
    try:
        return [line.strip() for line in content_lines(source) if line]
    except TuneError:
        return []


@dataclass
class _TuneLines:
    """A tune that is cleaned line by line.

    Attributes:
        header: the text of the first header field with each letter, by letter.
        key: the short spelling of the header's K:; None until that field is added.
        body: the lines after the header: cleaned music and fields.
        transcription: the texts of all Z: fields.
        voice: the voice of the following lines.
        first_voice: the only voice that is kept, usually the melody.
        continued: whether the last line of music ended with a backslash.
    """

    header: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    body: list[str] = field(default_factory=list)
    transcription: str = ""
    voice: str = ""
    first_voice: str = ""
    continued: bool = False

    def add_line(self, line: str) -> None:
        """Add one line of the header or of the body."""
        found = FIELD.match(line)
        if found is None:
            if self.key is not None:
                self._add_music(line)
        elif found[1] == "V":
            self._change_voice(found[2])
        elif self.key is None:
            self._add_header_field(found[1], found[2].strip())
        elif value := body_field_value(found[1], found[2].strip()):
            self.body.append(f"{found[1]}:{value}")
            self.continued = False

    def _add_header_field(self, letter: str, value: str) -> None:
        """Add a header field: join the texts of Z:, keep the first field of other letters."""
        if letter == "K":
            self.key = short_key(value)
        elif letter == "Z":
            self.transcription += value
        elif value:
            self.header.setdefault(letter, re.sub(r"\s+", " ", value))

    def inherit(self, source: TuneSource) -> None:
        """Add the fields of the file header that the tune does not have."""
        for letter, text, _ in source.inherited(self.header):
            self._add_header_field(letter, text)

    def _change_voice(self, voice: str) -> None:
        """Set the voice of the following lines."""
        self.voice = (voice.split() or [""])[0]
        self.first_voice = self.first_voice or self.voice

    def _add_music(self, line: str) -> None:
        """Add a line of music if it belongs to the first voice.

        The music is joined to the line before if that line ended in a backslash.
        """
        if voice := _VOICE_CHANGE.match(line):
            self._change_voice(voice[1])
            line = line[voice.end() :]
        if self.voice != self.first_voice:
            return
        music = clean_music(line)
        follows_music = bool(self.body) and not FIELD.match(self.body[-1])
        if SINGLE_BAR_LINE.match(music):
            # A bar line at the beginning of a line moves to the end of the line before.
            music = music[1:].lstrip()
            if follows_music and not self.body[-1].endswith(_BAR_LINE_ENDS):
                self.body[-1] += "|"
        if not music:
            return
        if self.continued and follows_music:
            after_bar_line = self.body[-1].endswith(_BAR_LINE_ENDS)
            self.body[-1] += _separator(after_bar_line, music[0]) + music
        else:
            self.body.append(music)
        self.continued = line.endswith("\\")

    def notes(self) -> str:
        """Return the lines of music as one text, without words and fields."""
        music = "\n".join(line for line in self.body if not FIELD.match(line))
        return _WORDS_AND_FIELDS.sub("", music)

    def fingerprint(self) -> str:
        """Return the pitches and lengths as one text, which is equal for copies of a tune."""
        return "".join(_FINGERPRINT.findall(_GRACES.sub("", self.notes())))

    def spell(self) -> SpelledTune:
        """Return the tune with its fields in one order and one spelling."""
        meter = self.header.get("M", "")
        parts = self.header.get("P", "")
        fields = {
            "X": "1",
            # Every tune begins with the same characters, which the tokenizer makes one token.
            "T": plain_title(self.header.get("T", "")) or "Untitled",
            "R": find_rhythm(self.header, self.transcription),
            "M": meter.replace(" ", ""),
            "L": self.header.get("L", default_unit_length(meter)).replace(" ", ""),
            "P": parts.replace(" ", "") if _PART_ORDER.fullmatch(parts) else "",
            "K": self.key or "",
        }
        tempo, section = self.header.get("Q", ""), book_section(self.header)
        return SpelledTune(fields, tuple(self.body), tempo, section)


def _separator(after_bar_line: bool, following: str) -> str:
    """Return the text between two lines that are joined.

    It is a space, but empty beside a bar line. Between a bar line and a chord or another bar line
    it is a space again, or the two signs would be read as one.

    Args:
        after_bar_line: whether the first line ends with a bar line.
        following: the first character of the second line.
    """
    if after_bar_line:
        return " " if following in "[|" else ""
    return "" if following in "|:" else " "
