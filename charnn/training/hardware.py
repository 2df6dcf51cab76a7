"""The machine that trains: its devices, its fastest precision, its memory allocator."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch

from charnn.errors import UsageError, unknown_choice
from charnn.training.training_config import DEVICES, PRECISIONS

# The numbers of two options in glibc's malloc.h: the free memory at the top of the heap that is
# given back to the system, and the size from which a block is mapped on its own.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_MAX_KEPT_BYTES = 1 << 30


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

    A CPU with instructions for bf16 (AVX-512 BF16, AMX) trains an LSTM at 498 instead of 321
    GFLOP/s. A CPU without them emulates bf16, slowly. The instructions decide and no measured
    speed, so that the same seed gives the same run, whatever else the machine is doing.

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
    return "bf16" if _has_bf16_products() else "fp32"


def device_memory(device: str) -> int:
    """Return the bytes of a GPU's memory that training may use."""
    if device == "cuda":
        return int(torch.cuda.get_device_properties("cuda").total_memory)
    # Memory that is shared with the CPU.
    return int(torch.mps.recommended_max_memory())


def autocast(device: str, precision: str) -> torch.autocast:
    """Return the context in which matrix products run in the given precision."""
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")


@contextmanager
def exact_and_fast(device: str) -> Iterator[None]:
    """Set up CUDA inside a `with` block: fp32 products in TF32, and results that can be repeated.

    TF32 rounds the factors of a product to 10 bits and adds up in fp32. The results of cuDNN and
    cuBLAS are otherwise not the same in every run, so that no run could be resumed exactly.
    """
    if device != "cuda":
        yield
        return
    # cuBLAS reads the variable at its first product. Without it, cuDNN's recurrent layers may add
    # up in another order each time (torch.nn.LSTM, "Warning").
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    backends: Any = torch.backends  # which make their attributes when they are read
    matmul, rnn, cudnn = backends.cuda.matmul, backends.cudnn.rnn, backends.cudnn
    before = matmul.fp32_precision, rnn.fp32_precision, cudnn.deterministic
    matmul.fp32_precision = rnn.fp32_precision = "tf32"
    cudnn.deterministic = True
    try:
        yield
    finally:
        matmul.fp32_precision, rnn.fp32_precision, cudnn.deterministic = before


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


def _has_bf16_products() -> bool:
    """Return whether the CPU has instructions for products of bf16 matrices.

    Only the instructions of x86 are asked for: on other processors no gain was measured.
    """
    # Earlier versions of torch lack the public function.
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", bool)())
