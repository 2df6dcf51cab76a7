"""The signature and the help of `charnn.train`: completion and help show each of its options."""

import inspect
import re
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any, get_args, get_type_hints

from charnn.training.options import TrainOptions, described_options


@cache
def show_options(function: Callable[..., Any]) -> None:
    """Add each field of `TrainOptions` to the signature and the docstring of a function.

    The function takes them as `**options`. In the docstring, they stand before `Raises:`.
    """
    signature = inspect.signature(function)
    own = [item for item in signature.parameters.values() if item.kind is not item.VAR_KEYWORD]
    hints = get_type_hints(TrainOptions, include_extras=True)
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=get_args(hint)[0]
        )
        for name, hint in hints.items()
    ]
    function.__dict__["__signature__"] = signature.replace(parameters=[*own, *options])
    before, raises, after = (function.__doc__ or "").partition("    Raises:\n")
    lines = "".join(map(_described, described_options()))
    function.__doc__ = f"{before}{lines}\n{raises}{after}"


def _described(described: tuple[str, Any, Any]) -> str:
    name, _, option = described
    # The command line's `--clip-value` is `clip_value` here.
    text = re.sub(r"--([a-z-]+)", lambda found: f"`{found[1].replace('-', '_')}`", option.help)
    indent = " " * 12
    lines = textwrap.wrap(f"{name}: {text}", 84, subsequent_indent=" " * 4)
    return "".join(f"{indent}{line}\n" for line in lines)
