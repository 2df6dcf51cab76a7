"""`python -m benchmarks.unchanged`: compares what two checkouts compute, byte by byte.

A change that should not alter behaviour is proved here: both checkouts run the same jobs, and each
thing that comes of a job (parameters, texts, files) has one line with its SHA-256 before and after.
The jobs use the command line and files alone, so that modules may move and names may change.

    python -m benchmarks.unchanged --before OLD             # OLD against this checkout
    python -m benchmarks.unchanged --after OLD --save f     # run OLD alone, and keep its results
    python -m benchmarks.unchanged --before f               # these results against this checkout

Both sides need the same machine and the same installed packages: torch computes other last digits
on another processor.
"""

import argparse
import fnmatch
import hashlib
import importlib.util
import json
import math
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from benchmarks.child import CHARNN, PROJECT, environment
from benchmarks.setting import machine

Tensors = dict[str, NDArray[Any]]

BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")
TUNES = 200  # of all three books together, to be exported
AUDIO_TUNES = 50  # in one job: the sound of a tune takes about 6 MB of the disk until it is hashed
SMALL_TUNES = 60  # of all three books together, to be learned
TEXT_LENGTH = 8_000
LONGEST = 900.0  # seconds of one command
FAILED = "FAILED"

CELLS = ("lstm", "gru", "rnn", "peephole", "coupled")
TRAIN = "--steps 60 --threads 1 --seed 0 --device cpu --batch-size 8 --seq-len 32"
SMALL = "--hidden-size 32 --embedding-size 16"
PLAIN = "--dropout 0 --weight-drop 0"
REGULARISED = (
    "--num-layers 2 --dropout 0.3 --weight-drop 0.2 --embedding-dropout 0.1 --ema 0.9 "
    "--weight-decay 0.1"
)

