"""The results of finished runs, kept in a file, so that a grid continues after a stop."""

import json
import os
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class FinishedRuns:
    """The results of finished runs by what decides a run.

    The file has a JSON object a line: `{"run": ..., "result": ...}`. A line that was cut off by a
    kill is ignored, and its run is made again.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results: dict[str, Json] = {}
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for line in text.splitlines():
            try:
                stored = json.loads(line)
                self._results[_key(stored["run"])] = stored["result"]
            except (ValueError, KeyError, TypeError):
                continue
        # A new line begins after one that was cut off.
        self._begin = "\n" if text and not text.endswith("\n") else ""

    def find(self, run: Json) -> Json | None:
        """Return the result of a run; None if it has not finished."""
        return self._results.get(_key(run))

    def add(self, run: Json, result: Json) -> None:
        """Keep the result of a run."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{self._begin}{json.dumps({'run': run, 'result': result})}\n")
            file.flush()
            os.fsync(file.fileno())
        self._begin = ""
        self._results[_key(run)] = result


def _key(run: Json) -> str:
    return json.dumps(run, sort_keys=True)
