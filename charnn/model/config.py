"""The shape of a model, validated once, and the shapes of its parameters."""

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from charnn.errors import UsageError, unknown_choice
from charnn.model.cells import CELLS

# Far above any model that a laptop trains. A checkpoint may come from a stranger, and must not make
# charnn allocate any amount of memory.
MAX_LAYERS = 64
MAX_WIDTH = 16384
# Every Unicode code point and the two special tokens.
MAX_VOCABULARY = 0x110002
MAX_POINTER = 1 << 16
# The products of keys with 8 bits must add up exactly in float32.
MAX_POINTER_WIDTH = 1024
# A larger beta of the pointer would make e^{a - beta} 0 for all keys but the nearest ones.
MAX_SHARPNESS = 40.0
# Beyond this, a sentinel has all of the weight or none, however sharp the pointer is.
MAX_SENTINEL = 2 * MAX_SHARPNESS
# The id of the end of a document, see `charnn.corpus.vocabulary`; tests compare both.
SEPARATOR = 1


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model. Together with the weights, it is enough to rebuild the network.

    Args:
        vocab_size: number V of token ids, including the two special ones.
        cell: a name in `CELLS`.
        num_layers: number of recurrent layers.
        hidden_size: number H of hidden units in each layer.
        embedding_size: width E of the embedding of a token, or None for one-hot input.
        dropout: probability, while training, that a unit is dropped between the layers and before
            the head.
        embedding_dropout: probability, while training, that the embedding of a token is dropped.
        weight_drop: probability, while training, that a recurrent weight is dropped.
        pointer: the number M of steps that the pointer remembers (`charnn.model.pointer`); 0 for a
            network without a pointer.
        pointer_width: the width D of the pointer's queries and keys.

    Raises:
        UsageError: a value is out of range.
    """

    vocab_size: int
    cell: str = "lstm"
    # At equal time on a CPU, one wide layer beats two (see `charnn.training.recipe`).
    num_layers: int = 1
    hidden_size: int = 384
    # One-hot input ends at 1.580 nats instead of 1.496 (tinyshakespeare, temperature not fitted).
    embedding_size: int | None = 64
    dropout: float = 0.0
    embedding_dropout: float = 0.0
    weight_drop: float = 0.0
    pointer: int = 0
    pointer_width: int = 32

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise unknown_choice("--cell", str(self.cell), list(CELLS))
        for name, value, maximum in (
            ("--num-layers", self.num_layers, MAX_LAYERS),
            ("--hidden-size", self.hidden_size, MAX_WIDTH),
            ("--embedding-size", self.embedding_size or 1, MAX_WIDTH),
            ("pointer_width", self.pointer_width, MAX_POINTER_WIDTH),
            ("vocab_size", self.vocab_size, MAX_VOCABULARY),
        ):
            # A checkpoint is read from JSON, which can contain true or 8.0 in place of a number.
            if type(value) is not int or not 1 <= value <= maximum:
                raise UsageError(f"{name} must be a whole number from 1 to {maximum}, not {value}")
        if type(self.pointer) is not int or not 0 <= self.pointer <= MAX_POINTER:
            raise UsageError(
                f"--pointer must be a whole number from 0 to {MAX_POINTER}, not {self.pointer}"
            )
        if self.embedding_size == 0:
            raise UsageError(
                "--embedding-size must be at least 1, not 0; for one-hot input, use --one-hot"
            )
        for name, probability in (
            ("--dropout", self.dropout),
            ("--embedding-dropout", self.embedding_dropout),
            ("--weight-drop", self.weight_drop),
        ):
            if not 0 <= probability < 1:
                raise UsageError(f"{name} must be at least 0 and below 1, not {probability}")

    @property
    def gate_size(self) -> int:
        """Return the number G of rows of a layer's weight matrices: gates times hidden units."""
        return len(CELLS[self.cell].gates) * self.hidden_size

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the name and shape of every parameter, in the network and in the checkpoint.

        With one-hot input, `embedding.weight` [V, G] holds the transposed input weights of the
        first layer, and that layer has no `weight_ih_l0`.
        """
        one_hot = self.embedding_size is None
        width = self.gate_size if self.embedding_size is None else self.embedding_size
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (self.vocab_size, width)}
        for layer in range(self.num_layers):
            if layer > 0:
                width = self.hidden_size
            prefix = f"layers.{layer}."
            if not (one_hot and layer == 0):
                shapes[prefix + "weight_ih_l0"] = (self.gate_size, width)
            shapes[prefix + "weight_hh_l0"] = (self.gate_size, self.hidden_size)
            shapes[prefix + "bias_ih_l0"] = (self.gate_size,)
            shapes[prefix + "bias_hh_l0"] = (self.gate_size,)
            for name in CELLS[self.cell].peepholes:
                shapes[prefix + name] = (self.hidden_size,)
        shapes["head.weight"] = (self.vocab_size, self.hidden_size)
        shapes["head.bias"] = (self.vocab_size,)
        if self.pointer:
            shapes["pointer.query"] = (self.pointer_width, self.hidden_size)
            shapes["pointer.key"] = (self.pointer_width, self.hidden_size)
            shapes["pointer.sharpness"] = (1,)
            shapes["pointer.sentinel.weight"] = (1, self.hidden_size)
            shapes["pointer.sentinel.bias"] = (1,)
        return shapes

    def parameter_count(self) -> int:
        """Return the number of trained values in all parameters together."""
        return sum(prod(shape) for shape in self.parameter_shapes().values())

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as JSON values."""
        return asdict(self)
