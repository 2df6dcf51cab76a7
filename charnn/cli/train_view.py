"""The display of a training run: a summary, a progress bar and samples, or JSON lines."""

import json
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tqdm import tqdm

from charnn.cli.console import (
    discard_output,
    escape_controls,
    hides_bars,
    is_quiet,
    is_terminal,
    show_detail,
    show_message,
    show_warning,
    write_stdout,
)
from charnn.cli.train_lines import step_details, step_facts, validation_line
from charnn.cli.train_tables import result_table, show_table, summary_table
from charnn.corpus.ids import DATA_FOLDER
from charnn.insight.progress_sample import progress_sample
from charnn.training.events import (
    Evaluating,
    Event,
    Finished,
    Planned,
    Preparing,
    Rethreaded,
    SavedAtLast,
    Started,
    Stepped,
    Unsaved,
    Validated,
)
from charnn.training.options import TrainOptions
from charnn.training.warning_texts import warnings_of

# Small models are validated several times a second, and nobody reads that fast.
SECONDS_BETWEEN_SAMPLES = 10.0


class TrainView:
    """A display of the events of a run. It is a context, which closes the progress bar at its end.

    The progress bar `bar` first shows a download, then the preparation of the corpus (large texts,
    transposed tunes), then the run.
    Results (`--json`) are written to stdout, everything else to stderr.

    Args:
        corpus: the corpus as the user named it, for the command that resumes the run.
        options: the options of the run, for the same command.
        should_stop: a function that returns True when the drawing of a sample should be cut short.
        as_json: whether to write the events as JSON lines.
    """

    planned: Planned

    def __init__(
        self,
        corpus: list[str],
        options: TrainOptions,
        should_stop: Callable[[], bool],
        *,
        as_json: bool,
    ) -> None:
        self.corpus = corpus
        self.options = options
        self.should_stop = should_stop
        self.as_json = as_json
        self.live = is_terminal(sys.stderr) and not is_quiet()
        self.evaluating = self.preparing = False
        self.next_sample = -math.inf
        self.details: tqdm[NoReturn] | None = None
        self.stepped: Stepped | None = None
        self.validation_loss: float | None = None

    def __enter__(self) -> "TrainView":
        # pooch uses a bar only if it is true, and sets the total afterwards. A tqdm bar without a
        # total is false, so it gets one here.
        self.bar = tqdm(
            total=1, unit="B", unit_scale=True, disable=hides_bars(), leave=False, delay=0.2
        )
        return self

    def __exit__(self, *failure: object) -> None:
        self._close_bars()

    def report(self, event: Event) -> None:
        """Show an event. If the terminal is closed, nothing is shown and training continues."""
        try:
            self._show(event)
        except OSError:
            discard_output(sys.stderr)

    def transposed(self, done: int, tunes: int) -> None:
        """Show how many of the tunes are transposed."""
        if not done:
            self._show_line("transposing the tunes; they are kept for the next run")
            self.bar = tqdm(total=tunes, unit="tune", disable=hides_bars(), leave=False)
        self.bar.update(done - self.bar.n)

    def _show(self, event: Event) -> None:
        match event:
            case Preparing():
                self._show_preparation(event)
            case Planned():
                self.planned = event
                self.bar.close()
            case Started():
                self._show_table(*summary_table(self.planned, event))
                self.bar = _share_bar(event.progress)
                self.details = _second_line()
            case Rethreaded():
                with tqdm.external_write_mode(file=sys.stderr):
                    show_detail(f"the machine's load has changed: {event.threads} threads now")
            case Stepped():
                self._show_step(event)
            case Validated():
                self._show_validation(event)
            case Unsaved() if self.as_json:
                files = list(map(str, event.files))
                _write_json(event="unsaved", files=files, reason=event.reason)
            case SavedAtLast():
                if self.as_json:
                    _write_json(event="saved")
                self._show_line("all is saved now")
            case Evaluating():
                self._show_evaluation(event)
            case Finished():
                self._close_bars()
                self._show_result(event)
        for text in warnings_of(event):
            with tqdm.external_write_mode(file=sys.stderr):
                show_warning(text)

    def _show_preparation(self, event: Preparing) -> None:
        if not self.preparing:
            self.preparing = True
            self.bar.close()
            self._show_line(
                f"preparing the corpus; it is kept in {DATA_FOLDER}/ for the next run, and if it "
                "is interrupted, the same command continues it"
            )
            self.bar = tqdm(
                total=event.total, unit="B", unit_scale=True, disable=hides_bars(), leave=False
            )
        self.bar.update(event.done - self.bar.n)

    def _show_step(self, event: Stepped) -> None:
        if self.as_json:
            _write_json(
                event="step",
                step=event.step,
                nats_per_char=event.loss,
                lr=event.lr,
                grad_norm=event.grad_norm,
                clipped=event.clipped,
                chars_per_second=event.characters_per_second,
                progress=event.progress,
            )
        self.stepped = event
        self.bar.set_description_str(step_facts(event, self.validation_loss), refresh=False)
        self.bar.update(event.progress - self.bar.n)
        if self.details is not None:
            per = self.planned.dataset.vocabulary.per
            self.details.set_description_str(step_details(event, per))

    def _show_validation(self, event: Validated) -> None:
        if self.as_json:
            _write_json(
                event="validation",
                step=event.step,
                val_nats_per_char=event.loss,
                best=event.is_best,
            )
        self.validation_loss = event.loss
        self._show_line(validation_line(event, None if self.live else self.stepped))
        if self.live and time.monotonic() >= self.next_sample:
            self.next_sample = time.monotonic() + SECONDS_BETWEEN_SAMPLES
            self._show_line(
                escape_controls(progress_sample(event.checkpoint, self.should_stop)) + "\n"
            )

    def _show_evaluation(self, event: Evaluating) -> None:
        if not self.evaluating:
            self.evaluating = True
            self._close_bars()
            self.bar = _share_bar(0.0, "evaluating the best checkpoint")
        self.bar.update(event.progress - self.bar.n)

    def _show_result(self, finished: Finished) -> None:
        if self.as_json:
            _write_json(
                event="done",
                reason=finished.reason,
                checkpoint=finished.checkpoint and str(finished.checkpoint),
                val_nats_per_char=finished.best_loss,
                steps=finished.steps,
                chars_per_second=finished.characters_per_second,
                seconds=finished.seconds,
                advice=finished.advice,
                protocol=finished.protocol,
                calibration=finished.calibration and vars(finished.calibration),
            )
        table = result_table(self.planned, finished, self.corpus, self.options)
        self._show_table(*table)

    def _close_bars(self) -> None:
        # The lower line first: tqdm leaves an empty line otherwise.
        if self.details is not None:
            self.details.close()
        self.bar.close()

    def _show_line(self, text: str) -> None:
        with tqdm.external_write_mode(file=sys.stderr):
            show_message(text)

    def _show_table(self, title: str, rows: dict[str, str]) -> None:
        with tqdm.external_write_mode(file=sys.stderr):
            show_table(title, rows, live=self.live)


def _share_bar(initial: float, description: str = "") -> "tqdm[NoReturn]":
    """Return a progress bar of a share in [0, 1]."""
    return tqdm(
        total=1.0,
        initial=initial,
        desc=description,
        disable=hides_bars(),
        leave=False,
        dynamic_ncols=True,
        bar_format="{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]",
    )


def _second_line() -> "tqdm[NoReturn]":
    """Return a line of text below the progress bar."""
    # A terminal that cannot move its cursor up has no second line.
    disable = True if os.environ.get("TERM") == "dumb" else hides_bars()
    return tqdm(
        position=1, disable=disable, leave=False, dynamic_ncols=True, bar_format="     {desc}"
    )


def _write_json(**values: object) -> None:
    # A closed pipe or a full disk behind stdout is no reason to end the training.
    try:
        with suppress(SystemExit):
            write_stdout(json.dumps(values) + "\n")
    except OSError as problem:
        show_warning(f"stdout cannot be written ({problem.strerror}), so JSON lines end here")
