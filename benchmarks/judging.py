"""Count how many tunes of a file are right, similar to training tunes, or new: the tables of
RESULTS.md.

    python benchmarks/judging.py TUNES.abc RUN [--list] [--meter 6/8] [--key Ador]

    python benchmarks/judging.py --books BOOK.abc...

The first command judges tunes of a model beside the training tunes of its run. It prints the
statistics of `charnn evaluate --tunes`, the share of tunes that `charnn check` finds right, and the
number of tunes without a warning of abc2midi (`Bar 3 has 7 units while the time signature has 8`),
if abc2midi is installed (Debian: abcmidi). With a requested meter or key, it also counts the tunes
that have it, and the distance of their notes from the training tunes in that mode, beside the
distance of as many training tunes from the others.

The second command compares charnn's own count of bars with the warnings of abc2midi, book by book.
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from charnn.checkpoints.stored_tunes import read_stored_tunes
from charnn.errors import TuneError
from charnn.music.abc import fields
from charnn.music.abc.key_field import parse_key
from charnn.music.abc.reader import read_first_tune, read_tune
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.checking.report import check_tune
from charnn.music.similarity.compare import compare_tunes
from charnn.music.similarity.tune_statistics import tune_statistics
from charnn.music.tune.tune import Tune

SECONDS = 20  # for one tune


def bar_warnings(abc: str) -> list[str]:
    """Return abc2midi's warnings about the bars of a tune."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "tune.abc")
        source.write_text(re.sub(r"\A *X:.*", "X:1", abc), encoding="utf-8", errors="replace")
        # -NFER ignores fermatas: abc2midi would lengthen a note under a fermata (H) and count it.
        command = ["abc2midi", str(source), "1", "-NFER", "-o", str(Path(folder, "tune.mid"))]
        ended = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    words = (ended.stdout + ended.stderr).decode("utf-8", "replace")
    return re.findall(r"Bar \d+ has .*", words)


def verdict(source: TuneSource) -> tuple[str, list[str]]:
    """Return `right`, or the first of `bars`, `parts`, `signs`, `unread` that is wrong by charnn's
    count, and the problems."""
    try:
        report = check_tune(read_tune(source))
    except TuneError as error:
        return "unread", [str(error)]
    problems = [problem.text for problem in report.problems if problem.serious]
    if not problems:
        return "right", []
    if any("in this bar" in text for text in problems):
        return "bars", problems
    return ("parts" if any("part" in text for text in problems) else "signs"), problems


def tables(sources: Sequence[TuneSource], run: Path, named: bool) -> None:
    """Print the statistics of the tunes of a model."""
    judged = compare_tunes([source.text for source in sources], read_stored_tunes(run))
    print(f"| {'':36} | {'model':>8} | {'learned':>8} |\n|{'-' * 38}|{'-' * 9}:|{'-' * 9}:|")
    row("tunes", f"{judged.new.tunes:,}", f"{judged.real.tunes:,}")
    shares = judged.new.shares(), judged.real.shares()
    for name in shares[0]:
        row(name, *(f"{100 * share[name]:.1f} %" for share in shares))
    for name, distance in judged.new_distances.items():
        row(f"distance, {name}", f"{distance:.3f}", f"{judged.real_distances[name]:.3f}")
    for ours, theirs in zip(judged.new_copying, judged.real_copying, strict=True):
        both = (ours, theirs)
        row(f"tunes with a {ours.length}-run", *(f"{100 * one.tunes:.1f} %" for one in both))
        row(f"runs of {ours.length}", *(f"{100 * one.runs:.1f} %" for one in both))
    print(f"\n{sum(nearest.copied for nearest in judged.nearest)} count as copies")
    for source, nearest in zip(sources, judged.nearest, strict=True):
        if nearest.copied:
            print(f"  {source.name}: {nearest.similarity:.2f} like {nearest.title!r}")
    compare("charnn check and abc2midi", sources, named)