# What differs between two runs of the same checkout, and stands in what commands write.
TIMES = ("seconds", "chars_per_second")
# The bytes of a run's files hang on how many digits its times have.
SIZES = ("files",)


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        folder: where it ran.
        code: its exit code.
        output: its stdout, without what names the checkout or the version.
        clean: takes both out of the content of a file, too.
    """

    folder: Path
    code: int
    output: bytes
    clean: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Taken:
    """What is compared: a hash, and the tensors where it is one of tensors."""

    sha256: str
    tensors: Tensors = field(default_factory=dict)


Take = Callable[[Ended], Taken]


@dataclass(frozen=True)
class Step:
    """A command of charnn, and what is taken of it.

    Args:
        words: its arguments, as in a shell.
        takes: what is compared, by the name that a line of the table has behind the job's.
        codes: exit codes that are no failure: 1 where some tunes of a book are wrong.
    """

    words: str
    takes: Mapping[str, Take] = field(default_factory=dict)
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Job:
    """Steps that run one after the other in a folder of their own.

    Args:
        name: begins the lines of the table.
        steps: at least one.
        quick: whether `--quick` runs it, too.
    """

    name: str
    steps: Sequence[Step]
    quick: bool = False

    def lines(self) -> list[str]:
        """The names of its lines in the table."""
        return [f"{self.name}: {part}" for step in self.steps for part in step.takes]


def stdout(ended: Ended) -> Taken:
    """Take the exit code and the exact output."""
    return Taken(_digest(str(ended.code).encode(), ended.output))


def timeless(ended: Ended, *, without: Sequence[str] = TIMES) -> Taken:
    """Take the output, lines of JSON, without the keys whose values differ in every run."""
    values = [json.loads(line) for line in ended.output.splitlines()]
    kept = json.dumps(_without(values, without), sort_keys=True)
    return Taken(_digest(str(ended.code).encode(), kept.encode()))


def rounded(ended: Ended) -> Taken:
    """Take the exit code and the output, JSON, its fractions with twelve digits.

    `evaluate --tunes` adds up a distance in the order of a set of words, which Python draws anew in
    every process: the last digit is not always the same.
    """
    value = json.loads(ended.output, parse_float=lambda digits: f"{float(digits):.12g}")
    return Taken(_digest(str(ended.code).encode(), json.dumps(value, sort_keys=True).encode()))


def files(ended: Ended, *, pattern: str) -> Taken:
    """Take the names and the bytes of the files that the pattern finds."""
    found = sorted(ended.folder.glob(pattern))
    if not found:
        raise RuntimeError(f"there is no file {pattern}")
    parts = [str(ended.code).encode()]
    for path in found:
        parts += [path.name.encode(), ended.clean(path.read_bytes())]
    return Taken(_digest(*parts))


def parameters(ended: Ended, *, names: Sequence[str]) -> Taken:
    """Take all tensors of checkpoints, those of the state of training included.

    The metadata stays out: it has times. `charnn inspect --json` shows the rest of it.
    """
    tensors: Tensors = {}
    for name in names:
        path = Path(name)
        read = load_file(ended.folder / path)
        tensors |= {f"{path.name}/{tensor}": read[tensor] for tensor in sorted(read)}
    parts: list[bytes] = []
    for tensor, array in tensors.items():
        parts += [f"{tensor} {array.dtype} {array.shape}".encode(), array.tobytes()]
    return Taken(_digest(*parts), tensors)


BEST, LAST = "checkpoints/run/best.safetensors", "checkpoints/run/last.safetensors"
EVENTS: dict[str, Take] = {
    "events": timeless,
    "parameters": partial(parameters, names=[BEST, LAST]),
}


def all_jobs() -> list[Job]:
    """Return the jobs. The longest come first, so that no process waits for another at the end."""
    return [*_export_jobs(), *_sample_jobs(), *_measure_jobs(), *_train_jobs()]


def _export_jobs() -> Iterator[Job]:
    for begin in range(0, TUNES, AUDIO_TUNES):
        book = f"tunes-{begin + 1:03d}.abc"
        words = f"export-audio {book} -o out/ --synth builtin"
        takes = {"WAV": partial(files, pattern="out/*.wav")}
        yield Job(f"tunes from {begin + 1}", [Step(words, takes, (0, 1))])
    for suffix, words in (
        ("svg", "export-score --format svg"),
        ("mid", "export-midi"),
        ("musicxml", "export-score --format musicxml"),
    ):
        takes = {suffix: partial(files, pattern=f"out/*.{suffix}")}
        steps = [Step(f"{words} tunes.abc -o out/", takes, (0, 1))]
        yield Job(f"{TUNES} tunes, {words}", steps, quick=suffix != "svg")
    for suffix, words in (
        ("mid", "export-midi --chords auto --instrument harp --tempo 80 --no-swing --repeats off"),
        ("mid", "export-midi --chords written --instrument flute --swing"),
        ("wav", "export-audio --synth builtin --chords auto --instrument banjo --tune 3"),
        ("wav", "export-audio --synth builtin --chords auto --instrument pipes --tune 7"),
        ("png", "export-score --format png --tune 5"),
        ("pdf", "export-score --format pdf --tune 5"),
    ):
        takes = {suffix: partial(files, pattern=f"out/*.{suffix}")}
        yield Job(words, [Step(f"{words} small.abc -o out/", takes, (0, 1))])


def _sample_jobs() -> Iterator[Job]:
    yield _written("40 tunes", "--num 40 --seed 5")
    yield _written("40 tunes, bars off", "--num 40 --seed 5 --bars off")
    yield _written("20 tunes without copies", "--num 20 --seed 9 --reject-copies")
    for seed in range(20):
        yield _written(f"seed {seed}", f"--seed {seed} --length 600", quick=seed < 3)
    for seed in range(3):
        yield _written(f"bars off, seed {seed}", f"--seed {seed} --length 600 --bars off")
    for words in (
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
        yield _written(words, words, quick="--json" in words)
    takes: dict[str, Take] = {"stdout": stdout, "files": partial(files, pattern="out/*")}
    yield Job("sample folk --save", [Step("sample folk --seed 3 --num 2 --save out/", takes)])


def _written(name: str, words: str, *, quick: bool = False) -> Job:
    return Job(
        f"sample folk, {name}", [Step(f"sample folk {words}", {"stdout": stdout})], quick=quick
    )


def _measure_jobs() -> Iterator[Job]:
    evaluations: list[tuple[str, str, Take]] = [
        ("a book", "small.abc", stdout),
        ("what was held out", "small.abc --held-out", stdout),
        ("its tunes", "--tunes 20 --seed 0", rounded),
        ("its tunes as asked", "--tunes 10 --seed 50 --meter 6/8 --key D", rounded),
    ]
    for name, words, take in evaluations:
        step = Step(f"evaluate folk {words} --json", {"JSON": take})
        yield Job(f"evaluate folk, {name}", [step])
    for book in BOOKS:
        steps = [Step(f"check {book}.abc --json", {"JSON": stdout}, (0, 1))]
        yield Job(f"check {book}", steps, quick=book == "airdsAirs")
    yield Job("check", [Step("check small.abc", {"text": stdout}, (0, 1))], quick=True)
    steps = [
        Step("inspect folk --json", {"JSON": stdout}),
        Step("inspect folk", {"text": stdout}),
        Step("inspect folk --verify", {"verified": stdout}),
    ]
    yield Job("inspect folk", steps, quick=True)
    steps = [Step("corpora --json", {"JSON": stdout}), Step("corpora", {"text": stdout})]
    yield Job("corpora", steps, quick=True)


def _train_jobs() -> Iterator[Job]:
    """Yield jobs that train, some of which go on to use what was trained."""
    text = f"text.txt {SMALL} {TRAIN}"
    yield _trained("begun with folk", f"small.abc --init-from folk --transpose 1 {TRAIN}")
    yield _trained("the recipe's choice", "text.txt --steps 30 --threads 1 --precision fp32")
    yield _trained("the recipe's choice for tunes", "small.abc --steps 20 --threads 1")
    for cell in CELLS:
        quick = cell in ("lstm", "gru")
        yield _trained(
            cell,
            f"{text} {PLAIN} --precision fp32 --cell {cell}",
            then=[*_used(), *_measured()],
            quick=quick,
        )
        yield _trained(
            f"{cell}, regularised",
            f"{text} {REGULARISED} --precision fp32 --cell {cell}",
            then=_used(),
            quick=cell == "lstm",
        )
        yield _trained(
            f"{cell}, ABC tokens",
            f"small.abc {SMALL} {TRAIN} --precision fp32 --cell {cell} --tokens abc",
            then=_tunes_used(),
            quick=cell == "lstm",
        )
    for cell in ("lstm", "gru"):
        yield _trained(f"{cell}, bf16", f"{text} {PLAIN} --precision bf16 --cell {cell}")
    for name, options in (
        ("one-hot", "--one-hot --hidden-size 32"),
        ("gradient penalty", f"{SMALL} --gradient-penalty 0.1"),
        ("clipped by value", f"{SMALL} --clip-value 0.05"),
        ("clipped by norm", f"{SMALL} --clip 0.1 --lr 0.02"),
    ):
        yield _trained(name, f"text.txt {options} {TRAIN} {PLAIN} --precision fp32")
    # Without a part that is held out, no checkpoint is known to be the best.
    yield _trained(
        "nothing held out",
        f"{text} --val-fraction 0 --save-every 25",
        first={"events": timeless, "parameters": partial(parameters, names=[LAST])},
    )
    yield _trained(
        "resumed",
        f"{text} {REGULARISED} --precision fp32".replace("--steps 60", "--steps 30"),
        then=[Step("train text.txt --name run --resume --steps 60 --threads 1 --json", EVENTS)],
        first={},
        quick=True,
    )


def _trained(
    name: str,
    words: str,
    *,
    then: Sequence[Step] = (),
    first: Mapping[str, Take] = EVENTS,
    quick: bool = False,
) -> Job:
    """A run, and the steps after it."""
    precision = "" if "--precision" in words else " --precision fp32"
    steps = [Step(f"train {words}{precision} --name run --json", first), *then]
    return Job(f"train {name}", steps, quick=quick)


def _used() -> list[Step]:
    """What is done with a model of a text."""
    described = partial(timeless, without=(*TIMES, *SIZES))
    return [
        Step("sample run --seed 3 --length 400", {"a sample": stdout}),
        # So many are computed side by side, by compiled code.
        Step("sample run --seed 5 --num 34 --length 60 --json", {"34 samples": stdout}),
        Step("inspect run --json", {"inspect": described}),
        Step(
            "export-model run -o out.safetensors",
            {"exported": partial(parameters, names=["out.safetensors"])},
        ),
    ]


def _measured() -> list[Step]:
    """What takes longer."""
    return [
        # After half a second, compiled code goes on with a text.
        Step("sample run --seed 4 --length 30000", {"a long sample": stdout}),
        Step("evaluate run text.txt --held-out --dynamic --json", {"evaluate": stdout}),
    ]


def _tunes_used() -> list[Step]:
    """What is done with a model of a book of tunes."""
    return [
        Step("sample run --seed 3 --length 400", {"a sample": stdout}),
        Step("sample run --seed 4 --rhythm jig --bars off --length 400", {"bars off": stdout}),
        Step(
            "export-model run -o out.safetensors",
            {
                "exported": partial(parameters, names=["out.safetensors"]),
                "learned tunes": partial(files, pattern="checkpoints/run/tunes.abc.gz"),
            },
        ),
    ]


def write_inputs(folder: Path) -> str:
    """Write what the jobs read: a text, three books of tunes, and choices out of them.

    Returns:
        The hash of all of it.

    Raises:
        RuntimeError: the music21 package, which brings the books, is not installed.
    """
    text = "\n".join(topics[name] for name in sorted(topics))[:TEXT_LENGTH]
    contents = {"text.txt": text}
    found = importlib.util.find_spec("music21")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("install music21, which brings the books of tunes")
    corpus = Path(found.submodule_search_locations[0], "corpus")
    books = [_tunes(corpus / name) for name in BOOKS]
    contents |= {f"{name}.abc": _book(book) for name, book in zip(BOOKS, books, strict=True)}
    exported = _spread(books, TUNES)
    contents["tunes.abc"] = _book(exported)
    for begin in range(0, TUNES, AUDIO_TUNES):
        contents[f"tunes-{begin + 1:03d}.abc"] = _book(exported[begin : begin + AUDIO_TUNES])
    contents["small.abc"] = _book(_spread(books, SMALL_TUNES))
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return _digest(*(part.encode() for item in sorted(contents.items()) for part in item))


def _tunes(folder: Path) -> list[str]:
    """The tunes of a book, which may be in Latin-1."""
    texts = (path.read_bytes().decode("latin-1") for path in sorted(folder.glob("*.abc")))
    lines = ("\n".join(text.splitlines()) for text in texts)
    tunes = (tune for text in lines for tune in re.split(r"(?m)^(?=X:)", text))
    return [tune.strip() + "\n" for tune in tunes if tune.startswith("X:")]


def _spread(books: Sequence[Sequence[str]], count: int) -> list[str]:
    """So many tunes in all, from all over each book."""
    shares = [count // len(books) + (place < count % len(books)) for place in range(len(books))]
    return [
        book[number * len(book) // share]
        for book, share in zip(books, shares, strict=True)
        for number in range(share)
    ]


def _book(tunes: Sequence[str]) -> str:
    return "\n".join(tunes)


class Side:
    """A checkout that runs jobs.

    Args:
        name: "before" or "after".
        checkout: its folder.
        inputs: the folder that `write_inputs` has filled.
        folder: empty; jobs run below it.
        keep: leave there what the jobs write, to be looked at.
    """

    def __init__(self, name: str, checkout: Path, inputs: Path, folder: Path, keep: bool) -> None:
        self.name = name
        self.checkout = checkout.resolve()
        self.results: dict[str, Taken] = {}
        self._inputs, self._folder, self._keep = inputs, folder, keep
        folder.mkdir(parents=True)
        # Compiled code lies outside of the checkout, which stays as it is; numba would also take
        # old code for new where a function that another one calls has changed.
        self._environment = environment(1) | {
            "PYTHONPATH": str(self.checkout),
            "PYTHONPYCACHEPREFIX": str(folder / "pycache"),
            "NUMBA_CACHE_DIR": str(folder / "numba"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }

    def expect_own_code(self) -> None:
        """Find out whether the commands will run this checkout's code.

        Raises:
            RuntimeError: they will not.
        """
        program = "import charnn; print(charnn.__file__)"
        found = self._run([sys.executable, "-c", program], self._folder)
        path = Path(found.stdout.decode().strip() or ".").resolve()
        if not path.is_relative_to(self.checkout):
            raise RuntimeError(f"{self.checkout} holds no package charnn: {found.stderr.decode()}")

    def run(self, job: Job) -> None:
        """Run a job and note its results; one that fails has `FAILED` for a hash."""
        begin, problem = time.perf_counter(), ""
        folder = self._folder / _folder_name(job)
        folder.mkdir()
        for path in self._inputs.iterdir():
            (folder / path.name).symlink_to(path)
        for number, step in enumerate(job.steps, 1):
            try:
                taken = self._taken(step, folder, number)
            except Exception as error:  # the other jobs are worth running, whatever it is
                problem = f": {step.words}: {error}"
                break
            self.results |= {f"{job.name}: {part}": one for part, one in taken.items()}
        for line in job.lines():
            self.results.setdefault(line, Taken(FAILED))
        if not self._keep:
            shutil.rmtree(folder)
        seconds = time.perf_counter() - begin
        print(f"{self.name} {job.name} ({seconds:.1f} s){problem}", file=sys.stderr, flush=True)

    def _taken(self, step: Step, folder: Path, number: int) -> dict[str, Taken]:
        """Run a step; what is taken of it."""
        ran = self._run([*CHARNN, *shlex.split(step.words)], folder)
        if self._keep:
            (folder / f"stdout-{number}.txt").write_bytes(ran.stdout)
        said = ran.stderr.decode(errors="replace")
        if ran.returncode not in step.codes or "Traceback" in said:
            raise RuntimeError(f"exit code {ran.returncode}: {said[-2000:]}")
        ended = Ended(folder, ran.returncode, self._clean(ran.stdout), self._clean)
        return {part: take(ended) for part, take in step.takes.items()}

    def _run(self, command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            command,
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )

    def _clean(self, content: bytes) -> bytes:
        """What was written, without the checkout's place and the version."""
        content = content.replace(str(self.checkout).encode(), b"CHECKOUT")
        return re.sub(rb"charnn \d+\.\d+[\w.+-]*", b"charnn VERSION", content)


