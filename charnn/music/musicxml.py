"""Writing a tune as MusicXML 4.0, as it stands on the staff: repeats and endings are not unrolled.

The document is made here, element by element, from the measures of `score.py`: what was read is
written, with the spelling, beams and lines of the ABC, and no other program's idea of them.
"""

import re
import unicodedata
from math import lcm
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn import __version__
from charnn.errors import TuneError
from charnn.music.musicxml_signs import DIRECTIONS, NOTATIONS, chord_name, sign_name
from charnn.music.score import Event, Head, Item, Measure, display_title, lay_out
from charnn.music.tempo import default_tempo
from charnn.music.tune import LETTERS, Key, Mark, Meter, Tempo, Tune
from charnn.music.values import Value, values

MOST_DIVISIONS = 1 << 24  # readers keep them in 32 bits

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_ACCIDENTALS = {2: "double-sharp", 1: "sharp", 0: "natural", -1: "flat", -2: "flat-flat"}
_BAR_STYLES = {
    "": "none",
    "||": "light-light",
    "|]": "light-heavy",
    "[|": "heavy-light",
    "[|]": "none",
}
_SHARPS = "FCGDAEB"


def to_musicxml(tune: Tune) -> str:
    """A tune as a MusicXML document.

    Raises:
        TuneError: there are no notes, too many bars, or a note that no written value can say.
    """
    measures = lay_out(tune)
    root = Element("score-partwise", version="4.0")
    _head(root, tune)
    part = _add(root, "part", id="P1")
    divisions = _divisions(tune, measures)
    key, meter = tune.key, tune.meter
    for number, measure in enumerate(measures):
        written = _add(part, "measure", number=measure.number)
        if not measure.counted:
            written.set("implicit", "yes")
        if measure.new_line:
            _add(written, "print", **{"new-system": "yes"})
        _left(written, measure)
        if number == 0:
            _attributes(written, divisions=divisions, key=key, meter=meter, clef=True)
            _tempo(written, tune.tempo or default_tempo(tune), shown=tune.tempo is not None)
        for item in measure.items:
            _item(written, item, divisions)
        _right(written, measure)
    ElementTree.indent(root)
    return _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: Element, name: str, text: object = None, /, **attributes: str) -> Element:
    element = ElementTree.SubElement(parent, name, attributes)
    if text is not None:
        element.text = _legal(str(text))
    return element


