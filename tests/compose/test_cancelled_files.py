"""Files that nobody waits for any more: the work for them ends."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from charnn.compose.json_requests import downloading
from charnn.exports.exported_file import ExportedFile
from charnn.music.score.limited_processes import run_program
from charnn.stopping import StoppedError, check_stopped, stopped_by


def test_a_file_ends_when_the_page_has_gone() -> None:
    ended = threading.Event()

    def work(asked: Any) -> ExportedFile:
        try:
            for _ in range(1_000):
                time.sleep(0.01)
                check_stopped()
        finally:
            ended.set()
        return ExportedFile(b"", "text/plain", ".txt")

    async def leave() -> list[Any]:
        from starlette.requests import Request

        messages = iter([{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}])
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "path_params": {}}

        async def receive() -> Any:
            return next(messages)

        return [await downloading(work)(Request(scope, receive)), ended.is_set()]

    answer, has_ended = asyncio.run(leave())
    assert (answer.status_code, has_ended) == (499, True)


@pytest.mark.skipif(os.name == "nt", reason="asks POSIX for the process")
def test_a_program_ends_when_its_result_is_no_longer_wanted(tmp_path: Path) -> None:
    program, begun = tmp_path / "slow.py", tmp_path / "begun"
    lines = (
        "import os, sys, time",
        "with open(sys.argv[1], 'w') as file: file.write(f'{os.getpid()} ')",
    )
    program.write_text("\n".join((*lines, "time.sleep(60)")), encoding="utf-8")
    gone = threading.Event()

    def leave() -> None:
        while not (begun.exists() and begun.read_text().endswith(" ")):
            time.sleep(0.01)
        gone.set()

    threading.Thread(target=leave, daemon=True).start()
    with stopped_by(gone), pytest.raises(StoppedError):
        run_program(program, str(begun), seconds=50, timeout=50)
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)
    check_stopped()  # other work goes on
