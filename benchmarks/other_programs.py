"""Compare the notes that other programs read from tunes with ours, before and after `charnn tidy`.

    python benchmarks/other_programs.py BOOK.abc... [--tunes 200] [--abcjs FOLDER] [--list]

music21, abcjs and verovio read each tune as it is written and as `charnn tidy` writes it. A program
agrees if it plays the same pitches as charnn in the same order, each within 0.06 quarter notes.
Grace notes, rolls, trills and chord symbols are left out for all, and swing is switched off. If the
books have more than `--tunes` tunes, every n-th is compared.

abcjs needs Node.js and a folder in which `npm install abcjs` was run. `other_programs.md` beside
this file has the results.
"""

import argparse
import base64
import io
import json
import re
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import mido

from benchmarks.abc2midi_agreement import Heard, same
from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tidying import tidy_tune
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.performance.player import perform
from charnn.music.performance.swing import EVEN

TICKS = 120  # a quarter note in the MIDI files of verovio
SECONDS = 300  # for abcjs and a whole book


# Reads a JSON list of tunes, and writes a list of the notes of each: [onset in whole notes, pitch].
ABCJS = """
const abcjs = require('abcjs');
const heard = text => {
  try {
    const audio = abcjs.parseOnly(text)[0].setUpAudio({chordsOff: true});
    return audio.tracks.flat().filter(e => e.cmd === 'note').map(e => [e.start, e.pitch]);
  } catch (problem) { return []; }
};
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
require('fs').writeSync(1, JSON.stringify(texts.map(heard)));
"""


def plain(source: TuneSource) -> str:
    """Return a tune without tempo, graces, ornaments and words in quotes, numbered 1.

    abcjs stretches the time where the tempo changes.
    """
    text = re.sub(r"\A *X:.*", "X:1", source.text)
    lines = re.sub(r"(?m)^Q:.*\n", "", text).split("\n")
    return "\n".join(
        line
        if re.match(r"[A-Za-z+]:(?![|:])|%", line)
        else re.sub(r"\{[^{}]*\}|\"[^\"]*\"|[~TMP](?=[^:])|!trill!|!roll!", "", line)
        for line in lines
    )


def from_charnn(text: str) -> Heard:
    """Return the notes that charnn plays.

    Raises:
        TuneError: the tune cannot be read.
    """
    tune = read_tune(split_book(text)[0])
    sounds = perform(tune, graces=False, ornaments=False, swing=EVEN).sounds
    return [(float(sound.onset), sound.pitch) for sound in sounds]


def from_music21(texts: Sequence[str]) -> list[Heard]:
    """Return the notes that music21 reads from each tune; empty where it fails."""
    return [_from_music21(text) for text in texts]


def _from_music21(text: str) -> Heard:
    import music21

    try:
        score = music21.converter.parse(text, format="abc", forceSource=True)
        notes = score.expandRepeats().stripTies().flatten().notes
    except Exception:  # any failure of the program counts as reading nothing
        return []
    return [
        (float(Fraction(note.offset)), pitch.midi)
        for note in notes
        if not isinstance(note, music21.harmony.Harmony) and not note.duration.isGrace
        for pitch in note.pitches
    ]


# Reads a JSON list of tunes, and writes one line for each: its notes as MIDI in base64. verovio 6.4
# crashes on some tunes and keeps the key of the tune before, so each tune has its own process.
VEROVIO = """
import json, os, sys, verovio
verovio.enableLog(verovio.LOG_OFF)
for text in json.load(sys.stdin):
    child = os.fork()
    if child == 0:
        toolkit = verovio.toolkit()
        toolkit.setOptions({"inputFrom": "abc"})
        loaded = toolkit.loadData(text)
        os.write(1, (toolkit.renderToMIDI() if loaded else "").encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.write(1, b"\\n")
"""


def from_verovio(texts: Sequence[str]) -> list[Heard]:
    """Return the notes that verovio plays for each tune; empty where it fails."""
    run = subprocess.run(
        [sys.executable, "-c", VEROVIO],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return [_midi_notes(base64.b64decode(line)) for line in run.stdout.splitlines()]


def _midi_notes(midi: bytes) -> Heard:
    notes: Heard = []
    for track in mido.MidiFile(file=io.BytesIO(midi)).tracks if midi else ():
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                notes.append((now / TICKS, message.note))
    return notes


def abcjs_in(folder: Path) -> Callable[[Sequence[str]], list[Heard]]:
    """Return a function that asks the abcjs of a folder for the notes of each tune."""

    def from_abcjs(texts: Sequence[str]) -> list[Heard]:
        run = subprocess.run(
            ["node", "-e", ABCJS],
            input=json.dumps(texts),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        return [[(4 * onset, pitch) for onset, pitch in notes] for notes in json.loads(run.stdout)]

    return from_abcjs


def main() -> int:
    """Compare the books of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("books", nargs="+", type=Path, metavar="BOOK.abc")
    parser.add_argument("--tunes", type=int, default=200)
    parser.add_argument("--abcjs", type=Path, metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="name every tune that does not agree")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sources = [
        source
        for book in options.books
        for source in split_book(book.read_text(encoding="utf-8", errors="replace"))
    ]
    names, before, after, ours = [], [], [], []
    for source in sources[:: max(1, len(sources) // options.tunes)][: options.tunes]:
        text = plain(source)
        try:
            ours.append(from_charnn(text))
        except TuneError:
            continue
        names.append(source.name)
        before.append(text)
        after.append(tidy_tune(text))
    programs = {"music21": from_music21, "verovio": from_verovio}
    if options.abcjs:
        programs["abcjs"] = abcjs_in(options.abcjs)
    assert [from_charnn(text) for text in after] == ours
    for program, read in programs.items():
        counts = Counter[str]()
        for when, texts in (("before", before), ("after", after)):
            for name, known, heard in zip(names, ours, read(texts), strict=True):
                if same(sorted(set(known)), sorted(set(heard))):
                    counts[when] += 1
                elif options.list:
                    print(f"{program} {when}: {name}: {len(known)} notes, {len(heard)}")
        shares = (f"{counts[when]} {when}" for when in ("before", "after"))
        print(f"{program:8} {', '.join(shares)} of {len(ours)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
