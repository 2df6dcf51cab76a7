"""The jobs that do not train: exports, texts of the bundled model, evaluations and checks."""

from collections.abc import Iterator
from functools import partial

from benchmarks.unchanged.captures import Capture, figures, files, stdout, text
from benchmarks.unchanged.inputs import AUDIO_TUNES, BOOKS, TUNES
from benchmarks.unchanged.job import Job, Step
from benchmarks.unchanged.training_jobs import training_jobs

# The lines of a text in which only the numbers are compared, because their words are messages:
# the problems of a tune, which begin with line and column,
PROBLEMS = r"^\s+\d+:\d+: "
# and the shape, the vocabulary and the resumability of a model, which have been reworded.
LABELS = r"^\s+(model|vocabulary|resumable): "


def all_jobs() -> list[Job]:
    """Return the jobs. The longest come first, so that no process waits for another at the end."""
    return [
        *_export_jobs(),
        *_sample_jobs(),
        *_evaluation_jobs(),
        *_report_jobs(),
        *training_jobs(),
    ]


def _export_jobs() -> Iterator[Job]:
    """Yield jobs that write audio, MIDI and scores of tunes."""
    for begin in range(0, TUNES, AUDIO_TUNES):
        book = f"tunes-{begin + 1:03d}.abc"
        arguments = f"export-audio {book} -o out/ --synth builtin"
        captures = {"WAV": partial(files, pattern="out/*.wav")}
        yield Job(f"tunes from {begin + 1}", [Step(arguments, captures, (0, 1))])
    for suffix, arguments in (
        ("svg", "export-score --format svg"),
        ("mid", "export-midi"),
        ("musicxml", "export-score --format musicxml"),
    ):
        captures = {suffix: partial(files, pattern=f"out/*.{suffix}")}
        steps = [Step(f"{arguments} tunes.abc -o out/", captures, (0, 1))]
        yield Job(f"{TUNES} tunes, {arguments}", steps, quick=suffix != "svg")
    for suffix, arguments in (
        ("mid", "export-midi --chords auto --instrument harp --tempo 80 --no-swing --repeats off"),
        ("mid", "export-midi --chords written --instrument flute --swing"),
        ("wav", "export-audio --synth builtin --chords auto --instrument banjo --tune 3"),
        ("wav", "export-audio --synth builtin --chords auto --instrument pipes --tune 7"),
        ("png", "export-score --format png --tune 5"),
        ("pdf", "export-score --format pdf --tune 5"),
    ):
        captures = {suffix: partial(files, pattern=f"out/*.{suffix}")}
        yield Job(arguments, [Step(f"{arguments} small.abc -o out/", captures, (0, 1))])


def _sample_jobs() -> Iterator[Job]:
    """Yield jobs that draw texts from the bundled model, with each option of sampling."""
    yield _sampled("40 tunes", "--num 40 --seed 5")
    yield _sampled("40 tunes, bars off", "--num 40 --seed 5 --bars off")
    yield _sampled("20 tunes without copies", "--num 20 --seed 9 --reject-copies")
    for seed in range(20):
        yield _sampled(f"seed {seed}", f"--seed {seed} --length 600", quick=seed < 3)
    for seed in range(3):
        yield _sampled(f"bars off, seed {seed}", f"--seed {seed} --length 600 --bars off")
    for arguments in (
        "--seed 3 --rhythm jig --meter 6/8 --key Ador",
        "--seed 4 --rhythm hornpipe --key D --part-bars 8",
        "--seed 5 --rhythm 'slip jig'",
        "--seed 6 --key Em --title 'The Proof'",
        "--seed 7 --meter 3/4 --bars off",
        "--seed 8 --prime 'd2e f2g|agf e3|'",
        "--seed 9 --prime 'T:The Silver' --bars off",
        "--seed 10 --temperature 1.3",
        "--seed 11 --temperature 0",
        "--seed 12 --top-k 5",
        "--seed 13 --top-p 0.8",
        "--seed 14 --min-p 0.1 --no-stream",
        "--seed 15 --bars off --stop '||'",
        "--seed 16 --num 2 --json",
    ):
        yield _sampled(arguments, arguments, quick="--json" in arguments)
    captures: dict[str, Capture] = {"stdout": stdout, "files": partial(files, pattern="out/*")}
    yield Job("sample folk --save", [Step("sample folk --seed 3 --num 2 --save out/", captures)])


def _sampled(name: str, arguments: str, *, quick: bool = False) -> Job:
    """Return a job that draws a text from the bundled model."""
    return Job(
        f"sample folk, {name}", [Step(f"sample folk {arguments}", {"stdout": stdout})], quick=quick
    )


def _evaluation_jobs() -> Iterator[Job]:
    """Yield jobs that evaluate the bundled model on a book, and the tunes that it writes."""
    for name, arguments in (
        ("a book", "small.abc"),
        ("what was held out", "small.abc --held-out"),
        ("its tunes", "--tunes 20 --seed 0"),
        ("its tunes as asked", "--tunes 10 --seed 50 --meter 6/8 --key D"),
    ):
        step = Step(f"evaluate folk {arguments} --json", {"JSON": figures})
        yield Job(f"evaluate folk, {name}", [step])


def _report_jobs() -> Iterator[Job]:
    """Yield jobs that report on tunes, the bundled model and the corpora."""
    for book in BOOKS:
        steps = [Step(f"check {book}.abc --json", {"JSON": partial(figures, without=())}, (0, 1))]
        yield Job(f"check {book}", steps, quick=book == "airdsAirs")
    problems = partial(text, messages=PROBLEMS)
    yield Job("check", [Step("check small.abc", {"text": problems}, (0, 1))], quick=True)
    steps = [
        Step("inspect folk --json", {"JSON": figures}),
        Step("inspect folk", {"text": partial(text, messages=LABELS)}),
        Step("inspect folk --verify", {"verified": stdout}),
    ]
    yield Job("inspect folk", steps, quick=True)
    steps = [Step("corpora --json", {"JSON": stdout}), Step("corpora", {"text": stdout})]
    yield Job("corpora", steps, quick=True)
