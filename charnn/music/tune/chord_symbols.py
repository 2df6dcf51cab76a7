"""Chord symbols: `"Am7/G"` is the notes A C E G over a G (ABC 2.1, "Chord symbols").

Everything that plays, prints, moves or checks chord symbols asks `parse_chord_symbol` whether a
text is one. Books write more than the standard's symbols, and a text that a guitarist would read is
a chord symbol here: `am`, `(Em)` for a chord that may be left out, `A or D`, `G;Em`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from charnn.music.tune.chord_kinds import (
    ADDITION,
    KINDS,
    NO_CHORD_KIND,
    ChordKind,
    find_kind,
    plain_kind,
)
from charnn.music.tune.theory import SEMITONES

_Match: TypeAlias = "re.Match[str]"

# The semitones by which a sign raises a note. Books also write Unicode signs, and + for a sharp.
SIGN_ALTERATIONS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "+": 1, "": 0}
_ROOT, _BASS = "([A-Ga-g])([#b♯♭]?)", "([A-Ga-g])([#b♯♭+]?)"
# A word such as `minor` may stand apart from its root.
_KIND = r"(6/9|(?: (?=[Mm]aj|[Mm]in|dim|aug|sus))?[^\s/(),;|]*)"
_BASS_PART = rf"(?:/{_BASS}(?![^\s/(),;|]))?"
# The first pattern is tried first: a kind may have a part in brackets, as in `C7(b9)`. A single
# digit in brackets is a finger.
_CHORDS = (
    re.compile(rf"{_ROOT}{_KIND}\((?![1-5]\))({ADDITION.pattern})\){_BASS_PART}"),
    re.compile(rf"{_ROOT}{_KIND}(){_BASS_PART}"),
)
_PREFIX = re.compile(r"[( ]*")
_NO_CHORD = re.compile(r"n\.? ?c\.?|no[ -]?chords?|tacet", re.IGNORECASE)
_SEPARATOR = re.compile(r"([(),;|])")
_WORD = re.compile(r"[^\s(),;|/]+")
_ROOT_OF_WORD, _BASS_WORD = re.compile(_ROOT), re.compile(_BASS)
_KIND_WORD = re.compile("[Mm]aj|[Mm]in|dim|aug|sus")
_JOINERS = frozenset(("or", "and", "to", "-", "\u2013", ">", "->", "→"))


class ParsedChord(NamedTuple):
    """The parts of a chord symbol.

    Attributes:
        prefix: an opening bracket before the chord.
        root: the letter of the root, a capital; `""` for `N.C.`.
        root_alter: the semitones by which its sign raises the root.
        kind: the kind of chord.
        kind_text: the kind as written.
        bass: the letter of the bass note, a capital; `""` if none is named.
        bass_alter: the semitones by which its sign raises the bass note.
        suffix: the text after the chord, such as an alternative in brackets.
        heard: the chord that is played if the symbol names more, such as an alternative or an
            addition to the kind; `""` if the chord is all of the symbol.
    """

    prefix: str
    root: str
    root_alter: int
    kind: ChordKind
    kind_text: str
    bass: str = ""
    bass_alter: int = 0
    suffix: str = ""
    heard: str = ""


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord without octaves: pitch classes in semitones above C, 0 to 11.

    Attributes:
        root: the note that names the chord.
        bass: the lowest note.
        tones: all notes of the chord, the root first. They include the bass only if the kind of
            the chord contains it. Silence (`N.C.`) has no tones.
    """

    root: int
    bass: int
    tones: tuple[int, ...]

    def transposed(self, semitones: int) -> "Chord":
        """Return the chord a number of semitones higher."""
        root, bass = (self.root + semitones) % 12, (self.bass + semitones) % 12
        return Chord(root, bass, tuple((tone + semitones) % 12 for tone in self.tones))


NO_CHORD = Chord(0, 0, ())


def make_chord(root: int, kind: str = "") -> Chord:
    """Return a chord whose bass is its root.

    Args:
        root: the root in semitones above C.
        kind: the spelling of a kind of chord: `""`, `"m"`, `"7"`, `"dim"` ...
    """
    tones = KINDS[kind].tones
    return Chord(root % 12, root % 12, tuple(dict.fromkeys((root + t) % 12 for t in tones)))


