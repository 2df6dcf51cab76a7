"""The tables of `benchmarks.quality`: the variants of a training that are compared."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.program import hidden_size_for


@dataclass(frozen=True)
class Variant:
    """A line of a table.

    Args:
        name: the name of the line.
        options: options of `charnn train`, besides those of the table.
        switch: the name of a change that has no option, see `benchmarks.switches`.
        characters: the number of characters to train on; None for all.
    """

    name: str
    options: str = ""
    switch: str = ""
    characters: int | None = None

    @property
    def heading(self) -> str:
        """Return the name with the options."""
        return " ".join(filter(None, (self.name, self.options and f"(`{self.options}`)")))


def cells() -> Iterator[Variant]:
    """Yield all cells with as many parameters as an LSTM of 384 units."""
    for cell in ("lstm", "coupled", "peephole", "gru", "rnn"):
        size = hidden_size_for(cell, "lstm", 384)
        yield Variant(f"{cell}, {size} units", f"--cell {cell} --hidden-size {size} --dropout 0.1")


def pointer() -> Iterator[Variant]:
    """Yield networks that remember more and more steps."""
    yield Variant("no pointer", "--pointer 0")
    for steps in (256, 512, 1024, 2048):
        yield Variant(f"{steps:,} steps", f"--pointer {steps}")


def pointer_recipe() -> Iterator[Variant]:
    """Yield the defaults, and one variant for each change that may act otherwise with a pointer."""
    yield Variant("the defaults")
    yield Variant("no pointer", "--pointer 0")
    yield Variant("memory cleared after each segment", switch="memory")
    yield Variant("no state and no memory carried over", switch="carry")
    yield Variant("no rows begun anew", switch="resets")
    yield Variant("documents or tunes always in one order", switch="order")
    for rate in ("3e-3", "4e-3", "6e-3", "8e-3", "10e-3"):
        yield Variant(f"learning rate {float(rate):g}", f"--lr {rate}")
    yield Variant("dropout 0.1", "--dropout 0.1")
    yield Variant("dropout 0.3", "--dropout 0.3")
    yield Variant("weight drop 0.3", "--weight-drop 0.3")
    yield Variant("segments of 32", "--seq-len 32")
    yield Variant("segments of 128", "--seq-len 128")
    yield Variant("batch 8", "--batch-size 8")
    yield Variant("batch 32", "--batch-size 32")
    yield Variant("embedding of 128", "--embedding-size 128")
    yield Variant("EMA 0.998", "--ema 0.998")


def recipe() -> Iterator[Variant]:
    """Yield the defaults, and one variant for each change."""
    yield Variant("the defaults")
    yield Variant("forget bias of 1", switch="forget_bias")
    yield Variant("chrono initialisation", switch="chrono")
    yield Variant("no orthogonal weights at first", switch="orthogonal")
    yield Variant("no state carried over", switch="carry")
    yield Variant("no rows begun anew", switch="resets")
    yield Variant("no schedule", switch="schedule")
    yield Variant("no schedule, EMA 0.998", "--ema 0.998", "schedule")
    yield Variant("no clipping", "--clip 1e9")
    yield Variant("clipping at 0.25", "--clip 0.25")
    yield Variant("EMA 0.99", "--ema 0.99")
    yield Variant("EMA 0.998", "--ema 0.998")
    yield Variant("no weight decay", "--weight-decay 0")
    yield Variant("weight decay 0.1", "--weight-decay 0.1")
    yield Variant("one-hot input", "--one-hot")
    yield Variant("embedding of 128", "--embedding-size 128")
    yield Variant("no dropout", "--dropout 0")
    yield Variant("dropout 0.3", "--dropout 0.3")
    yield Variant("dropout of symbols 0.05", "--embedding-dropout 0.05")
    yield Variant("weight drop 0.2", "--weight-drop 0.2")
    yield Variant("batch 32", "--batch-size 32")
    yield Variant("batch 8", "--batch-size 8")
    yield Variant("window 32", "--seq-len 32")
    yield Variant("window 128", "--seq-len 128")
    yield Variant("learning rate 0.004", "--lr 4e-3")
    yield Variant("learning rate 0.016", "--lr 16e-3")
    yield Variant("256 units", "--hidden-size 256")
    yield Variant("512 units", "--hidden-size 512")
    yield Variant("2 x 256 units", "--num-layers 2 --hidden-size 256")


def corpora() -> Iterator[Variant]:
    """Yield the beginning of a text in common sizes."""
    for words, characters in (("20 kB", 20_000), ("100 kB", 100_000), ("1 MB", 10**6)):
        yield Variant(f"the first {words}", characters=characters)
    yield Variant("the first 10 MB", characters=10**7)


def defaults() -> Iterator[Variant]:
    """Yield the defaults."""
    yield Variant("the defaults")


TABLES: dict[str, Callable[[], Iterator[Variant]]] = {
    table.__name__: table for table in (defaults, pointer, pointer_recipe, recipe, cells, corpora)
}
