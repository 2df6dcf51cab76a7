"""The methods of a model that look inside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import warn

if TYPE_CHECKING:
    from charnn.insight.gate_statistics import GateStatistics
    from charnn.insight.read_text import ReadText
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
        from charnn.insight.text_trace import trace

        return trace(self.checkpoint, self._read(text))

    def gates(self, text: str | Sequence[str]) -> "GateStatistics":
        """Return how far the gates open over a text, and how long each unit remembers.

        Args:
            text: a text, or several texts, as for `trace`.

        Raises:
            CorpusError: the model knows no character of the text.
            UsageError: the cell of the model has no gates.
        """
        from charnn.insight.gate_statistics import check_gates, gate_statistics

        check_gates(self.checkpoint.config.cell)
        return gate_statistics(self.checkpoint, self._read(text))

    def _read(self, text: str | Sequence[str]) -> "ReadText":
        """Return the tokens of a text, and warn of the characters that the model does not know."""
        from charnn.insight.read_text import describe_unknown, read_texts

        read = read_texts(self.checkpoint, [text] if isinstance(text, str) else text)
        if read.unknown:
            warn(describe_unknown(read))
        return read
