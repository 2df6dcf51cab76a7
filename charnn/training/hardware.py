"""What the machine offers: the device, the precision its products are fast in, useful threads."""

import os
import time
from collections.abc import Callable

import torch

from charnn.errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16")


def choose_device(wanted: str) -> str:
    """The device to train on: the one named, or a GPU where there is one.

    Raises:
        UsageError: the device is unknown or not there.
    """
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(device for device, there in present.items() if there)
    if wanted not in present:
        raise UsageError(f"--device {wanted} is unknown: choose one of {', '.join(DEVICES)}")
    if not present[wanted]:
        raise UsageError(f"--device {wanted} is not available here: leave it out, or say cpu")
    return wanted


def choose_precision(wanted: str, device: str) -> str:
    """The precision named, or bf16 where it makes matrix products faster.

    On a CPU that is measured, not looked up: without the right instructions bf16 is emulated.

    Raises:
        UsageError: the precision is unknown.
    """
    if wanted not in PRECISIONS:
        raise UsageError(f"--precision {wanted} is unknown: choose one of {', '.join(PRECISIONS)}")
    if wanted != "auto":
        return wanted
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device == "mps":
        return "fp32"
    return (
        "bf16"
        if _seconds_of_product(torch.float32) > 1.3 * _seconds_of_product(torch.bfloat16)
        else "fp32"
    )


def available_threads() -> int:
    """CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fastest_threads(step: Callable[[], object]) -> int:
    """How many threads make `step` fastest: all cores, half of them, ... or one.

    More is not always better: the products of a step are small, and where another program keeps a
    core busy the threads wait for each other at every one of them.
    """
    count = available_threads()
    times = {}
    while count >= 1:
        torch.set_num_threads(count)
        step()
        times[count] = _median_seconds(step)
        count //= 2
    return min(times, key=lambda threads: times[threads])


def _seconds_of_product(dtype: torch.dtype) -> float:
    left, right = torch.ones(64, 512, dtype=dtype), torch.ones(512, 2048, dtype=dtype)
    left @ right
    # The least, not the median: what else the machine does at the moment says nothing about bf16.
    return min(_times(lambda: left @ right, repeats=20))


def _median_seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The median of a few repeats: one that was disturbed, or lucky, does not count."""
    return sorted(_times(work, repeats))[repeats // 2]


def _times(work: Callable[[], object], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return times
