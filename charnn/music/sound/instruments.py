"""Instruments under the names that folk musicians use, with their General MIDI programs."""

import difflib
from dataclasses import dataclass, replace

from charnn.errors import UsageError
from charnn.music.tune.clef import Clef

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
# The octaves by which an instrument sounds above the notes that its players read. A tin whistle in
# D begins at D5, where a fiddle begins a tune at D4; a tenor banjo is tuned an octave below it.
_OCTAVES = {
    "whistle": 1,
    "tin whistle": 1,
    "penny whistle": 1,
    "piccolo": 1,
    "fife": 1,
    "recorder": 1,
    "banjo": -1,
    "bouzouki": -1,
    "cittern": -1,
    "guitar": -1,
    "acoustic guitar": -1,
}
_WELL_KNOWN = "fiddle, flute, whistle, accordion, concertina, pipes, harp, piano, banjo or mandolin"
_PLUCKED_PROGRAMS = (15, 24, 25, 46, 105)  # dulcimer, guitars, harp, banjo


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument.

    Attributes:
        name: the name in lower case.
        program: the General MIDI program, counted from 0.
        octave: the octaves by which it sounds above the written notes.
    """

    name: str
    program: int
    octave: int = 0

    def sounding(self, pitch: int) -> int:
        """Return the MIDI pitch that sounds for a written pitch.

        A pitch that would leave the range of MIDI stays in the written octave.
        """
        moved = pitch + 12 * self.octave
        return moved if 0 <= moved <= 127 else pitch

    def reading(self, clef: Clef) -> "Instrument":
        """Return the instrument for music in a clef, whose small 8 already gives the octave."""
        return replace(self, octave=0) if clef.octave else self


def find_instrument(name: str) -> Instrument:
    """Return the instrument with a name: one of `NAMES`, or of the instruments of music21.

    Raises:
        UsageError: neither `NAMES` nor music21 has an instrument with that name and a program.
    """
    plain = " ".join(name.casefold().split())
    if plain in _PROGRAMS:
        return Instrument(plain, _PROGRAMS[plain], _OCTAVES.get(plain, 0))
    found = _in_music21(name.strip())
    if found is None:
        similar = difflib.get_close_matches(plain, NAMES, n=1)
        advice = f"did you mean {similar[0]}?" if similar else f"try {_WELL_KNOWN}"
        raise UsageError(f"unknown instrument {name!r}: {advice}")
    return found


def _in_music21(name: str) -> Instrument | None:
    """Return an instrument of music21; None if music21 knows no program for the name."""
    # Imported here, because the import takes 0.4 s and the usual names do not need music21.
    from music21 import exceptions21, instrument

    try:
        found = instrument.fromString(name)
    except exceptions21.InstrumentException:
        return None
    if found.midiProgram is None:
        return None
    semitones = int(found.transposition.semitones) if found.transposition else 0
    # Tunes are written at pitch, so a clarinet in B flat plays the notes that sound as written.
    octave = semitones // 12 if semitones % 12 == 0 else 0
    return Instrument(" ".join(name.casefold().split()), int(found.midiProgram), octave)


def accompanist_of(melody: Instrument) -> Instrument:
    """Return the instrument that accompanies `melody`: a guitar, or a piano for plucked strings.

    Two plucked instruments would be hard to tell apart. The notes of an accompaniment sound as they
    are written.
    """
    name = "piano" if melody.program in _PLUCKED_PROGRAMS else "guitar"
    return replace(find_instrument(name), octave=0)
