"""An event file of TensorBoard.

The `SummaryWriter` of torch writes in a thread, which prints a traceback on a full disk. This class
writes in the thread that calls it, so that the error reaches it.
"""

import importlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from charnn.checkpoints.run_files import EVENTS


class EventFile:
    """A new event file in the folder of a log. Each method raises OSError if it cannot write.

    Args:
        folder: the folder, which is created if it is missing.
        step: the last step that is known; later steps in earlier files of the folder are not shown.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder.mkdir(exist_ok=True)
        # TensorBoard reads the files in the order of their names. Two may be of the same second.
        number = sum(1 for _ in folder.iterdir())
        name = f"{EVENTS}{int(time.time()):010}.{number:06}"
        self._file = (folder / name).open("xb")
        self._records = RecordWriter(self._file)
        self._event = Event
        self._protos: Any = importlib.import_module("torch.utils.tensorboard.summary")
        self._write(file_version="brain.Event:2")
        self._write(step=step + 1, session_log=SessionLog(status=SessionLog.START))

    def add_scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers by tag."""
        for tag, value in values.items():
            self._write(step=step, summary=self._protos.scalar(tag, value))

    def add_histogram(self, step: int, tag: str, values: Any, bins: Any) -> None:
        """Write the histogram of an array, whose bins have these edges."""
        self._write(step=step, summary=self._protos.histogram(tag, values.ravel(), bins))

    def add_text(self, step: int, tag: str, markdown: str) -> None:
        """Write a text."""
        self._write(step=step, summary=self._protos.text(tag, markdown))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, **fields: Any) -> None:
        event = self._event(wall_time=time.time(), **fields)
        self._records.write(event.SerializeToString())
        # TensorBoard shows what has happened so far.
        self._file.flush()
