"""Jobs: commands of charnn that run one after the other in a folder, and what is compared."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.unchanged.captures import Capture

# The line of a job that holds the trained parameters.
PARAMETERS = "parameters"


@dataclass(frozen=True)
class Step:
    """A command of charnn, and the captures of its output.

    Args:
        arguments: the arguments of charnn, as in a shell.
        captures: what is compared; the key follows the job's name in the table.
        exit_codes: the exit codes of success: also 1 where some tunes of a book are wrong.
        samples_run: whether the output is a text drawn from the run that the job has trained. One
            number within the tolerance can change a drawn symbol and with it the rest of the text,
            so such a text may differ where the parameters differ within the tolerance.
    """

    arguments: str
    captures: Mapping[str, Capture] = field(default_factory=dict)
    exit_codes: tuple[int, ...] = (0,)
    samples_run: bool = False


@dataclass(frozen=True)
class Job:
    """Steps that run one after the other in a folder of their own.

    Args:
        name: the beginning of its lines in the table.
        steps: at least one.
        quick: whether `--quick` includes the job.
    """

    name: str
    steps: Sequence[Step]
    quick: bool = False

    def lines(self) -> list[str]:
        """Return the names of its lines in the table."""
        return [self.line(part) for step in self.steps for part in step.captures]

    def sampled_lines(self) -> dict[str, str]:
        """Return the lines of texts drawn from the trained run, each with the line of that run's
        parameters."""
        return {
            self.line(part): self.line(PARAMETERS)
            for step in self.steps
            if step.samples_run
            for part in step.captures
        }

    def line(self, part: str) -> str:
        """Return the name of a line in the table."""
        return f"{self.name}: {part}"

    def folder_name(self) -> str:
        """Return the name of its folder, without characters that a file system may refuse."""
        return re.sub(r"[^\w.|]+", "-", self.name).replace("|", "I").strip("-")
