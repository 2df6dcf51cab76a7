"""Messages on the signs that the reader left out of a tune."""

from collections import Counter

from charnn.errors import TuneError
from charnn.music.tune.tune import Tune


def left_out(tune: Tune) -> list[str]:
    """Return the messages on the signs that were left out: each once, with its first place."""
    counts = Counter(problem.text for problem in tune.problems)
    first = {problem.text: problem for problem in reversed(tune.problems)}
    messages = []
    for text, count in counts.items():
        problem, more = first[text], f", and {count - 1} more" * (count > 1)
        messages.append(str(TuneError(text + more, problem.line, problem.column, tune.name)))
    return messages
