"""A run's figures: summed up over some steps, and written to `metrics.jsonl`, one line of JSON for
every reported step and every validation."""

import json
import math
from contextlib import suppress
from pathlib import Path

from charnn.files import write_bytes
from charnn.training.events import Stepped, Validated


class Tally:
    """What some steps had in common: their characters, their time, their mean loss.

    Attributes:
        characters: of all these steps; without any, there is no mean.
        seconds: that they took.
    """

    def __init__(self) -> None:
        self.characters = 0
        self.seconds = 0.0
        self._loss = 0.0

    def add(self, symbols: int, characters: int, seconds: float, loss: float) -> None:
        """Count a step: `loss` is the mean in nats a symbol."""
        self.characters += characters
        self.seconds += seconds
        self._loss += loss * symbols

    @property
    def mean_loss(self) -> float:
        """Nats a character."""
        return self._loss / self.characters

    @property
    def characters_per_second(self) -> float:
        """0 before the first step."""
        return self.characters / self.seconds if self.seconds else 0.0


class Metrics:
    """The open file of a run.

    Args:
        path: where to write; what stands there is kept up to `step`, so that a run which is
            resumed from an older checkpoint does not tell the same steps twice.
        step: the step the run goes on from.
    """

    def __init__(self, path: Path, step: int) -> None:
        kept = [line for line in _lines(path) if _step_of(line) <= step]
        write_bytes(path, "".join(line + "\n" for line in kept).encode())
        self._file = path.open("a", encoding="utf-8")

    def write(self, event: Stepped | Validated) -> None:
        """Add a line, and let other programs see it at once."""
        if isinstance(event, Stepped):
            line = {
                "event": "step",
                "step": event.step,
                "loss": event.loss,
                "lr": event.lr,
                "grad_norm": event.grad_norm,
                "chars_per_second": event.characters_per_second,
                "progress": event.progress,
                "seconds": event.seconds,
            }
        else:
            line = {
                "event": "validation",
                "step": event.step,
                "val_nats_per_char": event.loss,
                "val_bits_per_char": event.loss / math.log(2),
                "best": event.is_best,
            }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def _step_of(line: str) -> float:
    """The step a line tells of; infinity for a line that was cut off."""
    with suppress(ValueError, KeyError, TypeError):
        return int(json.loads(line)["step"])
    return math.inf
