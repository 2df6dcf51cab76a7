"""Compare the notes that charnn plays with the notes of abc2midi, an independent program.

    python benchmarks/abc2midi_agreement.py BOOK.abc...

Both programs write every tune of the books as MIDI. mido reads the two files, which agree if they
have the same pitches in the same order and each onset is within 0.06 quarter notes. Lengths are not
compared, because they are a matter of articulation; grace notes, chord symbols and fermatas are
switched off on both sides.

A tune that differs is respelled in ways that mean the same by the standard, until both programs
agree. The smallest set of respellings is the class of the difference. `--list` names these tunes.
The program needs Debian's `abcmidi` package. `abc2midi.md` beside this file has the results, and
says who is right where the programs differ.
"""

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import mido

from charnn.errors import TuneError
from charnn.music.abc.patterns import undo_quoted_printable
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.sound.midi import midi_bytes
from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.tune import BarLine, Note

TOLERANCE = 0.06  # quarter notes
SECONDS = 20  # for one tune

Heard = list[tuple[float, int]]  # onset in quarter notes, pitch


def heard(midi: bytes) -> Heard:
    """Return the notes of all voices in order."""
    file = mido.MidiFile(file=io.BytesIO(midi))
    notes: Heard = []
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                notes.append((now / file.ticks_per_beat, message.note))
    return sorted(notes)


def from_charnn(abc: str) -> Heard:
    """Return the notes that charnn plays for one tune.

    Raises:
        TuneError: charnn refuses the tune.
    """
    (source,) = split_book(abc)
    return heard(midi_bytes(Playback(read_tune(source), PlaybackOptions(graces=False))))


