"""The tokens that the model also weighed in a sample, for `charnn sample --alternatives`.

The model reads the sample again, from the state that it began in. So the probabilities are those of
the model itself: before the temperature, --top-k and the like, and before the rules of bars.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.cli.console import show_message

if TYPE_CHECKING:
    from charnn.checkpoints.checkpoint import Checkpoint
    from charnn.insight.shown_surprise import ShownSurprise

# The head of a tune as `charnn.cli.sample_tunes` writes it. The model wrote X:1, and no comment.
_TUNE_HEAD = re.compile(r"X:\d+\n% [^\n]*\n")


class Alternatives:
    """The alternatives in samples of a model.

    Args:
        path: the path of the checkpoint.
        checkpoint: the model that wrote the samples.
        count: the number of alternatives at each character.
    """

    def __init__(self, path: Path, checkpoint: "Checkpoint", count: int) -> None:
        self._path, self._checkpoint, self._count = path, checkpoint, count

    def show(self, text: str, seed: int) -> None:
        """Write a table with a line for each character to stderr."""
        from charnn.cli.surprise_view import alternative_lines

        if not text:
            return
        surprise = self._read(text, seed)
        show_message("probabilities of the model, before --temperature and the rules of tunes:")
        show_message("".join(alternative_lines(surprise, len(surprise))).rstrip("\n"))

    def to_json(self, text: str, seed: int) -> list[dict[str, Any]]:
        """Return an object for each character, as --json prints it."""
        if not text:
            return []
        surprise = self._read(text, seed)
        rows = zip(
            surprise.pieces,
            surprise.names(),
            surprise.probabilities.tolist(),
            surprise.alternatives(),
            strict=True,
        )
        return [
            {
                "text": piece,
                "name": name,
                "probability": round(p, 6),
                "others": [[other.name, round(other.probability, 6)] for other in others],
            }
            for piece, name, p, others in rows
        ]

    def _read(self, text: str, seed: int) -> "ShownSurprise":
        from charnn.cli.insight_options import use_one_thread
        from charnn.library import Model

        use_one_thread()
        written = _TUNE_HEAD.sub("X:1\n", text, count=1) if text.startswith("X:") else text
        model = Model(self._path, self._checkpoint)
        return model.surprise(written, alternatives=self._count, seed=seed)
