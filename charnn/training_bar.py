"""The progress bar of `charnn.train`, in a notebook or on a terminal."""

import sys
import warnings
from typing import Any

from charnn.errors import warn
from charnn.training.events import (
    Evaluating,
    Event,
    Finished,
    Planned,
    Preparing,
    Started,
    Stepped,
    Validated,
)
from charnn.training.warning_texts import warnings_of

_SHARE = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]"


class TrainingBar:
    """A progress bar of a run, which closes when the context ends.

    The bar shows a download, then the transposing of tunes, then the run. Where neither a notebook
    nor a terminal would show it, nothing is written. Warnings are Python warnings.
    """

    def __init__(self) -> None:
        self._validation = ""
        self._evaluating = False

    def __enter__(self) -> "TrainingBar":
        # A delay, because most corpora need no download.
        self.bar = _new_bar(total=1, unit="B", unit_scale=True, leave=False, delay=0.2)
        return self

    def __exit__(self, *failure: object) -> None:
        self.bar.close()

    def transposed(self, done: int, tunes: int) -> None:
        """Show how many of the tunes are transposed."""
        if not done:
            self._replace(total=tunes, unit="tune", desc="transposing", leave=False)
        self.bar.update(done - self.bar.n)

    def report(self, event: Event) -> None:
        """Show an event."""
        for text in warnings_of(event):
            warn(text)
        match event:
            case Preparing():
                if self.bar.total != event.total:
                    size = {"unit": "B", "unit_scale": True}
                    self._replace(total=event.total, desc="preparing", leave=False, **size)
                self.bar.update(event.done - self.bar.n)
            case Planned():
                self.bar.close()
            case Started():
                self._replace(total=1.0, initial=event.progress, bar_format=_SHARE)
            case Stepped():
                self._show(f"step {event.step:,}, loss {event.loss:.3f}{self._validation}")
                self.bar.update(event.progress - self.bar.n)
            case Validated():
                per = event.checkpoint.vocabulary.per
                self._validation = f", validation {event.loss:.3f} nats/{per}"
            case Evaluating():
                if not self._evaluating:
                    self._evaluating = True
                    self._replace(total=1.0, desc="evaluating", leave=False, bar_format=_SHARE)
                self.bar.update(event.progress - self.bar.n)
            case Finished():
                self.bar.close()

    def _show(self, text: str) -> None:
        self.bar.set_description_str(text, refresh=False)

    def _replace(self, **options: Any) -> None:
        self.bar.close()
        self.bar = _new_bar(**options)


def _new_bar(**options: Any) -> Any:
    """Return a tqdm bar: a widget where the notebook has widgets, else text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a notebook without widgets, where the text bar does
        from tqdm.auto import tqdm
    # None disables the bar where stderr is no terminal, which holds for a notebook, too.
    return tqdm(**options, disable=False if "ipykernel" in sys.modules else None)
