"""Measure `charnn vary`: bars 5 to 8 of held-out tunes, rewritten several times.

    python -m benchmarks.vary RUN [--tunes 100] [--num 4] [--temperature 0.8] [--candidates 64]

The tunes are held-out tunes of the run's corpus without a mistake whose first part has 8 bars. Each
is varied with 64 candidates, and with a single one, which is plain filling from left to right under
the same grammar. Printed are the number of variations without a mistake and without a change
elsewhere, the seconds for a variation, and for real, varied and plainly filled bars: the loss of
the text that follows (its next 300 characters, at the temperature of the draw), and the share of
parts that end on the tonic, that end like the next part, and whose bar 5 is bar 1.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from statistics import mean, median

from charnn.corpus.sources import open_corpus
from charnn.errors import TuneError
from charnn.library import Model, load
from charnn.music.checking.report import check_tune
from charnn.music.grammar.gap_pieces import Fixed
from charnn.music.tune.tune import Note
from charnn.sampling.params import SamplingParams
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.infilling import FOLLOWING_CHARS, GapFiller, Infiller
from charnn.tunes.located_tune import LocatedTune
from charnn.tunes.tune_gap import Gap, Hole
from charnn.tunes.variation import Variation, Varier, VaryOptions

BARS = VaryOptions(bars="5-8", part="A")
ROWS = ("nats/char of what follows", "A ends on the tonic", "A ends like B", "bar 5 = bar 1")


def held_out_tunes(model: Model, count: int) -> list[str]:
    """Return tunes that the model was not trained on, without a mistake and with 8 bars in A."""
    learned = set(model.learned_tunes())
    corpus = open_corpus([str(model.checkpoint.metadata["corpus"])])
    found: list[str] = []
    for document in corpus.documents:
        text = document.text()
        if text not in learned and _is_suitable(text):
            found.append(text)
        if len(found) == count:
            break
    return found


def _is_suitable(text: str) -> bool:
    try:
        located = LocatedTune(text)
    except TuneError:
        return False
    parts = BarNumbers(located).parts
    report = check_tune(located.tune)
    whole = [part.bars for part in report.parts][:2] == [8, 8]
    return report.ok and whole and "A" in parts and bool(located.tune.key.tonic)


class Figures:
    """The figures of one column."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._held: list[list[bool]] = [[], [], []]

    def add(self, text: str, following_log_prob: float, following: str) -> None:
        """Add one tune."""
        self.losses.append(-following_log_prob / max(1, min(FOLLOWING_CHARS, len(following)) - 1))
        located = LocatedTune(text)
        parts = list(BarNumbers(located).parts.values())
        notes = _notes_of_bars(located)
        a, b = (_whole_bars(located, part) for part in parts[:2])
        last = next(note for note in reversed(notes[a[-1]]) if note.pitches).pitches[0]
        home = (last.midi - located.tune.key.semitones) % 12 == 0
        sound = {
            bar: [(n.pitches and n.pitches[0].midi, n.duration) for n in notes[bar]]
            for bar in notes
        }
        self._held[0].append(home)
        self._held[1].append(sound[a[-1]] == sound[b[-1]])
        self._held[2].append(sound[a[4]] == sound[a[0]])

    def cells(self) -> Iterator[str]:
        """Yield the cells of the column."""
        yield f"{mean(self.losses):.3f}"
        for held in self._held:
            yield f"{100 * mean(held):.0f} %"


def _sound(note: Note) -> tuple[tuple[int, ...], Fraction]:
    return tuple(pitch.midi for pitch in note.pitches), note.duration


def _whole_bars(located: LocatedTune, part: Sequence[int]) -> list[int]:
    numbers = BarNumbers(located).numbers
    return [bar for bar in part if numbers[bar]]


def _notes_of_bars(located: LocatedTune) -> dict[int, list[Note]]:
    found: dict[int, list[Note]] = {}
    for index, bar in located.bar_of_note.items():
        note = located.tune.music[index]
        if isinstance(note, Note):
            found.setdefault(bar, []).append(note)
    return found


def real_loss(infiller: Infiller, text: str, temperature: float) -> tuple[float, str]:
    """Return the log-likelihood of what follows the real bars, and the text that follows."""
    located = LocatedTune(text)
    bars = BarNumbers(located).select(bars="5-8", part="A")
    runs = [run for run in located.runs if run.bar in bars]
    holes = [Hole(r.start, r.stop, (Fixed(text[r.start : r.stop]),)) for r in runs]
    gap = Gap(text, holes)
    candidate = next(GapFiller(infiller, gap, temperature=temperature).candidates(0, 1))
    return candidate.following_log_prob, gap.following


def is_untouched(old: str, new: str) -> bool:
    """Return whether only the text from the first to the last chosen bar differs."""
    located = LocatedTune(old)
    bars = BarNumbers(located).select(bars="5-8", part="A")
    runs = [run for run in located.runs if run.bar in bars]
    return new.startswith(old[: runs[0].start]) and new.endswith(old[runs[-1].stop :])


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", metavar="RUN", help="a model of tunes")
    parser.add_argument("--tunes", type=int, default=100)
    parser.add_argument("--num", type=int, default=4)
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--candidates", type=int, default=64)
    options = parser.parse_args()
    model = load(options.run)
    infiller, params = Infiller(model.checkpoint), SamplingParams(options.temperature)

    def variations(text: str, candidates: int) -> Iterator[Variation]:
        varier = Varier(infiller, text, BARS)
        return varier.variations(range(options.num), params, candidates)

    real, varied, plain = Figures(), Figures(), Figures()
    seconds: list[float] = []
    legal = untouched = count = 0
    for text in held_out_tunes(model, options.tunes):
        log_prob, following = real_loss(infiller, text, options.temperature)
        real.add(text, log_prob, following)

        begin = time.perf_counter()
        found = list(variations(text, options.candidates))
        seconds.append((time.perf_counter() - begin) / options.num)
        for one in found:
            count += 1
            legal += check_tune(LocatedTune(one.text).tune).ok
            untouched += is_untouched(text, one.text)
            varied.add(one.text, one.following_log_prob, following)
        for one in variations(text, 1):
            plain.add(one.text, one.following_log_prob, following)
    print(f"without a mistake: {legal} of {count}; untouched elsewhere: {untouched} of {count}")
    print(f"seconds for a variation: median {median(seconds):.2f}, most {max(seconds):.2f}")
    print("| | real bars | varied | from left to right |\n| --- | --- | --- | --- |")
    columns = (real.cells(), varied.cells(), plain.cells())
    for name, *cells in zip(ROWS, *columns, strict=True):
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