def asked(sources: Sequence[TuneSource], run: Path, meter: str, key: str) -> None:
    """Print how many headers have the requested values, and how the mode is used."""
    headers = list(readable(sources))
    if meter:
        wanted = fields.parse_meter(meter)
        same = sum(
            (t.meter.bar, t.meter.compound) == (wanted.bar, wanted.compound) for t in headers
        )
        print(f"{same} of {len(headers)} readable tunes are in {meter} (of {len(sources)} written)")
    if key:
        tonality = parse_key(key)
        same = sum((t.key.tonic, t.key.mode) == (tonality.tonic, tonality.mode) for t in headers)
        print(f"{same} of {len(headers)} readable tunes are in {key} (of {len(sources)} written)")
        learned = [
            text
            for text in read_stored_tunes(run)
            if (found := re.search(r"(?m)^K:(.*)", text)) and mode_of(found[1]) == tonality.mode
        ]
        random.Random(0).shuffle(learned)
        new = tune_statistics(read_first_tune(source.text) for source in sources)
        some, others = (
            tune_statistics(map(read_first_tune, learned[: len(sources)])),
            tune_statistics(map(read_first_tune, learned[len(sources) :])),
        )
        print(
            f"pitches of {tonality.mode} tunes, distance to {len(learned):,} learned ones: "
            f"{new.distances(some + others)['pitches']:.3f}, "
            f"of {some.tunes} learned ones to the others {some.distances(others)['pitches']:.3f}; "
            f"in the mode's scale {100 * new.shares()['in_mode']:.1f} %, "
            f"learned {100 * (some + others).shares()['in_mode']:.1f} %"
        )


def readable(sources: Sequence[TuneSource]) -> Iterator[Tune]:
    """Return the tunes that can be read."""
    for source in sources:
        with suppress(TuneError):
            yield read_tune(source)


def mode_of(words: str) -> str:
    """Return the mode of a K: field; empty where the field cannot be read."""
    try:
        return parse_key(words).mode
    except fields.FieldError:
        return ""


def row(words: str, ours: str, theirs: str) -> None:
    """Print a row of the table."""
    print(f"| {words:36} | {ours:>8} | {theirs:>8} |")


def compare(name: str, sources: Sequence[TuneSource], named: bool) -> None:
    """Print how many tunes are right by charnn's count, and how many abc2midi accepts."""
    installed = shutil.which("abc2midi") is not None
    ours: Counter[str] = Counter()
    warned: Counter[str] = Counter()
    for source in sources:
        found, problems = verdict(source)
        warnings = bar_warnings(source.text) if installed else []
        ours[found] += 1
        warned[found] += bool(warnings)
        if named and (problems or warnings):
            print(f"  line {source.line} {source.name}: {'; '.join([*problems, *warnings])}")
    print(f"{name}: {len(sources)} tunes")
    for found in ("right", "bars", "parts", "signs", "unread"):
        aside = f", {warned[found]} of them with a warning of abc2midi" if installed else ""
        print(f"  {found:8}{ours[found]:6}{aside}")
    if installed:
        print(f"  {len(sources) - warned.total()} tunes without a warning of abc2midi")


def main() -> int:
    """Judge the file of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--books", action="store_true", help="compare our count and abc2midi's")
    parser.add_argument("--list", action="store_true", help="name every tune that is not right")
    parser.add_argument("--meter", default="", help="that the tunes were asked to be in")
    parser.add_argument("--key", default="", help="that the tunes were asked to be in")
    options = parser.parse_args()
    if not options.books and len(options.files) != 2:
        parser.error("name a file of tunes and a run's folder, or books after --books")
    for file in options.files if options.books else options.files[:1]:
        sources = split_book(file.read_text(encoding="utf-8", errors="replace"))
        if options.books:
            compare(file.name, sources, options.list)
        else:
            tables(sources, options.files[1], options.list)
            asked(sources, options.files[1], options.meter, options.key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