def _legal(text: str) -> str:
    """The text without the control characters that no XML may hold."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Cn"))


def _head(root: Element, tune: Tune) -> None:
    words = {
        letter: [text for found, text in tune.fields if found == letter and text]
        for letter in "TCOSZ"
    }
    if words["T"]:
        _add(_add(root, "work"), "work-title", display_title(words["T"][0]))
    about = _add(root, "identification")
    for name in words["C"]:
        _add(about, "creator", name, type="composer")
    for name in words["Z"]:
        _add(about, "creator", name, type="transcriber")
    _add(_add(about, "encoding"), "software", f"charnn {__version__}")
    if words["S"]:
        _add(about, "source", words["S"][0])
    part = _add(_add(root, "part-list"), "score-part", id="P1")
    _add(part, "part-name", "Melody", **{"print-object": "no"})


def _divisions(tune: Tune, measures: list[Measure]) -> int:
    """Into how many parts a quarter note must be divided so that every duration is a whole one."""
    found = lcm(*(event.duration.denominator for measure in measures for event in measure.events()))
    if found > MOST_DIVISIONS:
        problem = "its note lengths have no common measure small enough for a score"
        raise TuneError(problem, tune.line, 1, tune.name)
    return found


def _item(measure: Element, item: Item, divisions: int) -> None:
    if isinstance(item, Event):
        for sign in item.signs:
            if sign_name(sign) in DIRECTIONS:
                _sign_direction(measure, sign_name(sign))
        _event(measure, item, divisions)
    elif isinstance(item, Mark):
        words = item.text.strip('"')
        if item.kind == "chord symbol":
            _chord_symbol(measure, words.strip())
        elif item.kind == "annotation":
            _words(measure, words[1:], "below" if words[:1] == "_" else "above")
    elif isinstance(item.value, Key):
        _attributes(measure, key=item.value)
    elif isinstance(item.value, Meter):
        _attributes(measure, meter=item.value)
    elif isinstance(item.value, Tempo):
        _tempo(measure, item.value, shown=True)
    elif item.letter == "P" and item.text:
        _add(_add(_direction(measure), "direction-type"), "rehearsal", item.text)
    elif item.letter == "T" and item.text:
        _words(measure, display_title(item.text), "above", bold=True)


def _attributes(
    measure: Element,
    *,
    divisions: int = 0,
    key: Key | None = None,
    meter: Meter | None = None,
    clef: bool = False,
) -> None:
    written = _add(measure, "attributes")
    if divisions:
        _add(written, "divisions", divisions)
    if key:
        _key(written, key)
    if meter and meter.bar:
        symbol = {"C": "common", "C|": "cut"}.get(meter.text.upper())
        time = _add(written, "time", **({"symbol": symbol} if symbol else {}))
        sums = re.match(r"\(?([0-9+ ]+)\)? */", meter.text)
        _add(time, "beats", sums[1].replace(" ", "") if sums else meter.numerator)
        _add(time, "beat-type", meter.denominator)
    elif meter:
        _add(_add(written, "time", **{"print-object": "no"}), "senza-misura")
    if clef:
        treble = _add(written, "clef")
        _add(treble, "sign", "G")
        _add(treble, "line", 2)
    if key and key.transpose:
        _add(_add(written, "transpose"), "chromatic", key.transpose)


def _key(attributes: Element, key: Key) -> None:
    """A signature of sharps or flats, or, where it mixes them, of single accidentals."""
    written = _add(attributes, "key")
    for sharps in range(-7, 8):
        altered = _SHARPS[:sharps] if sharps > 0 else _SHARPS[7 + sharps :] if sharps else ""
        sign = 1 if sharps > 0 else -1
        if key.alterations == tuple(sign * (letter in altered) for letter in LETTERS):
            _add(written, "fifths", sharps)
            if key.mode in ("major", "minor", "dorian", "mixolydian", "phrygian", "lydian"):
                _add(written, "mode", key.mode)
            return
    for letter in _SHARPS:
        alter = key.alterations[LETTERS.index(letter)]
        if alter:
            _add(written, "key-step", letter)
            _add(written, "key-alter", alter)


def _tempo(measure: Element, tempo: Tempo, *, shown: bool) -> None:
    """The tempo, in words and as a metronome's mark if it is shown; else for players alone."""
    words = " ".join(re.findall(r'"([^"]*)"', tempo.text)) if shown else ""
    if shown and not tempo.beats and not words:
        words = tempo.text.strip()
    beat = values(tempo.beat) if shown and tempo.beats else []
    if words or len(beat) == 1:
        direction = _direction(measure)
        if words:
            _add(_add(direction, "direction-type"), "words", words, **{"font-weight": "bold"})
        if len(beat) == 1:
            metronome = _add(_add(direction, "direction-type"), "metronome")
            _add(metronome, "beat-unit", beat[0].name)
            for _ in range(beat[0].dots):
                _add(metronome, "beat-unit-dot")
            _add(metronome, "per-minute", f"{float(tempo.beats):g}")
        measure = direction
    if tempo.beats:
        _add(measure, "sound", tempo=f"{float(tempo.beat * tempo.beats):g}")


def _direction(measure: Element, placement: str = "above") -> Element:
    return _add(measure, "direction", placement=placement)


def _words(measure: Element, words: str, placement: str, bold: bool = False) -> None:
    if words:
        attributes = {"font-weight": "bold"} if bold else {}
        kind = _add(_direction(measure, placement), "direction-type")
        _add(kind, "words", words, **attributes)


def _sign_direction(measure: Element, name: str) -> None:
    kind = DIRECTIONS[name]
    if kind in ("coda", "segno"):
        _add(_add(_direction(measure), "direction-type"), kind)
    elif kind == "dynamics":
        _add(_add(_add(_direction(measure, "below"), "direction-type"), kind), name)
    else:
        _words(measure, kind, "above")


