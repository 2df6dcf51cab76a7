"""The comparison of two checkouts' results."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.unchanged.results import FAILED, Results, Tensors, overall

SAME, DIFFERENT = "same", "DIFFERENT"


@dataclass(frozen=True)
class Comparison:
    """The results before and after a change.

    Args:
        before: the results of the old checkout.
        after: the results of the new checkout. Its lines are compared.
        tolerance: the largest accepted difference of two numbers in tensors; 0 for equal bytes.
        sampled: the lines of texts drawn from a trained run, each with the line of its parameters.
    """

    before: Results
    after: Results
    tolerance: float
    sampled: Mapping[str, str]

    def table(self) -> tuple[str, bool]:
        """Return the table as Markdown, and whether all lines are accepted."""
        inputs_before, inputs_after = self.before.inputs, self.after.inputs
        inputs = SAME if inputs_before == inputs_after else DIFFERENT
        rows = [
            "| job | before | after | | largest difference |",
            "| --- | --- | --- | --- | --- |",
            f"| inputs | `{inputs_before[:16]}` | `{inputs_after[:16]}` | {inputs} | |",
        ]
        accepted = 0
        for line, now in self.after.hashes.items():
            was = self.before.hashes.get(line, "missing")
            verdict = self.verdict(line)
            accepted += verdict != DIFFERENT
            shown = f"{self.difference(line):.3g}" if line in self.after.tensors else ""
            cell = line.replace("|", r"\|")  # a | would end the cell
            rows.append(f"| {cell} | `{was[:16]}` | `{now[:16]}` | {verdict} | {shown} |")
        count = len(self.after.hashes)
        all_accepted = accepted == count and inputs == SAME
        first, second = (
            overall({line: side.hashes.get(line, "") for line in self.after.hashes})
            for side in (self.before, self.after)
        )
        verdict = SAME if all_accepted else DIFFERENT
        rows.append(f"| **all {count}** | `{first}` | `{second}` | {verdict} | |")
        rows += ["", f"{accepted} the same or accepted, {count - accepted} different"]
        return "\n".join(rows), all_accepted

    def verdict(self, line: str) -> str:
        """Return the verdict on a line; every one but `DIFFERENT` is accepted."""
        was, now = self.before.hashes.get(line, FAILED), self.after.hashes.get(line, FAILED)
        if FAILED in (was, now):
            return DIFFERENT
        if was == now:
            return SAME
        if self.difference(line) <= self.tolerance:
            return "within tolerance"
        # If the parameters are equal to the byte, then the text drawn from them must be, too.
        source = self.sampled.get(line)
        if source is not None and self.verdict(source) == "within tolerance":
            return "follows from parameters"
        return DIFFERENT

    def difference(self, line: str) -> float:
        """Return the largest difference of the numbers of a line; infinite without numbers."""
        if self.before.hashes.get(line) == self.after.hashes[line] != FAILED:
            return 0.0
        if line not in self.before.tensors or line not in self.after.tensors:
            return math.inf
        was, now = self.before.tensors[line], self.after.tensors[line]
        return largest_difference(was, now, allow_rounding=self.tolerance > 0)


def largest_difference(before: Tensors, after: Tensors, *, allow_rounding: bool) -> float:
    """Return the largest difference of two numbers in the same place.

    Args:
        before: the tensors of the old checkout, by name.
        after: the tensors of the new checkout.
        allow_rounding: subtract one unit in the last place from the differences of float16 numbers.
            Exported weights are rounded to float16, where the smallest difference of the trained
            weights may flip the last digit, which is worth up to 2.4e-4 of a number between 0.25
            and 0.5.

    Returns:
        The difference; infinite if names, types or shapes differ, or if a number is NaN.
    """
    if before.keys() != after.keys():
        return math.inf
    largest = 0.0
    for name, was in before.items():
        now = after[name]
        if (was.shape, was.dtype) != (now.shape, now.dtype):
            return math.inf
        if not was.size:
            continue
        differences = np.abs(was.astype(np.float64) - now.astype(np.float64))
        if allow_rounding and was.dtype == np.float16:
            unit = np.spacing(np.maximum(np.abs(was), np.abs(now))).astype(np.float64)
            differences = np.maximum(differences - unit, 0.0)
        difference = float(differences.max())
        largest = max(largest, math.inf if math.isnan(difference) else difference)
    return largest
