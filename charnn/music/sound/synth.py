"""The built-in synthesiser: notes in seconds become samples, in a small room.

Nothing but NumPy is needed, and the same notes always give the same samples.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.music.sound.timbres import RATE, Samples, Voice, play

TAIL = 1.5  # seconds after the last note's end, for what still rings
PEAK = 10 ** (-1 / 20)  # of full scale: -1 dB
LOUDNESS = 0.1  # of a note; all is scaled to the peak at the end
BLOCK = 1 << 16  # samples that go through the room at once
MOST_KEPT = 8_000_000  # samples of notes kept for when they come again
MOST_HELD = 60 * RATE  # samples of one note, longer than any bow or breath

_ROOM = 0.45  # seconds
_WET = 0.22  # of the room beside the instrument
_BAND = (200, 4000)  # Hz


@dataclass(frozen=True, slots=True)
class Played:
    """A note: `onset` and `duration` in seconds, `pitch` 60 at middle C; `gain` 1 is usual."""

    onset: float
    duration: float
    pitch: int
    gain: float


def render(parts: Sequence[tuple[Voice, Sequence[Played]]], seconds: float) -> NDArray[np.int16]:
    """Play the parts together: an array of (samples, 2), as loud as goes without clipping.

    Args:
        parts: each voice and its notes.
        seconds: how long the music is; the sound is 1.5 s longer. A note dies after a minute.
    """
    total = round((seconds + TAIL) * RATE)
    dry = np.zeros(total, np.float32)
    for voice, notes in parts:
        _mix(dry, voice, notes)
    ears = [_in_room(dry, side) for side in (0, 1)]
    del dry  # ten minutes are 100 MB
    fade = np.linspace(1, 0, round(0.3 * RATE), dtype=np.float32)
    for ear in ears:
        ear[-len(fade) :] *= fade
    loudest = max(float(max(ear.max(initial=0), -ear.min(initial=0))) for ear in ears)
    written = np.empty((total, 2), np.int16)
    for side, ear in enumerate(ears):
        ear *= 32767 * PEAK / max(loudest, 1e-9)
        written[:, side] = np.rint(ear, out=ear)
    return written


def _mix(sound: NDArray[np.float32], voice: Voice, notes: Iterable[Played]) -> None:
    """Add the notes of one voice; those that come again are made once."""
    kept: dict[tuple[int, int], Samples] = {}
    size = 0
    for note in notes:
        length = min(max(round(note.duration * RATE), 1), MOST_HELD)
        made = kept.get((note.pitch, length))
        if made is None:
            made = play(voice, note.pitch, length)
            if size + len(made) > MOST_KEPT:
                kept, size = {}, 0
            kept[note.pitch, length] = made
            size += len(made)
        start = round(note.onset * RATE)
        part = sound[start : start + len(made)]
        part += (LOUDNESS * note.gain * made[: len(part)]).astype(np.float32)


def _in_room(dry: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The sound at one ear: as it is, and what the walls send back; convolved block by block."""
    answer = _impulse(side)
    size = 1
    while size < BLOCK + len(answer):
        size *= 2
    spectrum = np.fft.rfft(answer, size)
    heard = dry.copy()
    for start in range(0, len(dry), BLOCK):
        block = np.fft.irfft(np.fft.rfft(dry[start : start + BLOCK], size) * spectrum, size)
        part = heard[start : start + size]
        part += block[: len(part)].astype(np.float32)
    return heard


def _impulse(side: int) -> Samples:
    """What a small wooden room answers to a clap: first echoes, then noise that dies away."""
    count = round(_ROOM * RATE)
    time = np.arange(count) / RATE
    noise = np.random.default_rng(side).standard_normal(count)
    noise = np.convolve(noise, np.hanning(12)[1:-1] / 5.5, mode="same")  # walls are dull
    answer = noise * np.exp(-6.9 * time / _ROOM) * np.clip((time - 0.008) / 0.01, 0, 1)
    # As strong as wanted where the melody is; above, the walls have swallowed it.
    heard = np.abs(np.fft.rfft(answer))[_BAND[0] * count // RATE : _BAND[1] * count // RATE]
    answer *= _WET / np.sqrt(np.mean(heard**2))
    for delay, strength in ((0.011, 0.1), (0.017, 0.08), (0.023, 0.06)):
        answer[round((delay + 0.0017 * side) * RATE)] += strength * _WET
    return np.asarray(answer)
