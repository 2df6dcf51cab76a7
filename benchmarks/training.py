"""Compare training speeds: charnn, a tutorial's loop in bf16 and fp32, and the bf16 product.

Work is counted as 6 operations per matrix weight and character (a product and the two products of
its gradients), the same for all contenders. Cells are compared at equal numbers of weights.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from benchmarks.child import Contender, contenders, take_turns
from benchmarks.figures import Figure, at_least, ratios
from benchmarks.limits import WINDOW
from benchmarks.setting import Setting, on
from charnn.model.cells import CELLS

BATCH = {"batch_size": 16, "seq_len": 64}
# The tutorial's loop has no dropout.
PLAIN = {"dropout": 0.0}


@dataclass(frozen=True)
class Shape:
    """The recurrent layers of a model, and the size of its embedding."""

    cell: str
    num_layers: int
    hidden_size: int
    embedding_size: int = 64

    def weights(self) -> int:
        """Return the number of weights in the matrices of the layers."""
        inner = self.embedding_size + (2 * self.num_layers - 1) * self.hidden_size
        return len(CELLS[self.cell].gates) * self.hidden_size * inner

    def gflop(self, vocab_size: int) -> float:
        """Return the work of training on one character, in 10^9 operations."""
        return 6 * (self.weights() + vocab_size * self.hidden_size) / 1e9

    def __str__(self) -> str:
        return f"{self.cell} {self.num_layers} x {self.hidden_size}"


# All have about as many weights as the LSTM of 512 units, which the others are compared with.
EQUAL = (Shape("lstm", 1, 512), Shape("gru", 1, 592), Shape("rnn", 1, 1056))
OTHERS = (Shape("lstm", 1, 384), Shape("lstm", 2, 512))


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the figures of each shape on all cores, on one, and on the GPU."""
    vocab_size = len(set(setting.text.read_text(encoding="utf-8")))
    places = [("cpu", threads) for threads in reversed(setting.thread_counts)]
    places = places[:1] if setting.quick else places
    if setting.gpu:
        places.append(("cuda", 1))
    for device, threads in places:
        more = () if threads == 1 else OTHERS
        for shape in EQUAL[:2] if setting.quick else (*EQUAL, *more):
            speeds = _speeds(setting, shape, device, threads)
            where = device if device == "cuda" else on(threads)
            yield from _rows(shape, where, speeds, vocab_size)


def _speeds(setting: Setting, shape: Shape, device: str, threads: int) -> dict[str, list[float]]:
    """Return characters a second, and the GFLOP/s of the products."""
    kept = None if device == "cuda" else threads

    def rival(function: str, options: dict[str, object], shape: Shape = shape) -> Contender:
        model = asdict(shape) | {"text": str(setting.text), "device": device} | BATCH
        return Contender(function, setting, model | options, threads=kept)

    product = {"shape": WINDOW, "precision": "bf16", "device": device}
    rivals = {
        "charnn": rival("program:train", {"threads": threads} | PLAIN),
        "stock_bf16": rival("textbook:train", {"precision": "bf16"}),
        "stock_fp32": rival("textbook:train", {"precision": "fp32"}),
        "product": Contender("limits:multiply", setting, product, threads=kept),
    }
    if shape.cell != "lstm":
        rivals["lstm"] = rival("program:train", {"threads": threads} | PLAIN, EQUAL[0])
    with contenders(rivals) as ready:
        return take_turns(ready, setting)


def _rows(
    shape: Shape, where: str, speeds: dict[str, list[float]], vocab_size: int
) -> Iterator[Figure]:
    name, unit = str(shape), "characters/s"
    is_lstm = shape.cell == "lstm"
    yield Figure(f"{name}: charnn", where, speeds["charnn"], unit)
    yield Figure(f"{name}: stock, bf16 autocast", where, speeds["stock_bf16"], unit)
    yield Figure(f"{name}: stock, fp32", where, speeds["stock_fp32"], unit)
    for stock, bar in (("bf16", at_least(1)), ("fp32", at_least(1.6))):
        ratio = ratios(speeds["charnn"], speeds[f"stock_{stock}"])
        yield Figure(f"{name}: charnn / stock {stock}", where, ratio, "x", bar if is_lstm else None)
    rates = [speed * shape.gflop(vocab_size) for speed in speeds["charnn"]]
    yield Figure(f"{name}: charnn's arithmetic", where, rates, "GFLOP/s")
    if not is_lstm:
        lstm = [speed * EQUAL[0].gflop(vocab_size) for speed in speeds["lstm"]]
        what = f"{name}: that / {EQUAL[0]}'s"
        yield Figure(what, where, ratios(rates, lstm), "x", at_least(0.85))
    share = [100 * ratio for ratio in ratios(rates, speeds["product"])]
    bar = at_least(70) if is_lstm else None
    yield Figure(f"{name}: that / the bf16 product's", where, share, "%", bar)
