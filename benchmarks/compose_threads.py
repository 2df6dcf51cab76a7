"""Measure how the page's models share one process, in CPU time.

    python -m benchmarks.compose_threads

Threads write tunes as the page does, alone, four at once, and beside the first comparison of a tune
with the learned ones. Times are CPU time of the process, which other processes do not change: on a
quiet machine, it is the time that a user waits.
"""

import itertools
import sys
import threading
import time
from statistics import median

from charnn.compose.composer import write_tune
from charnn.compose.tune_novelty import compare_tune

TUNES = 5


def main() -> None:
    """Measure, and print a table."""
    sys.setswitchinterval(0.001)  # as the page does
    list(write_tune({"seed": 1}))  # reads the model
    print("| | first bar, median | first bar, longest | longest wait between bars |")
    print("| --- | --- | --- | --- |")
    print(f"| 1 at once | {_measure(1)} |")
    print(f"| 4 at once | {_measure(4)} |")
    comparison = threading.Thread(target=compare_tune, args=("folk", "X:1\nK:D\nABcdefg|"))
    comparison.start()
    print(f"| 1 beside a first comparison | {_measure(1)} |")
    comparison.join()


def _measure(users: int) -> str:
    times: list[tuple[float, float]] = []
    threads = [threading.Thread(target=_write, args=(user, times)) for user in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = [bar for bar, _ in times]
    longest = max(wait for _, wait in times)
    return f"{median(first):.2f} s | {max(first):.2f} s | {longest:.2f} s"


def _write(user: int, times: list[tuple[float, float]]) -> None:
    """Write tunes, and add the time to the first bar and the longest wait of each."""
    for number in range(TUNES):
        bars = [time.process_time()]
        for result in write_tune({"seed": 1000 * user + number + 2}):
            if "|" in result.get("text", ""):
                bars.append(time.process_time())
        waits = (after - before for before, after in itertools.pairwise(bars[1:]))
        times.append((bars[1] - bars[0], max(waits)))


if __name__ == "__main__":
    main()
