"""Measure the time to a loss: charnn against the transformer that nanoGPT trains on a CPU.

The transformer's time counts its updates only, without its validation sweeps. charnn's time counts
the whole run: updates, validations and the choice of threads. The time of the whole command,
imports included, is a separate figure.
"""

import hashlib
import json
import math
from collections.abc import Iterator

from benchmarks.child import CHARNN, call, new_folder, run
from benchmarks.figures import Figure, at_most
from benchmarks.setting import Setting

STEPS = 2000
# The loss that nanoGPT's own code reached on this text with this recipe; on another text, the loss
# of the transformer here counts.
SHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
SHAKESPEARE_LOSS = 1.886
# charnn's budget as a share of the transformer's time; the last validation comes on top.
BUDGET = 0.085
WHERE = "as it chooses"


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the figures of one transformer, and of some runs of charnn with a tenth of its time."""
    steps = 100 if setting.quick else STEPS
    told = json.loads(call("transformer:run", setting.folder, setting.text, steps).output)
    seconds = told["seconds"] * STEPS / steps
    how = f", reckoned from {steps}" if setting.quick else ""
    yield Figure(f"transformer, {STEPS:,} steps{how}", WHERE, [seconds], "s")
    loss = told["sweeps"][-1]["loss"]
    yield Figure(f"transformer, loss after {steps:,} steps", WHERE, [loss], "nats/char")
    yield Figure(
        "the same with at least 48 characters of context",
        WHERE,
        [told["with_more_context"]],
        "nats/char",
    )
    known = hashlib.sha256(setting.text.read_bytes()).hexdigest() == SHAKESPEARE
    target = SHAKESPEARE_LOSS if known else round(loss, 3)
    passed = [sweep["seconds"] for sweep in told["sweeps"] if sweep["loss"] <= target]
    if passed:
        yield Figure(f"transformer, time to {target}", WHERE, passed[:1], "s")
    yield from _charnn(setting, seconds, target)


def _charnn(setting: Setting, seconds: float, target: float) -> Iterator[Figure]:
    losses, shares, whole = list[float](), list[float](), list[float]()
    minutes = ["--minutes", str(BUDGET * seconds / 60)]
    for seed in range(1 if setting.quick else 3):
        command = [*CHARNN, "train", setting.text, *minutes, "--seed", str(seed), "--json"]
        ended = run(command, new_folder(setting))
        done = json.loads(ended.output.splitlines()[-1])
        loss = done["val_nats_per_char"]
        losses.append(loss)
        shares.append(done["seconds"] / seconds if loss <= target else math.inf)
        whole.append(ended.seconds)
    # The loss after a few steps of the transformer is no bar.
    bars = (None, None) if setting.quick else (at_most(target), at_most(0.1))
    yield Figure("charnn, loss", WHERE, losses, "nats/char", bars[0])
    yield Figure(f"charnn, time to {target} / the transformer's", WHERE, shares, "x", bars[1])
    yield Figure("charnn, the whole command", WHERE, whole, "s")
