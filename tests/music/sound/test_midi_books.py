"""MIDI files of tunes from three old books, read back with mido and compared with the tunes."""

import io
import itertools
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from music21 import common

from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.performance.accompaniment import accompany
from charnn.music.performance.performance import Sound
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.performance.player import perform
from charnn.music.sound.midi import midi_bytes
from charnn.music.tune.tune import Tempo, Tune

BOOKS = Path(common.getCorpusFilePath())
FILES = [
    *(BOOKS / "oneills1850" / f"{name}.abc" for name in ("0101-0200", "0951-0981", "1556-1576")),
    BOOKS / "airdsAirs" / "book2.abc",
    *(
        BOOKS / "ryansMammoth" / f"{name}.abc"
        for name in ("AcrobatsHornpipe", "AbithaMugginsFavoriteReel", "7thRegimentReel")
    ),
]


def sampled_tunes(file: Path) -> list[Tune]:
    """Return the first tune of a file and one from its middle."""
    sources = split_book(file.read_text(encoding="utf-8", errors="replace"))
    places = sorted({0, len(sources) // 2})
    return [read_tune(sources[place]) for place in places]


TUNES = [tune for file in FILES for tune in sampled_tunes(file)]


def channel_notes(file: mido.MidiFile, number: int) -> list[tuple[float, int, float]]:
    """Return a channel's notes as (onset, pitch, duration), in quarter notes.

    Asserts that every note ends, and that no pitch begins while it sounds.
    """
    notes, sounding, now = [], dict[int, int](), 0
    for message in max(
        file.tracks, key=lambda t: sum(getattr(m, "channel", 99) == number for m in t)
    ):
        now += message.time
        if message.type == "note_on" and message.velocity:
            assert message.note not in sounding
            sounding[message.note] = now
        elif message.type in ("note_on", "note_off"):
            start = sounding.pop(message.note)
            notes.append(
                (start / file.ticks_per_beat, message.note, (now - start) / file.ticks_per_beat)
            )
    assert not sounding
    return sorted(notes)


def expected_notes(sounds: tuple[Sound, ...]) -> list[object]:
    """Return sounds as `channel_notes` gives them, to the nearest tick."""
    return [
        (
            pytest.approx(float(s.onset), abs=1e-3),
            s.pitch,
            pytest.approx(float(s.duration), abs=1e-3),
        )
        for s in sounds
    ]


def messages(file: mido.MidiFile, kind: str) -> list[tuple[Fraction, mido.Message]]:
    """Return the messages of one kind on the first track, with their time in quarter notes."""
    times = itertools.accumulate(message.time for message in file.tracks[0])
    found = zip(times, file.tracks[0], strict=True)
    return [(Fraction(t, file.ticks_per_beat), m) for t, m in found if m.type == kind]


def test_the_sample_has_enough_tunes_and_meters() -> None:
    assert len(TUNES) >= 10
    assert len({tune.meter.text for tune in TUNES}) >= 3


@pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.titles[0])
def test_the_file_has_the_notes_tempos_and_bars_of_the_tune(tune: Tune) -> None:
    performance = perform(tune)
    content = midi_bytes(Playback(tune, PlaybackOptions(instrument="flute", chords="auto")))
    file = mido.MidiFile(file=io.BytesIO(content))

    assert channel_notes(file, 0) == expected_notes(performance.sounds)
    assert channel_notes(file, 1) == expected_notes(accompany(tune, performance, "auto"))
    programs = {
        (m.channel, m.program) for t in file.tracks for m in t if m.type == "program_change"
    }
    assert programs == {(0, 73), (1, 25)}

    tempos = [c for c in performance.changes if isinstance(c.value, Tempo)]
    assert [
        (t.onset, pytest.approx(60e6 / float(t.value.beat * t.value.beats), abs=1)) for t in tempos
    ] == [(onset, message.tempo) for onset, message in messages(file, "set_tempo")]

    # A program that counts bars by the time signatures begins a bar wherever the tune does.
    meters = messages(file, "time_signature")
    for bar in performance.bars:
        onset, meter = [pair for pair in meters if pair[0] <= bar.onset + Fraction(1, 1000)][-1]
        bars = (bar.onset - onset) / Fraction(4 * meter.numerator, meter.denominator)
        assert float(bars) == pytest.approx(round(bars), abs=1e-2)
