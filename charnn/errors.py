"""The errors that a user can cause and correct.

Each message names what is wrong and what to do. The command line prints only the message, without a
traceback, and exits with `exit_code`. Every other exception is a bug in charnn.
"""

import difflib
import sys
import warnings
from collections.abc import Iterable, Sequence
from types import FrameType


def shorten(text: str, length: int) -> str:
    """Return the text in at most `length` characters, with `…` at the end where it is cut."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def join_sentences(problems: Iterable[str]) -> str:
    """Return messages as one text; every message except the last ends in a full stop."""
    return " ".join(f"{problem.rstrip('.')}." for problem in problems).removesuffix(".")


class CharnnError(Exception):
    """The base of all errors that a user can correct; exit code 1."""

    exit_code = 1


class CharnnWarning(UserWarning):
    """A warning to a caller of the library: nothing failed, but something is not as expected."""


def warn(message: str) -> None:
    """Issue a `CharnnWarning` that points to the line outside of charnn that called it."""
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and f"{frame.f_globals.get('__name__')}.".startswith("charnn."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, CharnnWarning, stacklevel=level)


class UsageError(CharnnError):
    """Options that are out of range or contradict each other; exit code 2."""

    exit_code = 2


class RepeatedError(CharnnError):
    """An error that stopped an earlier attempt of the same processes, and was shown then."""

    def __init__(self, problem: str, exit_code: int) -> None:
        super().__init__(problem)
        self.exit_code = exit_code


def unknown_choice(option: str, value: str, choices: Sequence[str]) -> UsageError:
    """Return the error for a value that is not among the choices of an option.

    >>> str(unknown_choice("--cell", "lstmm", ["lstm", "gru"]))
    '--cell lstmm is unknown. Did you mean lstm? (lstm, gru)'
    """
    similar = difflib.get_close_matches(value, choices, n=1)
    names = ", ".join(choices)
    advice = f"Did you mean {similar[0]}? ({names})" if similar else f"Choose one of {names}"
    return UsageError(f"{option} {shorten(value, 100)} is unknown. {advice}")


class CorpusError(CharnnError):
    """A corpus that is missing, empty, binary, too small or in another encoding."""


class CheckpointError(CharnnError):
    """A checkpoint or run that is missing, damaged, from another program, or already exists."""


class UnsavedError(CheckpointError):
    """A training run that has ended without being saved completely.

    Args:
        problem: the message.
        checkpoint: the best `charnn.checkpoints.checkpoint.Checkpoint` of the run, so that a
            caller can save it elsewhere; None if the run has no checkpoint yet.
    """

    def __init__(self, problem: str, checkpoint: object) -> None:
        # `object`: the ground floor does not import checkpoints.
        self.checkpoint = checkpoint
        super().__init__(problem)


class TuneBookError(CharnnError):
    """A tune book of the user that is missing, damaged, in use or no tune book."""


class TuneConflictError(UsageError):
    """A kept tune that something else has removed or changed, so that it is not written over.

    Args:
        title: the title of the tune; `""` without.
        removed: whether the tune was removed.

    Attributes:
        removed: whether the tune was removed.
    """

    def __init__(self, title: str, *, removed: bool) -> None:
        problem = "was removed: keep it again" if removed else "has another text by now"
        super().__init__(f"{title or 'the tune'} in the tune book {problem}")
        self.removed = removed


class TuneError(CharnnError):
    """ABC notation that cannot be read.

    Args:
        problem: the message, a phrase without a position.
        line: the line in the text that was read, from 1.
        column: the column in that line, from 1.
        tune: the tune's `X:` number and title, when known.
    """

    def __init__(self, problem: str, line: int, column: int, tune: str = "") -> None:
        # A problem may quote the text, and a line of ABC may be very long.
        problem = shorten(problem, 200)
        self.problem, self.line, self.column, self.tune = problem, line, column, tune
        position = f"line {line}, column {column}"
        super().__init__(f"{tune}, {position}: {problem}" if tune else f"{position}: {problem}")