def _folder_name(job: Job) -> str:
    return re.sub(r"[^\w.|]+", "-", job.name).replace("|", "I").strip("-")


@dataclass(frozen=True)
class Stored:
    """The results of a side, run now or earlier.

    Attributes:
        made: machine, versions, date and commit.
        inputs: the hash of what the jobs have read.
        hashes: by the lines of the table.
        tensors: by those lines, and by name.
    """

    made: str
    inputs: str
    hashes: dict[str, str]
    tensors: dict[str, Tensors]

    def save(self, path: Path) -> None:
        """Write the hashes as JSON, and the tensors beside it as `.npz`."""
        values = {"made": self.made, "inputs": self.inputs, "overall": overall(self.hashes)}
        content = json.dumps(values | {"hashes": self.hashes}, indent=1)
        path.write_text(content + "\n", encoding="utf-8")
        arrays = {
            f"{line}\t{name}": tensor
            for line, tensors in self.tensors.items()
            for name, tensor in tensors.items()
        }
        with path.with_suffix(".npz").open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Stored":
        """Read what `save` has written."""
        values = json.loads(path.read_text(encoding="utf-8"))
        tensors: dict[str, Tensors] = {}
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            for key in arrays.files:
                line, _, name = key.partition("\t")
                tensors.setdefault(line, {})[name] = arrays[key]
        return cls(values["made"], values["inputs"], values["hashes"], tensors)


