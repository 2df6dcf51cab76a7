"""`python -m benchmarks.unchanged`: compare the results of two checkouts, byte by byte.

It proves that a change does not alter behaviour. Both checkouts run the same jobs, and each result
of a job (parameters, texts, files) has one line with its SHA-256 before and after. The jobs use
only the command line and files, so modules may move and names may change.

    python -m benchmarks.unchanged --before OLD             # compare OLD with this checkout
    python -m benchmarks.unchanged --after OLD --save f     # run only OLD, and keep its results
    python -m benchmarks.unchanged --before f               # compare these results with this one

Trained parameters, losses and other fractions may differ by --tolerance. Where the parameters of a
run differ within the tolerance, texts drawn from that run may differ, too: their verdict is
"follows from parameters". The wording of messages is not compared. All other results must be equal.

Both sides need the same machine and the same installed packages, because torch computes other last
digits on another processor.
"""

import argparse
import fnmatch
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.child import PROJECT
from benchmarks.unchanged.checkout import Checkout
from benchmarks.unchanged.comparison import Comparison
from benchmarks.unchanged.inputs import write_inputs
from benchmarks.unchanged.job import Job
from benchmarks.unchanged.jobs import all_jobs
from benchmarks.unchanged.results import FAILED, Results, overall


def main() -> int:
    """Run and compare as the command line asks; return 1 if a result differs or a job failed."""
    options = _options()
    # SIGTERM cleans up too, after the jobs that are running.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    jobs = _chosen_jobs(options)
    lines = [line for job in jobs for line in job.lines()]
    with tempfile.TemporaryDirectory(prefix="charnn-unchanged-") as temporary:
        folder = options.keep.resolve() if options.keep else Path(temporary)
        results = _run(options, jobs, lines, folder)
    for name, path in (("before", options.save_before), ("after", options.save)):
        if path:
            results[name].save(path)
    for name in sorted(results, reverse=True):  # before, after
        print(f"{name}: {results[name].made}")
    after = results["after"]
    if "before" not in results:
        print(f"{len(lines)} lines, overall {overall(after.hashes)}")
        return int(FAILED in after.hashes.values())
    sampled = {line: source for job in jobs for line, source in job.sampled_lines().items()}
    comparison = Comparison(results["before"], after, options.tolerance, sampled)
    table, accepted = comparison.table()
    print(f"\n{table}")
    return int(not accepted)


def _chosen_jobs(options: argparse.Namespace) -> list[Job]:
    """Return the jobs that `--only` and `--quick` choose."""
    jobs = [job for job in all_jobs() if fnmatch.fnmatchcase(job.name, options.only)]
    jobs = [job for job in jobs if job.quick or not options.quick]
    lines = [line for job in jobs for line in job.lines()]
    assert len(set(lines)) == len(lines)
    assert len({job.folder_name() for job in jobs}) == len(jobs)
    return jobs


def _run(
    options: argparse.Namespace, jobs: Sequence[Job], lines: Sequence[str], folder: Path
) -> dict[str, Results]:
    """Run the jobs in a folder, and return the results of "after" and, if asked for, "before"."""
    results: dict[str, Results] = {}
    roots = {"after": options.after}
    if options.before and options.before.is_file():
        results["before"] = Results.load(options.before)
    elif options.before:
        roots = {"before": options.before, **roots}
    inputs = folder / "inputs"
    inputs.mkdir(parents=True)
    inputs_hash = write_inputs(inputs)
    checkouts = [
        Checkout(name, root, inputs, folder / name, options.keep is not None)
        for name, root in roots.items()
    ]
    for checkout in checkouts:
        checkout.expect_own_code()
    with ThreadPoolExecutor(options.processes) as pool:
        list(pool.map(lambda pair: pair[0].run(pair[1]), _pairs(checkouts, jobs)))
    return results | {one.name: one.results(inputs_hash, lines) for one in checkouts}


def _pairs(checkouts: Sequence[Checkout], jobs: Sequence[Job]) -> Iterator[tuple[Checkout, Job]]:
    """Yield each job with all checkouts before the next job, so that a slow hour slows both."""
    return ((checkout, job) for job in jobs for checkout in checkouts)


def _options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.unchanged",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = partial(parser.add_argument, type=Path)
    add("--before", metavar="OLD", help="a checkout, or the FILE of an earlier --save")
    add("--after", metavar="NEW", default=PROJECT, help="a checkout; default: this one")
    add("--save", metavar="FILE", help="keep the results of NEW, and the tensors as .npz beside it")
    add("--save-before", metavar="FILE", help="keep the results of OLD")
    add("--keep", metavar="DIR", help="keep the files that the jobs write, to see the differences")
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.0,
        help="largest accepted difference of a fraction or a trained parameter; default: 0",
    )
    parser.add_argument("--quick", action="store_true", help="run some jobs of each kind: a minute")
    parser.add_argument(
        "--only", default="*", metavar="PATTERN", help="run the jobs with matching names: 'train *'"
    )
    parser.add_argument("--processes", type=int, default=2, help="jobs at a time; default: 2")
    options = parser.parse_args()
    if options.save_before and (options.before is None or options.before.is_file()):
        parser.error("--save-before needs a checkout as --before")
    if options.before is not None and not options.before.exists():
        parser.error(f"--before {options.before} does not exist")
    return options


if __name__ == "__main__":
    sys.exit(main())
