"""Measure the limits of the machine: the rate of matrix products, and of reading memory."""

import time
from collections.abc import Callable, Iterator

from benchmarks.child import Contender, Pace, contenders, take_turns
from benchmarks.figures import Figure
from benchmarks.setting import Setting, on

# Rows, inner, columns: the products of an LSTM of 512 and of 384 units for all inputs of a segment
# of 16 x 64 characters, and for each step of the segment.
WINDOW = (1024, 512, 2048)
SHAPES = {
    "1024 x 512 x 2048 (a window)": WINDOW,
    "1024 x 384 x 1536 (a window)": (1024, 384, 1536),
    "16 x 512 x 2048 (a step)": (16, 512, 2048),
    "16 x 384 x 1536 (a step)": (16, 384, 1536),
}
SIZES_MB = {"256 kB": 0.25, "4 MB": 4, "16 MB": 16, "256 MB": 256}


def measure(setting: Setting) -> Iterator[Figure]:
    """Yield the rates of products in fp32 and bf16, and of reading, on one thread and on all."""
    shapes = {name: SHAPES[name] for name in (list(SHAPES)[::2] if setting.quick else SHAPES)}
    for threads in setting.thread_counts:
        with contenders(
            {
                f"{precision} product {name}": Contender(
                    "limits:multiply",
                    setting,
                    {"shape": shape, "precision": precision},
                    threads=threads,
                )
                for name, shape in shapes.items()
                for precision in ("fp32", "bf16")
            }
        ) as all_of_them:
            for name, rates in take_turns(all_of_them, setting).items():
                yield Figure(name, on(threads), rates, "GFLOP/s")
    for threads in setting.thread_counts:
        for name, size in list(SIZES_MB.items())[:: 2 if setting.quick else 1]:
            yield Figure(f"reading {name}", on(threads), _reading(setting, threads, size), "GB/s")


def _reading(setting: Setting, threads: int, size_mb: float) -> list[float]:
    """Return the rates of processes that read their own shares of `size_mb` at the same time."""
    share = int(size_mb * 1e6 / threads)
    with contenders(
        {str(n): Contender("limits:read", setting, {"size": share}) for n in range(threads)}
    ) as readers:
        rates = []
        for _ in range(setting.rounds):
            for reader in readers.values():
                reader.begin_turn(setting.seconds / 2)
            rates.append(sum(reader.end_turn() for reader in readers.values()) / 1e9)
    return rates


def multiply(pace: Pace, shape: tuple[int, int, int], precision: str, device: str = "cpu") -> None:
    """Contender: a matrix product, in GFLOP/s."""
    import torch

    rows, inner, columns = shape
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    left = torch.randn(rows, inner, device=device).to(dtype)
    right = torch.randn(columns, inner, device=device).to(dtype).T
    out = torch.empty(rows, columns, device=device, dtype=dtype)
    pace.worth = 2 * rows * inner * columns / 1e9
    pace.settle = torch.cuda.synchronize if device == "cuda" else pace.settle
    for _ in pace:
        torch.mm(left, right, out=out)


def read(pace: Pace, size: int) -> None:
    """Contender: reading the same `size` bytes again and again, in bytes a second.

    Uses the fastest of a few ways to read in Python and NumPy. The bytes come from the nearest
    cache that holds all of them.
    """
    import numpy as np

    words = np.full(size // 4, 0x02020202, np.int32)
    floats, octets = words.view(np.float32), bytearray(words.tobytes())
    readers: list[Callable[[], object]] = [
        words.max,
        lambda: floats.dot(floats),
        lambda: octets.find(1),
    ]
    repeats = max(1, 1_000_000 // size)

    def seconds(reader: Callable[[], object]) -> float:
        begin = time.perf_counter()
        for _ in range(repeats):
            reader()
        return time.perf_counter() - begin

    fastest = min(readers, key=lambda reader: min(seconds(reader) for _ in range(9)))
    pace.worth = size * repeats
    for _ in pace:
        for _ in range(repeats):
            fastest()
