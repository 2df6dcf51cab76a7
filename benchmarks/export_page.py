"""Compare the texts that exported pages write in Chromium with those of the command line.

    python -m benchmarks.export_page [--seeds 50] [--length 400] [RUN ...]

The pages are opened from the file system, and write with five settings in turn. For every cell
there are two untrained models, with and without a pointer: their distributions are flat, so any
difference in a logit soon shows in the text. The bundled model and the named runs are trained.
Speed is counted in characters per second of computing in the worker's thread, because other
programs may run beside it.

Needs Linux, Chromium and the group `browser`.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.library import Model, load
from charnn.model.cells import CELLS
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from tests.helpers import prose, random_checkpoint

SETTINGS: list[dict[str, float]] = [
    {},
    {"temperature": 0.5},
    {"temperature": 1.2, "top-p": 0.9},
    {"min-p": 0.05},
    {"top-k": 8},
]
OPTIONS = ("temperature", "top-k", "top-p", "min-p")
_TICKS = os.sysconf("SC_CLK_TCK")


def untrained(cell: str, pointer: int) -> Checkpoint:
    """Return an untrained model with two layers, and embeddings or one-hot input."""
    return random_checkpoint(
        prose(5000),
        cell=cell,
        num_layers=2,
        hidden_size=96,
        embedding_size=16 if pointer else None,
        pointer=pointer,
        documents=1 + pointer,
    )


def worker_seconds(browser_pid: int) -> float:
    """Return the seconds of computing of all workers in the processes of a browser."""
    total = 0
    for process in descendants(browser_pid):
        for task in Path(f"/proc/{process}/task").glob("*/stat"):
            name, _, rest = task.read_text().rpartition(")")
            if "DedicatedWorker" in name:
                total += sum(map(int, rest.split()[11:13]))
    return total / _TICKS


def descendants(pid: int) -> Iterator[int]:
    """Yield a process and those that it started."""
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            yield from descendants(child)


class Tab:
    """A page that is open in a tab."""

    def __init__(self, browser: Any, path: Path) -> None:
        self._tab = browser.new_page()
        self._tab.goto(path.as_uri())
        self._tab.wait_for_selector("#write:enabled", timeout=60_000)

    def write(self, link: dict[str, Any]) -> tuple[str, str]:
        """Return the text of a link, and the command that the page names for it."""
        self._tab.evaluate(f"location.hash = {urlencode({**link, 'autorun': 1})!r}")
        done = f"text.dataset.done === '' && settings?.seed === {link['seed']}n"
        while not self._tab.evaluate(done):
            time.sleep(0.02)
        return self._tab.text_content("#text"), self._tab.text_content("#command")


def sampled(sampler: Sampler, link: dict[str, Any]) -> str:
    """Return the text that a sampler writes with the settings of a link."""
    given = {name.replace("-", "_"): link[name] for name in OPTIONS if name in link}
    params = SamplingParams(**given)
    return "".join(sampler.stream(params, seed=link["seed"], length=link["length"]))


def commanded(command: str) -> str:
    """Return what a command of charnn writes."""
    program = f"{shlex.quote(sys.executable)} -m {command}"
    ended = subprocess.run(["bash", "-c", program], capture_output=True, check=True)
    return ended.stdout.decode()


def row(name: str, model: Model, browser: Any, arguments: argparse.Namespace) -> str:
    """Return the row of a model in the table."""
    page = model.page()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.html")
        path.write_bytes(page)
        tab = Tab(browser, path)
        sampler, equal, characters = Sampler(model.checkpoint), 0, 0
        for seed in range(arguments.seeds):
            turn = SETTINGS[seed % len(SETTINGS)]
            link = {"seed": seed, "length": arguments.length, **turn}
            text, command = tab.write(link)
            is_tune = model.checkpoint.metadata.get("tunes")
            equal += text == (commanded(command) if is_tune else sampled(sampler, link))
            characters += len(text)
        begin, written = worker_seconds(os.getpid()), 0
        for seed in range(3):
            written += len(tab.write({"seed": seed, "length": 3000})[0])
        speed = written / (worker_seconds(os.getpid()) - begin)
    size = f"{model.checkpoint.config.parameter_count():,}"
    counted = f"{equal} of {arguments.seeds} ({characters:,})"
    return f"| {name} | {size} | {counted} | {len(page) / 1e6:.1f} MB | {speed:,.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", metavar="RUN")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--length", type=int, default=400)
    arguments = parser.parse_args()
    models = {
        f"{cell}{', pointer' * bool(pointer)}, untrained": Model(
            Path("untrained.safetensors"), untrained(cell, pointer)
        )
        for cell in CELLS
        for pointer in (0, 100)
    }
    models |= {name: load(name) for name in ("folk", *arguments.runs)}
    print("| model | parameters | equal texts (characters) | page | characters/s |")
    print("| --- | --- | --- | --- | --- |")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, model in models.items():
            print(row(name, model, browser, arguments), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
