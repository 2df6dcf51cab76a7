"""Rows under the staff for players: note names, and where a note is on an instrument.

A row is a verse of lyrics in the MusicXML, so that an engraver makes room for it.
"""

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn.music.score.finger_places import places_of
from charnn.music.score.musicxml_elements import add

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {-2: "𝄫", -1: "♭", 0: "", 1: "♯", 2: "𝄪"}


def add_rows(musicxml: str, kind: str) -> str:
    """Return a score with rows under the notes of its first voice.

    A note that the instrument lacks stays empty.

    Args:
        musicxml: the score.
        kind: one of `charnn.music.score.finger_places.ROWS`.
    """
    root = ElementTree.fromstring(musicxml)  # noqa: S314 - from charnn, not from the user
    verses = max((int(lyric.get("number", "1")) for lyric in root.iter("lyric")), default=0)
    for note in _fingered_notes(root):
        for number, text in enumerate(_row_texts(note, kind), verses + 1):
            if text:
                lyric = add(note, "lyric", number=str(number))
                add(lyric, "syllabic", "single")
                add(lyric, "text", text)
    prolog = musicxml[: musicxml.index("<score-partwise")]
    return prolog + ElementTree.tostring(root, encoding="unicode")


def missing_notes(musicxml: str, kind: str) -> list[str]:
    """Return the names of the notes that stay empty in the rows of a score, from the lowest.

    The arguments are those of `add_rows`.
    """
    root = ElementTree.fromstring(musicxml)  # noqa: S314 - from charnn, not from the user
    missing = {
        _pitch(note): _name(note) + note.findtext("pitch/octave", "")
        for note in _fingered_notes(root)
        if not any(_row_texts(note, kind))
    }
    return [missing[pitch] for pitch in sorted(missing)]


def missing_notes_warning(musicxml: str, kind: str) -> str:
    """Return a sentence about the notes that stay empty in the rows of a score; "" without any."""
    missing = missing_notes(musicxml, kind)
    return f"the rows for {kind} have no place for {', '.join(missing)}" if missing else ""


def _fingered_notes(score: Element) -> Iterator[Element]:
    part = score.find("part")
    return filter(_is_fingered, () if part is None else part.iterfind("measure/note"))


def _is_fingered(note: Element) -> bool:
    """Return True for a note of the first voice that is played anew; a chord has one row."""
    return (
        note.find("pitch") is not None
        and note.find("grace") is None
        and note.find("chord") is None
        and note.findtext("voice", "1") == "1"
        and note.find("tie[@type='stop']") is None
    )


def _row_texts(note: Element, kind: str) -> tuple[str, ...]:
    return (_name(note),) if kind == "names" else places_of(_pitch(note), kind)


def _name(note: Element) -> str:
    return note.findtext("pitch/step", "C") + _SIGNS.get(_alter(note), "")


def _pitch(note: Element) -> int:
    octave, letter = int(note.findtext("pitch/octave", "4")), note.findtext("pitch/step", "C")
    return 12 * (octave + 1) + _SEMITONES[letter] + _alter(note)


def _alter(note: Element) -> int:
    return round(float(note.findtext("pitch/alter", "0")))
