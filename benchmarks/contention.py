"""Measure the speed that is left when another process keeps one core busy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from benchmarks.child import Contender, contenders
from benchmarks.figures import Bar, Figure, at_least, ratios
from benchmarks.program import untrained
from benchmarks.setting import Setting, on, usable_cores
from benchmarks.training import BATCH, PLAIN, Shape

SHAPE = Shape("lstm", 1, 512)


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the speeds of training and sampling by charnn, and of the stock training loop."""
    model = asdict(SHAPE) | {"text": str(setting.text), "device": "cpu"} | BATCH
    yield from _left("training, charnn", setting, at_least(40), "program:train", model | PLAIN)
    stock = model | {"precision": "bf16"}
    yield from _left("training, stock bf16", setting, None, "textbook:train", stock)
    run = {"run": str(untrained(setting, "lstm", 2, 512).path)}
    # `charnn sample` chooses one thread.
    yield from _left("sampling, charnn", setting, at_least(80), "program:sample", run, threads=1)


def _left(
    name: str,
    setting: Setting,
    bar: Bar | None,
    function: str,
    options: dict[str, Any],
    threads: int | None = None,
) -> Iterator[Figure]:
    """Yield the speeds of new processes in every round: one is disturbed while it works and then
    left alone again, one starts beside the other program."""
    quiet, busy, after, begun = list[float](), list[float](), list[float](), list[float]()
    seconds = (
        6 if setting.quick else 10
    ) * setting.seconds  # charnn takes a while to notice the load

    def rival() -> dict[str, Contender]:
        return {"it": Contender(function, setting, options, threads=threads)}

    for _ in range(1 if setting.quick else 3):
        with contenders(rival()) as ready:
            quiet.append(ready["it"].turn(3 * setting.seconds))
            with busy_core():
                busy.append(ready["it"].turn(seconds))
            after.append(ready["it"].turn(seconds))
        with busy_core(), contenders(rival()) as ready:
            begun.append(ready["it"].turn(seconds))
    where = "as it chooses" if threads is None else on(threads)
    yield Figure(f"{name}: undisturbed", where, quiet, "characters/s")
    for what, speeds, held in (
        ("beside a busy core", busy, bar),
        ("begun beside a busy core", begun, bar),
        ("left alone again", after, None),
    ):
        share = [100 * ratio for ratio in ratios(speeds, quiet)]
        yield Figure(f"{name}: {what}, of that", where, share, "%", held)


# The loop ends with the parent, even if the parent is killed.
SPIN = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep the last core busy during the block."""
    with subprocess.Popen([sys.executable, "-c", SPIN]) as spinner:
        try:
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(spinner.pid, usable_cores()[-1:])
            yield
        finally:
            spinner.kill()
