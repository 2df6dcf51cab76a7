"""A program that runs another Python program with limits of time and memory.

`python limited_run.py SECONDS PROGRAM.py ARGUMENTS ...` imports nothing of charnn, so that it
starts at once and runs from any folder.
"""

import runpy
import sys
from contextlib import suppress

MAX_MEMORY = 2 << 30  # bytes


def main() -> None:
    """Run the program `argv[2]` for at most `argv[1]` seconds of computing time."""
    limit_resources(int(sys.argv[1]))
    del sys.argv[:2]
    runpy.run_path(sys.argv[0], run_name="__main__")


def limit_resources(seconds: int) -> None:
    """Let the system end this process if it computes too long or needs too much memory."""
    with suppress(ImportError):  # Windows has no module `resource`
        import resource

        for kind, limits in (
            # At the first limit the process gets SIGXCPU, which names the cause; at the second,
            # SIGKILL.
            (resource.RLIMIT_CPU, (seconds, seconds + 1)),
            # Limit data, not address space: threads reserve address space without using it, and
            # typst starts one for each processor.
            (resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY)),
        ):
            with suppress(OSError, ValueError):  # the limit is lower already
                resource.setrlimit(kind, limits)


if __name__ == "__main__":
    main()
