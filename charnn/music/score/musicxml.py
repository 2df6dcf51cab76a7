"""A tune as a MusicXML 4.0 document, as it is written on the staff: repeats are not played out.

The document is built element by element from the layout of the tune, so the document keeps the
ABC's note spelling, beams and line breaks. MusicXML calls a bar a `measure`; in this module, a
measure is always an XML element. MusicXML prescribes the order of elements, so the functions add
them in that order.
"""

from itertools import chain
from math import lcm
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn.errors import TuneError
from charnn.music.abc.text_escapes import decode_text
from charnn.music.score.bar_styles import bar_style
from charnn.music.score.musicxml_attributes import add_first_attributes, set_key, set_meter
from charnn.music.score.musicxml_directions import (
    add_chord_symbol,
    add_direction,
    add_sign,
    add_tempo,
    add_words,
)
from charnn.music.score.musicxml_elements import add
from charnn.music.score.musicxml_metadata import add_metadata
from charnn.music.score.musicxml_notes import add_event
from charnn.music.score.musicxml_signs import DIRECTIONS, sign_name
from charnn.music.score.score_parts import Part, lay_out_parts
from charnn.music.score.staff import BarItem, ChordSign, Event, WrittenBar
from charnn.music.score.titles import display_title
from charnn.music.tune.tempo import default_tempo
from charnn.music.tune.tune import Change, Key, Mark, Meter, Tempo, Tune

MAX_DIVISIONS = 1 << 24  # readers store divisions and durations in 32 bits

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def to_musicxml(tune: Tune, bars_per_line: int | None = None) -> str:
    """Return a tune as a MusicXML document.

    Args:
        tune: the tune.
        bars_per_line: the number of bars in a system; None for the lines of the ABC.

    Raises:
        TuneError: the tune has no notes, too many bars, or a duration that no note value can write.
    """
    root = Element("score-partwise", version="4.0")
    parts = lay_out_parts(tune, bars_per_line)
    add_metadata(root, tune, [part.voice for part in parts])
    for number, part in enumerate(parts, 1):
        _add_measures(add(root, "part", id=f"P{number}"), part, with_tempo=number == 1)
    _drop_repeated_ids(root)
    ElementTree.indent(root)
    return _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n"


def _drop_repeated_ids(root: Element) -> None:
    """Remove the ids that another note has: two notes of a macro stand at the same place."""
    seen: set[str] = set()
    for note in root.iter("note"):
        name = note.get("id")
        if name in seen:
            del note.attrib["id"]
        elif name is not None:
            seen.add(name)


def _divisions(part: Part) -> int:
    """Return the number of divisions in a quarter note; MusicXML counts durations in divisions.

    The result is the smallest number with which every duration is a whole number of divisions.
    """
    items = [item for bar in chain(part.bars, *part.layers) for item in bar.items]
    durations = [item.duration for item in items if isinstance(item, Event)]
    durations += [item.offset for item in items if isinstance(item, ChordSign)]
    divisions = lcm(*(duration.denominator for duration in durations))
    if divisions > MAX_DIVISIONS:
        problem = (
            "the note lengths have no common unit that MusicXML can count in: "
            "use fewer kinds of tuplets"
        )
        raise TuneError(problem, part.voice.line, 1, part.voice.name)
    return divisions


