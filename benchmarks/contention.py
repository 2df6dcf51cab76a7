"""What is left of the speed when another process keeps one of the cores busy."""

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
from benchmarks.setting import Setting, usable_cores
from benchmarks.training import BATCH, Shape

SHAPE = Shape("lstm", 1, 512)


def measure(setting: Setting) -> Iterator[Figure]:
    """Training and sampling; every library takes as many threads as it likes."""
    model = asdict(SHAPE) | {"text": str(setting.text), "device": "cpu"} | BATCH
    yield from _left("training, charnn", setting, at_least(40), "program:train", model)
    stock = model | {"precision": "bf16"}
    yield from _left("training, stock bf16", setting, None, "textbook:train", stock)
    run = str(untrained(setting, "lstm", 2, 512))
    yield from _left("sampling, charnn", setting, at_least(80), "program:sample", {"run": run})


def _left(
    name: str, setting: Setting, bar: Bar | None, function: str, options: dict[str, Any]
) -> Iterator[Figure]:
    """A new process a round: undisturbed, then disturbed, then left alone again."""
    quiet, busy, after = list[float](), list[float](), list[float]()
    for _ in range(1 if setting.quick else 3):
        with contenders({"it": Contender(function, setting, options)}) as ready:
            quiet.append(ready["it"].turn(3 * setting.seconds))
            with busy_core():
                # Long enough to notice, and to be measured with the noticing.
                busy.append(ready["it"].turn(10 * setting.seconds))
            after.append(ready["it"].turn(10 * setting.seconds))
    where = "as it chooses"
    yield Figure(f"{name}: undisturbed", where, quiet, "characters/s")
    share = [100 * ratio for ratio in ratios(busy, quiet)]
    yield Figure(f"{name}: left beside a busy core", where, share, "%", bar)
    share = [100 * ratio for ratio in ratios(after, quiet)]
    yield Figure(f"{name}: back afterwards", where, share, "%")


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep the last core busy, for as long as this lasts."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinner:
        try:
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(spinner.pid, usable_cores()[-1:])
            yield
        finally:
            spinner.kill()
