"""Instruments under the names that folk musicians use, with their General MIDI programs."""

import difflib
from dataclasses import dataclass

from charnn.errors import UsageError

# Programs of General MIDI Level 1, counted from 0. General MIDI has no mandolin, bouzouki or
# concertina; a steel-string guitar and a "tango accordion" (the bandoneon, a large concertina) come
# nearest.
_PROGRAMS = {
    "fiddle": 40,
    "violin": 40,
    "viola": 41,
    "cello": 42,
    "flute": 73,
    "wooden flute": 73,
    "piccolo": 72,
    "fife": 72,
    "recorder": 74,
    "whistle": 78,
    "tin whistle": 78,
    "penny whistle": 78,
    "low whistle": 78,
    "accordion": 21,
    "button accordion": 21,
    "piano accordion": 21,
    "melodeon": 21,
    "concertina": 23,
    "harmonica": 22,
    "harmonium": 20,
    "pipes": 109,
    "bagpipes": 109,
    "uilleann pipes": 109,
    "smallpipes": 109,
    "harp": 46,
    "piano": 0,
    "harpsichord": 6,
    "dulcimer": 15,
    "hammered dulcimer": 15,
    "banjo": 105,
    "mandolin": 25,
    "bouzouki": 25,
    "cittern": 25,
    "guitar": 25,
    "acoustic guitar": 25,
    "ukulele": 24,
    "clarinet": 71,
    "oboe": 68,
}
NAMES = tuple(_PROGRAMS)
_WELL_KNOWN = "fiddle, flute, whistle, accordion, concertina, pipes, harp, piano, banjo or mandolin"
_PLUCKED_PROGRAMS = (15, 24, 25, 46, 105)  # dulcimer, guitars, harp, banjo


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument: its name and its General MIDI program, counted from 0."""

    name: str
    program: int


def find_instrument(name: str) -> Instrument:
    """Return the instrument with a name: one of `NAMES`, or of the instruments of music21.

    Raises:
        UsageError: neither `NAMES` nor music21 has an instrument with that name and a program.
    """
    plain = " ".join(name.casefold().split())
    if plain in _PROGRAMS:
        return Instrument(plain, _PROGRAMS[plain])
    program = _program_in_music21(name.strip())
    if program is None:
        similar = difflib.get_close_matches(plain, NAMES, n=1)
        advice = f"did you mean {similar[0]}?" if similar else f"try {_WELL_KNOWN}"
        raise UsageError(f"unknown instrument {name!r}: {advice}")
    return Instrument(plain, program)


def _program_in_music21(name: str) -> int | None:
    # Imported here, because the import takes 0.4 s and the usual names do not need music21.
    from music21 import exceptions21, instrument

    try:
        program = instrument.fromString(name).midiProgram
    except exceptions21.InstrumentException:
        return None
    return None if program is None else int(program)


def accompanist_of(melody: Instrument) -> Instrument:
    """Return the instrument that accompanies `melody`: a guitar, or a piano for plucked strings.

    Two plucked instruments would be hard to tell apart.
    """
    return find_instrument("piano" if melody.program in _PLUCKED_PROGRAMS else "guitar")
