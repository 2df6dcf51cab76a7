"""Does charnn hear the same tune as abc2midi, an independent program?

    python benchmarks/abc2midi_agreement.py BOOK.abc...

writes every tune of the books as MIDI with both, reads both files with mido, and compares them:
the same pitches in the same order, each onset within 0.06 quarter notes of the other's. (Lengths
are articulation and are not held; grace notes, chord symbols and fermatas are off on both sides.)
It needs Debian's `abcmidi` package. What came out, and who is right where they differ, is in
`abc2midi.md` beside this file.
"""

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import mido

from charnn.errors import TuneError
from charnn.music.books import TuneSource, split_book
from charnn.music.midi import midi_bytes
from charnn.music.reading import read_tune

TOLERANCE = 0.06  # quarter notes
SECONDS = 20  # for one tune

Heard = list[tuple[float, int]]  # onset in quarter notes, pitch


def heard(midi: bytes) -> Heard:
    """The notes of the melody (the first channel), in order."""
    file = mido.MidiFile(file=io.BytesIO(midi))
    notes: Heard = []
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity and message.channel == 0:
                notes.append((now / file.ticks_per_beat, message.note))
    return sorted(notes)


def from_abc2midi(abc: str) -> Heard:
    """What abc2midi makes of one tune; nothing where it writes no file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "tune.abc"), Path(folder, "tune.mid")
        source.write_text(re.sub(r"\A *X:.*", "X:1", abc), encoding="utf-8", errors="replace")
        command = ["abc2midi", str(source), "1", "-o", str(target), "-NGRA", "-NGUI", "-NFER"]
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        return heard(target.read_bytes()) if target.exists() else []


def same(ours: Heard, theirs: Heard) -> bool:
    """Whether two readings agree; times count from each one's first note."""
    if not ours or len(ours) != len(theirs):
        return False
    start, other_start = ours[0][0], theirs[0][0]
    return all(
        pitch == other_pitch and abs((onset - start) - (other_onset - other_start)) < TOLERANCE
        for (onset, pitch), (other_onset, other_pitch) in zip(ours, theirs, strict=True)
    )


def chords_upwards(notes: Heard) -> Heard:
    """The notes of each chord from the lowest up: abc2midi spreads them, in the order written."""
    chords: list[Heard] = []
    for note in notes:
        if chords and note[0] - chords[-1][0][0] < TOLERANCE:
            chords[-1].append(note)
        else:
            chords.append([note])
    return [(chord[0][0], pitch) for chord in chords for pitch in sorted(p for _, p in chord)]


def verdict(source: TuneSource) -> str:
    """What comes of comparing one tune: a refusal, or the first of ever milder tests it passes."""
    try:
        ours = heard(midi_bytes(read_tune(source), graces=False))
    except TuneError as error:
        return f"refused: {error.problem}"
    theirs = from_abc2midi(source.text)
    if not theirs:
        return "no file from abc2midi"
    if same(ours, theirs):
        return "agree"
    if same(chords_upwards(ours), chords_upwards(theirs)):
        return "agree but for the order within a chord"
    # abc2midi drops the > of A>.B and ends a tie at .A, so let it read the tune without dots.
    undotted = re.sub(r"(?m)^(?![A-Za-z]:).*", lambda line: line[0].replace(".", ""), source.text)
    if same(chords_upwards(ours), chords_upwards(from_abc2midi(undotted))):
        return "agree but for staccato dots"
    return f"differ: {len(ours)} notes, abc2midi {len(theirs)}"


def main() -> int:
    """Compare the books named on the command line; exit code 2 without abc2midi."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("books", nargs="+", type=Path, metavar="BOOK.abc")
    parser.add_argument("--list", action="store_true", help="name every tune that does not agree")
    options = parser.parse_args()
    if shutil.which("abc2midi") is None:
        print("abc2midi is not installed (Debian: apt install abcmidi)", file=sys.stderr)
        return 2
    found: Counter[str] = Counter()
    for book in options.books:
        for source in split_book(book.read_text(encoding="utf-8", errors="replace")):
            outcome = verdict(source)
            found[outcome.partition(":")[0]] += 1
            if options.list and outcome != "agree":
                print(f"{book.name}:{source.line} {source.name}: {outcome}", flush=True)
    compared = sum(found.values()) - found["no file from abc2midi"]
    for outcome, count in found.most_common():
        print(f"{count:6} {outcome}")
    print(f"{found['agree']} of {compared} agree ({100 * found['agree'] / max(compared, 1):.1f} %)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
