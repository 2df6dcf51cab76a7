"""`python -m benchmarks.kernels`: what each faster implementation of the numerics is worth.

Each variant switches one of them off (or another one on). The variants take turns, and a ratio is
the median of the ratios of the rounds to the first variant. CPU time on one thread is measured, so
other processes on the machine matter little. The figures are in `benchmarks/kernels.md`.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from benchmarks.program import make_untrained

ROWS, STEPS, VOCABULARY = 16, 64, 67
TRAINING = (
    ("lstm", 1, 384, ("as it is", "plain layer", "own LSTM loop", "AdamW written out")),
    ("lstm", 1, 512, ("as it is", "own LSTM loop", "AdamW written out")),
    ("lstm", 2, 512, ("as it is", "stock modules", "torch operations", "unpacked")),
    ("gru", 1, 512, ("as it is", "stock modules", "plain layer", "torch operations", "unpacked")),
    ("rnn", 1, 512, ("as it is", "stock modules", "plain layer", "torch operations", "unpacked")),
    ("peephole", 1, 512, ("as it is", "plain layer", "torch operations", "unpacked")),
    ("coupled", 1, 512, ("as it is", "plain layer", "torch operations", "unpacked")),
)
# Code that a sampling process runs before the command.
SAMPLING = {
    "as it is": "",
    "NumPy products": (
        "import charnn.inference.batched_stepper as s; s.multiplies_exactly = lambda columns: False"
    ),
    "one by one": "import charnn.sampling.backend as b; b.batched_decoder = b.numba_decoder",
}
COMMAND = ("--num", "64", "--length", "2000")
# Prints the seconds of an int8 product, 2048 x 512: the recurrent weights of an LSTM of 512 units.
PRODUCT = """
import time
import numpy as np
from charnn.inference.int8_dot import add_products

random = np.random.default_rng(0)
weights = random.integers(-127, 128, (2048, 512)).astype(np.int8)
hidden, sums = weights[0].copy(), np.zeros(2048, np.int32)
add_products(weights, hidden, sums)
begin = time.process_time()
for _ in range(2000):
    add_products(weights, hidden, sums)
