"""The error for a value that is not among the choices of an option, the same in all commands.

It replaces typer's "Invalid value for '--cell': Value error, 'lstmm' is not one of 'lstm', 'gru'.",
which suggests nothing.
"""

import re
from typing import Any

from charnn.errors import UsageError, unknown_choice

_NOT_A_CHOICE = re.compile(r"(?:Value error, )?'(.*)' is not one of (.*)\.", re.DOTALL)


def choice_error(problem: Any) -> UsageError | None:
    """Return the error that replaces typer's own, or None if `problem` is not about a choice.

    Args:
        problem: an exception of typer for wrong usage.
    """
    found = _NOT_A_CHOICE.fullmatch(problem.message)
    parameter = getattr(problem, "param", None)
    if found is None or parameter is None:
        return None
    # The longest name: `--output`, not `-o`.
    option = max(parameter.opts, key=len)
    return unknown_choice(option, found[1], re.findall(r"'(.*?)'", found[2]))
