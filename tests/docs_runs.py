"""Run the commands of the documents, in a folder that contains the files which they name."""

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from docs.commands import Block, Stage
from tests.forks import Ended

# Runs charnn in a folder with these arguments and this standard input.
Execute = Callable[[Path, tuple[str, ...], bytes], Ended]

# These take the newest model where the user names none. It must be one of tunes.
_TUNE_COMMANDS = {"vary", "continue"}
_EXIT_CODES = {"check": {0, 1}}


def run_block(folder: Path, block: Block, execute: Execute) -> Iterator[tuple[float, str]]:
    """Run the commands of a block, and yield the seconds and the text of each one.

    Raises:
        AssertionError: a command failed.
    """
    if any(stage.words[1] in _TUNE_COMMANDS for [stage, *_] in block.commands):
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    for stages in block.commands:
        begin = time.monotonic()
        run_pipe(folder, stages, execute)
        yield time.monotonic() - begin, shown(stages)


def run_pipe(folder: Path, stages: tuple[Stage, ...], execute: Execute) -> Ended:
    """Run a command, or several in a pipe, and return how the last one ended.

    Raises:
        AssertionError: one of them failed.
    """
    data = b""
    for stage in stages:
        if stage.is_charnn:
            # Where a command asks a question, the answer is yes.
            ended = execute(folder, shortened(folder, stage.words[1:]), data or b"y\n")
        else:
            done = subprocess.run(
                stage.words, cwd=folder, input=data, capture_output=True, check=False
            )
            ended = Ended(done.returncode, done.stdout, done.stderr)
        allowed = _EXIT_CODES.get(stage.words[1], {0})
        assert ended.returncode in allowed, (shown(stages), ended.stderr.decode()[-2000:])
        data = ended.stdout
        if stage.output:
            (folder / stage.output).write_bytes(data)
    return ended


def shown(stages: tuple[Stage, ...]) -> str:
    """Return a command as it is written."""
    return " | ".join(shlex.join(stage.words) for stage in stages)


def shortened(folder: Path, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments of a command that trains for three steps, and writes three texts.

    The run that it trains by name, which other pages find in the folder, is removed.
    """
    short = list(arguments)
    for place, option in enumerate(arguments[:-1]):
        if option in {"--num", "--tunes"}:
            short[place + 1] = str(min(3, int(arguments[place + 1])))
        if option == "--name" and arguments[0] == "train":
            shutil.rmtree(folder / "checkpoints" / arguments[place + 1], ignore_errors=True)
    return (*short, "--steps", "3") if arguments[0] == "train" else tuple(short)
