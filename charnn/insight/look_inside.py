"""The methods of a model that look inside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import warn

if TYPE_CHECKING:
    from charnn.insight.text_trace import Trace


class LookInside:
    """A model that can be looked into.

    Attributes:
        checkpoint: the configuration, vocabulary, weights and metadata of the model.
    """

    checkpoint: Checkpoint

    def trace(self, text: str | Sequence[str]) -> "Trace":
        """Return the logits, the hidden states and the gates at every character of a text.

        The model reads a start token first, as at the start of a sample. A character that it does
        not know is left out, with a `CharnnWarning`.

        Args:
            text: a text, or several texts, which the model reads one after the other.

        Raises:
            CorpusError: the model knows no character of the text.
        """
        from charnn.insight.read_text import describe_unknown, read_texts
        from charnn.insight.text_trace import trace

        read = read_texts(self.checkpoint, [text] if isinstance(text, str) else text)
        if read.unknown:
            warn(describe_unknown(read))
        return trace(self.checkpoint, read)
