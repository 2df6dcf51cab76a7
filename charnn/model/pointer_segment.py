"""The steps that a pointer can see: those of a segment, and its memory of the steps before.

The equations and the shape suffixes are in `charnn.model.pointer`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from charnn.model.config import SEPARATOR

# The id of a step of the memory that does not exist: the text has only begun.
EMPTY = -1
# On a CPU, this number of weights is computed at once: they fit into the cache of a core (1 MB).
MAX_CACHED_WEIGHTS = 1 << 18
# On a GPU, this number: each of the half dozen tensors of a block takes up to 256 MB.
MAX_DEVICE_WEIGHTS = 1 << 26
# The steps of a block begin at a multiple of this number: oneDNN compiles a product for each new
# shape, which takes time and half a megabyte of memory.
STRIDE = 128


class Memory(NamedTuple):
    """The last M steps of each row.

    Attributes:
        keys_BMD: the key of each step, a unit vector.
        ids_BM: the token that was read at each step; `EMPTY` before the first step.
    """

    keys_BMD: Tensor
    ids_BM: Tensor

    def detached(self) -> "Memory":
        """Return the memory cut from the autograd graph."""
        return Memory(self.keys_BMD.detach(), self.ids_BM)

    def reset(self, rows_B: Tensor) -> "Memory":
        """Return the memory with the rows emptied where `rows_B` is True."""
        return Memory(self.keys_BMD, self.ids_BM.masked_fill(rows_B[:, None], EMPTY))


@dataclass
class Segment:
    """The queries and keys of a segment, and the memory before it.

    Attributes:
        query_BTD: the queries, multiplied by beta.
        key_BTD: the keys.
        before: the memory before the segment.
        ids_BS: the tokens that were read, the memory included.
        shift: beta, which is subtracted from every a_ts.
        sentinel_TB: b_t - beta.
    """

    query_BTD: Tensor
    key_BTD: Tensor
    before: Memory
    ids_BS: Tensor
    shift: Tensor
    sentinel_TB: Tensor

    def __post_init__(self) -> None:
        device = self.key_BTD.device.type
        self.dtype = (
            torch.get_autocast_dtype(device)
            if torch.is_autocast_enabled(device)
            else self.key_BTD.dtype
        )
        self.keys_BSD = torch.cat(
            [self.before.keys_BMD.to(self.dtype), self.key_BTD.to(self.dtype)], 1
        )

    def memory(self) -> Memory:
        """Return the memory after the segment."""
        steps = self.before.ids_BM.shape[1]
        return Memory(self.keys_BSD[:, -steps:].detach(), self.ids_BS[:, -steps:])

    def blocks(self) -> Iterator[tuple[slice, int, Tensor]]:
        """Yield the rows of each block, the first step that a row of it may point at, and the bias
        of the block's scores [rows or 1, T, steps]: -beta, or -inf where s is out of reach."""
        length, steps = self.key_BTD.shape[1], self.ids_BS.shape[1]
        starts_BT = document_starts(self.ids_BS)[:, -length:]
        columns = torch.arange(steps, device=self.ids_BS.device)
        now = columns[-length:, None]
        # What followed step s is known if s < t; the memory ends M steps before t.
        out_of_reach = (columns >= now) | (columns < now - self.before.ids_BM.shape[1])
        causal = self.sentinel_TB.new_zeros(1, length, steps).masked_fill(out_of_reach, -torch.inf)
        causal = causal - self.shift
        for block, first, in_one_document in self._parts(starts_BT, steps):
            bias = causal[..., first:]
            if not in_one_document:
                other_document = columns[first:] < starts_BT[block, :, None]
                bias = bias.masked_fill(other_document, -torch.inf)
            yield block, first, bias

    def _parts(self, starts_BT: Tensor, steps: int) -> Iterator[tuple[slice, int, bool]]:
        """Yield the rows of each block, the first step that it may point at, and whether every step
        of the block may point at all steps from there on."""
        rows, length = starts_BT.shape
        if starts_BT.device.type != "cpu":
            # The documents are on the device: the host would have to wait for it to look at them.
            size = max(1, MAX_DEVICE_WEIGHTS // (length * steps))
            yield from ((slice(begin, begin + size), 0, False) for begin in range(0, rows, size))
            return
        firsts, lasts = starts_BT[:, 0].tolist(), starts_BT[:, -1].tolist()
        size = max(1, MAX_CACHED_WEIGHTS // (length * steps))
        for begin in range(0, rows, size):
            block = slice(begin, begin + size)
            first = min(firsts[block]) // STRIDE * STRIDE
            yield block, first, {*firsts[block], *lasts[block]} == {first}

    def weights(self, rows: slice, first: int, bias: Tensor) -> Tensor:
        """Return e^{a_ts - beta} of some rows, [rows, T, steps]; 0 where s is out of reach."""
        keys = self.keys_BSD[rows, first:]
        scores = self.query_BTD[rows].to(self.dtype) @ keys.transpose(1, 2)
        # The sum of bf16 and float32 is float32.
        return (scores + bias).exp()

    def following(self, rows: slice, first: int) -> Tensor:
        """Return the token that followed each step from `first` on, [rows, steps].

        The last step of the segment has no follower yet; no step points at it.
        """
        return pad(self.ids_BS[rows, first + 1 :], (0, 1), value=EMPTY)


def document_starts(ids_BS: Tensor) -> Tensor:
    """Return the first step that each step may point at, [B, S].

    A separator begins the next document, whose first token follows it.
    """
    steps = torch.arange(ids_BS.shape[1], device=ids_BS.device)
    starts = torch.where(ids_BS == SEPARATOR, steps, 0)
    starts = torch.where(ids_BS == EMPTY, steps + 1, starts)
    return starts.cummax(1).values
