"""The machine that trains: its devices, its fastest precision, its memory allocator."""

import ctypes
import time
from contextlib import suppress

import torch

from charnn.errors import UsageError, unknown_choice
from charnn.training.training_config import DEVICES, PRECISIONS

# The numbers of two options in glibc's malloc.h: the free memory at the top of the heap that is
# given back to the system, and the size from which a block is mapped on its own.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MAX_KEPT_BYTES = 1 << 30

# bf16 is chosen if it is this many times as fast as fp32; a smaller gain is not worth its rounding.
_MIN_SPEEDUP = 1.3


def choose_device(wanted: str) -> str:
    """Return the device to train on: the named one, or for "auto" a GPU if there is one.

    Raises:
        UsageError: the device is unknown, or this machine does not have it.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        return next(device for device, is_available in available.items() if is_available)
    if wanted not in available:
        raise unknown_choice("--device", wanted, ("auto", *DEVICES))
    if not available[wanted]:
        raise UsageError(
            f"--device {wanted} is not available on this machine: leave it out, or use --device cpu"
        )
    return wanted


def choose_precision(wanted: str, device: str) -> str:
    """Return the named precision, or for "auto" bf16 where it makes matrix products faster.

    On a CPU the speed is measured, because a CPU without bf16 instructions emulates bf16. On a CPU
    with such instructions (AVX-512 BF16), an LSTM trains at 498 instead of 321 GFLOP/s.

    Raises:
        UsageError: the precision is unknown.
    """
    if wanted not in ("auto", *PRECISIONS):
        raise unknown_choice("--precision", wanted, ("auto", *PRECISIONS))
    if wanted != "auto":
        return wanted
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device == "mps":
        return "fp32"
    is_faster = _product_seconds(torch.float32) > _MIN_SPEEDUP * _product_seconds(torch.bfloat16)
    return "bf16" if is_faster else "fp32"


def autocast(device: str, precision: str) -> torch.autocast:
    """Return the context in which matrix products run in the given precision."""
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")


def keep_freed_memory() -> None:
    """Make the C library keep freed memory for the next step, if the library has such an option.

    After each step, glibc by default returns tens of megabytes to the system. The next step then
    gets them back page by page, with 4,000 page faults, which take a tenth of the step's time.
    """
    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        # Older versions of glibc refuse a threshold above 32 MiB. If both thresholds are refused,
        # the trim threshold stays as it is: changed alone, it would make a step slower.
        if set_option(_M_MMAP_THRESHOLD, _MAX_KEPT_BYTES) or set_option(
            _M_MMAP_THRESHOLD, _MAX_KEPT_BYTES >> 5
        ):
            set_option(_M_TRIM_THRESHOLD, _MAX_KEPT_BYTES)


def _product_seconds(dtype: torch.dtype, repeats: int = 20) -> float:
    """Return the seconds of one matrix product, which is about as large as those of a step."""
    left, right = torch.ones(64, 512, dtype=dtype), torch.ones(512, 2048, dtype=dtype)
    left @ right  # the first product also sets up the library
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - begin)
    # The minimum and not the median: other programs only ever make a product slower.
    return min(times)
