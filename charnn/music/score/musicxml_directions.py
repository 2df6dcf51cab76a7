"""The elements of MusicXML between the notes: tempos, words, signs and chord symbols."""

from fractions import Fraction
from xml.etree.ElementTree import Element

from charnn.music.score.musicxml_elements import add
from charnn.music.score.musicxml_signs import BAR_ENDS, DIRECTIONS, WEDGES
from charnn.music.score.note_values import note_values
from charnn.music.score.tempo_signs import tempo_words
from charnn.music.tune.chord_symbols import SIGN_ALTERATIONS, parse_chord_symbol
from charnn.music.tune.tune import Tempo

_SIGNS = {-1: "♭", 0: "", 1: "♯"}


def add_tempo(measure: Element, tempo: Tempo, *, shown: bool) -> None:
    """Add a tempo.

    If `shown` is set, the tempo is printed as words, as a metronome mark or as both. A tempo in
    beats a minute is always stated in a `sound` element, which players read.
    """
    words = tempo_words(tempo) if shown else ""
    beat = note_values(tempo.beat) if shown and tempo.beats else []
    if words or len(beat) == 1:
        direction = add_direction(measure)
        if words:
            add(add(direction, "direction-type"), "words", words, **{"font-weight": "bold"})
        if len(beat) == 1:  # a metronome mark can't show a beat of two tied notes
            metronome = add(add(direction, "direction-type"), "metronome")
            add(metronome, "beat-unit", beat[0].name)
            for _ in range(beat[0].dots):
                add(metronome, "beat-unit-dot")
            add(metronome, "per-minute", f"{float(tempo.beats):g}")
        measure = direction
    if tempo.beats:  # <sound> states the tempo in quarter notes a minute
        add(measure, "sound", tempo=f"{float(tempo.beat * tempo.beats):g}")


def add_direction(measure: Element, placement: str = "above") -> Element:
    """Add and return a direction, to which the caller adds a `direction-type` with the content."""
    return add(measure, "direction", placement=placement)


def add_words(measure: Element, words: str, placement: str, bold: bool = False) -> None:
    """Add words above or below the staff; empty words add nothing."""
    if words:
        attributes = {"font-weight": "bold"} if bold else {}
        kind = add(add_direction(measure, placement), "direction-type")
        add(kind, "words", words, **attributes)


def add_sign(measure: Element, name: str) -> None:
    """Add a sign named in `DIRECTIONS`: segno, coda, dynamics or words such as D.C."""
    kind = DIRECTIONS[name]
    direction = add_direction(measure, "below" if kind in ("dynamics", "wedge") else "above")
    direction_type = add(direction, "direction-type")
    if kind in ("coda", "segno"):
        add(direction_type, kind)
        add(direction, "sound", **{kind: kind})
    elif kind == "dynamics":
        add(add(direction_type, kind), name)
    elif kind == "wedge":
        add(direction_type, kind, type=WEDGES[name])
    else:
        add(direction_type, "words", kind)
        add(direction, "sound", **dict((BAR_ENDS[name],)))


def add_chord_symbol(measure: Element, text: str, offset: Fraction) -> None:
    """Add a chord symbol, or plain words if the text names no chord.

    Args:
        measure: the parent.
        text: the symbol.
        offset: the divisions from the beginning of the next note to the symbol.
    """
    symbol = parse_chord_symbol(text)
    if symbol is None:
        add_words(measure, text.strip('" '), "above")
        return
    harmony = add(measure, "harmony")
    root = symbol.root or "C"  # for N.C., because MusicXML demands a root
    shown = symbol.prefix + symbol.root
    _add_chord_note(harmony, "root", root, symbol.root_alter, None if shown == root else shown)
    suffix = "" if symbol.bass else symbol.suffix
    add(harmony, "kind", symbol.kind.name, text=symbol.kind_text + suffix)
    if symbol.bass:
        shown = symbol.bass + _SIGNS[symbol.bass_alter] + symbol.suffix
        _add_chord_note(
            harmony, "bass", symbol.bass, symbol.bass_alter, shown if symbol.suffix else None
        )
    for degree_text in symbol.kind.degrees:  # "+b9" adds a degree, "-3" omits one, "b5" alters one
        value = degree_text.lstrip("+-")
        kind = {"+": "add", "-": "subtract"}.get(degree_text[0], "alter")
        # Not printed, because the text of the kind has the degree already.
        degree = add(harmony, "degree", **{"print-object": "no"})
        add(degree, "degree-value", value.lstrip("b#"))
        add(degree, "degree-alter", SIGN_ALTERATIONS[value[:-1]])
        add(degree, "degree-type", kind)
    if offset:
        add(harmony, "offset", int(offset))


def _add_chord_note(
    harmony: Element, name: str, letter: str, alter: int, shown: str | None = None
) -> None:
    """Add the root or the bass of a chord.

    Args:
        harmony: the parent.
        name: `"root"` or `"bass"`.
        letter: the letter of the note.
        alter: the semitones by which its sign raises it.
        shown: the text to print in place of the letter; that of a bass contains its sign.
    """
    note = add(harmony, name)
    add(note, f"{name}-step", letter, **({} if shown is None else {"text": shown}))
    if alter:
        hidden = {"print-object": "no"} if shown is not None and name == "bass" else {}
        add(note, f"{name}-alter", alter, **hidden)
