"""The `attributes` of MusicXML: what the beginning of a staff shows, key, meter and clef."""

import re
from xml.etree.ElementTree import Element

from charnn.music.score.musicxml_elements import add
from charnn.music.tune.clef import Clef
from charnn.music.tune.theory import LETTERS, SHARP_ORDER, signature_alterations
from charnn.music.tune.tune import Key, Meter, Tune

_MODES = ("major", "minor", "dorian", "mixolydian", "phrygian", "lydian")
_ATTRIBUTES = ("divisions", "key", "time", "clef", "transpose")  # the order that the DTD prescribes


def add_first_attributes(measure: Element, tune: Tune, divisions: int) -> Element:
    """Add and return the attributes at the beginning of a part."""
    attributes = add(measure, "attributes")
    add(attributes, "divisions", divisions)
    set_key(attributes, tune.key, None)
    set_meter(attributes, tune.meter)
    return attributes


def set_key(attributes: Element, key: Key, before: Key | None) -> None:
    """Set key, clef and transposition, as far as they differ from those of the key `before`.

    A key that is named anew is shown anew, unless the field changes the clef only.
    """
    transposition = _printed_transposition(key)
    is_transposed = transposition != (_printed_transposition(before) if before else 0)
    has_new_clef = before is None or key.clef != before.clef
    if before is None or key.alterations != before.alterations or not has_new_clef:
        _remove(attributes, "key")
        _add_key(attributes, key)
    if has_new_clef:
        _remove(attributes, "clef")
        _add_clef(attributes, key.clef)
    if is_transposed:
        _remove(attributes, "transpose")
        element = add(attributes, "transpose")
        # Truncated, not floored: a clarinet sounds 2 semitones lower, not 10 higher in an octave.
        octaves = int(transposition / 12)
        add(element, "chromatic", transposition - 12 * octaves)
        if octaves:
            add(element, "octave-change", octaves)
    _sort(attributes)


def set_meter(attributes: Element, meter: Meter) -> None:
    """Set the meter."""
    _remove(attributes, "time")
    if meter.bar:
        symbol = {"C": "common", "C|": "cut"}.get(meter.text.upper())
        time = add(attributes, "time", **({"symbol": symbol} if symbol else {}))
        numerator = re.match(r"\(?([0-9+ ]+)\)? */", meter.text)  # "2+3" in M:2+3/8
        add(time, "beats", numerator[1].replace(" ", "") if numerator else meter.numerator)
        add(time, "beat-type", meter.denominator)
    else:
        add(add(attributes, "time", **{"print-object": "no"}), "senza-misura")
    _sort(attributes)


def _printed_transposition(key: Key) -> int:
    """Return the semitones by which notes sound above the pitches that are printed."""
    return key.transpose - 12 * key.clef.shown


def _add_clef(attributes: Element, clef: Clef) -> None:
    element = add(attributes, "clef")
    add(element, "sign", clef.sign)
    if clef.sign not in ("percussion", "none"):
        add(element, "line", clef.line)
    if clef.mark:
        add(element, "clef-octave-change", clef.mark)


def _add_key(attributes: Element, key: Key) -> None:
    """Add a key signature: a number of fifths if possible, otherwise each accidental."""
    written = add(attributes, "key")
    for fifths in range(-7, 8):
        if key.alterations == signature_alterations(fifths):
            add(written, "fifths", fifths)
            if key.mode in _MODES:
                add(written, "mode", key.mode)
            return
    for letter in SHARP_ORDER:
        alter = key.alterations[LETTERS.index(letter)]
        if alter:
            add(written, "key-step", letter)
            add(written, "key-alter", alter)


def _remove(attributes: Element, tag: str) -> None:
    attributes[:] = [element for element in attributes if element.tag != tag]


def _sort(attributes: Element) -> None:
    attributes[:] = sorted(attributes, key=lambda element: _ATTRIBUTES.index(element.tag))
