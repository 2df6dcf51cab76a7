"""Writing a tune as a MIDI file, through music21.

music21 gets the finished notes of a `Performance`, neither ABC nor repeats: its ABC reader is slow
and often wrong, and repeats expanded twice would be played twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from charnn.errors import TuneError, UsageError
from charnn.music.fields import FASTEST, SLOWEST
from charnn.music.performance import Performance, Turn, perform
from charnn.music.tune import BarLine, Key, Meter, Note, Tempo, Tune
from charnn.music.unrolling import playing_order

_WRITABLE = (1, 2, 4, 8, 16, 32, 64)  # denominators of a meter
_PLAIN_NAMES = {  # what folk musicians call them -> what music21 knows
    "fiddle": "violin",
    "whistle": "tin whistle",
    "pipes": "bagpipes",
    "uilleann pipes": "bagpipes",
    "concertina": "accordion",
    "guitar": "acoustic guitar",
}


def midi_bytes(
    tune: Tune, *, tempo: float | None = None, instrument: str = "violin", graces: bool = True
) -> bytes:
    """A tune as a standard MIDI file.

    Args:
        tune: as read.
        tempo: beats a minute in place of the tune's own. The beat stays the tune's: that of its
            Q:, else of its rhythm or meter (half notes in a reel, dotted quarters in a jig).
        instrument: a name as music21 knows them: violin, flute, accordion, banjo, ...
        graces: whether grace notes sound.

    Raises:
        TuneError: the tune has no notes, or too many once its repeats are played.
        UsageError: an unknown instrument, or a tempo out of range.
    """
    part = to_part(tune, tempo=tempo, instrument=instrument, graces=graces)
    from music21.midi import translate

    written: bytes = translate.streamToMidiFile(part).writestr()
    return written


def to_part(
    tune: Tune, *, tempo: float | None = None, instrument: str = "violin", graces: bool = True
) -> Any:
    """A tune as a flat `music21.stream.Part`, repeats played out; arguments as in `midi_bytes`."""
    performance = perform(tune, graces=graces)
    if not performance.sounds:
        raise TuneError("it has no notes to play", tune.line, 1, tune.name)
    from music21 import defaults, note, stream

    def on_tick(time: Fraction) -> Fraction:
        # music21 rounds onsets and durations apart, so that a note could outlast the next onset.
        return Fraction(round(time * defaults.ticksPerQuarter), defaults.ticksPerQuarter)

    part = stream.Part()
    sounding = _instrument(instrument)
    if tune.titles:
        sounding.partName = tune.titles[0]  # what the track is called
    part.coreInsert(0, sounding)
    for turn in _turns(tune, performance, tempo):
        part.coreInsert(on_tick(turn.onset), _music21_turn(turn.value))
    for sound in performance.sounds:
        onset = on_tick(sound.onset)
        duration = on_tick(sound.onset + sound.duration) - onset
        if duration:  # less than a tick is nothing
            part.coreInsert(onset, note.Note(sound.pitch, quarterLength=duration))
    part.coreElementsChanged()
    return part


def _turns(tune: Tune, performance: Performance, tempo: float | None) -> list[Turn]:
    """Keys, meters and tempos by onset; `tempo` replaces the first and scales the others."""
    turns = [
        turn
        for turn in _with_pickup(tune, performance.turns)
        if not isinstance(turn.value, Meter) or turn.value.bar  # no word for free meter
    ]
    if tempo is None:
        return turns
    start = next(turn.value for turn in turns if isinstance(turn.value, Tempo))
    lowest, highest = float(SLOWEST / start.beat), float(FASTEST / start.beat)
    if not lowest <= tempo <= highest:
        raise UsageError(
            f"the tempo is {tempo:g} beats a minute, but it must lie between "
            f"{lowest:g} and {highest:g} for this tune"
        )
    faster = Fraction(tempo) / start.beats
    return [replace(turn, value=_scaled(turn.value, faster)) for turn in turns]


def _with_pickup(tune: Tune, turns: Sequence[Turn]) -> list[Turn]:
    """The turns with a short first bar in a meter of its own, so that bar lines fall into place."""
    length = _first_bar(tune)
    top, bottom = (length / 4).as_integer_ratio()
    meters = [turn for turn in turns if isinstance(turn.value, Meter) and turn.onset <= length]
    before = [turn for turn in meters if turn.onset < length]
    full = before[0].value if len(before) == 1 else None
    if not isinstance(full, Meter) or length >= full.bar or bottom not in _WRITABLE:
        return list(turns)
    pickup = Turn(Fraction(0), Meter("", top, bottom))
    behind = meters[1:] or [replace(before[0], onset=length)]
    return [pickup, *behind, *(turn for turn in turns if turn not in meters)]


def _first_bar(tune: Tune) -> Fraction:
    """How long the tune plays until its first bar line, in quarter notes; 0 if it has none."""
    length = Fraction(0)
    for place in playing_order(tune):
        element = tune.music[place]
        if isinstance(element, Note):
            length += element.duration
        elif isinstance(element, BarLine) and length:
            return length
    return Fraction(0)


def _scaled(value: Key | Meter | Tempo, faster: Fraction) -> Key | Meter | Tempo:
    """A tempo so many times faster, as far as MIDI goes; keys and meters as they are."""
    if not isinstance(value, Tempo):
        return value
    quarters = min(max(value.beat * value.beats * faster, Fraction(SLOWEST)), Fraction(FASTEST))
    return replace(value, beats=quarters / value.beat)


def _music21_turn(value: Key | Meter | Tempo) -> Any:
    from music21 import duration, key, meter, tempo

    if isinstance(value, Key):
        if not value.transpose:
            return key.KeySignature(value.sharps)
        return key.KeySignature((value.sharps + 7 * value.transpose + 5) % 12 - 5)
    if isinstance(value, Meter):
        return meter.TimeSignature(f"{value.numerator}/{value.denominator}")
    return tempo.MetronomeMark(
        number=float(value.beats), referent=duration.Duration(quarterLength=value.beat)
    )


def _instrument(name: str) -> Any:
    from music21 import exceptions21, instrument

    plain = _PLAIN_NAMES.get(name.strip().casefold(), name.strip())
    try:
        found = instrument.fromString(plain)
    except exceptions21.InstrumentException:
        found = None
    if found is None or found.midiProgram is None:
        raise UsageError(f"unknown instrument {name!r}; try violin, flute, accordion or banjo")
    return found
