"""Measure memory: training with default settings, encoding 1 GB of text, training on that text."""

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.child import CHARNN, call, new_folder, run
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.setting import Setting

WHERE = "as it chooses"
# A validation part so small that a sweep takes seconds.
VAL_FRACTION = "0.001"


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield peaks of resident memory, which include the touched pages of the mapped ids."""
    small = run(
        [*CHARNN, "train", setting.text, "--steps", "50", "--name", "run"], new_folder(setting)
    )
    name = "training the default model, peak memory"
    yield Figure(name, WHERE, [small.peak_mb], "MB", at_most(700))
    folder, size = new_folder(setting), 2 * 10**7 if setting.quick else 10**9
    text = folder / "text.txt"
    write_big_text(setting.text, text, size)
    try:
        of_it = f"a text of {size / 1e6:,.0f} MB"
        encoded = call("program:encode", folder, text, VAL_FRACTION)
        speed = size / 1e6 / encoded.seconds
        yield Figure(f"encoding {of_it}", WHERE, [speed], "MB/s", at_least(100))
        yield Figure(f"encoding {of_it}, peak memory", WHERE, [encoded.peak_mb], "MB", at_most(300))
        command = [*CHARNN, "train", text, "--val-fraction", VAL_FRACTION, "--steps", "200"]
        trained = run([*command, "--name", "run"], folder)
        what = f"training from {of_it}, 200 steps and a sweep"
        yield Figure(what, WHERE, [trained.seconds], "s")
        yield Figure(f"{what}, peak memory", WHERE, [trained.peak_mb], "MB", at_most(1000))
    finally:
        text.unlink()


def write_big_text(source: Path, path: Path, size: int) -> None:
    """Write about `size` bytes: the text repeated, each time from another starting point."""
    base = source.read_text(encoding="utf-8")
    chance, left = random.Random(0), size
    with path.open("wb") as file:
        while left > 0:
            cut = chance.randrange(len(base))
            turned = (base[cut:] + base[:cut]).encode()
            left -= file.write(turned[:left].decode(errors="ignore").encode())
