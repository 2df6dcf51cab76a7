"""The setting of all subjects: the text, the thoroughness, a folder to work in, the machine."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """One run of the benchmarks.

    Args:
        text: the file to train on, UTF-8.
        folder: a folder that is empty at first and deleted afterwards.
        quick: take shorter turns and fewer lines, which shows that everything runs.
        gpu: the name of the CUDA device; empty without one.
    """

    text: Path
    folder: Path
    quick: bool
    gpu: str

    @property
    def rounds(self) -> int:
        """Return how often each contender has its turn."""
        return 3 if self.quick else 5

    @property
    def seconds(self) -> float:
        """Return the length of a turn in seconds."""
        return 0.4 if self.quick else 0.8

    @property
    def cores(self) -> int:
        """Return the number of CPU cores that may be used."""
        return len(usable_cores())

    @property
    def thread_counts(self) -> list[int]:
        """Return one thread, and one thread for each core."""
        return sorted({1, self.cores})


def usable_cores() -> list[int]:
    """Return the numbers of the CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def on(threads: int) -> str:
    """Return a number of threads in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def find_gpu() -> str:
    """Return the name of the CUDA device, or an empty string. A separate process looks: see
    `child`."""
    program = (
        "import torch; "
        "print(torch.cuda.get_device_name() if torch.cuda.is_available() else '', end='')"
    )
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout


def machine(gpu: str) -> str:
    """Return machine, versions, date and load in one line; the load should be near 0."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("charnn", "torch", "numpy")
    )
    today = datetime.now(UTC).date().isoformat()
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return (
        f"{processor()}, {len(usable_cores())} cores{load}, {gpu or 'no GPU'}; "
        f"{platform.system()}, Python {platform.python_version()}, {versions}; {today}"
    )


def processor() -> str:
    """Return the CPU's model, with its caches where the system lists them."""
    try:
        listing = subprocess.run(
            ["lscpu", "--json"], check=True, capture_output=True, env={**os.environ, "LC_ALL": "C"}
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return platform.processor() or platform.machine()
    facts = dict(_facts(json.loads(listing)["lscpu"]))
    caches = [
        f"{level} {facts[f'{level} cache:'].split(' (')[0]}"
        for level in ("L2", "L3")
        if f"{level} cache:" in facts
    ]
    return ", ".join([facts.get("Model name:", platform.machine()), *caches])


def _facts(entries: list[dict[str, object]]) -> list[tuple[str, str]]:
    """Yield the lines of the listing, which newer versions nest."""
    found = []
    for entry in entries:
        found.append((str(entry["field"]), str(entry["data"])))
        children = entry.get("children", [])
        assert isinstance(children, list)
        found += _facts(children)
    return found
