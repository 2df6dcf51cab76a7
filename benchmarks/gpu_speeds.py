"""Measure training and sampling on a GPU: charnn beside a bare loop of cuDNN, in one process."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

import charnn
from charnn.errors import CharnnError
from charnn.model.config import ModelConfig
from charnn.model.network import Network
from charnn.training.hardware import autocast, choose_precision

VOCABULARY = 65  # the characters of tinyshakespeare
EMBEDDING = 64
FOREVER = 10**9  # steps
WARM_UP = 12  # steps, two reports of figures among them


@dataclass(frozen=True)
class Scale:
    """The sizes of all measurements, and the seconds of each.

    Attributes:
        shapes: layers and hidden units of the models.
        batches: the numbers of rows to try; the fastest counts.
        seq_len: the characters of a segment.
        streams: the numbers of texts that are sampled side by side.
        product: the size of the square matrices whose product is timed.
        seconds: the time of a measurement.
    """

    shapes: tuple[tuple[int, int], ...]
    batches: tuple[int, ...]
    seq_len: int
    streams: tuple[int, ...]
    product: int
    seconds: float


FULL = Scale(((1, 384), (2, 512), (3, 1024)), (64, 256, 1024), 128, (1, 64, 1024), 8192, 1.0)
DRY = Scale(((1, 16), (2, 24)), (4, 8), 16, (1, 4), 64, 0.2)


@dataclass(frozen=True)
class Training:
    """The speed of training a model, at its fastest batch, in characters per second.

    Attributes:
        name: the layers and hidden units.
        batch: the rows of the fastest batch.
        charnn: the speed of `charnn.train`, with its pointer switched off.
        bare: the speed of torch's LSTM alone, forwards, backwards and AdamW, at the same batch.
        terms: the products of a number by a weight that training takes for a character, times two.
    """

    name: str
    batch: int
    charnn: float
    bare: float
    terms: float


def train_speeds(scale: Scale, corpus: str, device: str) -> Iterator[Training]:
    """Yield the speeds of training for each shape."""
    precision = choose_precision("auto", device)
    for layers, hidden in scale.shapes:
        speeds = {
            batch: speed
            for batch in scale.batches
            if (speed := _charnn(scale, corpus, device, layers, hidden, batch))
        }
        batch = max(speeds, key=lambda rows: speeds[rows])
        bare = _bare(scale, device, precision, layers, hidden, batch)
        inner = EMBEDDING + (2 * layers - 1) * hidden
        weights = 4 * hidden * inner + VOCABULARY * hidden
        yield Training(f"{layers} x {hidden}", batch, speeds[batch], bare, 6 * weights)


def sample_speeds(scale: Scale, device: str) -> Iterator[tuple[int, str, float]]:
    """Yield numbers of texts, the way they are written, and their characters per second.

    The model is the first shape, without a pointer; the network runs one token of every text at a
    time. On CUDA it also runs as a graph, which takes a step in one call.
    """
    layers, hidden = scale.shapes[0]
    network = Network(ModelConfig(VOCABULARY, "lstm", layers, hidden, EMBEDDING)).to(device).eval()
    for count in scale.streams:
        yield count, "call by call", _eager_sampling(scale, network, device, count)
        if device == "cuda":
            yield count, "as a CUDA graph", _graph_sampling(scale, network, count)


def product_rate(scale: Scale, device: str) -> float:
    """Return the operations per second of a product of large bf16 matrices."""
    left, right = (
        torch.randn(scale.product, scale.product, device=device).to(torch.bfloat16)
        for _ in range(2)
    )
    calls = _rate(lambda: torch.mm(left, right), scale.seconds, device)
    return 2.0 * scale.product**3 * calls


def settle(device: str) -> None:
    """Wait until a device has done all its work."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def _charnn(
    scale: Scale, corpus: str, device: str, layers: int, hidden: int, batch: int
) -> float | None:
    """Return the characters per second of `charnn.train`; None if the batch does not fit."""
    meter = _Meter(scale.seconds, device)
    sizes = {"num_layers": layers, "hidden_size": hidden, "embedding_size": EMBEDDING}
    batches = {"batch_size": batch, "seq_len": scale.seq_len, "steps": FOREVER}
    # Without the pointer and dropout, which the bare loop lacks.
    plain = {"pointer": 0, "dropout": 0.0, "weight_drop": 0.0}
    with TemporaryDirectory() as out, suppress(CharnnError, torch.OutOfMemoryError):
        charnn.train(
            corpus,
            report=lambda event: None,
            should_stop=meter.is_over,
            device=device,
            out=Path(out),
            **sizes,
            **batches,
            **plain,
        )
    return meter.steps_per_second * batch * scale.seq_len if meter.steps_per_second else None


