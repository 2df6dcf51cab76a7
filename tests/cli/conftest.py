"""A fast way to run many commands: torch is imported once, and each command runs in a fork.

A command still is a process of its own, with its own streams and exit code. The tests of signals,
terminals and start-up run the program itself.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import PROJECT, charnn, environment, prose

# Reads requests, one JSON object a line; answers each with the exit code of the forked command.
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


Program = Callable[..., Ended]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """`program(folder, *arguments, stdin=b"", **environment)` runs a command in `folder`."""
    if not hasattr(os, "fork"):
        yield in_a_process
        return
    files = tmp_path_factory.mktemp("streams")
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=PROJECT,
        env=environment(OPENBLAS_NUM_THREADS="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    requests, answers = server.stdin, server.stdout

    def run(folder: Path, *arguments: str | Path, stdin: bytes = b"", **changes: str) -> Ended:
        streams = {name: files / name for name in ("stdin", "stdout", "stderr")}
        streams["stdin"].write_bytes(stdin)
        request: dict[str, Any] = {name: str(path) for name, path in streams.items()}
        request |= {"folder": str(folder), "environment": changes}
        request |= {"arguments": [str(argument) for argument in arguments]}
        requests.write(json.dumps(request) + "\n")
        requests.flush()
        code = int(answers.readline())
        return Ended(code, streams["stdout"].read_bytes(), streams["stderr"].read_bytes())

    yield run
    requests.close()
    assert server.wait(10) == 0


def in_a_process(folder: Path, *arguments: str | Path, **options: Any) -> Ended:
    ended = charnn(folder, *arguments, **options)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


SMALL = (
    *("--hidden-size", "16", "--embedding-size", "8", "--batch-size", "4", "--seq-len", "16"),
    *("--threads", "1", "--precision", "fp32", "--device", "cpu"),
)


@pytest.fixture(scope="session")
def small() -> tuple[str, ...]:
    """Options of a model that trains in an instant."""
    return SMALL


@pytest.fixture(scope="session")
def trained(program: Program, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A folder with `my corpus.txt` and one run, and the command that made it. Not to be changed:
    a test that writes takes a copy."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "my corpus.txt").write_text(prose(3000), encoding="utf-8")
    ended = program(folder, "train", "my corpus.txt", "--steps", "20", "--json", *SMALL)
    assert ended.returncode == 0, ended.stderr.decode()
    return folder, ended
