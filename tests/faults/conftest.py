"""Deliberate faults, repeated many times.

Every run of the tests makes a few trials of each fault. `--whole` makes all of them, and prints a
table of the trials that were survived.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

# Failures of one fault that the message shows, and after which the runner gives up.
MAX_SHOWN = 5
MAX_LOST = 50


@dataclass
class Row:
    """A line of the table."""

    fault: str
    trials: int = 0
    lost: list[str] = field(default_factory=list)


ROWS = pytest.StashKey[list[Row]]()

# One trial. All its random choices come from the generator, and it fails as a test does.
Trial = Callable[[random.Random], None]


class Trials:
    """A runner of the trials of a fault, which counts those that were survived.

    Args:
        whole: run all trials.
        rows: the list that gets the result.
    """

    def __init__(self, whole: bool, rows: list[Row]) -> None:
        self.whole = whole
        self.rows = rows

    def __call__(self, fault: str, trial: Trial, *, few: int, many: int) -> None:
        """Run the first `few` trials, or `many` with `--whole`.

        Args:
            fault: the name of the fault in the table.
            trial: called with a generator that is seeded by the fault and the trial's number.
            few: trials in every run of the tests, together about a second; with 0, the test is
                skipped.
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
            if len(row.lost) == MAX_LOST:
                break
        shown = "\n".join(row.lost[:MAX_SHOWN])
        assert not row.lost, f"{fault}: {len(row.lost)} of {row.trials} lost:\n{shown}"


@pytest.fixture
def trials(request: pytest.FixtureRequest) -> Iterator[Trials]:
    """Return `trials(fault, trial, few=2, many=200)`, which runs the trials of a fault."""
    rows = request.config.stash.setdefault(ROWS, [])
    yield Trials(request.config.getoption("--whole"), rows)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table as Markdown."""
    rows = config.stash.get(ROWS, [])
    if not rows or not config.getoption("--whole"):
        return
    terminalreporter.write_line("\n| fault | trials | survived | lost |\n| --- | --- | --- | --- |")
    for row in rows:
        survived = row.trials - len(row.lost)
        terminalreporter.write_line(
            f"| {row.fault} | {row.trials:,} | {survived:,} | {len(row.lost)} |"
        )