def _add_measures(parent: Element, part: Part, *, with_tempo: bool) -> None:
    """Add the bars of a part to its element."""
    divisions = _divisions(part)
    tune = part.voice
    key = tune.key
    for index, bar in enumerate(part.bars):
        attributes: Element | None = None  # the attributes between the last event and the next
        measure = add(parent, "measure", number=bar.number)
        if not bar.counted:
            measure.set("implicit", "yes")
        if bar.new_system:
            add(measure, "print", **{"new-system": "yes"})
        _add_left_bar_line(measure, bar)
        if index == 0:
            attributes = add_first_attributes(measure, tune, divisions)
            if with_tempo:
                add_tempo(measure, tune.tempo or default_tempo(tune), shown=tune.tempo is not None)
        for item in bar.items:
            if isinstance(item, Change) and isinstance(item.value, Key | Meter):
                # Readers ignore the second of two adjacent <attributes>, so put both into one.
                attributes = add(measure, "attributes") if attributes is None else attributes
                if isinstance(item.value, Key):
                    set_key(attributes, item.value, key)
                    key = item.value
                else:
                    set_meter(attributes, item.value)
                continue
            _add_item(measure, item, divisions)
            attributes = None if isinstance(item, Event) else attributes
        _add_layers(measure, [bar, *(layer[index] for layer in part.layers)], divisions)
        _add_right_bar_line(measure, bar)


def _add_layers(measure: Element, bars: list[WrittenBar], divisions: int) -> None:
    """Add the overlays of a bar, after the voice of which `bars[0]` is the bar."""
    position = bars[0].duration
    for number, bar in enumerate(bars[1:], 2):
        if all(event.hidden for event in bar.events()):
            continue
        add(add(measure, "backup"), "duration", int(position * divisions))
        for item in bar.items:
            if not isinstance(item, Change):
                _add_item(measure, item, divisions, voice=number)
        position = bar.duration


def _add_item(measure: Element, item: BarItem, divisions: int, voice: int = 1) -> None:
    """Add an event, a mark, or a field that is neither key nor meter."""
    if isinstance(item, Event):
        for sign in item.signs:
            if sign_name(sign) in DIRECTIONS:
                add_sign(measure, sign_name(sign))
        add_event(measure, item, divisions, voice)
    elif isinstance(item, ChordSign):
        add_chord_symbol(measure, decode_text(item.text), item.offset * divisions)
    elif isinstance(item, Mark):
        words = decode_text(item.text.strip('"'))
        if item.kind == "decoration":
            add_sign(measure, sign_name(item.meaning or item.text))
        elif item.kind == "annotation":  # the first character is the placement: ^ _ < > @
            add_words(measure, words[1:], "below" if words[:1] == "_" else "above")
    elif isinstance(item.value, Tempo):
        add_tempo(measure, item.value, shown=True)
    elif item.letter == "P" and item.text:
        add(add(add_direction(measure), "direction-type"), "rehearsal", decode_text(item.text))
    elif item.letter == "T" and item.text:
        add_words(measure, display_title(decode_text(item.text)), "above", bold=True)


def _add_left_bar_line(measure: Element, bar: WrittenBar) -> None:
    if not (bar.repeat_starts or bar.ending_passes):
        return
    line = add(measure, "barline", location="left")
    if bar.repeat_starts:
        add(line, "bar-style", "heavy-light")
    if bar.ending_passes:
        _add_ending(line, bar.ending_passes, "start")
    if bar.repeat_starts:
        add(line, "repeat", direction="forward")


def _add_right_bar_line(measure: Element, bar: WrittenBar) -> None:
    repeats = bar.repeat_ends or bar.times_back
    style = "light-heavy" if repeats else bar_style(bar.closing_line)
    if style == "regular" and not bar.ending_stop_passes:
        return
    line = add(measure, "barline", location="right")
    if style != "regular":
        add(line, "bar-style", style)
    if bar.ending_stop_passes:
        # "stop" draws a hook at the end of the bracket, "discontinue" leaves the bracket open.
        _add_ending(line, bar.ending_stop_passes, "stop" if repeats else "discontinue")
    if bar.times_back:
        # MusicXML states the number of times that the section is played; twice is the default.
        times = {"times": str(bar.times_back + 1)} if bar.times_back > 1 else {}
        add(line, "repeat", direction="backward", **times)


def _add_ending(line: Element, passes: tuple[int, ...], kind: str) -> None:
    numbers = ",".join(map(str, passes))
    add(line, "ending", None if kind != "start" else f"{numbers}.", number=numbers, type=kind)
