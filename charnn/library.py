"""The library behind `import charnn`: train a model, load one, let it write, measure it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import BEST, CHECKPOINTS, RUNS_FOLDER, TUNES
from charnn.checkpoints.run_lock import RunLock, create_run
from charnn.checkpoints.runs import find_runs, load_best, load_run, rename_damaged
from charnn.checkpoints.stored_tunes import store_tunes
from charnn.corpus.ids import DATA_FOLDER, Dataset, prepare
from charnn.corpus.scan import DEFAULT_VAL_FRACTION, is_tune_book, split_documents
from charnn.corpus.sources import Corpus, open_corpus
from charnn.corpus.transpose_augmentation import (
    ALL_KEYS,
    ORIGINAL_KEY,
    Progress,
    ignore_progress,
    parse_key_range,
)
from charnn.errors import CheckpointError, UsageError
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler

if TYPE_CHECKING:
    from charnn.evaluation.protocols import EvalSpan, Evaluation
    from charnn.music.similarity.compare import TuneComparison
    from charnn.training.events import Report

LONGEST_TUNE = 2000  # characters


class Model:
    """A trained model.

    Attributes:
        path: the checkpoint file it was read from.
        checkpoint: its configuration, vocabulary, weights and history.
        damaged: what is wrong with each file of the run that should have been read instead.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint, damaged: tuple[str, ...] = ()) -> None:
        self.path = path
        self.checkpoint = checkpoint
        self.damaged = damaged

    @cached_property
    def _sampler(self) -> Sampler:
        return Sampler(self.checkpoint)

    def stream(
        self,
        *,
        seed: int = 0,
        length: int = 2000,
        prime: str = "",
        stop: str = "",
        temperature: float = 0.8,
        top_k: int = 0,
        top_p: float = 1.0,
        min_p: float = 0.0,
    ) -> Iterator[str]:
        """Yield the characters of a new text, the prime not among them.

        The options are those of `charnn.sampling.params.SamplingParams` and of `Sampler.stream`.

        Raises:
            UsageError: an option is out of range.
        """
        params = SamplingParams(temperature, top_k, top_p, min_p)
        return self._sampler.stream(params, seed=seed, length=length, prime=prime, stop=stop)

    def sample(self, prime: str = "", **options: Any) -> str:
        """A new text that begins with `prime`; options as in `stream`."""
        return prime + "".join(self.stream(prime=prime, **options))

    def tunes(
        self,
        num: int,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        bars: str = "strict",
        **request: Any,
    ) -> Iterator[str]:
        """Yield `num` new tunes, the i-th with `seed + i`.

        Args:
            num: how many.
            seed: of the first.
            temperature: see `charnn.sampling.params.SamplingParams`.
            bars: "strict" keeps every bar and part right; "off" is the bare model.
            **wish: `title`, `rhythm`, `meter`, `key`, `part_bars`, `prime`, as in
                `charnn.music.grammar.tune_request.make_request`.

        Raises:
            UsageError: an option is out of range, or the model can't write such a tune.
        """
        if bars not in ("strict", "off"):
            raise UsageError(f"--bars must be strict or off, not {bars}")
        params = SamplingParams(temperature)
        seeds = range(seed, seed + num)
        if bars == "off" and not request:
            yield from map(
                "".join, self._sampler.stream_many(params, seeds=seeds, length=LONGEST_TUNE)
            )
            return
        from charnn.music.grammar.tune_request import make_request
        from charnn.tunes.training_tunes import load_header_stats
        from charnn.tunes.tune_writer import TuneWriter, fit_request

        requested = make_request(strict=bars == "strict", **request)
        if (headers := load_header_stats(self.path, self.checkpoint)) is not None:
            requested, _ = fit_request(requested, self.checkpoint, headers)
        writer = TuneWriter(self.checkpoint, requested)
        yield from map("".join, writer.stream_many(params, seeds=seeds, length=LONGEST_TUNE))

    def learned_tunes(self) -> list[str]:
        """The tunes that the model has learned from, see `charnn.tunes.training_tunes`.

        Raises:
            CheckpointError: they are not there; no book of tunes was learned.
        """
        from charnn.tunes.training_tunes import load_training_tunes

        return load_training_tunes(self.path, self.checkpoint)

    def judge(self, tunes: Iterable[str]) -> "TuneComparison":
        """Judge new tunes, at least one, beside those that the model has learned from.

        Raises:
            CheckpointError: the tunes that it has learned from are not there.
        """
        from charnn.music.similarity.compare import compare_tunes

        return compare_tunes(list(tunes), self.learned_tunes())

    def exported(self) -> bytes:
        """The file of the model alone, in half precision, to be shared; it cannot be resumed. Of
        learned tunes it has the headers and a hash.

        Raises:
            CheckpointError: a weight is too large for it; or the kept tunes are damaged.
        """
        from charnn.tunes.training_tunes import training_tunes_metadata

        metadata = self.checkpoint.metadata
        if (self.path.parent / TUNES).exists():
            metadata = metadata | training_tunes_metadata(self.learned_tunes())
        return replace(self.checkpoint, metadata=metadata).half_precision_bytes()

    def evaluate(
        self,
        text: "str | Sequence[str] | EvalSpan",
        *,
        windows: bool = False,
        dynamic: bool = False,
    ) -> "Evaluation":
        """How well the model predicts a text: every character once, the state carried.

        Several documents are read one after the other. If the model knows where documents end, it
        predicts that of each as well, and it counts as a character, just as in training.

        Args:
            text: one or several, or a passage such as `held_out` gives.
            windows: also measure as transformers are measured (see
            `charnn.evaluation.fresh_windows`). dynamic: also let the weights follow the text (see
            `charnn.evaluation.dynamic`).

        Raises:
            CorpusError: the text is empty.
        """
        from charnn.evaluation import protocols

        if not isinstance(text, protocols.EvalSpan):
            texts = [text] if isinstance(text, str) else list(text)
            text = protocols.whole_text_span(self.checkpoint, texts)
        return protocols.evaluate_span(self.checkpoint, text, windows=windows, dynamic=dynamic)

    def held_out(self, corpus: str | Path | Sequence[str] | Corpus) -> "EvalSpan":
        """What training has held out of a corpus, to be evaluated: the end of a text, or the tunes
        of a book that are not among the learned ones.

        Args:
            corpus: what `charnn.corpus.sources.open_corpus` takes, or gives.

        Raises:
            CheckpointError: the model has not learned this text, or has learned all of it; or the
                learned tunes are not there.
            CorpusError: every tune of the corpus was learned, or there is no corpus.
        """
        from charnn.evaluation import protocols

        opened = corpus if isinstance(corpus, Corpus) else open_corpus(_names(corpus))
        if not self.checkpoint.metadata.get("tunes"):
            return protocols.held_out_text_span(self.checkpoint, opened)
        texts = [document.text() for document in opened.documents]
        return protocols.held_out_tunes_span(self.checkpoint, texts, self.learned_tunes())


