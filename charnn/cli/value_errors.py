"""The error for a value that an option cannot have, the same in all commands.

It replaces typer's sentences, which name classes of Python and suggest nothing: "Invalid value for
'--cell': Value error, 'lstmm' is not one of 'lstm', 'gru'." or "Input should be a valid integer,
unable to parse string as an integer".
"""

import re
from typing import Any

from charnn.errors import UsageError, shorten, unknown_choice

_NOT_A_CHOICE = re.compile(r"(?:Value error, )?'(.*)' is not one of (.*)\.", re.DOTALL)
# typer 0.29 raises pydantic's error, earlier versions quote the value.
_QUOTED_VALUE = re.compile(r"'(.*)' is not a valid \w+\.?", re.DOTALL)


def value_error(problem: Any) -> UsageError | None:
    """Return the error that replaces typer's own, or None if `problem` is not about a value.

    Args:
        problem: an exception of typer for wrong usage.
    """
    parameter = getattr(problem, "param", None)
    if parameter is None:
        return None
    # The longest name: `--output`, not `-o`.
    option = max(parameter.opts, key=len)
    if parameter.param_type_name == "argument":
        option = str(parameter.metavar or option.upper())
    if found := _NOT_A_CHOICE.fullmatch(problem.message):
        return unknown_choice(option, found[1], re.findall(r"'(.*?)'", found[2]))
    value = _refused_value(problem)
    if value is None:
        return None
    name = f"{option} {shorten(value, 100) or repr(value)}"
    if "integer" in problem.message:
        return UsageError(f"{name} is not a whole number: write it in digits, such as 12")
    if "number" in problem.message or "float" in problem.message:
        return UsageError(f"{name} is not a number: write it in digits, such as 12 or 0.5")
    if "boolean" in problem.message:
        return UsageError(f"{name} is neither true nor false: write 1 or 0")
    return UsageError(f"{name}: {problem.message.removeprefix('Value error, ')}")


def _refused_value(problem: Any) -> str | None:
    """Return the value that typer refuses, or None if `problem` is about something else."""
    if found := _QUOTED_VALUE.fullmatch(problem.message):
        return found[1]
    errors = getattr(problem.__cause__, "errors", None)  # pydantic's ValidationError
    return str(errors()[0]["input"]) if callable(errors) else None
