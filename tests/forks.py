"""Run many commands fast: torch is imported once, and each command runs in a fork.

Each command is still a process of its own, with its own streams and exit code. It can get signals
and limits.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers import PROJECT, environment

# Reads requests, one JSON object a line. Answers a command with the number of the forked process,
# and a request to wait for a process with its exit code.
SERVER = """
import json, os, sys, traceback
import torch._dynamo  # torch imports this module slowly when the first optimizer is made
import charnn.cli.train_view, charnn.training.trainer
from charnn.cli import main

def run(request):
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(request[name], flags, 0o600), number)
    sys.argv = ["charnn", *request["arguments"]]
    code = 0
    try:
        exec(request["first"], {})
        main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

for line in sys.stdin:
    request = json.loads(line)
    if "process" in request:
        _, status = os.waitpid(request["process"], 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        continue
    child = os.fork()
    if not child:
        run(request)
    print(child, flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def messages(self) -> list[str]:
        """Return the lines of stderr."""
        return self.stderr.decode().splitlines()


class Forks:
    """A server that runs commands, also several at once.

    Args:
        streams: an empty folder for the streams of the commands.
    """

    def __init__(self, streams: Path) -> None:
        self._folder = streams
        self._count = 0
        self._begun: dict[int, Path] = {}  # process -> folder of its streams
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            cwd=PROJECT,
            env=environment(OPENBLAS_NUM_THREADS="1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(
        self,
        folder: Path,
        *arguments: str | Path,
        stdin: bytes = b"",
        stdout: Path | None = None,
        first: str = "",
        **changes: str,
    ) -> int:
        """Start a command in `folder` and return its process number.

        Args:
            folder: the working folder of the command.
            *arguments: arguments of the program.
            stdin: the content of its standard input.
            stdout: a file for its output, instead of the one that `end` returns.
            first: Python code that the process runs before the program.
            **changes: changes of the environment.
        """
        self._count += 1
        streams = self._folder / str(self._count)
        streams.mkdir()
        (streams / "stdin").write_bytes(stdin)
        request: dict[str, Any] = {
            name: str(streams / name) for name in ("stdin", "stdout", "stderr")
        }
        if stdout is not None:
            request["stdout"] = str(stdout)
        request |= {"folder": str(folder), "environment": changes, "first": first}
        process = self._ask(request | {"arguments": [str(argument) for argument in arguments]})
        self._begun[process] = streams
        return process

    def written(self, process: int) -> bytes:
        """Return the output of a running command so far."""
        out = self._begun[process] / "stdout"
        # The command opens the file itself, which takes a moment on a busy machine.
        return out.read_bytes() if out.exists() else b""

    def end(self, process: int) -> Ended:
        """Wait for the end of a command."""
        code = self._ask({"process": process})
        streams = self._begun.pop(process)
        out, err = streams / "stdout", streams / "stderr"
        ended = Ended(code, out.read_bytes() if out.exists() else b"", err.read_bytes())
        shutil.rmtree(streams)
        return ended

    def __call__(self, folder: Path, *arguments: str | Path, **options: Any) -> Ended:
        """Run a command to its end; see `begin`."""
        return self.end(self.begin(folder, *arguments, **options))

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        assert self._server.wait(60) == 0

    def _ask(self, request: dict[str, Any]) -> int:
        """Send a request to the server, and return the number that it answers."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())
