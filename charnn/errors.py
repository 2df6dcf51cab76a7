"""The failures that a user can cause and mend.

Each carries one clear sentence that says what is wrong and what to do; the command line shows that
sentence alone and leaves with `exit_code`. Anything else that is raised is a bug of ours.
"""


def shorten(text: str, length: int) -> str:
    """The text in at most so many characters, `…` at the end where it is cut."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


class CharnnError(Exception):
    """Base of all failures that a user can mend; the program leaves with exit code 1."""

    exit_code = 1


class UsageError(CharnnError):
    """Options that contradict each other or are out of range; exit code 2."""

    exit_code = 2


class CorpusError(CharnnError):
    """A corpus that is missing, empty, binary, too small or in another encoding."""


class CheckpointError(CharnnError):
    """A checkpoint or a run that is missing, damaged, foreign or in the way."""


class UnsavedError(CheckpointError):
    """A run that has come to its end, but is not all on the disk.

    Args:
        problem: what is not, why, and what to do.
        checkpoint: the best `charnn.checkpoints.checkpoint.Checkpoint` of the run: it can be saved
            elsewhere by its method `save`. None if the run has got none.
    """

    def __init__(self, problem: str, checkpoint: object) -> None:
        self.checkpoint = checkpoint
        super().__init__(problem)


class TuneError(CharnnError):
    """ABC notation that cannot be read.

    Args:
        problem: what is wrong, as a phrase without position; cut if it quotes very much.
        line: line in the text that was given, from 1.
        column: column in that line, from 1.
        tune: the tune's own words for itself (`X:` number and title), when known.
    """

    def __init__(self, problem: str, line: int, column: int, tune: str = "") -> None:
        problem = shorten(problem, 200)
        self.problem, self.line, self.column, self.tune = problem, line, column, tune
        where = f"line {line}, column {column}"
        super().__init__(f"{tune}, {where}: {problem}" if tune else f"{where}: {problem}")
