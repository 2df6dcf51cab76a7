"""The shape of a model, validated once, and the shapes of its parameters that follow from it."""

from dataclasses import asdict, dataclass
from typing import Any

from charnn.errors import UsageError
from charnn.model.cells import CELLS


@dataclass(frozen=True)
class ModelConfig:
    """What is needed, besides the weights, to build the network again.

    Args:
        vocab_size: symbols in and out, the two special ones included.
        cell: one of `CELLS`.
        num_layers: recurrent layers on top of each other.
        hidden_size: units of each layer.
        embedding_size: width of a symbol's vector, or None for one-hot input.
        dropout: share of units silenced between layers and before the head while training.
        embedding_dropout: share of symbols whose vectors are silenced while training.
        weight_drop: share of recurrent weights that are left out while training.

    Raises:
        UsageError: a value is out of range.
    """

    vocab_size: int
    cell: str = "lstm"
    num_layers: int = 1
    hidden_size: int = 384
    embedding_size: int | None = 64
    dropout: float = 0.0
    embedding_dropout: float = 0.0
    weight_drop: float = 0.0

    def __post_init__(self) -> None:
        if self.cell not in CELLS:
            raise UsageError(f"cell {self.cell!r} is unknown: choose one of {', '.join(CELLS)}")
        for name, value, most in (
            ("num_layers", self.num_layers, 64),
            ("hidden_size", self.hidden_size, 16384),
            ("embedding_size", self.embedding_size or 1, 16384),
            ("vocab_size", self.vocab_size, 0x110002),
        ):
            if type(value) is not int or not 1 <= value <= most:
                raise UsageError(f"{name} must be a whole number from 1 to {most}, not {value}")
        if self.embedding_size == 0:
            raise UsageError("embedding_size must be at least 1; for one-hot input say --one-hot")
        for name in ("dropout", "embedding_dropout", "weight_drop"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(
                    f"{name} must be at least 0 and below 1, not {getattr(self, name)}"
                )

    @property
    def gate_size(self) -> int:
        """Rows of a layer's weight matrices: gate blocks times units."""
        return len(CELLS[self.cell].gates) * self.hidden_size

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter, as the network and the checkpoint hold them.

        One-hot input has no vector of its own: a symbol picks its row of `embedding.weight`, which
        then holds the first layer's input weights (transposed), so that layer has no `weight_ih`.
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
            for name in CELLS[self.cell].parameters:
                shapes[prefix + name] = (self.hidden_size,)
        shapes["head.weight"] = (self.vocab_size, self.hidden_size)
        shapes["head.bias"] = (self.vocab_size,)
        return shapes

    def parameter_count(self) -> int:
        """How many numbers training adjusts."""
        total = 0
        for shape in self.parameter_shapes().values():
            total += shape[0] * (shape[1] if len(shape) > 1 else 1)
        return total

    def to_json(self) -> dict[str, Any]:
        """The configuration as JSON values."""
        return asdict(self)
