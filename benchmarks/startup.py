"""Measure start-up: the time until a command ends, shows a character, or has made a step."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.child import CHARNN, environment, follow, new_folder, run, started
from benchmarks.figures import Figure, at_most
from benchmarks.program import trained
from benchmarks.setting import Setting


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield medians of ten; the first of eleven is left out because it fills the system's file
    cache."""
    model = trained(setting, setting.text, 1, 384)

    def help_() -> float:
        return run([*CHARNN, "--help"], setting.folder).seconds

    def sample() -> float:
        return seconds_to_first_byte([*CHARNN, "sample", model], setting.folder)

    def train() -> float:
        return seconds_to_first_step(setting)

    for name, seconds, limit in (
        ("charnn --help, whole process", help_, 0.15),
        ("completing `charnn sa`, whole process", lambda: completion(setting, "charnn sa"), 0.15),
        ("completing `charnn sample --t`", lambda: completion(setting, "charnn sample --t"), 0.15),
        ("charnn sample, first character", sample, 0.4),
        ("charnn train, first step, the text not yet prepared", train, 3),
    ):
        yield Figure(name, "as it chooses", _repeated(setting, seconds), "s", at_most(limit))


def _repeated(setting: Setting, seconds: Callable[[], float]) -> list[float]:
    seconds()
    return [seconds() for _ in range(3 if setting.quick else 10)]


def completion(setting: Setting, words: str) -> float:
    """Return the wall time of the command that a shell runs for Tab after these words."""
    asked = {
        "_CHARNN_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    # The installed script, wherever it is; the variable is named after it.
    script = "import sys; sys.argv[0] = 'charnn'; from charnn.cli import main; main()"
    begin = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=setting.folder,
        env=environment() | asked,
        check=True,
        capture_output=True,
        text=True,
    )
    taken = time.perf_counter() - begin
    assert words.split()[-1] in ended.stdout, f"nothing was completed: {ended}"
    return taken


def seconds_to_first_byte(command: list[str | Path], folder: Path) -> float:
    """Return the wall time until a process has written one byte to stdout."""
    begin = time.perf_counter()
    with started(command, folder) as output:
        assert output.read(1), f"{command} has written nothing"
        return time.perf_counter() - begin


def seconds_to_first_step(setting: Setting) -> float:
    """Return the wall time until training reports its first update, in a folder without prepared
    ids."""
    command = [*CHARNN, "train", setting.text, "--steps", "1", "--json"]
    for seconds, line in follow(command, new_folder(setting)):
        if json.loads(line)["event"] == "step":
            return seconds
    raise RuntimeError("charnn train has made no step")
