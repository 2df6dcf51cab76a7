"""Writing a tune as MusicXML 4.0, as it stands on the staff: repeats and endings are not unrolled.

The document is made here, element by element, from the measures of `score.py`: what was read is
written, with the spelling, beams and lines of the ABC, and no other program's idea of them.
"""

import re
from math import lcm
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn.errors import TuneError
from charnn.music.score.layout import display_title, lay_out
from charnn.music.score.musicxml_directions import (
    chord_symbol,
    new_direction,
    sign_direction,
    tempo_direction,
    words_direction,
)
from charnn.music.score.musicxml_elements import add
from charnn.music.score.musicxml_signs import DIRECTIONS, NOTATIONS, sign_name
from charnn.music.score.note_values import Value
from charnn.music.score.staff import Event, Head, Item, Measure
from charnn.music.tune.tempo import default_tempo
from charnn.music.tune.tune import LETTERS, Change, Key, Mark, Meter, Tempo, Tune
from charnn.version import __version__

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
_ATTRIBUTES = ("divisions", "key", "time", "clef", "transpose")


def to_musicxml(tune: Tune) -> str:
    """A tune as a MusicXML document.

    Raises:
        TuneError: there are no notes, too many bars, or a note that no written value can say.
    """
    measures = lay_out(tune)
    root = Element("score-partwise", version="4.0")
    _head(root, tune)
    part = add(root, "part", id="P1")
    divisions = _divisions(tune, measures)
    for number, measure in enumerate(measures):
        attributes: Element | None = None  # those before the next note
        written = add(part, "measure", number=measure.number)
        if not measure.counted:
            written.set("implicit", "yes")
        if measure.new_line:
            add(written, "print", **{"new-system": "yes"})
        _left(written, measure)
        if number == 0:
            attributes = add(written, "attributes")
            add(attributes, "divisions", divisions)
            clef = add(attributes, "clef")
            add(clef, "sign", "G")
            add(clef, "line", 2)
            _set(attributes, tune.key)
            _set(attributes, tune.meter)
            tempo_direction(
                written, tune.tempo or default_tempo(tune), shown=tune.tempo is not None
            )
        for item in measure.items:
            if isinstance(item, Change) and isinstance(item.value, Key | Meter):
                # Readers heed but one of two that follow upon each other.
                attributes = add(written, "attributes") if attributes is None else attributes
                _set(attributes, item.value)
                continue
            _item(written, item, divisions)
            attributes = None if isinstance(item, Event) else attributes
        _right(written, measure)
    ElementTree.indent(root)
    return _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n"


def _head(root: Element, tune: Tune) -> None:
    words = {
        letter: [text for found, text in tune.fields if found == letter and text]
        for letter in "TCOSZ"
    }
    if words["T"]:
        add(add(root, "work"), "work-title", display_title(words["T"][0]))
    metadata = add(root, "identification")
    for name in words["C"]:
        add(metadata, "creator", name, type="composer")
    for name in words["Z"]:
        add(metadata, "creator", name, type="transcriber")
    add(add(metadata, "encoding"), "software", f"charnn {__version__}")
    if words["S"]:
        add(metadata, "source", words["S"][0])
    part = add(add(root, "part-list"), "score-part", id="P1")
    add(part, "part-name", "Melody", **{"print-object": "no"})


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
                sign_direction(measure, sign_name(sign))
        _event(measure, item, divisions)
    elif isinstance(item, Mark):
        words = item.text.strip('"')
        if item.kind == "decoration":
            sign_direction(measure, sign_name(item.meaning or item.text))
        if item.kind == "chord symbol":
            chord_symbol(measure, words.strip())
        elif item.kind == "annotation":
            words_direction(measure, words[1:], "below" if words[:1] == "_" else "above")
    elif isinstance(item.value, Tempo):
        tempo_direction(measure, item.value, shown=True)
    elif item.letter == "P" and item.text:
        add(add(new_direction(measure), "direction-type"), "rehearsal", item.text)
    elif item.letter == "T" and item.text:
        words_direction(measure, display_title(item.text), "above", bold=True)


def _set(attributes: Element, value: Key | Meter) -> None:
    """Put a key or a meter among the attributes, in the order that MusicXML prescribes."""
    tags = ("key", "transpose") if isinstance(value, Key) else ("time",)
    attributes[:] = [element for element in attributes if element.tag not in tags]
    if isinstance(value, Key):
        _key(attributes, value)
        if value.transpose:
            add(add(attributes, "transpose"), "chromatic", value.transpose)
    elif value.bar:
        symbol = {"C": "common", "C|": "cut"}.get(value.text.upper())
        time = add(attributes, "time", **({"symbol": symbol} if symbol else {}))
        sums = re.match(r"\(?([0-9+ ]+)\)? */", value.text)
        add(time, "beats", sums[1].replace(" ", "") if sums else value.numerator)
        add(time, "beat-type", value.denominator)
    else:
        add(add(attributes, "time", **{"print-object": "no"}), "senza-misura")
    attributes[:] = sorted(attributes, key=lambda element: _ATTRIBUTES.index(element.tag))


