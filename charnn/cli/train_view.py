"""What a training run looks like: summary, progress bar, samples; or JSON lines; or plain lines."""

import json
import math
import random
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from charnn.checkpoints.run_files import RUNS_FOLDER
from charnn.cli.console import (
    discard_output,
    escape_controls,
    is_terminal,
    show_message,
    show_warning,
    write_stdout,
)
from charnn.cli.formatting import format_duration, format_loss
from charnn.corpus.ids import Dataset
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.training.events import (
    Event,
    Finished,
    Hinted,
    Planned,
    Recovered,
    Rethreaded,
    SavedAtLast,
    ShortOfSpace,
    Started,
    Stepped,
    Unsaved,
    Validated,
)

SAMPLE_LENGTH = 240


class TrainView:
    """Draws the events of a run.

    As a context it holds the progress bar: `bar` is first that of a download, then, once the corpus
    is there, that of the run. Results (`--json`) go to stdout, all else to stderr.

    Args:
        corpus: what the user named, and
        reading: the options it was opened with, both for the command that resumes the run.
        should_stop: tells when not to draw a sample to its end.
        as_json: write events as JSON lines.
    """

    planned: Planned

    def __init__(
        self,
        corpus: list[str],
        reading: list[str],
        should_stop: Callable[[], bool],
        *,
        as_json: bool,
    ) -> None:
        self.corpus = corpus
        self.reading = reading
        self.should_stop = should_stop
        self.as_json = as_json
        self.live = is_terminal(sys.stderr)

    def __enter__(self) -> "TrainView":
        # The downloader sets the total, but asks first whether the bar is true, which takes one.
        self.bar = tqdm(total=1, unit="B", unit_scale=True, disable=None, leave=False, delay=0.2)
        return self

    def __exit__(self, *failure: object) -> None:
        self.bar.close()

    def report(self, event: Event) -> None:
        """Show one event. A terminal that has gone does not end the training."""
        try:
            self._show(event)
        except OSError:
            discard_output(sys.stderr)

    def transposed(self, done: int, tunes: int) -> None:
        """Show how many tunes are in other keys by now."""
        if not done:
            self._line("writing the tunes in other keys; they are kept for the next time")
            self.bar = tqdm(total=tunes, unit="tune", disable=None, leave=False)
        self.bar.update(done - self.bar.n)

    def _show(self, event: Event) -> None:
        match event:
            case Planned():
                self.planned = event
                self.bar.close()
                self._notes(event)
            case Recovered():
                self._recovered(event)
            case ShortOfSpace():
                self._line(
                    f"warning: the disk has {event.free / 1e6:,.0f} MB free, and "
                    f"{event.folder} may take {event.needed / 1e6:,.0f} MB more: make room"
                )
            case Started():
                self._summarise(event)
                if event.progress >= 1:
                    show_warning(
                        "its budget is spent: give more --minutes, --epochs or --steps to go on"
                    )
                self.bar = tqdm(
                    total=1.0,
                    initial=event.progress,
                    disable=None,
                    leave=False,
                    bar_format="{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]",
                )
            case Rethreaded():
                self._line(f"the machine's load has changed: {_threads(event.threads)} now")
            case Hinted():
                self._line(f"warning: {event.hint}")
            case Stepped():
                self._step(event)
            case Validated():
                self._validation(event)
            case Unsaved():
                self._unsaved(event)
            case SavedAtLast():
                if self.as_json:
                    _write_json(event="saved")
                self._line("all is saved now")
            case Finished():
                self.bar.close()
                self._conclude(event)

    def _notes(self, planned: Planned) -> None:
        skipped, repeated = planned.corpus.skipped, planned.corpus.repeated
        if skipped:
            show_warning(
                f"left out {len(skipped):,} files that are hidden, unreadable or no text, "
                f"such as {skipped[0]}"
            )
        if repeated:
            more = f" and {len(repeated) - 1:,} more" if len(repeated) > 1 else ""
            show_warning(f"named more than once, but read once: {repeated[0]}{more}")
        for note in planned.plan.notes:
            show_warning(note)

    def _recovered(self, event: Recovered) -> None:
        kept = f" (kept as {', '.join(path.name for path in event.aside)})" if event.aside else ""
        self._line(
            f"warning: {'; '.join(event.problems)}{kept}; the run goes on from {event.taken}, "
            f"step {event.step:,}"
        )

    def _unsaved(self, event: Unsaved) -> None:
        files = " and ".join(map(str, event.files))
        if self.as_json:
            _write_json(event="unsaved", files=list(map(str, event.files)), reason=event.reason)
        self._line(
            f"warning: {files} cannot be saved ({event.reason}): the training goes on and tries "
            "again; make room or mend the folder before it ends"
        )

    def _conclude(self, finished: Finished) -> None:
        """What came of it, and what to do next."""
        run = self.planned.run
        again = ["charnn", "train", "--resume", "--name", run.name, *self.reading]
        if run.parent != RUNS_FOLDER:
            again += ["--out", str(run.parent)]
        if any(name.startswith("-") and name != "-" for name in self.corpus):
            again.append("--")
        again += self.corpus
        loss = finished.best_loss
        if self.as_json:
            _write_json(
                event="done",
                reason=finished.reason,
                checkpoint=finished.checkpoint and str(finished.checkpoint),
                val_nats_per_char=loss,
                steps=finished.steps,
                chars_per_second=finished.characters_per_second,
                seconds=finished.seconds,
                advice=finished.advice,
            )
        reasons = {
            "done": "done",
            "patience": "stopped early: the validation loss no longer falls",
            "interrupted": f"stopped{'' if finished.unsaved else ' and saved'}; "
            f"to go on: {shlex.join(again)}",
        }
        self._table(
            "finished",
            {
                "why": reasons[finished.reason],
                "best loss": "not validated yet" if loss is None else format_loss(loss),
                "steps": f"{finished.steps:,} in {format_duration(finished.seconds)}, "
                f"{finished.characters_per_second:,.0f} characters/s",
                "checkpoint": str(finished.checkpoint or "none"),
                **({"advice": finished.advice} if finished.advice else {}),
                "next": f"charnn sample {shlex.quote(str(run))}",
            },
        )

    def _summarise(self, event: Started) -> None:
        from charnn.evaluation.sweep import fitted_sweep_protocol  # which loads torch

        corpus, dataset = self.planned.corpus, self.planned.dataset
        model, training = self.planned.plan.model, self.planned.plan.training
        documents = f", {dataset.documents:,} documents" if dataset.documents > 1 else ""
        held_out = (
            f"{dataset.val_documents:,} whole tunes" if dataset.val_documents else "the last part"
        )
        unknown = f", {dataset.val_unknown:,} of them unknown" if dataset.val_unknown else ""
        width = "one-hot" if model.embedding_size is None else f"embedding {model.embedding_size}"
        preset = f"{self.planned.plan.preset}: " if self.planned.plan.preset else ""
        budget = training.budget
        limits = [f"{value:g} {name}" for name, value in vars(budget).items() if value is not None]
        self._table(
            f"{'resuming' if event.progress else 'training'} {self.planned.run}",
            {
                "corpus": f"{corpus.name}: "
                f"{dataset.train_characters + dataset.val_characters:,} characters"
                f"{documents}{_keys(dataset)}",
                "vocabulary": f"{len(dataset.vocabulary)} symbols ({_kind(dataset)})",
                "model": f"{preset}{model.cell} {model.num_layers} x {model.hidden_size}, {width}, "
                f"dropout {model.dropout:g}, of weights {model.weight_drop:g}: "
                f"{model.parameter_count():,} parameters",
                "training": f"{' or '.join(limits)}, batch {training.batch_size}, "
                f"window {training.seq_len}, {event.steps_per_epoch:,} steps an epoch",
                "machine": f"{training.device}, {training.precision}, {_threads(event.threads)}",
                "validation": f"{held_out}, {dataset.val_characters:,} characters{unknown}: "
                f"{fitted_sweep_protocol(len(dataset.val), len(dataset.train))}"
                if len(dataset.val)
                else "none",
            },
        )

    def _step(self, event: Stepped) -> None:
        if self.as_json:
            _write_json(
                event="step",
                step=event.step,
                nats_per_char=event.loss,
                chars_per_second=event.characters_per_second,
                progress=event.progress,
            )
        self.bar.set_description_str(
            f"step {event.step:,}  loss {event.loss:.3f}  {event.loss / math.log(2):.3f} bits/char"
            f"  {event.characters_per_second:,.0f} chars/s",
            refresh=False,
        )
        self.bar.update(event.progress - self.bar.n)

    def _validation(self, event: Validated) -> None:
        if self.as_json:
            _write_json(
                event="validation",
                step=event.step,
                val_nats_per_char=event.loss,
                best=event.is_best,
            )
        best = "  (best so far)" if event.is_best else ""
        self._line(f"step {event.step:,}: validation {format_loss(event.loss)}{best}")
        if self.live:
            self._line(escape_controls(self._sample(event)) + "\n")

    def _sample(self, event: Validated) -> str:
        """What the model writes now, indented so that it is not taken for a message."""
        sampler = Sampler(event.checkpoint)
        seed = random.randrange(2**32)
        stream = sampler.stream(SamplingParams(), seed=seed, length=SAMPLE_LENGTH)
        text = "".join(takewhile(lambda piece: not self.should_stop(), stream))
        return "\n".join("    " + line for line in text.splitlines())

    def _line(self, text: str) -> None:
        with tqdm.external_write_mode(file=sys.stderr):
            show_message(text)

    def _table(self, title: str, rows: dict[str, str]) -> None:
        if not self.live:
            show_message("\n".join([title, *(f"  {key}: {value}" for key, value in rows.items())]))
            return
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(overflow="fold")  # a command or a path is to be copied whole
        for key, value in rows.items():
            # Names of files and corpora are the user's: neither markup nor control characters.
            table.add_row(key, escape_controls(value), style=None)
        console = Console(stderr=True, markup=False, emoji=False, highlight=False)
        with tqdm.external_write_mode(file=sys.stderr):
            console.print(escape_controls(title), style=None if console.no_color else "bold")
            console.print(table)


def _write_json(**values: object) -> None:
    # Whoever read the lines may have seen enough of them, or have no room: the training goes on.
    try:
        with suppress(SystemExit):
            write_stdout(json.dumps(values) + "\n")
    except OSError as problem:
        show_warning(f"stdout cannot be written ({problem.strerror}): no more JSON lines")


def _keys(dataset: Dataset) -> str:
    low, high = dataset.keys
    return f", learned in {high - low + 1} keys ({low:+} to {high:+} semitones)" if high else ""


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"


def _kind(dataset: Dataset) -> str:
    if dataset.vocabulary.single_characters:
        return dataset.vocabulary.unit
    length = dataset.train_characters / len(dataset.train)
    return f"{dataset.vocabulary.unit}, {length:.2f} characters each"