def parse_chord_symbol(text: str) -> ParsedChord | None:
    """Return the parts of a chord symbol with or without quotes, None if it names no chord.

    Of several chords, as in `"G(Em)"` or `"A or D"`, the first one counts, and the others are the
    suffix.
    """
    words = text.strip().strip('"').strip()
    prefix = _PREFIX.match(words)
    start = prefix.end() if prefix else 0
    if _NO_CHORD.fullmatch(words[start:].rstrip(") ")):
        return ParsedChord("", "", 0, NO_CHORD_KIND, words)
    found = _match_chord(words, start, may_be_small=True)
    if found is None:
        return None
    chord, (kind, name) = found
    root, root_sign, kind_text, addition, bass, bass_sign = chord.groups("")
    suffix = words[chord.end() :]
    begins_apart = suffix.lstrip()[:1] in ("(", ")", ",", ";", "|", "")
    if not begins_apart and not _names_chords(suffix, may_be_small=root.islower()):
        return None
    kind_text += addition and f"({addition})"
    is_whole = not suffix.strip(") ") and plain_kind(kind_text) == name
    heard = "" if is_whole else root + root_sign + name + (bass and f"/{bass}{bass_sign}")
    return ParsedChord(
        words[:start],
        root.upper(),
        SIGN_ALTERATIONS[root_sign],
        kind,
        kind_text,
        bass.upper(),
        SIGN_ALTERATIONS[bass_sign],
        suffix,
        heard,
    )


def read_chord(text: str) -> Chord | None:
    """Return the chord of a chord symbol with or without quotes, None if it names no chord."""
    symbol = parse_chord_symbol(text)
    if symbol is None:
        return None
    if not symbol.root:
        return NO_CHORD
    root = SEMITONES[symbol.root] + symbol.root_alter
    bass = SEMITONES[symbol.bass] + symbol.bass_alter if symbol.bass else root
    tones = tuple(dict.fromkeys((root + tone) % 12 for tone in symbol.kind.tones))
    return Chord(root % 12, bass % 12, tones)


def replace_chord_notes(text: str, replace: Callable[[str, str], str]) -> str:
    """Return a chord symbol with other notes: its roots and basses, those of alternatives included.

    Args:
        text: the symbol without quotes. Any other text is returned as it is.
        replace: a function from the letter and the sign of a note to the new note.
    """
    symbol = parse_chord_symbol(text)
    if symbol is None or not symbol.root:
        return text
    first = _ROOT_OF_WORD.search(text)
    may_be_small = first is not None and first[0].islower()

    def replace_word(found: _Match) -> str:
        word = found[0]
        note = (_BASS_WORD.fullmatch if _is_bass(found) else _ROOT_OF_WORD.match)(word)
        if note is None or _is_between_chords(word):
            return word
        return replace(note[1], note[2]) + word[note.end() :]

    return "".join(
        _WORD.sub(replace_word, part) if _names_chords(part, may_be_small=may_be_small) else part
        for part in _SEPARATOR.split(text)
    )


def _match_chord(
    text: str, start: int, *, may_be_small: bool
) -> tuple[_Match, tuple[ChordKind, str]] | None:
    """Return the match of the chord at a position of a text, and its kind with its name.

    A root may be a small letter only if more follows: `f` is forte, `a` a word, `am` a chord.
    """
    for pattern in _CHORDS:
        chord = pattern.match(text, start)
        kind = find_kind(chord[3] + chord[4]) if chord else None
        if chord and kind:
            is_small = chord[1].islower()
            is_more = bool(chord[3] or chord[4] or chord[5])
            return (chord, kind) if not is_small or (may_be_small and is_more) else None
    return None


def _names_chords(text: str, *, may_be_small: bool) -> bool:
    """Return whether all words of a text are chords, or belong to chords as `or` does."""
    return all(
        _is_between_chords(word[0]) or _is_bass(word) or _is_chord(word[0], may_be_small)
        for word in _WORD.finditer(text)
    )


def _is_chord(word: str, may_be_small: bool) -> bool:
    found = _match_chord(word, 0, may_be_small=may_be_small)
    return found is not None and found[0].end() == len(word)


def _is_between_chords(word: str) -> bool:
    """Return whether a word is `or`, or a kind of chord that stands apart from its root."""
    return word in _JOINERS or (bool(_KIND_WORD.match(word)) and find_kind(word) is not None)


def _is_bass(word: _Match) -> bool:
    """Return whether a word is the bass or an addition after a slash: `G` or `9` in `Am7/G/9`."""
    if word.string[: word.start()][-1:] != "/":
        return False
    return bool(_BASS_WORD.fullmatch(word[0]) or ADDITION.fullmatch(word[0]))
