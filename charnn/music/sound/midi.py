"""Writing a tune as a MIDI file, through music21.

music21 gets the finished notes of a `Performance`, neither ABC nor repeats: its ABC reader is slow
and often wrong, and repeats expanded twice would be played twice.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from charnn.music.performance.accompaniment import accompany
from charnn.music.performance.performance import Performance, SettingChange, Sound
from charnn.music.performance.playback import AS_USUAL, Playing
from charnn.music.performance.played_bars import PlayedBar
from charnn.music.sound.instruments import Instrument, backing_for, find_instrument
from charnn.music.tune.tune import Key, Meter, Tempo, Tune

_WRITABLE = (1, 2, 4, 8, 16, 32, 64)  # denominators of a meter
_LARGEST = 64  # numerator of one


def midi_bytes(tune: Tune, playing: Playing = AS_USUAL) -> bytes:
    """A tune as a standard MIDI file: the melody on the first track with notes and, below it, an
    accompaniment on the next, with a channel and a program of its own.

    Raises:
        TuneError: the tune has no notes, or too many once its repeats are played.
        UsageError: an unknown instrument, or a tempo out of range.
    """
    lead = find_instrument(playing.instrument)
    performance = playing.perform(tune)
    score = to_score(tune, performance, accompany(tune, performance, playing.chords), lead)
    from music21.midi import translate

    written: bytes = translate.streamToMidiFile(score).writestr()
    return written


def to_score(
    tune: Tune, performance: Performance, backing: Iterable[Sound], lead: Instrument
) -> Any:
    """What is played as a `music21.stream.Score`: a flat `Part` for the melody, which has the
    turns, and one for the backing if there is any."""
    from music21 import stream

    melody = _part(lead, tune.titles[0] if tune.titles else "", performance.sounds)
    for turn in _turns(performance):
        melody.coreInsert(_on_tick(turn.onset), _music21_turn(turn.value))
    melody.coreElementsChanged()
    score = stream.Score()
    score.insert(0, melody)
    second = tuple(backing)
    if second:
        score.insert(0, _part(backing_for(lead), "Chords", second))
    return score


def _part(instrument: Instrument, name: str, sounds: Iterable[Sound]) -> Any:
    from music21 import instrument as instruments
    from music21 import note, stream

    part = stream.Part()
    sounding = instruments.Instrument(instrument.name)
    sounding.midiProgram = instrument.program
    if name:
        sounding.partName = name  # what the track is called
    part.coreInsert(0, sounding)
    for sound in sounds:
        onset = _on_tick(sound.onset)
        duration = _on_tick(sound.onset + sound.duration) - onset
        if duration:  # less than a tick is nothing
            played = note.Note(sound.pitch, quarterLength=duration)
            played.volume.velocity = sound.velocity
            part.coreInsert(onset, played)
    part.coreElementsChanged()
    return part


def _on_tick(time: Fraction) -> Fraction:
    """The time as MIDI counts it: music21 rounds onsets and durations apart, so that a note could
    outlast the next onset."""
    from music21 import defaults

    return Fraction(round(time * defaults.ticksPerQuarter), defaults.ticksPerQuarter)


def _turns(performance: Performance) -> Iterator[SettingChange]:
    """Keys and tempos as they are, and a meter wherever the bars of a player of MIDI files would
    else part from those of the tune."""
    yield from (turn for turn in performance.turns if not isinstance(turn.value, Meter))
    counted: Meter | None = None
    for bar in performance.measures:
        if not bar.meter.bar:
            continue  # no word for free meter
        meter = bar.meter if bar.whole or bar.end == performance.duration else _own_meter(bar)
        if counted is None or (meter.numerator, meter.denominator) != (
            counted.numerator,
            counted.denominator,
        ):
            yield SettingChange(bar.onset, meter)
        # A bar that no meter fits is cut off by the next meter, even if that is the same.
        counted = meter if bar.duration % meter.bar == 0 else None


def _own_meter(bar: PlayedBar) -> Meter:
    """A meter that an irregular bar fills, if there is one."""
    top, bottom = (bar.duration / 4).as_integer_ratio()
    if bar.meter.denominator % bottom == 0:  # 2/8 rather than 1/4 in 6/8
        top, bottom = top * bar.meter.denominator // bottom, bar.meter.denominator
    return Meter("", top, bottom) if top <= _LARGEST and bottom in _WRITABLE else bar.meter


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
