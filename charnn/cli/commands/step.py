"""`charnn step`: one cell at work, character by character."""

import json
import sys
from typing import Annotated

import typer

from charnn.cli.console import is_terminal, show_warning, write_stdout
from charnn.cli.insight_options import (
    JsonOption,
    ModelArgument,
    PictureOption,
    check_picture,
    load_model,
    use_one_thread,
    write_picture,
)


def command(
    run: ModelArgument,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The text that the cell reads: the text itself.")
    ],
    unit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L.I",
            help="Show unit I of layer L, both counted from 0; may be repeated; default: the unit "
            "of the last layer whose output varies most.",
        ),
    ] = None,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a cell at work, with the numbers in its equations.

    On a terminal, the arrow keys move from step to step; elsewhere, all steps are written. A page
    (-o FILE.html) plays them.

    \b
    Examples:
      charnn step shakespeare 'ROMEO:'
      charnn step shakespeare 'to be' --unit 0.17 --unit 0.3
      charnn step folk 'X:1' -o step.html
    """
    path = check_picture(output)
    model = load_model(run)
    from charnn.checkpoints.bundled import display_name
    from charnn.cli.step_view import play_steps, write_steps
    from charnn.insight.cell_steps import cell_steps
    from charnn.insight.read_text import describe_unknown, read_texts
    from charnn.insight.unit_names import parse_unit

    use_one_thread()
    units = [parse_unit(name, model.checkpoint.config, "--unit") for name in unit or ()]
    read = read_texts(model.checkpoint, [text])
    if read.unknown:
        show_warning(describe_unknown(read))
    steps = cell_steps(model.checkpoint, read, units)
    if path:
        title = f"The {steps.cell} cell of {display_name(model.path)}, step by step"
        write_picture(path, steps.figure, lambda: steps.page(title))
    if as_json:
        write_stdout(json.dumps({"checkpoint": str(model.path), **steps.to_json()}) + "\n")
    elif path:
        return
    elif is_terminal(sys.stdin) and is_terminal(sys.stdout):
        play_steps(steps)
    else:
        write_steps(steps)
