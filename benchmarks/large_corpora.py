"""Measure the preparation of a corpus of gigabytes, and the memory of training from it.

    python -m benchmarks.large_corpora --folder /tmp/large    # 5 GB, which need 20 GB of disk
    python -m benchmarks.large_corpora --gigabytes 0.1 --kills 2

The text consists of random words of the corpus `prose`, in one file. It is prepared by 1 and by 2
processes. Then it is prepared once more and killed at random moments, with every process that works
for it, and continued; the benchmark fails unless all three results have the same bytes. At last a
run is trained for a few steps.

Memory is what a process needs for itself (`RssAnon` in /proc). The pages of files that it reads and
maps are not counted: they are the cache of the system, which takes them back when others need them.
"""

import argparse
import contextlib
import filecmp
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from charnn.corpus.sources import open_corpus

BLOCK_WORDS = 2_000_000
PREPARE = """
import sys
from pathlib import Path
from charnn.corpus.ids import prepare
from charnn.corpus.sources import open_corpus
prepare(open_corpus(["text.txt"]), Path(sys.argv[1]), workers=int(sys.argv[2]))
"""
TRAIN = ("train", "text.txt", "--steps", "200", "--name", "large", "--quiet")


class Child:
    """A Python process in a group of its own, and the largest private memory of any in the group.

    Args:
        arguments: the arguments of Python.
    """

    def __init__(self, *arguments: str) -> None:
        self.begin, self.processors_before = time.perf_counter(), processor_seconds()
        self.process = subprocess.Popen([sys.executable, *arguments], start_new_session=True)
        self.peak = 0
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def _look(self) -> None:
        while self.process.poll() is None:
            for one in self._group():
                with contextlib.suppress(OSError):
                    lines = Path(f"/proc/{one}/status").read_text().splitlines()
                    sizes = [line.split()[1] for line in lines if line.startswith("RssAnon")]
                    self.peak = max([self.peak, *(int(size) // 1000 for size in sizes)])
            time.sleep(0.05)

    def _group(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if os.getpgid(int(entry.name)) == self.process.pid:
                    found.append(int(entry.name))
        return found

    def wait(self) -> tuple[float, float]:
        """Wait until the process has ended; return its seconds, and those of all processors."""
        if code := self.process.wait():
            raise SystemExit(f"a process has ended with {code}")
        return time.perf_counter() - self.begin, processor_seconds() - self.processors_before

    def kill(self) -> None:
        """Kill the process, as a full memory would; its workers end by themselves."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def processor_seconds() -> float:
    """Return the seconds of processors that all ended children have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_text(path: Path, size: int) -> None:
    """Write a text of random words of at least `size` bytes."""
    choose = random.Random(0)
    words = "".join(document.text() for document in open_corpus(["prose"]).documents).split(" ")
    block = (" ".join(choose.choices(words, k=BLOCK_WORDS)) + "\n").encode()
    with path.open("wb") as file:
        while file.tell() < size:
            # Begun anywhere, so that no two pieces are the same.
            begin = block.index(b" ", choose.randrange(len(block) // 2))
            file.write(block[begin:] + block[:begin])


def rows(gigabytes: float, kills: int) -> Iterator[tuple[str, str]]:
    """Yield the figures as rows of a table."""
    text = Path("text.txt")
    write_text(text, round(gigabytes * 1e9))
    megabytes = text.stat().st_size / 1e6
    yield "text", f"{megabytes:,.0f} MB in one file"
    for workers in (1, 2):
        child = Child("-c", PREPARE, f"data-{workers}", str(workers))
        seconds, used = child.wait()
        speed = (
            f"{seconds:.0f} s, {megabytes / seconds:.0f} MB/s; {used:.1f} s of processors, "
            f"{child.peak} MB a process"
        )
        yield f"prepared by {workers} process{'es' * (workers > 1)}", speed
    whole = min(seconds, 600)
    for number in range(kills):
        child = Child("-c", PREPARE, "data-killed", "2")
        time.sleep(random.Random(number).uniform(0.1, 0.9) * whole)
        child.kill()
        if list(Path("data-killed").glob("[!.]*")):
            # It was just ready: once more from the beginning.
            expect_same_files()
            shutil.rmtree("data-killed")
    last, _ = Child("-c", PREPARE, "data-killed", "2").wait()
    yield f"killed {kills} times and continued", f"the last time took {last:.0f} s"
    expect_same_files()
    yield "ids of all three", "the same bytes"
    shutil.rmtree("data-2")
    shutil.rmtree("data-killed")
    Path("data-1").rename("data")
    child = Child("-m", "charnn", *TRAIN)
    yield "200 steps from it", f"{child.wait()[0]:.0f} s, {child.peak} MB"


def expect_same_files() -> None:
    """End with an error unless all preparations have the same files."""
    (first,), *others = (
        list(Path(name).glob("[!.]*")) for name in ("data-1", "data-2", "data-killed")
    )
    for (other,) in others:
        for name in ("ids.npy", "corpus.json"):
            if not filecmp.cmp(first / name, other / name, shallow=False):
                raise SystemExit(f"{first / name} and {other / name} differ")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=5)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=Path("large"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True)
    try:
        with contextlib.chdir(options.folder):
            for name, value in rows(options.gigabytes, options.kills):
                print(f"| {name} | {value} |", flush=True)
    finally:
        shutil.rmtree(options.folder)


if __name__ == "__main__":
    main()
