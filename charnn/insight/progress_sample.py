"""A sample that shows what a model has learned so far, for those who watch it being trained."""

from collections.abc import Callable
from itertools import takewhile

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.document_kinds import LINES
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler

LENGTH = 240  # characters
_LINES = 6


def progress_sample(checkpoint: Checkpoint, should_stop: Callable[[], bool] = lambda: False) -> str:
    """Return a sample of a model: a text, or several lines if the model writes lines.

    It has the same seed each time, so that one sees what the model has learned in between. Its
    lines are indented to set it apart from messages; in Markdown, they are shown as they are.

    Args:
        checkpoint: the model.
        should_stop: returns True when the drawing of the sample should be cut short.
    """
    count = _LINES if checkpoint.document_kind == LINES else 1
    texts = Sampler(checkpoint).stream_many(
        SamplingParams(), seeds=range(count), length=LENGTH // count
    )
    lines: list[str] = []
    for pieces in texts:
        lines += "".join(takewhile(lambda piece: not should_stop(), pieces)).splitlines()
    return "\n".join("    " + line for line in lines)
