"""The segments of a run on its device. A GPU gets the next one while it trains on the present one.

Shape suffixes: T tokens of a segment, B rows of a batch.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charnn.corpus.batches import Batches


class DeviceSegment(NamedTuple):
    """A segment of an epoch.

    Attributes:
        inputs: token ids, [T, B], on the device.
        targets: the token id that follows each input, [T, B], on the device.
        targets_TB: the targets in the memory of the host.
    """

    inputs: Tensor
    targets: Tensor
    targets_TB: NDArray[Any]


class SegmentFeed:
    """The segments of an epoch, on a device.

    Args:
        batches: the segments.
        device: "cpu", "cuda" or "mps".
    """

    def __init__(self, batches: Batches, device: str) -> None:
        self._batches, self._device = batches, torch.device(device)

    def __len__(self) -> int:
        """Return the number of segments in an epoch."""
        return len(self._batches)

    def segment(self, number: int, epoch: int) -> DeviceSegment:
        """Return a segment; `Batches.segment` describes the arguments."""
        inputs_TB, targets_TB = self._batches.segment(number, epoch)
        inputs, targets = (
            torch.from_numpy(ids_TB).to(self._device) for ids_TB in (inputs_TB, targets_TB)
        )
        return DeviceSegment(inputs, targets, targets_TB)

    def prepare(self, number: int, epoch: int) -> None:
        """Begin to copy the segment that will be asked for next, if the device can do so."""


class CudaFeed(SegmentFeed):
    """A feed that copies on a stream of its own, beside the work of the GPU.

    The host reads the ids, perhaps from the disk, into pinned memory, from which a GPU copies
    without the help of the host.
    """

    def __init__(self, batches: Batches, device: str) -> None:
        super().__init__(batches, device)
        self._stream: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._prepared: tuple[tuple[int, int], Tensor, NDArray[Any]] | None = None

    def segment(self, number: int, epoch: int) -> DeviceSegment:
        """Return a segment, see `SegmentFeed`. The present stream waits for it, not the host."""
        if self._prepared is not None and self._prepared[0] == (number, epoch):
            _, ids, targets_TB = self._prepared
        else:
            ids, targets_TB = self._copy(number, epoch)
        self._prepared = None
        present = torch.cuda.current_stream()
        present.wait_stream(self._stream)
        # Otherwise the memory could be used again on the other stream while this one reads it.
        ids.record_stream(present)
        return DeviceSegment(ids[:-1], ids[1:], targets_TB)

    def prepare(self, number: int, epoch: int) -> None:
        """Begin to copy a segment, see `SegmentFeed`."""
        self._prepared = (number, epoch), *self._copy(number, epoch)

    def _copy(self, number: int, epoch: int) -> tuple[Tensor, NDArray[Any]]:
        """Begin to copy a segment, and return its ids [T + 1, B] and its targets on the host."""
        inputs_TB, targets_TB = self._batches.segment(number, epoch)
        # The inputs are the targets of the step before.
        pinned = torch.from_numpy(np.concatenate([inputs_TB[:1], targets_TB])).pin_memory()
        with torch.cuda.stream(self._stream):
            return pinned.to(self._device, non_blocking=True), targets_TB


def feed_segments(batches: Batches, device: str) -> SegmentFeed:
    """Return the feed that suits a device."""
    return CudaFeed(batches, device) if device == "cuda" else SegmentFeed(batches, device)
