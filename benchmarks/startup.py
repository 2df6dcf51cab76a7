"""Start-up: how long until `charnn --help` is done and until `charnn sample` shows a character.

    python benchmarks/startup.py [CKPT]

Medians and ranges of ten runs each, in seconds; run it in a folder with a trained model.
"""

import statistics
import subprocess
import sys
import time

RUNS = 10


def seconds_to_end(command: list[str]) -> float:
    """Wall time of a whole process."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def seconds_to_first_byte(command: list[str]) -> float:
    """Wall time until a process has written one byte to stdout."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.read(1), "no output: is there a trained model in checkpoints/?"
        taken = time.perf_counter() - begin
        process.kill()
    return taken


if __name__ == "__main__":
    charnn = [sys.executable, "-m", "charnn"]
    sample = [*charnn, "sample", *sys.argv[1:]]
    for name, measure, command in (
        ("charnn --help", seconds_to_end, [*charnn, "--help"]),
        (
            "charnn sample, first character",
            seconds_to_first_byte,
            [*charnn, "sample", *sys.argv[1:]],
        ),
    ):
        measure(command)
        times = [measure(command) for _ in range(RUNS)]
        print(
            f"{name}: median {statistics.median(times):.3f} s "
            f"({min(times):.3f} to {max(times):.3f}, {RUNS} runs)"
        )