def _chord_symbol(measure: Element, text: str) -> None:
    name = chord_name(text)
    if name is None:
        _words(measure, text, "above")
        return
    harmony = _add(measure, "harmony")
    root = _add(harmony, "root")
    _add(root, "root-step", name.root)
    if name.root_alter:
        _add(root, "root-alter", name.root_alter)
    _add(harmony, "kind", name.kind, text=name.kind_text)
    if name.bass:
        bass = _add(harmony, "bass")
        _add(bass, "bass-step", name.bass)
        if name.bass_alter:
            _add(bass, "bass-alter", name.bass_alter)


def _event(measure: Element, event: Event, divisions: int) -> None:
    if not event.heads:
        note = _add(measure, "note", **({"print-object": "no"} if event.hidden else {}))
        _add(note, "rest", **({"measure": "yes"} if event.whole_bar else {}))
        _timing(note, event, divisions)
    for place, head in enumerate(event.heads):
        note = _add(measure, "note")
        if event.grace:
            _add(note, "grace", **({} if event.beams else {"slash": "yes"}))
        if place:
            _add(note, "chord")
        pitch = _add(note, "pitch")
        _add(pitch, "step", head.letter)
        if head.alter:
            _add(pitch, "alter", head.alter)
        _add(pitch, "octave", head.octave)
        _timing(note, event, divisions, head, first=place == 0)


def _timing(
    note: Element, event: Event, divisions: int, head: Head | None = None, first: bool = True
) -> None:
    """What follows the pitch, in the order that MusicXML prescribes."""
    if not event.grace:
        _add(note, "duration", int(event.duration * divisions))
    if head and head.tie_stop:
        _add(note, "tie", type="stop")
    if head and head.tie_start:
        _add(note, "tie", type="start")
    _add(note, "voice", 1)
    if not event.whole_bar:
        _value(note, event.value, head)
    for level, beam in enumerate(event.beams if first else (), 1):
        _add(note, "beam", beam, number=str(level))
    notations = Element("notations")
    _notations(notations, event, head, first)
    if len(notations):
        note.append(notations)


def _value(note: Element, value: Value, head: Head | None) -> None:
    _add(note, "type", value.name)
    for _ in range(value.dots):
        _add(note, "dot")
    if head and head.shown is not None:
        _add(note, "accidental", _ACCIDENTALS[head.shown])
    if value.actual != value.normal:
        ratio = _add(note, "time-modification")
        _add(ratio, "actual-notes", value.actual)
        _add(ratio, "normal-notes", value.normal)


def _notations(notations: Element, event: Event, head: Head | None, first: bool) -> None:
    if head and head.tie_stop:
        _add(notations, "tied", type="stop")
    if head and head.tie_start:
        _add(notations, "tied", type="start")
    if not first:
        return
    for number in event.slur_stops:
        _add(notations, "slur", type="stop", number=str(number))
    for number in event.slur_starts:
        _add(notations, "slur", type="start", number=str(number))
    if event.tuplet_stop:
        _add(notations, "tuplet", type="stop")
    if event.tuplet_start:
        _add(notations, "tuplet", type="start", bracket="no" if event.beams else "yes")
    groups: dict[str, Element] = {}
    for sign in event.signs:
        group, name = NOTATIONS.get(sign_name(sign), ("", ""))
        if name and group:
            groups[group] = groups.get(group) or _add(notations, group)
            _add(groups[group], name)
        elif name:
            _add(notations, name)


def _left(written: Element, measure: Measure) -> None:
    if not (measure.starts or measure.passes):
        return
    line = _add(written, "barline", location="left")
    if measure.starts:
        _add(line, "bar-style", "heavy-light")
    if measure.passes:
        _ending(line, measure.passes, "start")
    if measure.starts:
        _add(line, "repeat", direction="forward")


def _right(written: Element, measure: Measure) -> None:
    style = "light-heavy" if measure.ends else _BAR_STYLES.get(measure.line)
    if not style and not measure.ending_stops:
        return
    line = _add(written, "barline", location="right")
    if style:
        _add(line, "bar-style", style)
    if measure.ending_stops:
        _ending(line, measure.ending_stops, "stop" if measure.ends else "discontinue")
    if measure.ends:
        times = {"times": str(measure.ends + 1)} if measure.ends > 1 else {}
        _add(line, "repeat", direction="backward", **times)


def _ending(line: Element, passes: tuple[int, ...], kind: str) -> None:
    numbers = ",".join(map(str, passes))
    _add(line, "ending", None if kind != "start" else f"{numbers}.", number=numbers, type=kind)
