"""A run's figures: summed up over some steps, and written to `metrics.jsonl`, one line of JSON for
every reported step and every validation."""

import json
import math
import os
from contextlib import suppress
from pathlib import Path

from charnn.files import write_bytes
from charnn.training.events import Stepped, Validated


class Metrics:
    """The open file of a run.

    What cannot be written is kept for the next time: no line is lost, and none is cut in two.

    Args:
        path: where to write; what stands there is kept up to where the run goes on from, so that
            one which is resumed from an older checkpoint does not tell the same steps twice.
        step: the step the run goes on from.
        validated_step: the last one, in its past, that was validated.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, step: int, validated_step: int) -> None:
        self.path = path
        self.pending = b""
        self._size = 0
        until = {"step": step, "validation": validated_step}
        kept = [line for line in _lines(path) if _is_of(line, until)]
        self._create("".join(line + "\n" for line in kept).encode())

    def add(self, event: Stepped | Validated) -> None:
        """Add a line, which `flush` is to write."""
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
        self.pending += json.dumps(line).encode() + b"\n"

    def flush(self) -> None:
        """Write the lines that wait, and let other programs see them.

        A file that someone has deleted is made anew with all that was in it.

        Raises:
            OSError: they cannot be written.
        """
        if not self._is_there():
            self._restore()
        if not self.pending:
            return
        end = self._file.seek(min(self._size, os.fstat(self._file.fileno()).st_size))
        try:
            rest = self.pending
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(end)
            raise
        self._size = end + len(self.pending)
        self.pending = b""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _create(self, content: bytes) -> None:
        write_bytes(self.path, content)
        self._file = self.path.open("r+b", buffering=0)
        self._size = len(content)

    def _is_there(self) -> bool:
        with suppress(OSError):
            return os.path.samestat(self.path.stat(), os.fstat(self._file.fileno()))
        return False

    def _restore(self) -> None:
        """Where a file can be deleted while it is open, its content lives on until it is closed."""
        self._file.seek(0)
        content = self._file.read(self._size)
        old = self._file
        self._create(content)
        old.close()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def _is_of(line: str, until: dict[str, int]) -> bool:
    """Whether a line tells of a step up to that which its event has in `until`; a line that was cut
    off does not."""
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(line)
        return int(told["step"]) <= until[told["event"]]
    return False
