"""The output of learning curves: those of a run, and those of several runs side by side."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from charnn.checkpoints.run_files import METRICS, RUNS_FOLDER
from charnn.cli.console import escape_to_one_line, show_warning, write_stdout
from charnn.cli.curve_tables import curves_table
from charnn.cli.insight_options import write_picture
from charnn.cli.run_tables import NOT_COMPARABLE

if TYPE_CHECKING:
    from charnn.insight.learning_curves import LearningCurves


def compare_curves(runs: Sequence[Path], picture: Path | None, as_json: bool) -> None:
    """Show the curves of several runs side by side, or draw them."""
    from charnn.checkpoints.run_summary import are_comparable
    from charnn.checkpoints.runs import find_checkpoints

    curves = read_and_draw([find_checkpoints(run, RUNS_FOLDER)[0] for run in runs], picture)
    comparable = are_comparable([run.header for run in curves])
    if as_json:
        found = {"runs": [run.to_json() for run in curves], "comparable": comparable}
        write_stdout(json.dumps(found) + "\n")
    elif not picture:
        write_stdout(curves_table(curves))
    if not comparable:
        show_warning(NOT_COMPARABLE)


def read_and_draw(paths: Sequence[Path], picture: Path | None) -> "list[LearningCurves]":
    """Return the curves of runs, drawn to a file if one is named."""
    from charnn.insight.curve_picture import curves_page, draw_curves
    from charnn.insight.learning_curves import read_learning_curves

    curves = list(map(read_learning_curves, paths))
    names = [run.name for run in curves]
    for number, path in enumerate(paths):
        if left_out := curves[number].left_out:
            file = path.with_name(METRICS)
            show_warning(f"{file}: {left_out:,} damaged or incomplete lines were left out")
        # Runs of the same name lie in different folders.
        name = names[number] if names.count(names[number]) == 1 else str(path)
        curves[number] = replace(curves[number], name=escape_to_one_line(name))
    if picture:
        write_picture(picture, lambda: draw_curves(curves), lambda: curves_page(curves))
    return curves
