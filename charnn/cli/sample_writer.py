"""The writer of samples to stdout: texts as they are drawn, or a JSON object per sample."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from charnn.cli.console import is_terminal, write_stdout
from charnn.cli.sample_alternatives import Alternatives
from charnn.corpus.document_kinds import AUTO, CUT_KINDS, LINES
from charnn.sampling.novelty import NoveltyCounter

# The shortest time between two writes, in seconds. A write costs as much time as drawing a
# character, and the eye sees no more than about 60 changes per second.
_FRAME_SECONDS = 1 / 60


class SampleWriter:
    """A writer of samples to stdout.

    Args:
        path: the path of the checkpoint, which the JSON objects contain.
        as_json: whether to write a JSON object per sample instead of the text.
        stream: whether to write a sample while it is drawn, with at most 60 writes per second.
        weighed: lists the alternatives in each sample; None to list none.
        document_kind: the kind of documents that the model writes. Lines are written one below the
            other, all other samples with empty lines between them.
        novelty: a counter of the new samples; None to count none.
    """

    def __init__(
        self,
        path: Path,
        as_json: bool,
        stream: bool,
        weighed: Alternatives | None = None,
        document_kind: str = AUTO,
        novelty: NoveltyCounter | None = None,
    ) -> None:
        self.path, self._as_json, self._stream = path, as_json, stream
        self._document_kind, self._novelty = document_kind, novelty
        self._weighed = weighed

    def write(self, pieces: Iterable[str], seed: int, *, more: bool) -> None:
        """Write a sample, and an empty line if another one follows.

        A single text is written to a pipe exactly. On a terminal, a newline is added to a text that
        does not end with one. A line or a passage always ends with a newline.
        """
        if self._as_json:
            self._write_json("".join(pieces), seed)
            return
        written = []
        for piece in _group_by_frame(pieces) if self._stream else ["".join(pieces)]:
            write_stdout(piece)
            written.append(piece)
        text = "".join(written)
        if self._novelty is not None:
            self._novelty.add(text)
        cut = self._document_kind in CUT_KINDS
        if not text.endswith("\n") and (more or cut or is_terminal(sys.stdout)):
            write_stdout("\n")
        if self._weighed is not None:
            self._weighed.show(text, seed)
        # ABC separates tunes by empty lines (ABC 2.1, section 2.2), so --num gives a tune book.
        if more and self._document_kind != LINES:
            write_stdout("\n")

    def _write_json(self, text: str, seed: int) -> None:
        sample: dict[str, object] = {"text": text, "seed": seed, "checkpoint": str(self.path)}
        if self._novelty is not None:
            sample["new"] = self._novelty.add(text)
        if self._weighed is not None:
            sample["characters"] = self._weighed.to_json(text, seed)
        # json.dumps escapes all characters beyond ASCII, so no locale can spoil the line.
        write_stdout(json.dumps(sample) + "\n")


def _group_by_frame(pieces: Iterable[str]) -> Iterator[str]:
    """Join the pieces that arrive within `_FRAME_SECONDS`, and yield the joined pieces."""
    held, last_write = "", 0.0
    for piece in pieces:
        held += piece
        if (now := time.monotonic()) - last_write >= _FRAME_SECONDS:
            yield held
            held, last_write = "", now
    if held:
        yield held
