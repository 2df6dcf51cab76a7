"""Faults on purpose, many times over: a few trials of each in every run of the tests, all of them
with `--whole`, which prints the table of what was survived."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

# Failures of one fault that are kept to be shown, and after which it is given up.
MOST_SHOWN = 5
MOST_LOST = 50


@dataclass
class Row:
    """A line of the table."""

    fault: str
    trials: int = 0
    lost: list[str] = field(default_factory=list)


ROWS = pytest.StashKey[list[Row]]()

# One trial: everything random in it comes from the generator; it fails as a test does.
Trial = Callable[[random.Random], None]


class Trials:
    """Runs the trials of a fault, and counts what was survived.

    Args:
        whole: run all of them.
        rows: where the result goes.
    """

    def __init__(self, whole: bool, rows: list[Row]) -> None:
        self.whole = whole
        self.rows = rows

    def __call__(self, fault: str, trial: Trial, *, few: int, many: int) -> None:
        """Run `few` trials, or `many` with `--whole`: the few are the first of the many.

        Args:
            fault: what is done, as the table says it.
            trial: called with a generator that the fault and the trial's number seed.
            few: trials in every run of the tests; together they take about a second. With none
                of them, the test is skipped.
            many: trials in all.
        """
        count = many if self.whole else few
        if not count:
            pytest.skip("with --whole")
        row = Row(fault)
        self.rows.append(row)
        for number in range(count):
            row.trials += 1
            try:
                trial(random.Random(f"{fault} {number}"))
            except Exception as problem:
                row.lost.append(f"trial {number}: {problem!r}")
                if not self.whole:
                    raise
            if len(row.lost) == MOST_LOST:
                break
        shown = "\n".join(row.lost[:MOST_SHOWN])
        assert not row.lost, f"{fault}: {len(row.lost)} of {row.trials} lost:\n{shown}"


@pytest.fixture
def trials(request: pytest.FixtureRequest) -> Iterator[Trials]:
    """`trials(fault, trial, few=2, many=200)` runs a fault's trials."""
    rows = request.config.stash.setdefault(ROWS, [])
    yield Trials(request.config.getoption("--whole"), rows)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table, as Markdown."""
    rows = config.stash.get(ROWS, [])
    if not rows or not config.getoption("--whole"):
        return
    terminalreporter.write_line("\n| fault | trials | survived | lost |\n| --- | --- | --- | --- |")
    for row in rows:
        survived = row.trials - len(row.lost)
        terminalreporter.write_line(
            f"| {row.fault} | {row.trials:,} | {survived:,} | {len(row.lost)} |"
        )