def _key(attributes: Element, key: Key) -> None:
    """A signature of sharps or flats, or, where it mixes them, of single accidentals."""
    written = add(attributes, "key")
    for sharps in range(-7, 8):
        altered = _SHARPS[:sharps] if sharps > 0 else _SHARPS[7 + sharps :] if sharps else ""
        sign = 1 if sharps > 0 else -1
        if key.alterations == tuple(sign * (letter in altered) for letter in LETTERS):
            add(written, "fifths", sharps)
            if key.mode in ("major", "minor", "dorian", "mixolydian", "phrygian", "lydian"):
                add(written, "mode", key.mode)
            return
    for letter in _SHARPS:
        alter = key.alterations[LETTERS.index(letter)]
        if alter:
            add(written, "key-step", letter)
            add(written, "key-alter", alter)


def _event(measure: Element, event: Event, divisions: int) -> None:
    if not event.heads:
        note = add(measure, "note", **({"print-object": "no"} if event.hidden else {}))
        add(note, "rest", **({"measure": "yes"} if event.whole_bar else {}))
        _timing(note, event, divisions)
    for place, head in enumerate(event.heads):
        note = add(measure, "note")
        if event.grace:
            add(note, "grace", **({} if event.beams else {"slash": "yes"}))
        if place:
            add(note, "chord")
        pitch = add(note, "pitch")
        add(pitch, "step", head.letter)
        if head.alter:
            add(pitch, "alter", head.alter)
        add(pitch, "octave", head.octave)
        _timing(note, event, divisions, head, first=place == 0)


def _timing(
    note: Element, event: Event, divisions: int, head: Head | None = None, first: bool = True
) -> None:
    """What follows the pitch, in the order that MusicXML prescribes."""
    if not event.grace:
        add(note, "duration", int(event.duration * divisions))
    if head and head.tie_stop:
        add(note, "tie", type="stop")
    if head and head.tie_start:
        add(note, "tie", type="start")
    add(note, "voice", 1)
    if not event.whole_bar:
        _value(note, event.value, head)
    for level, beam in enumerate(event.beams if first else (), 1):
        add(note, "beam", beam, number=str(level))
    notations = Element("notations")
    _notations(notations, event, head, first)
    if len(notations):
        note.append(notations)


def _value(note: Element, value: Value, head: Head | None) -> None:
    add(note, "type", value.name)
    for _ in range(value.dots):
        add(note, "dot")
    if head and head.shown is not None:
        add(note, "accidental", _ACCIDENTALS[head.shown])
    if value.actual != value.normal:
        ratio = add(note, "time-modification")
        add(ratio, "actual-notes", value.actual)
        add(ratio, "normal-notes", value.normal)


def _notations(notations: Element, event: Event, head: Head | None, first: bool) -> None:
    if head and head.tie_stop:
        add(notations, "tied", type="stop")
    if head and head.tie_start:
        add(notations, "tied", type="start")
    if not first:
        return
    for number in event.slur_stops:
        add(notations, "slur", type="stop", number=str(number))
    for number in event.slur_starts:
        add(notations, "slur", type="start", number=str(number))
    if event.tuplet_stop:
        add(notations, "tuplet", type="stop")
    if event.tuplet_start:
        add(notations, "tuplet", type="start", bracket="no" if event.beams else "yes")
    groups: dict[str, Element] = {}
    for sign in event.signs:
        group, name = NOTATIONS.get(sign_name(sign), ("", ""))
        if name and group:
            groups[group] = groups.get(group) or add(notations, group)
            add(groups[group], name)
        elif name:
            add(notations, name)


def _left(written: Element, measure: Measure) -> None:
    if not (measure.starts or measure.passes):
        return
    line = add(written, "barline", location="left")
    if measure.starts:
        add(line, "bar-style", "heavy-light")
    if measure.passes:
        _ending(line, measure.passes, "start")
    if measure.starts:
        add(line, "repeat", direction="forward")


def _right(written: Element, measure: Measure) -> None:
    style = "light-heavy" if measure.ends or measure.back else _BAR_STYLES.get(measure.line)
    if not style and not measure.ending_stops:
        return
    line = add(written, "barline", location="right")
    if style:
        add(line, "bar-style", style)
    if measure.ending_stops:
        closed = measure.ends or measure.back
        _ending(line, measure.ending_stops, "stop" if closed else "discontinue")
    if measure.back:
        times = {"times": str(measure.back + 1)} if measure.back > 1 else {}
        add(line, "repeat", direction="backward", **times)


def _ending(line: Element, passes: tuple[int, ...], kind: str) -> None:
    numbers = ",".join(map(str, passes))
    add(line, "ending", None if kind != "start" else f"{numbers}.", number=numbers, type=kind)
