"""Messages on the signs that were left out of a tune, by the reader or by a player."""

from collections import Counter
from collections.abc import Iterator, Sequence

from charnn.errors import TuneError
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import Tune

MAX_MESSAGES = 10  # about one tune


def left_out(tune: Tune) -> list[str]:
    """Return the messages on the signs that the reader left out."""
    return problem_messages(tune.problems, tune.name)


def problem_messages(problems: Sequence[Problem], tune_name: str) -> list[str]:
    """Return the messages of some problems of a tune: each once, with its first place."""
    counts = Counter(problem.text for problem in problems)
    first = {problem.text: problem for problem in reversed(problems)}
    messages = []
    for text, count in counts.items():
        problem, more = first[text], f", and {count - 1} more" * (count > 1)
        messages.append(str(TuneError(text + more, problem.line, problem.column, tune_name)))
    return messages


def first_messages(
    messages: Sequence[str], prefix: str = "", after_many: str = ""
) -> Iterator[str]:
    """Yield the first messages about a tune.

    A text that is no music may have hundreds of signs to be left out.

    Args:
        messages: the messages.
        prefix: the beginning of each message.
        after_many: the message after the first ones, if there are more; `""` for their number.
    """
    for message in messages[:MAX_MESSAGES]:
        yield f"{prefix}{message}"
    if more := len(messages[MAX_MESSAGES:]):
        yield after_many or f"{prefix}and {more} more such signs"