def overall(hashes: Mapping[str, str]) -> str:
    """The hash of all lines."""
    return _digest(*(part.encode() for item in sorted(hashes.items()) for part in item))


def largest_difference(before: Tensors, after: Tensors) -> float:
    """The largest difference of two numbers in the same place; infinite where the tensors have
    other names, types or shapes, or a number is none."""
    if before.keys() != after.keys():
        return math.inf
    largest = 0.0
    for name, was in before.items():
        now = after[name]
        if (was.shape, was.dtype) != (now.shape, now.dtype):
            return math.inf
        if was.size:
            difference = float(np.abs(was.astype(np.float64) - now.astype(np.float64)).max())
            largest = max(largest, math.inf if math.isnan(difference) else difference)
    return largest


def compare(before: Stored, after: Stored, tolerance: float) -> tuple[str, bool]:
    """Compare the lines of `after` with those of `before`.

    Returns:
        The table as Markdown, and whether all is the same.
    """
    rows = ["| job | before | after | | largest difference |", "| --- | --- | --- | --- | --- |"]
    alike = 0
    inputs = "same" if before.inputs == after.inputs else "DIFFERENT"
    rows.append(f"| inputs | `{before.inputs[:16]}` | `{after.inputs[:16]}` | {inputs} | |")
    for line, now in after.hashes.items():
        was = before.hashes.get(line, "missing")
        difference = math.inf
        if was == now != FAILED:
            difference = 0.0
        elif line in before.tensors and line in after.tensors:
            difference = largest_difference(before.tensors[line], after.tensors[line])
        within = difference <= tolerance
        alike += within
        verdict = "DIFFERENT" if not within else "same" if was == now else "within tolerance"
        shown = f"{difference:.3g}" if line in after.tensors else ""
        rows.append(f"| {_cell(line)} | `{was[:16]}` | `{now[:16]}` | {verdict} | {shown} |")
    both = [{line: side.hashes.get(line, "") for line in after.hashes} for side in (before, after)]
    first, second = map(overall, both)
    same = alike == len(after.hashes) and inputs == "same"
    verdict = "same" if same else "DIFFERENT"
    rows.append(f"| **all {len(after.hashes)}** | `{first}` | `{second}` | {verdict} | |")
    different = len(after.hashes) - alike
    return "\n".join([*rows, "", f"{alike} the same, {different} different"]), same


