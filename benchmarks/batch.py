"""Compare `charnn sample --num 200` with one stream, as whole commands."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.child import CHARNN, run
from benchmarks.figures import Figure, at_least, ratios
from benchmarks.program import trained
from benchmarks.setting import Setting

NUM = 200
SIZES = {"lstm 1 x 384": (1, 384), "lstm 2 x 512": (2, 512)}
CHECKED = (0, 1, 77, NUM - 1)


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the characters a second, and the share of samples equal to the text of the same seed
    alone."""
    length = 200 if setting.quick else 2000
    for name, (num_layers, hidden_size) in list(SIZES.items())[: 1 if setting.quick else None]:
        model = trained(setting, setting.text, num_layers, hidden_size)
        many: list[float] = []
        one: list[float] = []
        for _ in range(2 if setting.quick else 3):
            speed, texts = _sample(setting, model, NUM, length, seed=0)
            many.append(speed)
            one.append(_sample(setting, model, 1, length * NUM // 8, seed=0)[0])
        yield Figure(f"{name}: --num 1", "as it chooses", one, "characters/s")
        yield Figure(f"{name}: --num {NUM}", "as it chooses", many, "characters/s")
        ratio = ratios(many, one)
        yield Figure(f"{name}: the second / the first", "", ratio, "x", at_least(8))
        same = [
            _sample(setting, model, 1, length, seed=seed)[1] == [texts[seed]] for seed in CHECKED
        ]
        share = [100 * sum(same) / len(same)]
        what = f"{name}: same text as alone, {len(CHECKED)} seeds"
        yield Figure(what, "", share, "%", at_least(100))


def _sample(
    setting: Setting, model: Path, num: int, length: int, seed: int
) -> tuple[float, list[str]]:
    """Return the characters a second of a whole command with its start-up, and the texts."""
    counts = ["--num", str(num), "--length", str(length), "--seed", str(seed)]
    ended = run([*CHARNN, "sample", model, *counts, "--json"], setting.folder)
    texts = [json.loads(line)["text"] for line in ended.output.splitlines()]
    assert len(texts) == num
    return sum(map(len, texts)) / ended.seconds, texts