print((time.process_time() - begin) / 2000)
"""


def main() -> None:
    """Print a table of the variants, in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__)
    parser.add_argument("text", type=Path, help="a corpus: its characters are the vocabulary")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    print("| run | variant | CPU time | ratio |\n| --- | --- | --- | --- |")
    for cell, num_layers, hidden_size, names in TRAINING:
        name = f"a training step, {cell} {num_layers} x {hidden_size}, bf16"
        _print_rows(name, "ms", 1e3, _train(cell, num_layers, hidden_size, names, options.rounds))
    _print_rows("an int8 product, 2048 x 512", "us", 1e6, _multiply(options.rounds))
    seconds = _sample(options.text.resolve(), COMMAND, list(SAMPLING), max(1, options.rounds // 3))
    _print_rows(f"sample {' '.join(COMMAND)}, lstm 1 x 512", "s", 1, seconds)


def _print_rows(run: str, unit: str, scale: float, seconds: Mapping[str, Sequence[float]]) -> None:
    reference = seconds["as it is"]
    for variant, values in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(values, reference, strict=True))
        figure = scale * statistics.median(values)
        print(f"| {run} | {variant} | {figure:.1f} {unit} | {ratio:.2f} |", flush=True)


def _train(
    cell: str, num_layers: int, hidden_size: int, names: Sequence[str], rounds: int
) -> dict[str, list[float]]:
    """Return the seconds of a training step, for each variant and round."""
    import torch
    from torch.nn.functional import cross_entropy

    from charnn.model.config import ModelConfig
    from charnn.model.network import Network
    from charnn.training.hardware import keep_freed_memory
    from charnn.training.optimizer import AdamW

    keep_freed_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = ModelConfig(VOCABULARY, cell, num_layers, hidden_size, dropout=0.3)
    network = Network(config).train()
    optimizer = AdamW(network, 0.01)
    ids_TB = torch.randint(VOCABULARY, (STEPS + 1, ROWS))
    state = network.initial_state(ROWS)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            logits_TBV, _ = network(ids_TB[:-1], state)
        loss = cross_entropy(logits_TBV.float().flatten(0, 1), ids_TB[1:].flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.clip(1.0)
        optimizer.step(1e-4)

    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, times in seconds.items():
            with _switched(name):
                step()
                begin = time.process_time()
                for _ in range(5):
                    step()
                times.append((time.process_time() - begin) / 5)
    return seconds


def _switched(name: str) -> Any:
    """Return a context in which a training step runs as a variant."""
    from unittest.mock import patch

    import torch

    from charnn.model import fused_layer, kernels, network, packed_linear, plain_layer
    from charnn.training import optimizer

    return {
        "as it is": lambda: patch.object(network, "run_segment", network.run_segment),
        "plain layer": lambda: patch.object(network, "run_segment", plain_layer.run_plainly),
        "torch operations": lambda: patch.object(
            fused_layer, "kernel_of", lambda cell, dtype: kernels.TensorKernel(cell)
        ),
        "unpacked": lambda: patch.object(packed_linear, "packable_dtypes", frozenset),
        "stock modules": lambda: patch.object(
            network, "is_stock_fastest", lambda layer, device: isinstance(layer, torch.nn.RNNBase)
        ),
        "own LSTM loop": lambda: patch.object(
            network, "is_stock_fastest", lambda layer, device: False
        ),
        "AdamW written out": lambda: patch.object(optimizer.AdamW, "step", _plain_step),
    }[name]()


def _plain_step(self: Any, lr: float, skip: object = None) -> None:
    """Update by plain operations, in place of torch's fused kernel in `AdamW.step`."""
    import torch

    from charnn.training.optimizer import BETAS, EPSILON

    count = int(self._steps[0]) + 1
    average_bias = 1 - BETAS[0] ** count
    square_bias = (1 - BETAS[1] ** count) ** 0.5
    groups = (self.gradients(), self._averages, self._squares, self._steps, self._decays)
    with torch.no_grad():
        for parameter, gradient, average, square, step, decay in zip(
            self._parameters.values(), *groups, strict=True
        ):
            step += 1
            average.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            parameter.mul_(1 - lr * decay)
            denominator = square.sqrt().add_(EPSILON * square_bias)
            parameter.addcdiv_(average, denominator, value=-lr * square_bias / average_bias)
    self.discard_gradients()


def _multiply(rounds: int) -> dict[str, list[float]]:
    """Return the seconds of an int8 product, with VNNI and without, for each round."""
    # numba does without VNNI where it compiles for a named processor.
    seconds: dict[str, list[float]] = {"as it is": [], "plain loop": []}
    for _ in range(rounds):
        for name, processor in (("as it is", ""), ("plain loop", "haswell")):
            environment = {**os.environ, "NUMBA_CPU_NAME": processor}
            program = [sys.executable, "-c", PRODUCT]
            ended = subprocess.run(program, env=environment, check=True, capture_output=True)
            seconds[name].append(float(ended.stdout))
    return seconds


def _sample(
    text: Path, arguments: Sequence[str], names: Sequence[str], rounds: int
) -> dict[str, list[float]]:
    """Return the CPU seconds of a whole command, for each variant and round."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="charnn-kernels-") as folder:
        model = str(Path(folder, "model.safetensors"))
        with redirect_stdout(sys.stderr):
            make_untrained(model, str(text), "lstm", "1", "512")
        command = ["charnn", "sample", model, *arguments, "--no-stream", "--seed", "1"]
        outputs = set()
        for round_number in range(rounds + 1):
            for number, (name, times) in enumerate(seconds.items()):
                # Machine code of one variant must not run in another.
                cache = {"NUMBA_CACHE_DIR": str(Path(folder, str(number)))}
                spent, output = _run(SAMPLING[name], command, cache)
                outputs.add(output)
                if round_number:  # the first one compiles
                    times.append(spent)
        assert len(outputs) == 1, "the variants generated different texts"
    return seconds


def _run(setup: str, command: Sequence[str], cache: Mapping[str, str]) -> tuple[float, bytes]:
    """Return the CPU seconds and the output of a command on one thread."""
    program = f"import sys; sys.argv = {command!r}\n{setup}\nfrom charnn.cli import main\nmain()"
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **limits, **cache},
        check=True,
        capture_output=True,
    ).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, output


if __name__ == "__main__":
    main()