def main() -> int:
    """Run and compare as the command line asks; 1 if anything differs, or a job has failed."""
    options = _options()
    # A polite kill is to clean up too, after the jobs that run just then.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    jobs = [job for job in all_jobs() if fnmatch.fnmatchcase(job.name, options.only)]
    jobs = [job for job in jobs if job.quick or not options.quick]
    lines = [line for job in jobs for line in job.lines()]
    assert len(set(lines)) == len(lines)
    assert len({_folder_name(job) for job in jobs}) == len(jobs)
    earlier = Stored.load(options.before) if options.before and options.before.is_file() else None
    with tempfile.TemporaryDirectory(prefix="charnn-unchanged-") as temporary:
        folder = options.keep.resolve() if options.keep else Path(temporary)
        inputs = folder / "inputs"
        inputs.mkdir(parents=True)
        marked = write_inputs(inputs)
        checkouts = {"after": options.after}
        if options.before and earlier is None:
            checkouts = {"before": options.before, **checkouts}
        sides = {
            name: Side(name, checkout, inputs, folder / name, options.keep is not None)
            for name, checkout in checkouts.items()
        }
        for side in sides.values():
            side.expect_own_code()
        stored = {name: _made(side.checkout) for name, side in sides.items()}
        with ThreadPoolExecutor(options.processes) as pool:
            list(pool.map(lambda pair: pair[0].run(pair[1]), _pairs(list(sides.values()), jobs)))
        results = {
            name: _stored(stored[name], marked, side.results, lines) for name, side in sides.items()
        }
    if earlier is not None:
        results["before"] = earlier
    for name, path in (("before", options.save_before), ("after", options.save)):
        if path:
            results[name].save(path)
    for name in sorted(results, reverse=True):  # before, after
        print(f"{name}: {results[name].made}")
    if "before" not in results:
        print(f"{len(lines)} lines, overall {overall(results['after'].hashes)}")
        return int(FAILED in results["after"].hashes.values())
    table, same = compare(results["before"], results["after"], options.tolerance)
    print(f"\n{table}")
    return int(not same)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.unchanged",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = partial(parser.add_argument, type=Path)
    add("--before", metavar="OLD", help="a checkout, or the FILE of an earlier --save")
    add("--after", metavar="NEW", default=PROJECT, help="a checkout; default: this one")
    add("--save", metavar="FILE", help="keep the results of NEW, and the tensors as .npz beside it")
    add("--save-before", metavar="FILE", help="keep those of OLD")
    add("--keep", metavar="DIR", help="leave what the jobs write there, to see what differs")
    parser.add_argument(
        "--tolerance", type=float, default=0.0, help="largest difference of parameters; default: 0"
    )
    parser.add_argument("--quick", action="store_true", help="some jobs of each kind: a minute")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="jobs named so: 'train *'")
    parser.add_argument("--processes", type=int, default=2, help="jobs side by side; default: 2")
    options = parser.parse_args()
    if options.save_before and (options.before is None or options.before.is_file()):
        parser.error("--save-before needs a checkout as --before")
    if options.before is not None and not options.before.exists():
        parser.error(f"--before {options.before} is not there")
    return options


