"""Run many commands fast: everything is imported once, and each command runs in a fork.

Each command is still a process of its own, with its own streams and exit code. It can get signals
and limits.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Reads requests, one JSON object a line. Answers a command with the number of the forked process,
# and a request to wait for a process with its exit code.
SERVER = """
import contextlib, gc, importlib, json, os, pkgutil, sys, traceback
import music21, numba
import torch._dynamo  # torch imports this module slowly when the first optimizer is made
from charnn.cli import app, main

for module in pkgutil.walk_packages(["charnn"], "charnn."):
    if module.name != "charnn.__main__":
        importlib.import_module(module.name)
# numba and typer import most of what they need when it is first used.
numba.njit(lambda number: number)(1)
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    app(["corpora"], standalone_mode=False)
gc.freeze()  # the forks need not look for garbage in what was imported

def run(request):
    os.chdir(request["folder"])
    os.environ.clear()
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


def environment(**changes: str) -> dict[str, str]:
    """Return an environment for the program, without variables that change its output."""
    unwanted = ("FORCE_COLOR", "NO_COLOR", "PYTHONIOENCODING", "PYTHONUTF8", "COLUMNS", "TERM")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in unwanted and not name.startswith("CHARNN_")
    }
    # The configuration of the user who runs the tests must not change them.
    return kept | {"TERM": "xterm-256color", "XDG_CONFIG_HOME": os.devnull} | changes


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
    """A server that runs commands, also several at once."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp())
        self._count = 0
        self._begun: dict[int, Path] = {}  # process -> folder of its streams
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            cwd=Path(__file__).parent.parent,
            env=environment(OPENBLAS_NUM_THREADS="1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(
        self,
        folder: Path,
        *arguments: str | Path,
        stdin: bytes | Path = b"",
        stdout: Path | None = None,
        stderr: Path | None = None,
        first: str = "",
        **changes: str,
    ) -> int:
        """Start a command in `folder` and return its process number.

        Args:
            folder: the working folder of the command.
            *arguments: arguments of the program.
            stdin: the content of its standard input, or a file such as a terminal.
            stdout, stderr: files for its output, instead of what `end` returns.
            first: Python code that the process runs before the program.
            **changes: changes of the environment.
        """
        self._count += 1
        streams = self._folder / str(self._count)
        streams.mkdir()
        if isinstance(stdin, bytes):
            (streams / "stdin").write_bytes(stdin)
            stdin = streams / "stdin"
        request: dict[str, Any] = {
            "stdin": str(stdin),
            "stdout": str(stdout or streams / "stdout"),
            "stderr": str(stderr or streams / "stderr"),
        }
        variables = environment(OPENBLAS_NUM_THREADS="1") | changes
        request |= {"folder": str(folder), "environment": variables, "first": first}
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
        out, err = (
            path.read_bytes() if path.exists() else b""
            for path in (streams / "stdout", streams / "stderr")
        )
        ended = Ended(code, out, err)
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
        shutil.rmtree(self._folder)

    def _ask(self, request: dict[str, Any]) -> int:
        """Send a request to the server, and return the number that it answers."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@cache
def shared_forks() -> Forks:
    """Return the server of this process, which starts at the first call."""
    return Forks()
