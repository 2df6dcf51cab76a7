"""The metrics of a run: `metrics.jsonl` has a line of JSON per reported step and validation."""

import json
import math
import os
from contextlib import suppress
from pathlib import Path

from charnn.files import write_bytes
from charnn.training.events import Stepped, Validated


class Metrics:
    """The open metrics file of a run.

    Lines that cannot be written are kept in memory and written by the next `flush`, so every line
    reaches the file whole.

    Args:
        path: the file. Lines of steps later than `step` are removed, so that no step is in the file
            twice after a run is resumed from an older checkpoint.
        step: the step that the run is resumed from; 0 for a new run.
        validated_step: the last validated step up to `step`.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, step: int, validated_step: int) -> None:
        self.path = path
        self.pending = b""
        self._size = 0
        last_steps = {"step": step, "validation": validated_step}
        kept = [line for line in _lines(path) if _is_up_to(line, last_steps)]
        self._create("".join(line + "\n" for line in kept).encode())

    def add(self, event: Stepped | Validated) -> None:
        """Add a line for an event. The next `flush` writes the line to the file."""
        if isinstance(event, Stepped):
            line = {
                "event": "step",
                "step": event.step,
                "loss": event.loss,
                "lr": event.lr,
                "grad_norm": event.grad_norm,
                "clipped": event.clipped,
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
        """Write the lines that were added, so that other programs can read them.

        If someone has deleted the file, it is written again with all of its lines.

        Raises:
            OSError: the lines cannot be written.
        """
        if not self._is_there():
            self._restore()
        if not self.pending:
            return
        # The file is shorter than `_size` when someone has cut it.
        end = self._file.seek(min(self._size, os.fstat(self._file.fileno()).st_size))
        try:
            rest = self.pending
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            # On a full disk a part of a line may have been written.
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
        # Unbuffered, so that a line is on its way to the disk when `write` returns.
        self._file = self.path.open("r+b", buffering=0)
        self._size = len(content)

    def _is_there(self) -> bool:
        with suppress(OSError):
            return os.path.samestat(self.path.stat(), os.fstat(self._file.fileno()))
        return False

    def _restore(self) -> None:
        """Write a deleted file again.

        The content can still be read: a system that allows an open file to be deleted keeps its
        content until the file is closed.
        """
        self._file.seek(0)
        content = self._file.read(self._size)
        old = self._file
        self._create(content)
        old.close()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def _is_up_to(line: str, last_steps: dict[str, int]) -> bool:
    """Return whether a line is complete, and its step is at most the last step of its event."""
    with suppress(ValueError, KeyError, TypeError):
        entry = json.loads(line)
        return int(entry["step"]) <= last_steps[entry["event"]]
    return False
