"""What MusicXML writes between the notes: tempo, words, signs and chord symbols."""

import re
from xml.etree.ElementTree import Element

from charnn.music.score.musicxml_elements import add
from charnn.music.score.musicxml_signs import BAR_ENDS, DIRECTIONS
from charnn.music.score.note_values import values
from charnn.music.tune.chord_symbols import SIGNS, parse_chord_symbol
from charnn.music.tune.tune import Tempo


def tempo_direction(measure: Element, tempo: Tempo, *, shown: bool) -> None:
    """The tempo, in words and as a metronome's mark if it is shown; else for players alone."""
    words = " ".join(re.findall(r'"([^"]*)"', tempo.text)) if shown else ""
    if shown and not tempo.beats and not words:
        words = tempo.text.strip()
    beat = values(tempo.beat) if shown and tempo.beats else []
    if words or len(beat) == 1:
        direction = new_direction(measure)
        if words:
            add(add(direction, "direction-type"), "words", words, **{"font-weight": "bold"})
        if len(beat) == 1:
            metronome = add(add(direction, "direction-type"), "metronome")
            add(metronome, "beat-unit", beat[0].name)
            for _ in range(beat[0].dots):
                add(metronome, "beat-unit-dot")
            add(metronome, "per-minute", f"{float(tempo.beats):g}")
        measure = direction
    if tempo.beats:
        add(measure, "sound", tempo=f"{float(tempo.beat * tempo.beats):g}")


def new_direction(measure: Element, placement: str = "above") -> Element:
    """Begin a direction; what it says goes into its `direction-type`."""
    return add(measure, "direction", placement=placement)


def words_direction(measure: Element, words: str, placement: str, bold: bool = False) -> None:
    """Words beside the staff; none if they are empty."""
    if words:
        attributes = {"font-weight": "bold"} if bold else {}
        kind = add(new_direction(measure, placement), "direction-type")
        add(kind, "words", words, **attributes)


def sign_direction(measure: Element, name: str) -> None:
    """A sign of `DIRECTIONS`: segno, coda, dynamics or words."""
    kind = DIRECTIONS[name]
    direction = new_direction(measure, "below" if kind == "dynamics" else "above")
    shown = add(direction, "direction-type")
    if kind in ("coda", "segno"):
        add(shown, kind)
        add(direction, "sound", **{kind: kind})
    elif kind == "dynamics":
        add(add(shown, kind), name)
    else:
        add(shown, "words", kind)
        add(direction, "sound", **dict((BAR_ENDS[name],)))


def chord_symbol(measure: Element, text: str) -> None:
    """A chord symbol, or, where it names no chord, its words."""
    symbol = parse_chord_symbol(text)
    if symbol is None or symbol.rest:
        words_direction(measure, text, "above")
        return
    harmony = add(measure, "harmony")
    _step(harmony, "root", symbol.root, symbol.root_alter)
    add(harmony, "kind", symbol.kind.name, text=symbol.written)
    if symbol.bass:
        _step(harmony, "bass", symbol.bass, symbol.bass_alter)
    for words in symbol.kind.degrees:
        value = words.lstrip("+-")
        kind = {"+": "add", "-": "subtract"}.get(words[0], "alter")
        degree = add(harmony, "degree", **{"print-object": "no"})  # the kind's text has it
        add(degree, "degree-value", value.lstrip("b#"))
        add(degree, "degree-alter", SIGNS[value[:-1]])
        add(degree, "degree-type", kind)


def _step(harmony: Element, name: str, letter: str, alter: int) -> None:
    step = add(harmony, name)
    add(step, f"{name}-step", letter)
    if alter:
        add(step, f"{name}-alter", alter)