def load(path: str | Path | None = None) -> Model:
    """The model of a checkpoint file, of a run (folder or name), or of the newest run; without any
    run, the model in the box.

    Where the best checkpoint of a run cannot be read, the last serves, or the one before: what is
    wrong stands in `damaged`.

    Raises:
        CheckpointError: there is none, or it is damaged.
        OSError: it cannot be read.
    """
    found = load_best(None if path is None else Path(path), RUNS_FOLDER)
    return Model(found.path, found.checkpoint, found.damaged)


def train(
    corpus: str | Path | Sequence[str],
    *,
    name: str | None = None,
    out: str | Path = RUNS_FOLDER,
    resume: bool = False,
    init_from: str | Path | None = None,
    encoding: str | None = None,
    val_fraction: float = DEFAULT_VAL_FRACTION,
    tokens: str = "auto",
    transpose: str | int | None = None,
    transposed: Progress = ignore_progress,
    report: "Report" = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    download_bar: object | None = None,
    **options: Any,
) -> Model:
    """Learn a corpus and return the best model.

    Args:
        corpus: what `charnn.corpus.sources.open_corpus` takes: one name or several.
        name: the run's name; None names it after the corpus. With `resume`: the run to go on
            with; None goes on with the newest one that was trained on this corpus.
        out: the folder for runs.
        resume: go on with a run.
        init_from: begin with the weights of another model, which is named as in `load`; its symbols
            are found again by what they are, and its shape is kept.
        encoding: of the files; None for UTF-8 or their byte order mark.
        val_fraction: share that is held out.
        tokens: what a symbol is: "char", or "abc" for a musical piece of a tune; "auto" chooses.
        transpose: learn tunes in so many keys down and up, 0 to 6 semitones, or in "all" twelve;
            None is 0, and with `resume` what it was.
        transposed: is told how many tunes are in other keys by now, and how many there are.
        report: is told what happens (see `charnn.training.events`).
        should_stop: asked after every step and amid a validation; when true, the run is saved and
            ends.
        download_bar: shows a download.
        **options: those of `charnn.training.plan.Options`, such as `minutes=5`.

    Raises:
        CharnnError: anything the user can mend: the corpus, the options, the run.
        UnsavedError: the training has come to its end, but not all of it is on the disk; the error
            has the model.
        OSError: a file cannot be written at the beginning.
        KeyboardInterrupt: someone pressed Ctrl-C, or a notebook's stop; the run is saved by then.
            (The second time it comes at once, and only what was saved before is there.)
    """
    parent = None
    if resume:
        _expect_run(Path(out), name)
    elif init_from is not None:
        parent = _read_parent(Path(init_from), report)
    opened = open_corpus(_names(corpus), encoding=encoding, progress=download_bar)
    if parent is not None:
        tokens = _tokens_of(parent, tokens, opened)
    keys = None if transpose is None else parse_key_range(transpose)
    number = partial(prepare, opened, DATA_FOLDER, val_fraction, progress=transposed)
    if resume:
        run, dataset = _find_run(Path(out), name, opened.tunes, number, tokens, keys)
    else:
        dataset = number(tokens=tokens, keys=keys or ORIGINAL_KEY)
    # What is wrong with the corpus is said before torch is waited for.
    from charnn.training.assembly import build_trainer
    from charnn.training.events import Planned, Recovered
    from charnn.training.plan import Options, plan_resume, plan_run
    from charnn.training.sigint import Interrupt

    wanted = Options(**options)
    if not resume:
        plan = plan_run(dataset, wanted, parent)
    with RunLock(run) if resume else create_run(Path(out), name, opened.name) as lock:
        run = lock.run
        state: Checkpoint | None = None
        stored: dict[Path, Checkpoint] = {}
        damaged: dict[Path, str] = {}
        metadata: dict[str, Any] = {
            "corpus": opened.name,
            "tunes": opened.tunes,
            "val_fraction": val_fraction,
        }
        if init_from is not None:
            metadata["init_from"] = str(init_from)
        if resume:
            stored, damaged = load_run(run)
            taken = _newest(run, stored)
            state = stored[taken]
            metadata = _same_beginning(state, metadata)
            plan = plan_resume(state, dataset, wanted)
        report(Planned(run, opened, dataset, plan))

        def keep_training_tunes() -> None:
            if opened.tunes:
                learned, _ = split_documents(opened, val_fraction)
                store_tunes(run, (document.text() for document in learned))

        def hold() -> None:
            lock.acquire()
            if opened.tunes and not (run / TUNES).exists():
                keep_training_tunes()

        interrupt = Interrupt()
        trainer = build_trainer(
            dataset,
            plan.model,
            plan.training,
            run,
            metadata=metadata,
            report=report,
            should_stop=lambda: should_stop() or interrupt.asked,
            resume=state,
            best=stored.get(run / BEST),
            claim_folder=hold,
            parent=parent,
        )
        # Only now is anything written: a run of another corpus has been refused.
        keep_training_tunes()
        if damaged:
            aside = tuple(map(rename_damaged, damaged))
            report(Recovered(tuple(damaged.values()), aside, taken, stored[taken].step))
        del stored, state  # several times the model, which the trainer needs no more
        with interrupt:
            trainer.run()
    if interrupt.asked:
        raise KeyboardInterrupt
    return load(run)


