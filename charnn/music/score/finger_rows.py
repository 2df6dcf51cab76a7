"""Rows under the staff for players: note names, and where a note is on an instrument.

A row is a verse of lyrics in the MusicXML, so that an engraver makes room for it.
"""

from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.musicxml_elements import add
from charnn.music.tune.tune import Tune

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {-2: "𝄫", -1: "♭", 0: "", 1: "♯", 2: "𝄪"}
# The holes of a whistle in D, from the top, for D, D sharp, E ... up to C sharp. C natural is
# fingered across.
_HOLES = (
    *("●●●●●●", "●●●●●◐", "●●●●●○", "●●●●◐○", "●●●●○○", "●●●○○○"),
    *("●●◐○○○", "●●○○○○", "●◐○○○○", "●○○○○○", "○●●○○○", "○○○○○○"),
)
_WHISTLE = 62  # the lowest D, as written
_STRINGS = (76, 69, 62, 55)  # E, A, D, G
_MOST_FRETS = 17
# The fingers of the first position: L is low, H is high.
_FINGERS = ("0", "L1", "1", "L2", "2", "3", "H3", "4")
# A row of a button accordion in C, pressed and drawn, from the second button. The row in B is a
# semitone lower.
_PRESSED = (55, 60, 64, 67, 72, 76, 79, 84, 88)
_DRAWN = (59, 62, 65, 69, 71, 74, 77, 81, 83)


def _whistle(pitch: int) -> tuple[str, ...]:
    """Return six holes and the sign of the second octave."""
    octave, step = divmod(pitch - _WHISTLE, 12)
    if not 0 <= octave <= 2 or (octave == 2 and step):
        return ("",) * 7
    holes = "○●●●●●" if step == 0 and octave == 1 else _HOLES[step]
    return (*holes, "+" * octave)


def _on_strings(pitch: int, signs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rows of the four strings, with a sign at the highest string that has the note."""
    string = next((string for string in _STRINGS if string <= pitch), None)
    stopped = pitch - string if string is not None else len(signs)
    sign = signs[stopped] if stopped < len(signs) else ""
    return tuple(sign if each == string else "" for each in _STRINGS)


def _mandolin(pitch: int) -> tuple[str, ...]:
    return _on_strings(pitch, tuple(map(str, range(_MOST_FRETS + 1))))


def _fiddle(pitch: int) -> tuple[str, ...]:
    return _on_strings(pitch, _FINGERS)


def _accordion(pitch: int) -> tuple[str, ...]:
    """Return the rows B and C; a button in parentheses is drawn."""
    for row in (1, 0):
        for pitches, shape in ((_PRESSED, "{}"), (_DRAWN, "({})")):
            if pitch + 1 - row in pitches:
                button = shape.format(pitches.index(pitch + 1 - row) + 2)
                return ("", button) if row else (button, "")
    return ("", "")


# The rows by name; "names" are those of the notes, which need the spelling.
_ROWS: dict[str, Callable[[int], tuple[str, ...]]] = {
    "whistle": _whistle,
    "fiddle": _fiddle,
    "mandolin": _mandolin,
    "accordion": _accordion,
}
ROWS = ("names", *_ROWS)


def score_with_rows(tune: Tune, kind: str) -> Callable[[], str] | None:
    """Return a function that returns the MusicXML of a tune with rows; None without a kind."""
    return (lambda: add_rows(to_musicxml(tune), kind)) if kind else None


def add_rows(musicxml: str, kind: str) -> str:
    """Return a score with rows under the notes of its first voice.

    A note that the instrument lacks stays empty.

    Args:
        musicxml: the score.
        kind: one of `ROWS`.
    """
    root = ElementTree.fromstring(musicxml)  # noqa: S314 - from charnn, not from the user
    part = root.find("part")
    notes = [] if part is None else part.findall("measure/note")
    verses = max((int(lyric.get("number", "1")) for lyric in root.iter("lyric")), default=0)
    for note in notes:
        if not _is_fingered(note):
            continue
        for number, text in enumerate(_row_texts(note, kind), verses + 1):
            if text:
                lyric = add(note, "lyric", number=str(number))
                add(lyric, "syllabic", "single")
                add(lyric, "text", text)
    return ElementTree.tostring(root, encoding="unicode")


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
    letter = note.findtext("pitch/step", "C")
    alter = round(float(note.findtext("pitch/alter", "0")))
    if kind == "names":
        return (letter + _SIGNS.get(alter, ""),)
    octave = int(note.findtext("pitch/octave", "4"))
    return _ROWS[kind](12 * (octave + 1) + _SEMITONES[letter] + alter)
