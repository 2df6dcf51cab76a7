"""Books of tunes in ABC notation, cleaned for learning: one spelling for each thing, no more.

A model spends its strength on whatever varies, so what carries no music goes: comments, sources,
notes and other names, transcriber's fingerings and words, line-break signs. What stays is written
in one way: the fields X T R M L P K in this order, an explicit unit length, short key names, single
blanks. `X:` is 1 in every tune, since each is a text of its own and a running number is noise.
The notes stay as they are written; only what mail made of them (`=3D` for `=`) is undone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from charnn.errors import TuneError
from charnn.music.abc import fields
from charnn.music.abc.tunebook import TuneSource, bare_lines, split_book

RHYTHMS = {
    "slipjig": "slip jig",
    "double jig": "jig",
    "highland fling": "fling",
    "setdance": "set dance",
    "quick step": "quickstep",
    "ocarolan": "air",
    "planxty": "air",
    "lament": "air",
    "miscellaneous": "",
}

_FIELD = re.compile(r"([A-Za-z]):(?![|:])\s*(.*)")
_TITLE_RHYTHM = re.compile(
    r"\b(slip jig|set dance|highland fling|quick ?step|strathspey|hornpipe|walkaround|cotillion"
    r"|minuet|gavotte|planxty|lament|march|waltz|polka|slide|fling|clog|reel|jig|air)\b",
    re.IGNORECASE,
)
_MIT_RHYTHM = re.compile(r"id:dc-([a-z]+)")
# O'Neill's Music of Ireland puts its tunes in order of kind; up to 700 they are songs and airs.
_ONEILL = re.compile(r"\bO'?Neill(?!.*\bdance\D*\d{1,3}\b)[^0-9]*(?P<number>[0-9]*)", re.IGNORECASE)
_ONEILL_KINDS = (
    (range(1, 626), ""),
    (range(626, 701), "air"),
    (range(701, 1116), "jig"),
    (range(1116, 1176), "slip jig"),
    (range(1176, 1556), "reel"),
    (range(1556, 1781), "hornpipe"),
)
_KEY_EXTRA = re.compile(r"(?<!\S)(?:exp|[_^=]+[A-Ga-g]|octave=\S+|transpose=\S+)(?!\S)")
_SHORT_MODES = {
    "major": "",
    "minor": "m",
    "dorian": "dor",
    "phrygian": "phr",
    "lydian": "lyd",
    "mixolydian": "mix",
    "locrian": "loc",
    "explicit": "",
}

# What may be dropped from a line of music, each sign opened and closed on that line.
_NOISE = re.compile(
    r"""
    (?P<quoted>"(?P<words>[^"]*)(?:"|$))   # a chord symbol, or words, or a fingering
    | (?P<field>\[(?P<letter>[A-Za-z]):(?P<value>[^\]\[]*)\])
    | \+(?P<chord>[\w^=',/]+)\+            # a chord as ABC 1.3 wrote it
    | ![^!\s|\[\]"]+!                      # a decoration by name
    | \[\|\]                              # a bar line that is not seen, and stands anywhere
    | [!\\`*$;]                            # line breaks, spacers, reserved signs
    | y\d*                                 # more space
    | [h-wI-KNOQRSUVW]                     # user-defined signs; segno and coda without their jumps
    """,
    re.VERBOSE,
)
_KEPT_SIGNS = frozenset("uv")
_CHORD_SYMBOL = re.compile(r"[A-G][#b]?[a-z0-9#+\-°]{0,6}(?:/[A-G][#b]?)?")
_CHORD_WORDS = re.compile(r"m|maj|min|dim|aug|sus|add|[0-9#+\-°b]")
# Blanks stay before a chord, between two bar lines, and where `|1` would become an ending.
_BAR = re.compile(r"(?:(?<![|:]) )?(\[?\|[|:\]]*|:[|:]*\]?)(?: (?![\d\[|:]))?")
_PLAIN_BAR = re.compile(r"\|(?![|:\]\[\d])")
_BAR_ENDS = ("|", ":", "|]", ":]")
_NOTE = re.compile(r"[A-Ga-g]")
_GRACE = re.compile(r"\{[^{}]*\}")
_FINGERPRINT = re.compile(r"[_^=]*[A-Ga-gzxZ][,']*[\d/]*|[<>]+|\(\d")


def clean_books(texts: Iterable[str]) -> list[str]:
    """Return every tune of some books once, cleaned, as complete ABC texts.

    A tune whose notes have been met before is left out, whatever its title and ornaments; so is
    one without a key or without notes, which is no tune.
    """
    tunes: dict[str, str] = {}
    for text in texts:
        for source in split_book(text):
            tune = _Tune()
            for line in _lines(source):
                tune.read(line)
            if tune.key is not None and _NOTE.search(tune.notes()):
                tunes.setdefault(tune.fingerprint(), tune.write())
    return list(tunes.values())


def _lines(source: TuneSource) -> list[str]:
    """The lines of a tune that say something; none where typeset text has no end."""
    try:
        return [line.strip() for line in bare_lines(source) if line]
    except TuneError:
        return []


@dataclass
class _Tune:
    """One tune while it is read, line by line."""

    fields: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    body: list[str] = field(default_factory=list)
    identity: str = ""
    voice: str = ""
    first_voice: str = ""
    continued: bool = False

    def read(self, line: str) -> None:
        """Take one line of the header or of the music."""
        match = _FIELD.match(line)
        if match is None:
            if self.key is not None:
                self.read_music(line)
        elif match[1] == "V":
            self.turn_to(match[2])
        elif self.key is None:
            self.read_header(match[1], match[2].strip())
        elif value := _body_value(match[1], match[2].strip()):
            self.body.append(f"{match[1]}:{value}")
            self.continued = False

    def read_header(self, letter: str, value: str) -> None:
        """Take a field of the header; of several with one letter the first counts."""
        if letter == "K":
            self.key = short_key(value)
        elif letter == "Z":
            self.identity += value
        elif value:
            self.fields.setdefault(letter, re.sub(r"\s+", " ", value))

    def turn_to(self, voice: str) -> None:
        """Note whose music follows; of several voices only the first is kept, the melody."""
        self.voice = (voice.split() or [""])[0]
        self.first_voice = self.first_voice or self.voice

    def read_music(self, line: str) -> None:
        """Take a line of music, or what goes on with the line before."""
        if voice := re.match(r"\[V:\s*(\w+)[^\]]*\]", line):
            self.turn_to(voice[1])
            line = line[voice.end() :]
        if self.voice != self.first_voice:
            return
        music = clean_music(line)
        open_line = bool(self.body) and not _FIELD.match(self.body[-1])
        if _PLAIN_BAR.match(music):
            # A bar line ends the line before; it does not begin the next.
            music = music[1:].lstrip()
            if open_line and not self.body[-1].endswith(_BAR_ENDS):
                self.body[-1] += "|"
        if not music:
            return
        if self.continued and open_line:
            after_bar = self.body[-1].endswith(_BAR_ENDS)
            self.body[-1] += _joint(after_bar, music[0]) + music
        else:
            self.body.append(music)
        self.continued = line.endswith("\\")

    def notes(self) -> str:
        """Return the lines of music as one text, without the fields between them."""
        music = "\n".join(line for line in self.body if not _FIELD.match(line))
        return re.sub(r'"[^"]*"|\[[A-Za-z]:[^\]]*\]', "", music)

    def fingerprint(self) -> str:
        """Return the pitches and lengths in a row, all that makes two tunes the same."""
        return "".join(_FINGERPRINT.findall(_GRACE.sub("", self.notes())))

    def write(self) -> str:
        """Return the tune as it is learned."""
        meter = self.fields.get("M", "")
        parts = self.fields.get("P", "")
        header = {
            "X": "1",
            "T": plain_title(self.fields.get("T", "Untitled")),
            "R": self.rhythm(),
            "M": meter.replace(" ", ""),
            "L": self.fields.get("L", _default_length(meter)).replace(" ", ""),
            "P": parts.replace(" ", "") if re.fullmatch(r"[A-Z0-9(). ]+", parts) else "",
            "K": self.key or "",
        }
        lines = [f"{letter}:{value}" for letter, value in header.items() if value or letter == "K"]
        return "\n".join(lines + self.body) + "\n"

    def rhythm(self) -> str:
        """Return the kind of dance: as R:, the MIT identity, the title or the book's order says."""
        name = self.fields.get("R", "")
        found = _MIT_RHYTHM.search(self.identity) or _TITLE_RHYTHM.search(self.fields.get("T", ""))
        if not name and found:
            name = found[1]
        name = name or self.kind_in_book()
        name = name.lower().strip(" .")
        return RHYTHMS.get(name, name)

    def kind_in_book(self) -> str:
        """Return what stands at this number in O'Neill's book; elsewhere 9/8 is a slip jig."""
        book = _ONEILL.search(self.fields.get("B", ""))
        number = book and (book["number"] or self.fields.get("X", ""))
        if number and number.isdecimal():
            for numbers, kind in _ONEILL_KINDS:
                if int(number[:6]) in numbers:
                    return kind
        return "slip jig" if self.fields.get("M") == "9/8" else ""


def _joint(after_bar: bool, following: str) -> str:
    """Return what goes between two lines that are one: a blank, but for bar lines."""
    if after_bar:
        return " " if following in "[|" else ""
    return "" if following in "|:" else " "


def _body_value(letter: str, value: str) -> str:
    """Return what a field says between lines of music, or nothing if that is no music."""
    if letter == "K":
        return short_key(value)
    if letter in "ML":
        return value.replace(" ", "")
    if letter == "P" and re.fullmatch(r"[A-Z]\d?", value):
        return value
    return ""


def short_key(value: str) -> str:
    """Return a key in its short spelling: D, Em, Ador, Bbmix; what is not understood stays."""
    try:
        key = fields.key(value)
        if key.mode not in _SHORT_MODES:
            return value
        extra = [word[0] for word in _KEY_EXTRA.finditer(value)]
        short = " ".join([key.tonic + _SHORT_MODES[key.mode], *extra])
        return short if replace(fields.key(short), text=key.text) == key else value
    except fields.FieldError:
        return value


def _default_length(meter: str) -> str:
    """Return the unit length that ABC supposes where it is not said."""
    try:
        return f"1/{4 / fields.default_unit_length(fields.meter(meter))}"
    except fields.FieldError:
        return "1/8"


def clean_music(line: str) -> str:
    """Return a line of music as it is learned."""
    return _clean_bars(_NOISE.sub(_without_noise, line))


def _without_noise(match: re.Match[str]) -> str:
    if match["quoted"]:
        words = match["words"].strip()
        return f'"{words}"' if _is_chord_symbol(words) else ""
    if match["field"]:
        value = _body_value(match["letter"], match["value"].strip())
        return f"[{match['letter']}:{value}]" if value else ""
    if match["chord"]:
        return f"[{match['chord']}]"
    return match[0] if match[0] in _KEPT_SIGNS else ""


def _is_chord_symbol(words: str) -> bool:
    match = _CHORD_SYMBOL.fullmatch(words)
    return bool(match) and not _CHORD_WORDS.sub("", words.partition("/")[0].lstrip("ABCDEFG"))


def _clean_bars(music: str) -> str:
    """Write single blanks between notes, and none around bar lines."""
    music = _BAR.sub(r"\1", re.sub(r"\s+", " ", music)).strip()
    # `A:` at the beginning of a line would be a field.
    return f"{music[0]} {music[1:]}" if re.match(r"[A-Za-z]:", music) else music


def plain_title(title: str) -> str:
    """Return a title with plain quotes."""
    quotes = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
    return title.translate(quotes).removeprefix("T:").rstrip(" ,")