def _read_parent(named: Path, report: "Report") -> Checkpoint:
    """The model to begin with."""
    found = load_best(named, RUNS_FOLDER)
    if found.damaged:
        from charnn.training.events import Recovered

        report(Recovered(found.damaged, (), found.path, found.checkpoint.step))
    return found.checkpoint


def _newest(run: Path, stored: dict[Path, Checkpoint]) -> Path:
    """The checkpoint to go on from, of those of a run, the newest first."""
    for path, checkpoint in stored.items():
        if checkpoint.training:
            return path
    raise CheckpointError(_cannot_resume(next(iter(stored))) if stored else _nothing_in(run))


def _tokens_of(parent: Checkpoint, said: str, corpus: Corpus) -> str:
    """The kind of symbols to learn a corpus in when a model begins with another one's weights."""
    kind, words = parent.vocabulary.kind, parent.vocabulary.unit
    if said not in ("auto", kind):
        raise UsageError(f"the model to begin with writes {words}: leave out --tokens {said}")
    if parent.vocabulary.requires_tunes and not is_tune_book(corpus):
        raise UsageError(
            f"the model to begin with writes {words}, and {corpus.name} is no book of tunes: "
            "name a model of characters, or train without --init-from"
        )
    return kind


def _same_beginning(checkpoint: Checkpoint, metadata: dict[str, Any]) -> dict[str, Any]:
    """What a resumed run tells of itself: it began with the model that it began with."""
    was = checkpoint.metadata.get("init_from")
    if metadata.get("init_from", was) != was:
        raise UsageError(
            f"--init-from cannot be changed by --resume (it was {was or 'not said'}): "
            "leave it out, or train a new run under another --name"
        )
    return metadata if was is None else metadata | {"init_from": was}


