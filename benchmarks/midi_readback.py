"""Check that MIDI files contain the tunes they were made from.

    python benchmarks/midi_readback.py BOOK.abc... [--tunes 100] [--chords auto]

Writes tunes of the books, spread evenly over all that can be read, as MIDI, reads the files with
mido, and compares them with the performance: the onset and length of every note, no note without an
end or struck again while it sounds, the tempo, the program, a bar line wherever the tune has one,
and the length in seconds. With chords, the same is checked of the accompaniment, which must be on
its own channel and softer than the melody. The exit code is 1 if anything differs.
"""

import argparse
import io
import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import mido

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.performance.accompaniment import Chords, accompany
from charnn.music.performance.performance import Performance, Sound
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.performance.player import perform
from charnn.music.sound.midi import midi_bytes
from charnn.music.tune.tune import Tempo, Tune

FLUTE, GUITAR = 73, 25
TICK = 1 / 5_000  # of a quarter note: two ticks of the file

Note = tuple[float, int, float]  # onset in quarter notes, pitch, length in quarter notes


def problems(tune: Tune, chords: Chords) -> Iterator[str]:
    """Return the problems of the MIDI file of a tune, in one or two words each."""
    performance = perform(tune)
    backing = accompany(tune, performance, chords)
    file = mido.MidiFile(
        file=io.BytesIO(
            midi_bytes(Playback(tune, PlaybackOptions(instrument="flute", chords=chords)))
        )
    )
    found = notes(file)
    if found is None:
        yield "a note left hanging, or struck twice"
        return
    channels = [(performance.sounds, FLUTE), (backing, GUITAR)]
    wanted = [(sounds, program) for sounds, program in channels if sounds]
    if len(found) != len(wanted):
        yield "channels"
        return
    if not all(
        same(sounds, found[channel])
        for (sounds, _), channel in zip(wanted, sorted(found), strict=True)
    ):
        yield "notes"
    if programs(file) != {
        channel: program for (_, program), channel in zip(wanted, sorted(found), strict=True)
    }:
        yield "program"
    if not same_tempos(performance, file):
        yield "tempo"
    if set(bar_lines(performance)) != set(bar_lines_counted(file, performance)):
        yield "bar lines"
    if abs(seconds(performance) - last_sound(file)) > 0.01 and not ends_in_a_rest(performance):
        yield "length"
    if backing and max(s.velocity for s in backing) >= min(s.velocity for s in performance.sounds):
        yield "a loud accompaniment"


def notes(file: mido.MidiFile) -> dict[int, list[Note]] | None:
    """Return the notes of each channel; `None` where a note never ends or begins twice."""
    found: dict[int, list[Note]] = {}
    for track in file.tracks:
        now, sounding = 0, dict[tuple[int, int], int]()
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = message.channel, message.note
            if message.type == "note_on" and message.velocity:
                if key in sounding:
                    return None
                sounding[key] = now
            elif (start := sounding.pop(key, None)) is not None:
                quarter = file.ticks_per_beat
                note = (start / quarter, message.note, (now - start) / quarter)
                found.setdefault(message.channel, []).append(note)
            else:
                return None
        if sounding:
            return None
    return found


def same(wanted: tuple[Sound, ...], found: list[Note]) -> bool:
    """Return whether two lists contain the same notes."""
    expected = sorted((float(s.onset), s.pitch, float(s.duration)) for s in wanted)
    return len(expected) == len(found) and all(
        pitch == other_pitch and abs(onset - other) < TICK and abs(length - other_length) < 2 * TICK
        for (onset, pitch, length), (other, other_pitch, other_length) in zip(
            expected, sorted(found), strict=True
        )
    )


def programs(file: mido.MidiFile) -> dict[int, int]:
    """Return the program of each channel."""
    return {m.channel: m.program for track in file.tracks for m in track if m.type[:7] == "program"}


def timed(file: mido.MidiFile, kind: str) -> list[tuple[Fraction, mido.Message]]:
    """Return the messages of a kind with their onset in quarter notes, sorted by onset."""
    found = []
    for track in file.tracks:
        times = itertools.accumulate(message.time for message in track)
        found += [(t, m) for t, m in zip(times, track, strict=True) if m.type == kind]
    return [(Fraction(t, file.ticks_per_beat), m) for t, m in sorted(found, key=lambda one: one[0])]


