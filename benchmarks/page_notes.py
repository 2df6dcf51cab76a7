"""Compare the notes that the compose page plays with those that charnn export-midi writes.

    python -m benchmarks.page_notes [--tunes 100] [--written 20]

Tunes of the books of music21, spread evenly over those with endings, ornaments, voices, changes of
tempo or meter and the other `FEATURES`, and tunes that the bundled model writes. Each one
is shown as the page asks for it, with chords on and off, repeats on and off, and a swing, and
exported as MIDI, which mido reads. Both must have the same notes: onset and length in seconds,
pitch, velocity, and the program that plays them. The exit code is 1 if anything differs.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import mido
from music21 import common

import charnn
from charnn.compose.tune_view import playback_options, view_sounds
from charnn.errors import TuneError
from charnn.exports.export_formats import FORMATS
from charnn.exports.tune_export import ExportOptions, TuneExport
from charnn.music.abc.reader import read_tune, read_tunes
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.performance.playback import Playback
from charnn.music.tune.tune import Tune

PLAYINGS: tuple[dict[str, Any], ...] = (
    {},
    {"chords": "auto", "instrument": "banjo"},
    {"chords": "written", "repeats": False, "instrument": "whistle"},
    {"swing": 60, "chords": "auto"},
)
# What a tune may have that is easily played in two ways, as it is written.
FEATURES = {
    "endings": r"(\||:|\[)[12]",
    "graces": r"\{",
    "ornaments": r"[~T][A-Ga-g]|!trill!",
    "tuplets": r"\([2-9]",
    "voices": r"^V:|\[V:",
    "tempo changes": r"^Q:(.|\n)*^Q:|\[Q:",
    "meter changes": r"^M:(.|\n)*^M:|\[M:",
    "key changes": r"^K:(.|\n)*^K:|\[K:",
    "chord symbols": r'"[A-G][b#]?(m|7|m7)?"',
    "chords": r"\[[A-Ga-g]",
    "ties": r"-",
    "repeats": r":\|",
    "part orders": r"^P:(.|\n)*^P:",
    "none of them": r"",
}
SECOND = 0.001  # of difference: a MIDI file counts in ticks, of about 0.05 ms


class PlayedNote(NamedTuple):
    """A note as it sounds; times are in seconds."""

    onset: float
    pitch: int
    velocity: int
    program: int
    end: float


def shown_notes(view: Mapping[str, Any]) -> list[PlayedNote]:
    """Return the notes of the view of a tune, as the page plays them."""
    tempos = view["tempo"]

    def seconds(quarter: float) -> float:
        total = 0.0
        for here, after in zip(tempos, [*tempos[1:], None], strict=True):
            end = quarter if after is None else min(quarter, after["at"])
            total += max(0.0, end - here["at"]) * 60 / here["quarters_per_minute"]
        return total

    return sorted(
        PlayedNote(
            seconds(note["start"]),
            note["pitch"],
            note["velocity"],
            view["instruments"][note["part"]]["program"],
            seconds(note["start"] + note["duration"]),
        )
        for note in view["notes"]
    )


def written_notes(midi: bytes) -> list[PlayedNote]:
    """Return the notes of a MIDI file.

    Raises:
        ValueError: a note begins while it sounds, or never ends.
    """
    notes: list[PlayedNote] = []
    programs: dict[int, int] = {}
    sounding: dict[tuple[int, int], tuple[float, int]] = {}
    now = 0.0
    for message in mido.MidiFile(file=io.BytesIO(midi)):  # in seconds
        now += message.time
        if message.type == "program_change":
            programs[message.channel] = message.program
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if message.type == "note_on" and message.velocity:
            if key in sounding:
                raise ValueError(f"note {message.note} begins twice")
            sounding[key] = now, message.velocity
        else:
            onset, velocity = sounding.pop(key)
            notes.append(PlayedNote(onset, message.note, velocity, programs[message.channel], now))
    if sounding:
        raise ValueError("a note never ends")
    return sorted(notes)


def compare(tune: Tune, asked: Mapping[str, Any]) -> tuple[int, str]:
    """Return the number of notes, and the first difference between the page and the MIDI file.

    Args:
        tune: the tune.
        asked: the options of the playing, as the page sends them.

    Raises:
        TuneError: the tune cannot be played.
    """
    options = playback_options(asked)
    shown = shown_notes(view_sounds(Playback(tune, options)))
    written = written_notes(FORMATS["midi"].encode(TuneExport(tune, ExportOptions(options))))
    if len(shown) != len(written):
        return len(shown), f"{len(shown)} notes on the page, {len(written)} in the file"
    for one, other in zip(shown, written, strict=True):
        if not is_same(one, other):
            return len(shown), f"{one} on the page, {other} in the file"
    return len(shown), ""


def is_same(one: PlayedNote, other: PlayedNote) -> bool:
    """Return whether two notes sound the same."""
    return (
        one[1:4] == other[1:4]
        and abs(one.onset - other.onset) < SECOND
        and abs(one.end - other.end) < SECOND
    )


def real_tunes(count: int) -> list[Tune]:
    """Return tunes of the books of music21 that can be played, spread evenly over the features."""
    sources = [
        source
        for path in sorted(Path(common.getCorpusFilePath()).rglob("*.abc"))
        for source in split_book(path.read_text(encoding="utf-8", errors="replace"))
    ]
    features = {
        name: [source for source in sources if re.search(pattern, source.text, re.MULTILINE)]
        for name, pattern in FEATURES.items()
    }
    # A tune stands for the rarest feature that it has.
    seen: set[int] = set()
    groups = []
    for members in sorted(features.values(), key=len):
        groups.append(spread([source for source in members if id(source) not in seen], count))
        seen |= set(map(id, members))
    in_turn = (source for row in zip_longest(*groups) for source in filter(None, row))
    return list(islice(playable(in_turn), count))


def spread(sources: list[TuneSource], count: int) -> list[TuneSource]:
    """Return up to `count` tunes from all of a list."""
    count = min(count, len(sources))
    return [sources[place * len(sources) // count] for place in range(count)]


def playable(sources: Iterable[TuneSource]) -> Iterator[Tune]:
    """Yield the tunes that have notes to play."""
    for source in sources:
        try:
            tune = read_tune(source)
            if Playback(tune).performance.sounds:
                yield tune
        except TuneError:
            continue


def main() -> int:
    """Compare the tunes, and print what differs and how many are the same."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tunes", type=int, default=100, help="real tunes")
    parser.add_argument("--written", type=int, default=20, help="tunes of the bundled model")
    options = parser.parse_args()
    written = charnn.load("folk").tunes(options.written, seed=1) if options.written else []
    tunes = [*real_tunes(options.tunes), *(read_tunes(str(tune))[0] for tune in written)]
    found = [(tune, asked, *compare(tune, asked)) for tune in tunes for asked in PLAYINGS]
    for tune, asked, _, different in found:
        if different:
            print(f"{tune.name}, {asked}: {different}", file=sys.stderr)
    same = sum(not different for *_, different in found)
    notes = sum(count for _, _, count, _ in found)
    print(f"{same} of {len(found)} playings of {len(tunes)} tunes are the same: {notes:,} notes")
    return int(same < len(found))


if __name__ == "__main__":
    sys.exit(main())