def _pairs(sides: Sequence[Side], jobs: Sequence[Job]) -> Iterator[tuple[Side, Job]]:
    """Each job on all sides, then the next one, so that a slow hour slows both."""
    return ((side, job) for job in jobs for side in sides)


def _stored(made: str, inputs: str, results: Mapping[str, Taken], lines: Sequence[str]) -> Stored:
    """What a side has come to, in the order of the table."""
    tensors = {line: results[line].tensors for line in lines if results[line].tensors}
    return Stored(made, inputs, {line: results[line].sha256 for line in lines}, tensors)


def _made(checkout: Path) -> str:
    """Machine, versions, date, and the commit of a checkout that is one of git."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty"]
    try:
        named = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        named = ""
    return f"{named.strip() or 'no commit'}; {machine('')}"


def _without(value: Any, keys: Sequence[str]) -> Any:
    """A JSON value without these keys, however deep they are."""
    if isinstance(value, list):
        return [_without(one, keys) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, keys) for key, one in value.items() if key not in keys}
    return value


def _digest(*parts: bytes) -> str:
    """SHA-256 of parts, and of where each of them ends."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)} ".encode())
        digest.update(part)
    return digest.hexdigest()


def _cell(words: str) -> str:
    """Words that stand in a table, where | would end them."""
    return words.replace("|", r"\|")


if __name__ == "__main__":
    sys.exit(main())
