"""A fast way to run many commands: torch is imported once, and each command runs in a fork.

A command still is a process of its own, with its own streams and exit code, which can be sent
signals and be given limits.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers import PROJECT, environment

# Reads requests, one JSON object a line; answers each with the number of the forked process, and,
# when that has ended, with its exit code.
SERVER = """
import json, os, sys, traceback
import torch._dynamo  # which torch imports, slowly, when the first optimizer is made
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
        exec(request["first"])
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
    child = os.fork()
    if not child:
        run(json.loads(line))
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def messages(self) -> list[str]:
        return self.stderr.decode().splitlines()


class Forks:
    """Runs one command after the other.

    Args:
        streams: an empty folder for what they read and write.
    """

    def __init__(self, streams: Path) -> None:
        self._streams = {name: streams / name for name in ("stdin", "stdout", "stderr")}
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
        """Start a command in `folder`; its process number.

        Args:
            folder: where.
            *arguments: of the program.
            stdin: what it reads.
            stdout: where it writes to, if not into what `end` gives.
            first: Python that its process runs before the program.
            **changes: of the environment.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._streams["stdin"].write_bytes(stdin)
        request: dict[str, Any] = {name: str(path) for name, path in self._streams.items()}
        if stdout is not None:
            request["stdout"] = str(stdout)
        request |= {"folder": str(folder), "environment": changes, "first": first}
        request |= {"arguments": [str(argument) for argument in arguments]}
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def written(self) -> bytes:
        """What the command has written to stdout by now."""
        return self._streams["stdout"].read_bytes()

    def end(self) -> Ended:
        """Wait for the end of the command."""
        assert self._server.stdout is not None
        code = int(self._server.stdout.readline())
        out, err = (self._streams[name].read_bytes() for name in ("stdout", "stderr"))
        return Ended(code, out, err)

    def __call__(self, folder: Path, *arguments: str | Path, **options: Any) -> Ended:
        """Run a command to its end; see `begin`."""
        self.begin(folder, *arguments, **options)
        return self.end()

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        assert self._server.wait(60) == 0
