"""The state that a network carries from segment to segment: hidden states and the memory."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from charnn.model.batch_rows import BatchRows, whole_batch
from charnn.model.plain_layer import HiddenState, detached
from charnn.model.pointer_segment import Memory


class NetworkState(NamedTuple):
    """The state of a network after a segment.

    Attributes:
        layers: the hidden state of each layer, a tuple of tensors [B, H].
        memory: the steps that the pointer remembers; None for a network without a pointer.
        part: the rows of a batch that these are; None if they are no part of a larger batch.
    """

    layers: list[HiddenState]
    memory: Memory | None
    part: BatchRows | None = None

    @property
    def rows(self) -> BatchRows:
        """Return the place of the rows in their batch."""
        return self.part or whole_batch(len(self.layers[0][0]))

    def detached(self) -> "NetworkState":
        """Return the state cut from the autograd graph.

        The error of the next segment must not flow back into this one, which bounds the memory.
        """
        memory = self.memory.detached() if self.memory else None
        return NetworkState([detached(layer) for layer in self.layers], memory, self.part)

    def reset(self, rows_B: Tensor) -> "NetworkState":
        """Return the state with the rows as before the first token where `rows_B` is True."""
        kept = ~rows_B[:, None]
        layers = [tuple(part * kept for part in layer) for layer in self.layers]
        return NetworkState(layers, self.memory.reset(rows_B) if self.memory else None, self.part)

    def cut(self, rows: BatchRows) -> "NetworkState":
        """Return the state of some of the rows."""
        begin, end = rows.begin - self.rows.begin, rows.end - self.rows.begin
        cut = {name: tensor[begin:end] for name, tensor in self.tensors().items()}
        return self.replace(cut)._replace(part=rows)

    def join(self, parts: Sequence["NetworkState"]) -> "NetworkState":
        """Return a state of these rows, which consists of the states of their parts."""
        tensors = [part.tensors() for part in parts]
        return self.replace(
            {name: torch.cat([each[name] for each in tensors]) for name in tensors[0]}
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors of the state, by their names in a checkpoint."""
        tensors = {
            f"state.{number}.{part}": tensor
            for number, layer in enumerate(self.layers)
            for part, tensor in enumerate(layer)
        }
        if self.memory:
            tensors |= {"memory.keys": self.memory.keys_BMD, "memory.ids": self.memory.ids_BM}
        return tensors

    def replace(self, tensors: dict[str, Tensor]) -> "NetworkState":
        """Return a state of this structure that consists of other tensors, see `tensors`."""
        layers = [
            tuple(tensors[f"state.{number}.{part}"] for part in range(len(layer)))
            for number, layer in enumerate(self.layers)
        ]
        memory = self.memory
        if memory:
            memory = Memory(tensors["memory.keys"], tensors["memory.ids"])
        return NetworkState(layers, memory, self.part)