def from_abc2midi(abc: str) -> Heard:
    """Return the notes that abc2midi plays for one tune; empty where it writes no file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "tune.abc"), Path(folder, "tune.mid")
        source.write_text(re.sub(r"\A *X:.*", "X:1", abc), encoding="utf-8", errors="replace")
        command = ["abc2midi", str(source), "1", "-o", str(target), "-NGRA", "-NGUI", "-NFER"]
        subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        return heard(target.read_bytes()) if target.exists() else []


def same(ours: Heard, theirs: Heard) -> bool:
    """Return whether two readings agree, with times counted from the first note of each."""
    if not ours or len(ours) != len(theirs):
        return False
    start, other_start = ours[0][0], theirs[0][0]
    return all(
        pitch == other_pitch and abs((onset - start) - (other_onset - other_start)) < TOLERANCE
        for (onset, pitch), (other_onset, other_pitch) in zip(ours, theirs, strict=True)
    )


# ---------------------------------------------------------------------------------------------
# Respellings. Each takes the text of a tune and returns a text that means the same.

_MUSIC = re.compile(r"(?m)^(?![A-Za-z]:|%).*")
_NOTE = r"(?:\^\^|\^|__|_|=)?[A-Ga-gz][',]*"
_LENGTH = r"[0-9]*/*[0-9]*"
_CHORD = re.compile(rf"\[((?:{_NOTE}{_LENGTH})+)\]")
_HEAD = re.compile(rf"({_NOTE})({_LENGTH})")


def in_music(text: str, pattern: str, by: str | Callable[[re.Match[str]], str]) -> str:
    """Replace a pattern in the lines of music only, not in the header."""
    return _MUSIC.sub(lambda line: re.sub(pattern, by, line[0]), text)


def undotted(text: str) -> str:
    """Remove staccato dots: abc2midi drops the > of `A>.B` and ends a tie at `.A`."""
    return in_music(text, r"\.(?=[A-Ga-g^_=~(\[{T])", "")


def chords_upwards(text: str) -> str:
    """Sort chords from the bottom up and strike them at once: abc2midi spreads them as written."""

    def sorted_chord(match: re.Match[str]) -> str:
        heads = _HEAD.findall(match[1])
        if len({length for _, length in heads}) > 1:
            return match[0]
        return f"[{''.join(dict.fromkeys(n + length for n, length in sorted(heads, key=height)))}]"

    chords = in_music(text, _CHORD.pattern, sorted_chord)
    return re.sub(r"(?m)^(K:.*)$", r"%%MIDI chordattack 0\n\1", chords, count=1)


def without_unseen_bars(text: str) -> str:
    """Remove invisible bar lines, `[|]`: abc2midi reads them as chords."""
    return in_music(text, r"H?\[\|\] ?", "")


def lines_joined(text: str) -> str:
    """Join lines after a `\\`, or where the next line begins with `:`: abc2midi does not."""
    text = re.sub(r"\\ *\n(?![A-Za-z]:)", "", text)
    return re.sub(r"(?m)^(?![A-Za-z]:)(.*)\n(?=:[^|:])", r"\1", text)


def chords_bracketed(text: str) -> str:
    """Write chords between `+` (ABC 1.3) in brackets: abc2midi skips them as decorations."""
    return in_music(text, r"\+((?:[A-Ga-g][',]*[0-9/]*){2,})\+", r"[\1]")


def mail_undone(text: str) -> str:
    """Decode the remains of mail encoding, `=3D` and `=20`."""
    return "\n".join(map(undo_quoted_printable, text.split("\n")))


def common_bar_lines(text: str) -> str:
    """Write `:]` as `:|`, `||:` as `|:` and `||1` as `|1`: abc2midi does not know these signs."""
    text = in_music(text, r":\]", ":|")
    return in_music(text, r"(?<![:|])\|\|(?=:|[1-9])", "|")


def without_old_line_ends(text: str) -> str:
    """Remove `!` as a line end: abc2midi skips the music between two of them."""
    return in_music(text, r"![^!\s|\[\]]+!|!", lambda found: found[0] if found[0] != "!" else " ")


def height(head: tuple[str, str]) -> int:
    """Return the height of a note on the staff."""
    name = head[0].lstrip("^_=")
    octave = name[0].islower() + name.count("'") - name.count(",")
    return 7 * octave + "CDEFGABZ".index(name[0].upper())


def repeats_explicit(text: str) -> str:
    """Give each repeat its `|:` where the standard recommends it, and remove unmatched signs.

    ABC 2.1, 4.8: return to the beginning of the tune, the last double bar or the end of the last
    repeat.
    """
    (source,) = split_book(text)
    lines = text.split("\n")
    edits: dict[tuple[int, int], tuple[int, str]] = {}  # (line, column) -> length, replacement
    for tune in read_tune(source).voices:
        jumps = {
            before + 1: after for before, after in pairwise(playing_order(tune)) if after <= before
        }
        targets = set(jumps.values())
        for place, element in enumerate(tune.music):
            if isinstance(element, BarLine):
                ends = element.ends if place in jumps else 0
                # 0 if the repeat is never closed
                starts = int(place in targets) and max(element.starts, 1)
                if (ends, starts) != (element.ends, element.starts) and max(ends, starts) < 2:
                    sign = {(0, 0): "||", (1, 0): ":|", (0, 1): "|:", (1, 1): "::"}[ends, starts]
                    edits[element.line, element.column] = len(element.text), sign
            elif place in targets:
                first = next(e for e in tune.music[place:] if isinstance(e, Note))
                inline_voice = re.match(r"\[V:[^]]*\]", lines[first.line - 1])
                edits[first.line, inline_voice.end() + 1 if inline_voice else 1] = 0, "|:"
    for (line, column), (much, sign) in sorted(edits.items(), reverse=True):
        old = lines[line - 1]
        lines[line - 1] = old[: column - 1] + sign + old[column - 1 + much :]
    return "\n".join(lines)


def tuplets_explicit(text: str) -> str:
    """Write `(5` as `(5:2:5`, its meaning by the standard where the meter is not compound."""

    def spelled(match: re.Match[str]) -> str:
        p = int(match[1])
        q = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if compound else 2)
        return f"({p}:{q}:{p}"

    compound = bool(re.search(r"(?m)^M: *(6|9|12)/(8|16)", text))
    return in_music(text, r"\(([2-9])(?![:0-9])", spelled)


def without_ornaments(text: str) -> str:
    """Remove rolls and trills."""
    return in_music(text, r"~|T(?=[^:])|![a-z]+!", "")


def without_swing(text: str) -> str:
    """Remove the rhythm hornpipe, which is swung."""
    return re.sub(r"(?m)^R:.*\n", "", text)


def without_graces(text: str) -> str:
    """Remove grace notes."""
    return in_music(text, r"\{[^{}]*\}", "")


def without_broken_rhythm(text: str) -> str:
    """Remove `>` and `<`."""
    return in_music(text, r"(?<=[A-Ga-gz0-9/',\] ])[<>]+", "")


@dataclass(frozen=True)
class Respelling:
    """A way to respell a tune; `both` if charnn must read the respelling too, as it leaves
    something out."""

    name: str
    spell: Callable[[str], str]
    both: bool = False


RESPELLINGS = (
    Respelling("staccato dots left out", undotted),
    Respelling("chords sorted and struck at once", chords_upwards),
    Respelling("chords between + in brackets", chords_bracketed),
    Respelling("traces of mail undone", mail_undone),
    Respelling("continued lines joined", lines_joined),
    Respelling("old line ends left out", without_old_line_ends),
    Respelling("uncommon bar lines", common_bar_lines),
    Respelling("[|] left out", without_unseen_bars),
    Respelling("repeats given their |:", repeats_explicit),
    Respelling("tuplets written out", tuplets_explicit),
    Respelling("rolls and trills left out of both", without_ornaments, both=True),
    Respelling("graces left out of both", without_graces, both=True),
    Respelling("swing left out of both", without_swing, both=True),
    Respelling("> and < left out of both", without_broken_rhythm, both=True),
)


def agree_if(source: TuneSource, respellings: Sequence[Respelling]) -> bool:
    """Return whether both programs agree on the tune after these respellings."""
    ours = theirs = source.text
    for respelling in respellings:
        theirs = respelling.spell(theirs)
        ours = respelling.spell(ours) if respelling.both else ours
    return same(from_charnn(ours), from_abc2midi(theirs))


def verdict(source: TuneSource) -> str:
    """Return the result of comparing one tune: the fewest respellings that make both agree, or a
    refusal.

    The result begins with `agree`, `respelled: ...`, `refused: ...`, `no file` or `unexplained`.
    """
    try:
        ours = from_charnn(source.text)
    except TuneError as error:
        return f"refused: {error.problem}"
    theirs = from_abc2midi(source.text)
    if not theirs:
        return "no file from abc2midi"
    if same(ours, theirs):
        return "agree"
    for respelling in RESPELLINGS:
        if agree_if(source, [respelling]):
            return f"respelled: {respelling.name}"
    needed = list(RESPELLINGS)
    if not agree_if(source, needed):
        return f"unexplained: {len(ours)} notes, abc2midi {len(theirs)}"
    for respelling in reversed(RESPELLINGS):
        fewer = [r for r in needed if r is not respelling]
        if agree_if(source, fewer):
            needed = fewer
    return "respelled: " + ", ".join(respelling.name for respelling in needed)


def main() -> int:
    """Compare the books of the command line; return 2 without abc2midi."""
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
            found[outcome if outcome.startswith("respelled") else outcome.partition(":")[0]] += 1
            if options.list and outcome != "agree":
                print(f"{book.name}:{source.line} {source.name}: {outcome}", flush=True)
    for outcome, count in found.most_common():
        print(f"{count:6} {outcome}")
    compared = sum(found.values()) - found["no file from abc2midi"]
    respelled = sum(n for outcome, n in found.items() if outcome.startswith("respelled"))
    by_half = sum(n for outcome, n in found.items() if "left out of both" in outcome)
    for words, count in (
        ("as written", found["agree"]),
        ("spelled for abc2midi", found["agree"] + respelled - by_half),
        ("with what is a matter of taste left out", found["agree"] + respelled),
    ):
        print(f"{count} of {compared} agree ({100 * count / max(compared, 1):.1f} %) {words}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
