"""The `note` elements of MusicXML: one for each head of an event, or one for a rest.

MusicXML prescribes the order of a note's children; the functions below follow that order.
"""

from xml.etree.ElementTree import Element

from charnn.music.score.lyrics import Syllable
from charnn.music.score.musicxml_elements import add
from charnn.music.score.musicxml_signs import ATTRIBUTES, NOTATIONS, TEXTS, sign_name
from charnn.music.score.note_values import NoteValue
from charnn.music.score.staff import Event, NoteHead

_ACCIDENTALS = {2: "double-sharp", 1: "sharp", 0: "natural", -1: "flat", -2: "flat-flat"}


def add_event(measure: Element, event: Event, divisions: int, voice: int) -> None:
    """Add a note, chord, rest or grace note.

    Args:
        measure: the parent of the notes.
        event: the event.
        divisions: the duration of a quarter note.
        voice: the number of the voice on its staff.
    """
    if not event.heads:
        note = add(measure, "note", **({"print-object": "no"} if event.hidden else {}))
        add(note, "rest", **({"measure": "yes"} if event.whole_bar else {}))
        _add_timing(note, event, divisions, voice)
    for index, head in enumerate(event.heads):
        name = event.name and (f"{event.name}-{index + 1}" if index else event.name)
        note = add(measure, "note", **({"id": name} if name else {}))
        if event.grace:  # a slash is usual on a single grace note, not on a beamed group
            add(note, "grace", **({} if event.beams else {"slash": "yes"}))
        if index:
            add(note, "chord")  # this note sounds together with the one before
        pitch = add(note, "pitch")
        add(pitch, "step", head.letter)
        if head.alter:
            add(pitch, "alter", head.alter)
        add(pitch, "octave", head.octave)
        _add_timing(note, event, divisions, voice, head, is_first=index == 0)


def _add_timing(
    note: Element,
    event: Event,
    divisions: int,
    voice: int,
    head: NoteHead | None = None,
    is_first: bool = True,
) -> None:
    """Add the children after a `pitch` or `rest`; only the first head of a chord has beams."""
    if not event.grace:
        add(note, "duration", int(event.duration * divisions))
    if head and head.tie_stop:
        add(note, "tie", type="stop")
    if head and head.tie_start:
        add(note, "tie", type="start")
    add(note, "voice", voice)
    if not event.whole_bar:
        _add_note_value(note, event.value, head)
    for level, beam in enumerate(event.beams if is_first else (), 1):
        add(note, "beam", beam, number=str(level))
    notations = Element("notations")
    _add_notations(notations, event, head, is_first)
    if len(notations):
        note.append(notations)
    for syllable in event.lyrics if is_first else ():
        _add_syllable(note, syllable)


def _add_syllable(note: Element, syllable: Syllable) -> None:
    lyric = add(note, "lyric", number=str(syllable.verse))
    if syllable.text:
        add(lyric, "syllabic", syllable.syllabic)
        add(lyric, "text", syllable.text)
    if syllable.extension:
        add(lyric, "extend", type=syllable.extension)


def _add_note_value(note: Element, value: NoteValue, head: NoteHead | None) -> None:
    add(note, "type", value.name)
    for _ in range(value.dots):
        add(note, "dot")
    if head and head.shown is not None:
        add(note, "accidental", _ACCIDENTALS[head.shown])
    if value.actual != value.normal:
        ratio = add(note, "time-modification")
        add(ratio, "actual-notes", value.actual)
        add(ratio, "normal-notes", value.normal)


def _add_notations(notations: Element, event: Event, head: NoteHead | None, is_first: bool) -> None:
    """Add ties to each head; slurs, tuplet brackets and signs only to the first head."""
    # <tie> above joins the sounds, <tied> draws the curve: MusicXML requires both.
    if head and head.tie_stop:
        add(notations, "tied", type="stop")
    if head and head.tie_start:
        add(notations, "tied", type="start")
    if not is_first:
        return
    for number in event.slur_stops:
        add(notations, "slur", type="stop", number=str(number))
    for number in event.slur_starts:
        add(notations, "slur", type="start", number=str(number))
    for number in event.dotted_slur_starts:
        # `add` takes attributes as keywords, which have no hyphen.
        add(notations, "slur", **{"type": "start", "line-type": "dotted", "number": str(number)})
    if event.tuplet_stop:
        add(notations, "tuplet", type="stop")
    if event.tuplet_start:  # a beam shows which notes belong together, so no bracket is needed
        add(notations, "tuplet", type="start", bracket="no" if event.beams else "yes")
    groups: dict[str, Element] = {}
    for sign in event.signs:
        name = sign_name(sign)
        group, element = NOTATIONS.get(name, ("", ""))
        if group and group not in groups:
            groups[group] = add(notations, group)
        if element:
            parent = groups[group] if group else notations
            add(parent, element, TEXTS.get(name), **ATTRIBUTES.get(name, {}))
        if name == "trill(":
            add(groups[group], "wavy-line", type="start")
