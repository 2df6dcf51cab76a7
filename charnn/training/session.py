"""A training session, which turns the corpus that a user names into a trained run.

    corpus names -> documents -> dataset -> plan -> trainer -> run

Each step passes its result to the next one. torch is imported after the dataset is prepared,
because a user who mistyped a file name should not wait for that import.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.checkpoints.run_files import BEST, CHECKPOINTS, DOCUMENTS, RUNS_FOLDER, TUNES
from charnn.checkpoints.run_lock import RunLock, create_run
from charnn.checkpoints.runs import load_best, load_run, rename_damaged
from charnn.corpus.document_kinds import AUTO
from charnn.corpus.scan import DEFAULT_VAL_FRACTION
from charnn.corpus.shared_dataset import describe_dataset, open_dataset
from charnn.corpus.sources import Corpus
from charnn.corpus.transpose_augmentation import (
    ORIGINAL_KEY,
    Progress,
    ignore_progress,
    parse_key_range,
)
from charnn.errors import CharnnError, CheckpointError
from charnn.training.events import Planned, Preparing, Recovered, Report
from charnn.training.finetune import tokens_of_parent
from charnn.training.given_vocabulary import given_vocabulary, tokens_and_vocabulary
from charnn.training.joining import join_processes
from charnn.training.options import TrainOptions, check_names_and_choices, given
from charnn.training.preparation import Encoding, Preparation
from charnn.training.processes import Processes
from charnn.training.resume import (
    expect_resumable,
    find_run,
    keep_init_from,
    newest_resumable,
)
from charnn.training.run_corpus import corpus_metadata, store_training_documents
from charnn.training.sigint import DeferredInterrupt

if TYPE_CHECKING:
    from charnn.checkpoints.checkpoint import Checkpoint
    from charnn.corpus.ids import Dataset
    from charnn.training.plan import Plan
    from charnn.training.trainer import Trainer


@dataclass(frozen=True)
class Callbacks:
    """The functions that a session calls while it works.

    Args:
        report: called with every event, see `charnn.training.events`.
        should_stop: called after every step and during a validation; when it returns True, the run
            is saved and ends.
        transposed: called with the number of tunes transposed so far, and the number of all tunes.
        download_bar: a tqdm bar that shows a download.
    """

    report: Report = lambda event: None
    should_stop: Callable[[], bool] = lambda: False
    transposed: Progress = ignore_progress
    download_bar: object | None = None


def train_run(names: Sequence[str], options: TrainOptions, callbacks: Callbacks) -> Path:
    """Train a new run, or resume one, and return its folder.

    Args:
        names: the corpus, as `charnn.corpus.sources.open_corpus` takes it.
        options: see `TrainOptions`.
        callbacks: see `Callbacks`.

    Raises:
        TypeError: an option does not exist.
        CharnnError: the corpus, an option or the run is unusable.
        UnsavedError: the run has ended, but not all of it could be saved.
        OSError: a file cannot be written at the beginning.
        KeyboardInterrupt: Ctrl-C was pressed; the run is saved by then.
    """
    with join_processes() as processes:
        check_names_and_choices(options)
        return Session(names, options, callbacks, processes).train()


class Session:
    """A single training call, with its corpus, options and callbacks; see `train_run`.

    Args:
        processes: the processes that train the run together.
    """

    def __init__(
        self,
        names: Sequence[str],
        options: TrainOptions,
        callbacks: Callbacks,
        processes: Processes,
    ) -> None:
        self._names = names
        self._options = options
        self._callbacks = callbacks
        self._processes = processes
        out = options.get("out")
        self._out = Path(RUNS_FOLDER if out is None else out)
        fraction = options.get("val_fraction")
        self._val_fraction = DEFAULT_VAL_FRACTION if fraction is None else fraction

    def train(self) -> Path:
        """Train a new run or resume one, as the options ask, or as process 0 tells."""
        if not self._processes.is_alone:
            from charnn.training.sharing import refuse_stdin, request_of

            refuse_stdin(self._names, self._processes)
            self._request = request_of(self._names, self._options)
            if not self._processes.leads:
                return self.follow()
            if begun := self._processes.begun_run():
                self._take_up(Path(begun))
        return self.resume() if self._options.get("resume") else self.start()

    def start(self) -> Path:
        """Train a new run."""
        parent = self._load_parent()
        preparation = self._preparation()
        documents = self._options.get("documents")
        if not documents:
            # A model of names that is trained further is given other names.
            documents = AUTO if parent is None else parent.document_kind
        keep_cr = bool(self._options.get("keep_cr"))
        tokens, vocabulary = tokens_and_vocabulary(self._options, parent)
        corpus = preparation.corpus(Encoding(tokens, documents=documents, keep_cr=keep_cr))
        if parent is not None:
            tokens = tokens_of_parent(parent, tokens, corpus)
        keys = self._keys() or ORIGINAL_KEY
        encoding = Encoding(tokens, keys, documents, keep_cr=keep_cr, vocabulary=vocabulary)
        dataset = preparation.dataset(encoding)

        from charnn.training.assembly import build_trainer
        from charnn.training.plan import plan_run
        from charnn.training.sharing import share_plan

        plan = share_plan(plan_run(dataset, self._options, parent), self._options, self._processes)
        name = self._options.get("name")
        with create_run(self._out, name, corpus.name) as lock:
            wanted = self._out / (name or corpus.name)
            taken = None if lock.run == wanted else wanted
            self._callbacks.report(Planned(lock.run, corpus, dataset, plan, taken))
            self._give_orders(lock.run, encoding, dataset, plan)
            trainer = build_trainer(
                dataset,
                plan.model,
                plan.training,
                lock.run,
                metadata=self._metadata(corpus, plan.training.device),
                report=self._callbacks.report,
                claim_folder=partial(self._claim_folder, lock, corpus),
                parent=parent,
                processes=self._processes,
            )
            store_training_documents(lock.run, corpus, self._val_fraction)
            self._run(trainer)
        return lock.run

    def resume(self) -> Path:
        """Resume a run."""
        name = self._options.get("name")
        expect_resumable(self._out, name)
        preparation = self._preparation()
        options = given(self._options, "tokens", "documents") | {
            "transpose": self._keys(),
            "keep_cr": self._options.get("keep_cr") or None,
            "vocab": given_vocabulary(self._options),
        }
        wanted = {option: value for option, value in options.items() if value not in ("auto", None)}
        run, encoding = find_run(self._out, name, preparation, wanted)
        corpus = preparation.corpus(encoding)
        dataset = preparation.dataset(encoding)
        with RunLock(run) as lock:
            # The checkpoints are read in a function of their own: they take several times the
            # memory of the model, which is free again when that function returns.
            self._run(self._resumed_trainer(lock, corpus, dataset, encoding))
        return run

    def follow(self) -> Path:
        """Train the run of process 0."""
        from charnn.training.assembly import build_trainer
        from charnn.training.sharing import Orders

        orders = Orders.from_json(self._processes.share({}))
        problem = self._processes.device_problem(orders.training.device)
        try:
            orders.expect_same_request(self._request)
            dataset = open_dataset(orders.dataset) or self._preparation().dataset(orders.encoding)
            orders.expect_same_corpus(dataset)
        except (CharnnError, OSError) as failure:
            problem = str(failure)
        self._processes.expect(problem)
        trainer = build_trainer(
            dataset,
            orders.model,
            orders.training,
            orders.run,
            metadata={},
            processes=self._processes,
        )
        self._run(trainer)
        return orders.run

    def _take_up(self, run: Path) -> None:
        """Change the options so that the run is taken up whose processes were restarted."""
        if not run.is_dir():
            raise CheckpointError(
                f"the run was begun in {run} on another machine: give all machines the same folder "
                "as --out, and start them again"
            )
        is_saved = any((run / name).is_file() for name in CHECKPOINTS)
        self._out = run.parent
        self._options = {**self._options, "name": run.name, "resume": is_saved}

    def _give_orders(self, run: Path, encoding: Encoding, dataset: "Dataset", plan: "Plan") -> None:
        """Tell the other processes what to train, and wait until they are ready."""
        if self._processes.is_alone:
            return
        from charnn.training.sharing import Orders

        parts = (encoding, describe_dataset(dataset), plan.model, plan.training)
        self._processes.begin_run(str(run))
        self._processes.share(Orders(run, self._request, *parts).to_json())
        self._processes.expect(self._processes.device_problem(plan.training.device))

    def _resumed_trainer(
        self, lock: RunLock, corpus: Corpus, dataset: "Dataset", encoding: Encoding
    ) -> "Trainer":
        from charnn.training.assembly import build_trainer
        from charnn.training.plan import plan_resume
        from charnn.training.sharing import note_processes, share_plan

        checkpoints, damaged = load_run(lock.run)
        last = newest_resumable(lock.run, checkpoints)
        plan = plan_resume(checkpoints[last], dataset, self._options)
        plan = share_plan(plan, self._options, self._processes)
        plan = note_processes(plan, checkpoints[last], self._processes)
        earlier = checkpoints[last].metadata.get("sessions", ())
        metadata = self._metadata(corpus, plan.training.device, earlier)
        metadata = keep_init_from(checkpoints[last], metadata)
        self._callbacks.report(Planned(lock.run, corpus, dataset, plan))
        self._give_orders(lock.run, encoding, dataset, plan)
        trainer = build_trainer(
            dataset,
            plan.model,
            plan.training,
            lock.run,
            metadata=metadata,
            report=self._callbacks.report,
            resume=checkpoints[last],
            best=checkpoints.get(lock.run / BEST),
            claim_folder=partial(self._claim_folder, lock, corpus),
            processes=self._processes,
        )
        # Nothing is written before this line: `build_trainer` refuses another corpus.
        store_training_documents(lock.run, corpus, self._val_fraction)
        if damaged:
            renamed = tuple(map(rename_damaged, damaged))
            step = checkpoints[last].step
            self._callbacks.report(Recovered(tuple(damaged.values()), renamed, last, step))
        return trainer

    def _run(self, trainer: "Trainer") -> None:
        """Train the run. If Ctrl-C is pressed, save the run and then raise KeyboardInterrupt."""
        interrupt = DeferredInterrupt()
        should_stop = self._callbacks.should_stop
        trainer.should_stop = lambda: should_stop() or interrupt.requested
        with interrupt:
            trainer.run()
        if interrupt.requested:
            raise KeyboardInterrupt

    def _load_parent(self) -> "Checkpoint | None":
        """Return the model to fine-tune, if the user named one."""
        init_from = self._options.get("init_from")
        if init_from is None:
            return None
        loaded = load_best(Path(init_from), RUNS_FOLDER)
        if loaded.damaged:
            step = loaded.checkpoint.step
            self._callbacks.report(Recovered(loaded.damaged, (), loaded.path, step))
        return loaded.checkpoint

    def _preparation(self) -> Preparation:
        callbacks = self._callbacks
        return Preparation.of(
            *(self._names, self._options, self._val_fraction, callbacks.transposed),
            lambda done, total: callbacks.report(Preparing(done, total)),
            callbacks.download_bar,
        )

    def _keys(self) -> tuple[int, int] | None:
        transpose = self._options.get("transpose")
        return None if transpose is None else parse_key_range(transpose)

    def _metadata(
        self, corpus: Corpus, device: str, earlier: Sequence[dict[str, Any]] = ()
    ) -> dict[str, Any]:
        """Return the metadata of the run; `earlier` are the records of its earlier sessions."""
        from charnn.training.session_record import session_record, with_session

        record = session_record(self._names, self._options, device)
        facts = corpus_metadata(corpus, self._names, self._val_fraction, self._options)
        return {"sessions": with_session(earlier, record), **facts}

    def _claim_folder(self, lock: RunLock, corpus: Corpus) -> None:
        """Lock the run's folder, and restore the folder and its training documents if deleted."""
        lock.acquire()
        if not any((lock.run / name).exists() for name in (TUNES, DOCUMENTS)):
            store_training_documents(lock.run, corpus, self._val_fraction)
