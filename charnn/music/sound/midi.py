"""A tune, or several in turn, as a MIDI file written by music21.

music21 receives the notes of a performance, in which all repeats have been played. It receives no
ABC, because music21's ABC reader agreed with abc2midi on only 44 % of 6,071 real tunes and takes
quadratic time. It receives no repeat signs, because the repeats would be played a second time.
"""

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from charnn.music.performance.performance import Performance, SettingChange
from charnn.music.performance.playback import Playback
from charnn.music.performance.played_bars import PlayedBar
from charnn.music.sound.arrangement import Arrangement, Part, arrange
from charnn.music.tune.tune import Key, Meter, Tempo

# The limits of a time signature that MIDI players can be expected to read. The file format stores
# the denominator as a power of two.
_DENOMINATORS = (1, 2, 4, 8, 16, 32, 64)
_MAX_NUMERATOR = 64
_CHANNELS = (*range(1, 10), *range(11, 17))  # counted from 1; the channel 10 is for drums


def midi_bytes(playback: Playback) -> bytes:
    """Return a tune as a standard MIDI file; see `encode_midi`.

    Raises:
        TuneError: the tune has no notes, or too many once its repeats are played.
        UsageError: the instrument is unknown, or the tempo is out of range.
    """
    return encode_midi(arrange(playback))


def encode_midi(arrangement: Arrangement) -> bytes:
    """Return an arrangement as a standard MIDI file.

    Each voice is on a track with its own channel; the first one has the channel 1. The
    accompaniment, if there is one, is on the next track, with its own program. If there are several
    tunes, a marker with its title stands where each one begins.
    """
    from music21.midi import translate

    file = translate.streamToMidiFile(to_music21(arrangement))
    if len(arrangement.starts) > 1:
        _mark_tunes(file.tracks[0], arrangement.starts)
    if len(arrangement.voices) > 1 and arrangement.title:
        _name_file(file, arrangement.title)
    parts = [track for track in file.tracks if track.hasNotes()]
    # music21 gives the same channel to all voices of an instrument. A note that ends in one of them
    # would silence the same note in another one.
    for track, channel in zip(parts, itertools.cycle(_CHANNELS), strict=False):
        for event in track.events:
            if event.channel is not None:
                event.channel = channel
    written: bytes = file.writestr()
    return written


def _name_file(file: Any, title: str) -> None:
    """Write the title to the first track of a MIDI file, which has no notes."""
    from music21.midi import DeltaTime, MetaEvents

    track = file.tracks[0]
    track.events[:0] = [DeltaTime(track), _text(track, MetaEvents.SEQUENCE_TRACK_NAME, title)]


def _mark_tunes(track: Any, starts: Iterable[tuple[Fraction, str]]) -> None:
    """Write the title of each tune to a track, as a marker where the tune begins."""
    from music21 import defaults
    from music21.midi import DeltaTime, MetaEvents

    times = itertools.accumulate(delta.time for delta in track.events[::2])
    timed = list(zip(times, track.events[1::2], strict=True))
    for onset, title in starts:
        marker = _text(track, MetaEvents.MARKER, title)
        timed.append((round(onset * defaults.ticksPerQuarter), marker))
    # The sort is stable, so the end of the track stays the last event: nothing begins at the end.
    timed.sort(key=lambda one: one[0])
    track.events.clear()
    now = 0
    for time, event in timed:
        track.events += [DeltaTime(track, time - now), event]
        now = time


def _text(track: Any, kind: Any, text: str) -> Any:
    """Return an event with a text."""
    from music21.midi import MidiEvent

    event = MidiEvent(track, type=kind)
    event.data = text.encode("utf-8", "replace")
    return event