def _names(corpus: str | Path | Sequence[str]) -> list[str]:
    return [str(corpus)] if isinstance(corpus, str | Path) else list(corpus)


def _expect_run(out: Path, name: str | None) -> None:
    """Say at once that there is nothing to resume, before a large corpus is read."""
    if name is not None:
        for path in (Path(name), out / name, out / f"{name}.safetensors"):
            if path.is_file() and path.suffix == ".safetensors":
                raise CheckpointError(_cannot_resume(path))
    there = out / (name or "")
    if not (any((there / file).is_file() for file in CHECKPOINTS) if name else find_runs(out)):
        raise CheckpointError(_nothing_in(there))


def _nothing_in(there: Path) -> str:
    return f"there is no run to resume in {there}: train one first"


def _cannot_resume(path: Path) -> str:
    return (
        f"{path} is a model alone, without the state of its training, so it cannot be resumed: "
        f"begin a new run with it by --init-from {path}"
    )


def _find_run(
    out: Path,
    name: str | None,
    tunes: bool,
    number: Callable[..., Dataset],
    tokens: str,
    keys: tuple[int, int] | None,
) -> tuple[Path, Dataset]:
    """The named run, or the newest one that was trained on the same corpus, and that corpus as the
    run numbers it."""
    if name is not None:
        named = load_best(out / name, out).checkpoint
        how = _numbering(named)
        for option, said, was in (
            ("tokens", None if tokens == "auto" else tokens, how["tokens"]),
            ("transpose", keys, how["keys"]),
        ):
            if said not in (None, was):
                raise UsageError(
                    f"--{option} cannot be changed by --resume (it was {_spoken(was)}): "
                    "leave it out, or train a new run under another --name"
                )
        # Another corpus, which the trainer will refuse, may be none that has tokens and keys.
        return out / name, number(**how) if named.metadata.get("tunes") == tunes else number()
    damaged = ""
    numbered: dict[str, Dataset] = {}
    for run in find_runs(out):
        try:
            checkpoint = load_best(run, out).checkpoint
        except (CheckpointError, OSError) as problem:
            damaged = f" ({problem})"
            continue
        if checkpoint.metadata.get("tunes") != tunes:
            continue
        how = _numbering(checkpoint)
        if tokens in ("auto", how["tokens"]) and keys in (None, how["keys"]):
            dataset = numbered.get(str(how)) or number(**how)
            numbered[str(how)] = dataset
            if checkpoint.metadata.get("fingerprint") == dataset.fingerprint:
                return run, dataset
    raise CheckpointError(
        f"no run in {out}/ was trained on this corpus{damaged}: say which with --name"
    )


def _numbering(checkpoint: Checkpoint) -> dict[str, Any]:
    """The options of `prepare` that a model was trained with."""
    low, high = checkpoint.metadata.get("transpose", ORIGINAL_KEY)
    return {"tokens": checkpoint.vocabulary.kind, "keys": (low, high)}


def _spoken(value: str | tuple[int, int]) -> str:
    """An option's value as it is said on the command line."""
    if isinstance(value, str):
        return value
    return "all" if value == ALL_KEYS else str(value[1])
