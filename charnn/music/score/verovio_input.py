"""MusicXML for verovio: chord symbols as they are printed, and the signs that verovio knows."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn.music.score.musicxml_elements import add
from charnn.music.tune.chord_symbols import parse_chord_symbol
from charnn.music.tune.theory import LETTERS

_ACCIDENTALS = {-2: "♭♭", -1: "♭", 0: "", 1: "♯", 2: "♯♯"}
# Keeps chord symbols apart, since verovio places them side by side without a gap.
_GAP = "\u2002"
_THUMB = "\u03d8"  # the letter koppa: a ring on a stem, as the sign of the thumb

_SLIDE = {"number": "1", "line-type": "solid"}


def verovio_input(musicxml: str, *, keeps_tempo: bool) -> str:
    """Return the document with the signs that verovio cannot draw changed to similar ones.

    Args:
        musicxml: the document.
        keeps_tempo: False removes the tempo at the beginning, which the heading contains.
    """
    score = ElementTree.fromstring(musicxml)  # noqa: S314 - from charnn, not from the user
    first_bar = score.find("part/measure")
    if first_bar is not None and not keeps_tempo:
        tags = [child.tag for child in first_bar]
        after = tags.index("attributes") + 1
        if tags[after : after + 1] == ["direction"]:
            del first_bar[after]
    for bar_line in score.iter("barline"):
        style = bar_line.find("bar-style")
        if style is not None and style.text == "heavy-light" and bar_line.find("repeat") is None:
            style.text = "heavy"  # verovio would draw a thin line
    for harmony in score.iter("harmony"):
        _join_chord_symbol(harmony)
    for technical in score.iter("technical"):
        for thumb in technical.findall("thumb-position"):
            thumb.tag, thumb.text = "fingering", _THUMB
    for bar in score.iter("measure"):
        _draw_slides(bar)
    return ElementTree.tostring(score, encoding="unicode")


def _draw_slides(bar: Element) -> None:
    """Add a slide from a hidden grace note below to each note with a scoop."""
    notes = bar.findall("note")
    for index, note in enumerate(notes):
        if note.find("pitch") is None or note.find("notations/articulations/scoop") is None:
            continue
        end = note  # in a chord its last head, because verovio finds no slide to the first one
        for head in notes[index + 1 :]:
            if head.find("chord") is None:
                break
            end = head
        bar.insert(list(bar).index(note), _grace_below(end))
        notations = end.find("notations")
        notations = add(end, "notations") if notations is None else notations
        add(notations, "slide", type="stop", **_SLIDE)


def _grace_below(note: Element) -> Element:
    """Return a hidden grace note, one step below a note, with the beginning of a slide."""
    step = LETTERS.index(note.findtext("pitch/step", "C")) - 1
    octave = int(note.findtext("pitch/octave", "4")) - (step < 0)
    grace = Element("note", {"print-object": "no"})
    add(grace, "grace")
    pitch = add(grace, "pitch")
    add(pitch, "step", LETTERS[step])
    add(pitch, "octave", octave)
    add(grace, "voice", note.findtext("voice", "1"))
    add(grace, "type", "eighth")
    add(add(grace, "notations"), "slide", type="start", **_SLIDE)
    return grace


def _join_chord_symbol(harmony: Element) -> None:
    """Put a chord symbol into the text of its root.

    verovio would keep the letters b and # of the kind, and print the degrees of the chord after the
    kind that names them already.
    """
    text = harmony_text(harmony)
    for child in list(harmony):
        if child.tag == "root":
            child[1:] = []
            child[0].set("text", text + _GAP)
        elif child.tag == "kind":
            child.set("text", "")
        elif child.tag != "offset":
            harmony.remove(child)


def harmony_text(harmony: Element) -> str:
    """Return a chord symbol as it is printed, `B♭m7♭5/D♭` for example."""
    kind = harmony.find("kind")
    kind_text = "" if kind is None else kind.get("text", "")
    bass = _note_text(harmony, "bass")
    return _note_text(harmony, "root") + print_accidentals(kind_text) + (bass and f"/{bass}")


def _note_text(harmony: Element, name: str) -> str:
    step, alter = harmony.find(f"{name}/{name}-step"), harmony.find(f"{name}/{name}-alter")
    if step is None:
        return ""
    is_shown = alter is not None and alter.get("print-object") != "no"
    sign = _ACCIDENTALS[int(alter.text or 0)] if alter is not None and is_shown else ""
    return print_accidentals(step.get("text", step.text or "")) + sign


def print_accidentals(text: str) -> str:
    """Return the kind of a chord with ♭ and ♯ where accidentals are meant: `7♭9`, `(B♭)`.

    A letter of a word is no accidental.
    """
    text = re.sub(r"[^\s/(),;|]+", lambda word: _print_root(word[0]), text)
    return re.sub(r"b(?=[0-9])", "♭", text.replace("#", "♯"))


def _print_root(word: str) -> str:
    """Return a chord symbol in brackets or after a semicolon with the accidental of its root."""
    symbol = parse_chord_symbol(word)
    if symbol is None or not symbol.root_alter:
        return word
    return word[0] + _ACCIDENTALS[symbol.root_alter] + word[2:]