def to_music21(arrangement: Arrangement) -> Any:
    """Return an arrangement as a `music21.stream.Score`, whose parts are named.

    The first `Part` has all keys, meters and tempos.
    """
    from music21 import stream

    # No ChordSymbol objects: music21 would write them to the melody's track as chords of no length.
    parts = list(map(_music21_part, arrangement.parts))
    for change in _changes(arrangement.timeline):
        parts[0].coreInsert(_on_tick(change.onset), _music21_element(change.value))
    parts[0].coreElementsChanged()
    score = stream.Score()
    for part in parts:
        score.insert(0, part)
    return score


def _music21_part(part: Part) -> Any:
    """Return a flat `music21.stream.Part`, with the name of its track."""
    from music21 import instrument as instruments
    from music21 import note, stream

    written = stream.Part()
    # music21 writes no program change unless an instrument stands at the beginning of the part.
    music21_instrument = instruments.Instrument(part.instrument.name)
    music21_instrument.midiProgram = part.instrument.program
    if part.name:
        music21_instrument.partName = part.name
    written.coreInsert(0, music21_instrument)
    for sound in part.sounds:
        onset = _on_tick(sound.onset)
        duration = _on_tick(sound.onset + sound.duration) - onset
        if duration:  # a sound shorter than half a tick can round to no ticks at all
            played = note.Note(sound.pitch, quarterLength=duration)
            played.volume.velocity = sound.velocity
            written.coreInsert(onset, played)
    written.coreElementsChanged()
    return written


def _on_tick(time: Fraction) -> Fraction:
    """Return a time in quarter notes, rounded to the ticks of music21's MIDI files.

    music21 rounds onsets and durations separately, so that a note could overlap the next one by a
    tick. If both ends of a note lie on a tick, music21 has nothing to round.
    """
    from music21 import defaults

    return Fraction(round(time * defaults.ticksPerQuarter), defaults.ticksPerQuarter)


def _changes(performance: Performance) -> Iterator[SettingChange]:
    """Yield the keys, meters and tempos of the MIDI file, each with its onset.

    Keys and tempos are those of the performance. A MIDI file has no bar lines: a program counts
    bars by the meter. So an irregular bar gets its own meter, and the next regular bar gets the
    tune's meter again.
    """
    yield from (change for change in performance.changes if not isinstance(change.value, Meter))
    counted: Meter | None = None  # the meter by which a player counts at this point
    for bar in performance.bars:
        if not bar.meter.bar:
            continue  # MIDI can't state free meter
        meter = bar.meter if bar.whole or bar.end == performance.duration else _fitting_meter(bar)
        if counted is None or (meter.numerator, meter.denominator) != (
            counted.numerator,
            counted.denominator,
        ):
            yield SettingChange(bar.onset, meter)
        # A bar that no meter fits is cut off by the next time signature, so write that one even
        # if it repeats the meter in force.
        counted = meter if bar.duration % meter.bar == 0 else None


def _fitting_meter(bar: PlayedBar) -> Meter:
    """Return the meter that an irregular bar fills, or `bar.meter` if MIDI can't write it."""
    numerator, denominator = (bar.duration / 4).as_integer_ratio()
    if bar.meter.denominator % denominator == 0:  # in 6/8, prefer 2/8 to 1/4
        numerator = numerator * bar.meter.denominator // denominator
        denominator = bar.meter.denominator
    is_writable = numerator <= _MAX_NUMERATOR and denominator in _DENOMINATORS
    return Meter("", numerator, denominator) if is_writable else bar.meter


def _music21_element(value: Key | Meter | Tempo) -> Any:
    """Return a key, meter or tempo as the music21 object that stands for it."""
    from music21 import duration, key, meter, tempo

    if isinstance(value, Key):
        if not value.transpose:
            return key.KeySignature(value.sharps)
        # A semitone up adds seven sharps, modulo the twelve of the circle of fifths; the result
        # lies between five flats and six sharps.
        return key.KeySignature((value.sharps + 7 * value.transpose + 5) % 12 - 5)
    if isinstance(value, Meter):
        return meter.TimeSignature(f"{value.numerator}/{value.denominator}")
    return tempo.MetronomeMark(
        number=float(value.beats), referent=duration.Duration(quarterLength=value.beat)
    )
