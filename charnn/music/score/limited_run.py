"""A program that runs another Python program with limits of time and memory.

`python limited_run.py SECONDS run PROGRAM.py ARGUMENTS ...` runs a program once.
`python limited_run.py SECONDS answer PROGRAM.py` calls the function `answer` of a program for each
line of stdin, a JSON value. Each result is a line of stdout: `{"result": value}` or
`{"error": text}`. The time of each answer is limited on its own.

The program imports nothing of charnn, so that it starts at once and runs from any folder.
"""

import json
import os
import runpy
import sys
from contextlib import suppress

MAX_MEMORY = 2 << 30  # bytes


def main() -> None:
    """Run or load the program `argv[3]`, for at most `argv[1]` seconds of computing time."""
    seconds, mode = int(sys.argv[1]), sys.argv[2]
    del sys.argv[:3]
    if mode == "answer":
        answer_lines(sys.argv[0], seconds)
    else:
        limit_resources(seconds)
        runpy.run_path(sys.argv[0], run_name="__main__")


def answer_lines(program: str, seconds: int) -> None:
    """Answer each line of stdin until it ends."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        answer = None
        for line in sys.stdin.buffer:
            limit_resources(seconds)
            try:
                answer = answer or runpy.run_path(program)["answer"]
                result = {"result": answer(json.loads(line))}
            except Exception as problem:
                result = {"error": f"{type(problem).__name__}: {problem}"}
            answers.write(json.dumps(result) + "\n")
            answers.flush()


def limit_resources(seconds: int) -> None:
    """Let the system end this process if it computes longer from now or needs too much memory."""
    with suppress(ImportError):  # Windows has no module `resource`
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        used = int(usage.ru_utime + usage.ru_stime)
        for kind, limit in (
            # At this limit the process gets SIGXCPU, which ends it and names the cause.
            (resource.RLIMIT_CPU, used + seconds),
            # Limit data, not address space: threads reserve address space without using it, and
            # typst starts one for each processor.
            (resource.RLIMIT_DATA, MAX_MEMORY),
        ):
            with suppress(OSError, ValueError):  # the limit is lower already
                resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))


if __name__ == "__main__":
    main()