def same_tempos(performance: Performance, file: mido.MidiFile) -> bool:
    """Return whether the file changes its tempo at the times, and to the values, of the
    performance."""
    wanted = [(t.onset, t.value) for t in performance.changes if isinstance(t.value, Tempo)]
    found = timed(file, "set_tempo")
    return len(wanted) == len(found) and all(
        abs(onset - other) < TICK
        and abs(tempo.beat * tempo.beats * message.tempo / 60_000_000 - 1) < 0.001
        for (onset, tempo), (other, message) in zip(wanted, found, strict=True)
    )


def bar_lines(performance: Performance) -> Iterator[float]:
    """Return the onset of every bar of a tune with a meter; a tune without bar lines is cut into
    bars."""
    for bar in performance.bars:
        regular = bar.whole or bar.end == performance.duration  # the last bar may have any length
        if bar.meter.bar:
            yield from steps(bar.onset, bar.end, bar.meter.bar if regular else bar.duration)


def bar_lines_counted(file: mido.MidiFile, performance: Performance) -> Iterator[float]:
    """Return the bar lines that a program finds by counting bars from each meter of the file."""
    meters = timed(file, "time_signature")
    ends = [onset for onset, _ in meters[1:]] + [performance.duration]
    free = [bar for bar in performance.bars if not bar.meter.bar]
    for (onset, message), end in zip(meters, ends, strict=True):
        for line in steps(onset, end, Fraction(4 * message.numerator, message.denominator)):
            if not any(bar.onset <= line < bar.end for bar in free):
                yield line


def steps(start: Fraction, end: Fraction, step: Fraction) -> Iterator[float]:
    """Yield onsets from `start` to before `end`, rounded so that ticks do not distinguish them."""
    while start < end:
        yield round(float(start), 2)
        start += step


def seconds(performance: Performance) -> float:
    """Return the length of a performance in seconds, by its own tempos."""
    tempos = [(t.onset, t.value) for t in performance.changes if isinstance(t.value, Tempo)]
    ends = [onset for onset, _ in tempos[1:]] + [performance.duration]
    return sum(
        float((end - onset) * 60 / (tempo.beat * tempo.beats))
        for (onset, tempo), end in zip(tempos, ends, strict=True)
    )


def last_sound(file: mido.MidiFile) -> float:
    """Return the end of the last note in seconds."""
    now = last = 0.0
    for message in file:
        now += message.time
        if message.type == "note_off":
            last = now
    return last


def ends_in_a_rest(performance: Performance) -> bool:
    """Return whether the tune is silent at its end."""
    return max(s.onset + s.duration for s in performance.sounds) < performance.duration


def readable(book: Path) -> list[Tune]:
    """Return the tunes of a book that have notes to play."""
    tunes = []
    for source in split_book(book.read_text(encoding="utf-8", errors="replace")):
        try:
            tune = read_tune(source)
            if perform(tune).sounds:
                tunes.append(tune)
        except TuneError:
            continue
    return tunes


def main() -> int:
    """Check the books of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("books", nargs="+", type=Path, metavar="BOOK.abc")
    parser.add_argument("--tunes", type=int, default=100, help="how many, of all books together")
    parser.add_argument("--chords", choices=["off", "written", "auto"], default="off")
    options = parser.parse_args()
    tunes = [tune for book in options.books for tune in readable(book)]
    count = min(options.tunes, len(tunes))
    counts: Counter[str] = Counter()
    for tune in [tunes[place * len(tunes) // count] for place in range(count)]:
        found = list(problems(tune, options.chords)) or ["right"]
        counts.update(found)
        if found != ["right"]:
            print(f"{tune.name}: {', '.join(found)}", file=sys.stderr)
    print(f"{count} of {len(tunes)} tunes, chords {options.chords}:")
    for kind, number in counts.most_common():
        print(f"{number:6,}  {kind}")
    return int(counts["right"] < count)


if __name__ == "__main__":
    sys.exit(main())
