"""What the machine offers: the device, the precision its products are fast in, its memory."""

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress

import torch

from charnn.errors import UsageError
from charnn.training.training_config import DEVICES, PRECISIONS

# Numbers of options in glibc's malloc.h, and how many bytes they allow.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = 1 << 30


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
        raise UsageError(f"--device {wanted} is unknown: choose one of auto, {', '.join(DEVICES)}")
    if not present[wanted]:
        raise UsageError(f"--device {wanted} is not available here: leave it out, or say cpu")
    return wanted


def choose_precision(wanted: str, device: str) -> str:
    """The precision named, or bf16 where it makes matrix products faster.

    On a CPU that is measured, not looked up: without the right instructions bf16 is emulated.

    Raises:
        UsageError: the precision is unknown.
    """
    if wanted not in ("auto", *PRECISIONS):
        raise UsageError(
            f"--precision {wanted} is unknown: choose one of auto, {', '.join(PRECISIONS)}"
        )
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


def autocast(device: str, precision: str) -> torch.autocast:
    """Return the context in which matrix products run in the given precision."""
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")


def keep_freed_memory() -> None:
    """Have the C library keep what is freed for the next step, where it can be told so.

    By itself glibc hands the tens of megabytes of a step back to the system, and gets them again
    page by page: 4,000 page faults, a tenth of the time of a step.
    """
    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        # Older versions allow less; and the second without the first would do harm.
        if set_option(_MMAP_THRESHOLD, _KEPT) or set_option(_MMAP_THRESHOLD, _KEPT >> 5):
            set_option(_TRIM_THRESHOLD, _KEPT)


def _seconds_of_product(dtype: torch.dtype) -> float:
    left, right = torch.ones(64, 512, dtype=dtype), torch.ones(512, 2048, dtype=dtype)
    left @ right
    # The least, not the median: what else the machine does at the moment says nothing about bf16.
    return min(_times(lambda: left @ right, repeats=20))


def _times(work: Callable[[], object], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return times
