"""Messages on the signs that were left out of a tune, by the reader or by a player."""

from collections import Counter
from collections.abc import Sequence

from charnn.errors import TuneError
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import Tune


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
