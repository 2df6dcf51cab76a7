"""The journal of a preparation in pieces: what is finished is not done again after an interruption.

Each line is a finished piece with the checksum of its ids. A line that is not complete counts for
nothing, and so does a piece whose ids in the file differ from the checksum.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from charnn.files import write_bytes


class PieceJournal(AbstractContextManager["PieceJournal"]):
    """A context that knows the pieces that earlier processes finished, and records others.

    Args:
        path: the file.
        plan: a JSON value that describes all pieces; the journal of another plan is discarded.

    Attributes:
        finished: the results of the finished pieces, by the number of the piece.
    """

    def __init__(self, path: Path, plan: object) -> None:
        key = hashlib.sha256(json.dumps(plan).encode()).hexdigest()
        lines = path.read_bytes().splitlines() if path.exists() else []
        same = lines[:1] == [_line(key).strip()]
        self.finished = dict(_pieces(lines[1:])) if same else {}
        # Written anew, because the last line may be incomplete.
        write_bytes(path, _line(key) + b"".join(map(_line, self.finished.items())))
        self._file = path.open("ab")

    def __exit__(self, *failure: object) -> None:
        self._file.close()

    def add(self, number: int, result: dict[str, Any]) -> None:
        """Record a finished piece."""
        self._file.write(_line((number, result)))
        self._file.flush()


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _pieces(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    for line in lines:
        with suppress(ValueError, TypeError):
            number, result = json.loads(line)
            if result.keys() == {"crc", "unknown"}:
                yield number, result