class _Meter:
    """A clock that a training run asks after every step whether it should stop."""

    def __init__(self, seconds: float, device: str) -> None:
        self._seconds, self._device = seconds, device
        self._steps, self._begin = 0, 0.0
        self.steps_per_second = 0.0

    def is_over(self) -> bool:
        self._steps += 1
        if self._steps == WARM_UP:
            settle(self._device)
            self._begin = time.perf_counter()
        if self._steps <= WARM_UP or time.perf_counter() - self._begin < self._seconds:
            return False
        settle(self._device)
        taken = time.perf_counter() - self._begin
        self.steps_per_second = (self._steps - WARM_UP) / taken
        return True


def _bare(scale: Scale, device: str, precision: str, layers: int, hidden: int, batch: int) -> float:
    """Return the characters per second of torch's LSTM with an embedding, a head and AdamW."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    lstm = nn.LSTM(EMBEDDING, hidden, layers, device=device, dtype=dtype)
    embedding = nn.Embedding(VOCABULARY, EMBEDDING, device=device, dtype=dtype)
    head = nn.Linear(hidden, VOCABULARY, device=device, dtype=dtype)
    parameters = [p for module in (lstm, embedding, head) for p in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    ids = torch.randint(VOCABULARY, (scale.seq_len, batch), device=device)

    def step() -> None:
        optimizer.zero_grad()
        logits = head(lstm(embedding(ids))[0]).float()
        nn.functional.cross_entropy(logits.flatten(0, 1), ids.flatten()).backward()
        optimizer.step()

    return _rate(step, scale.seconds, device) * batch * scale.seq_len


@torch.no_grad()
def _eager_sampling(scale: Scale, network: Network, device: str, count: int) -> float:
    ids = torch.zeros(1, count, dtype=torch.int64, device=device)
    state = network.initial_state(count)

    def step() -> None:
        nonlocal ids, state
        with autocast(device, choose_precision("auto", device)):
            logits, state = network(ids, state)
        state = state.detached()
        ids = torch.multinomial(torch.softmax(logits[0].float() / 0.8, -1), 1).t()

    return _rate(step, scale.seconds, device) * count


@torch.no_grad()
def _graph_sampling(scale: Scale, network: Network, count: int) -> float:
    """Sample by a CUDA graph. In fp32, because the cache of autocast is no part of a graph."""
    ids = torch.zeros(1, count, dtype=torch.int64, device="cuda")
    state = network.initial_state(count)

    def step() -> None:
        logits, after = network(ids, state)
        for before, new in zip(state.tensors().values(), after.tensors().values(), strict=True):
            before.copy_(new)
        ids.copy_(torch.multinomial(torch.softmax(logits[0] / 0.8, -1), 1).t())

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return _rate(graph.replay, scale.seconds, "cuda") * count


def _rate(step: Callable[[], object], seconds: float, device: str) -> float:
    """Return the calls of a function per second, after a few calls to warm up."""
    for _ in range(3):
        step()
    settle(device)
    begin, calls = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        for _ in range(5):  # a clock that is read after every call would count
            step()
        calls += 5
        settle(device)
    return calls / (time.perf_counter() - begin)
