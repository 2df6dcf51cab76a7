"""Captures: functions that reduce the output or the files of a command to a `Result`.

Times, the version, the folder of the checkout and the wording of messages stay out of the hashes.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from benchmarks.unchanged.results import Result, Tensors, digest

# These values differ between two runs of the same checkout.
TIMES = ("seconds", "chars_per_second")
# The sizes of a run's files depend on the number of digits of its times.
SIZES = ("files",)
# Messages may be reworded without a change of behaviour, so only their numbers are compared: of
# problems of a tune the lengths of bars, of the advice after training the recommended steps, and
# nothing of the obstacle to resuming a model.
# The other keys beside them (line, column, serious, bars ...) are compared whole.
MESSAGES = ("problem", "advice", "obstacle")


@dataclass(frozen=True)
class CommandOutput:
    """The output of a command that has ended.

    Attributes:
        folder: the folder where the command ran, with the files that it wrote.
        exit_code: the exit code.
        stdout: the standard output, without the folder of the checkout and the version.
        clean: removes the folder and the version from the content of a file.
    """

    folder: Path
    exit_code: int
    stdout: bytes
    clean: Callable[[bytes], bytes]


Capture = Callable[[CommandOutput], Result]


def stdout(output: CommandOutput) -> Result:
    """Capture the exit code and the exact standard output."""
    return Result(digest(str(output.exit_code).encode(), output.stdout))


def text(output: CommandOutput, *, messages: str) -> Result:
    """Capture the exit code and the lines of the output.

    Of the lines in which the regular expression `messages` is found, only the numbers are captured,
    because the words around them may change.
    """
    lines = [
        " ".join(numbers(line)) if re.search(messages, line) else line
        for line in output.stdout.decode(errors="replace").splitlines()
    ]
    return Result(digest(str(output.exit_code).encode(), "\n".join(lines).encode()))


def figures(output: CommandOutput, *, without: Sequence[str] = TIMES) -> Result:
    """Capture the output, lines of JSON, without the keys whose values differ in every run.

    Of the values of `MESSAGES` only the numbers are captured.

    Fractions are captured with twelve digits, and also as a tensor, so that the tolerance applies
    to them. Not with all digits, because `evaluate --tunes` sums a distance in the order of a set
    of words, which differs in every process, and so may the last digits.
    """
    lines = [
        json.loads(line, parse_float=lambda digits: float(f"{float(digits):.12g}"))
        for line in output.stdout.splitlines()
    ]
    kept = _masked(lines, without)
    fractions: list[float] = []
    rest = json.dumps([output.exit_code, _without_fractions(kept, fractions)])
    # The name stands for everything except the fractions. If anything else differs, the tensors
    # have different names and do not compare.
    name = f"fractions in {digest(rest.encode())}"
    whole = digest(str(output.exit_code).encode(), json.dumps(kept, sort_keys=True).encode())
    return Result(whole, {name: np.array(fractions)})


def files(output: CommandOutput, *, pattern: str) -> Result:
    """Capture the names and the bytes of the files that match the pattern.

    Raises:
        RuntimeError: there is no such file.
    """
    paths = sorted(output.folder.glob(pattern))
    if not paths:
        raise RuntimeError(f"there is no file {pattern}")
    parts = [str(output.exit_code).encode()]
    for path in paths:
        parts += [path.name.encode(), output.clean(path.read_bytes())]
    return Result(digest(*parts))


def parameters(output: CommandOutput, *, names: Sequence[str]) -> Result:
    """Capture all tensors of checkpoints, including the optimizer and the random generators.

    The metadata stays out, because it contains times. `inspect --json` captures the rest of it.
    """
    tensors: Tensors = {}
    for name in names:
        path = Path(name)
        loaded = load_file(output.folder / path)
        tensors |= {f"{path.name}/{tensor}": loaded[tensor] for tensor in sorted(loaded)}
    parts: list[bytes] = []
    for tensor, array in tensors.items():
        parts += [f"{tensor} {array.dtype} {array.shape}".encode(), array.tobytes()]
    return Result(digest(*parts), tensors)


def numbers(message: str) -> list[str]:
    """Return the numbers of a message: 12, 1,040, 0.5, 9/16 and positions such as 14:44."""
    return re.findall(r"\d+(?:[.,/:]\d+)*", message)


def _masked(value: Any, without: Sequence[str]) -> Any:
    """Return a JSON value without some keys, and with only the numbers of its messages."""
    if isinstance(value, list):
        return [_masked(item, without) for item in value]
    if isinstance(value, dict):
        return {
            key: numbers(item)
            if key in MESSAGES and isinstance(item, str)
            else _masked(item, without)
            for key, item in value.items()
            if key not in without
        }
    return value


def _without_fractions(value: Any, fractions: list[float]) -> Any:
    """Return a JSON value without its fractions, which are appended to a list by sorted keys."""
    if isinstance(value, list):
        return [_without_fractions(item, fractions) for item in value]
    if isinstance(value, dict):
        return {key: _without_fractions(value[key], fractions) for key in sorted(value)}
    if isinstance(value, float):
        fractions.append(value)
        return "a fraction"
    return value
