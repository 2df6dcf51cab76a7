"""The methods of a model that look inside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import CHECKPOINTS
from charnn.errors import warn

if TYPE_CHECKING:
    from charnn.insight.cell_steps import CellSteps
    from charnn.insight.embedding_map import Embedding
    from charnn.insight.error_kinds import ErrorKinds
    from charnn.insight.gate_statistics import GateStatistics
    from charnn.insight.learning_curves import LearningCurves
    from charnn.insight.read_neurons import Neurons
    from charnn.insight.read_text import ReadText
    from charnn.insight.shown_flow import ShownFlow
    from charnn.insight.shown_surprise import ShownSurprise
    from charnn.insight.text_surprise import Surprise
    from charnn.insight.text_trace import Trace
    from charnn.insight.unit_names import Unit


class LookInside:
    """A model that can be looked into.

    Attributes:
        path: the checkpoint file that the model was read from.
        checkpoint: the configuration, vocabulary, weights and metadata of the model.
    """

    path: Path
    checkpoint: Checkpoint

    @property
    def name(self) -> str:
        """Return the name of the model: that of its run, or of a file outside of a run."""
        return self.path.parent.name if self.path.name in CHECKPOINTS else self.path.stem

    def learning_curves(self) -> "LearningCurves":
        """Return the losses, learning rates and gradient norms of the model's training.

        Raises:
            CheckpointError: nothing is known of how the model was trained.
        """
        from charnn.insight.learning_curves import read_learning_curves

        return read_learning_curves(self.path)

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

    def neurons(self, text: str | Sequence[str]) -> "Neurons":
        """Return the units that are tied to something a person can name, such as quotes or bars.

        Args:
            text: a text, or several texts, as for `trace`; better 50,000 characters or more.

        Raises:
            CorpusError: the model knows no character of the text, or it is too short.
        """
        from charnn.insight.read_neurons import read_neurons

        return read_neurons(self.checkpoint, self._read(text))

    def gradients(
        self, text: str | Sequence[str], *, distance: int | None = None, at: int | None = None
    ) -> "ShownFlow":
        """Return how much error of a loss reaches each earlier character of a text.

        The result draws a picture (`figure`), which a notebook shows.

        Args:
            text: a text, or several texts, as in `trace`.
            distance: the largest distance in characters; None for 100, or less in a short text.
            at: the number of the character whose prediction the errors between single characters
                end with, from 1; None for one near the beginning.

        Raises:
            CorpusError: the model knows no character of the text, or the text is too short.
            UsageError: the distance or the place is out of range.
        """
        from charnn.insight.gradient_flow import check_places, measure_flow
        from charnn.insight.shown_flow import ShownFlow

        read = self._read(text)
        check_places(read, distance, at)
        flow = measure_flow(self.checkpoint, read, self.name, distance, at)
        return ShownFlow(flow.name, flow.states, flow.window)

    def _read(self, text: str | Sequence[str]) -> "ReadText":
        """Return the tokens of a text, and warn of the characters that the model does not know."""
        from charnn.insight.read_text import describe_unknown, read_texts

        read = read_texts(self.checkpoint, [text] if isinstance(text, str) else text)
        if read.unknown:
            warn(describe_unknown(read))
        return read

    def surprise(
        self,
        text: "str | Sequence[str] | ReadText",
        *,
        alternatives: int = 3,
        seed: int | None = None,
    ) -> "ShownSurprise":
        """Return how many bits the model needs for each character of a text.

        The result shows the text in colours in a notebook, and draws a picture (`figure`). A
        character that the model does not know is left out, with a `CharnnWarning`.

        Args:
            text: a text, or several texts, as for `trace`, or their tokens.
            alternatives: the number of characters to keep that the model weighed at each place.
            seed: the seed of a text that the model wrote: the model then begins in the state of
                this sample.

        Raises:
            CorpusError: the model knows no character of the text.
        """
        from charnn.insight.read_text import ReadText
        from charnn.insight.shown_surprise import ShownSurprise
        from charnn.insight.text_surprise import measure_surprise

        read = text if isinstance(text, ReadText) else self._read(text)
        starts = None if seed is None else self.checkpoint.starts
        start = None if starts is None else starts[(seed or 0) % len(starts)]
        measured = measure_surprise(self.checkpoint, read, alternatives, start)
        has_tunes = bool(self.checkpoint.metadata.get("tunes"))
        return ShownSurprise.of(measured, has_tunes=has_tunes)

    def step(self, text: str, units: "Sequence[str | Unit]" = ()) -> "CellSteps":
        """Return the numbers in the equations of a few units at every character of a text.

        Args:
            text: a text of up to 500 characters.
            units: names such as "0.17", layer and unit, counted from 0; without any, the unit of
                the last layer whose output varies most.

        Raises:
            CorpusError: the model knows no character of the text.
            UsageError: there is no such unit, or the text is too long.
        """
        from charnn.insight.cell_steps import cell_steps
        from charnn.insight.unit_names import parse_unit

        config = self.checkpoint.config
        chosen = [parse_unit(str(unit), config, "unit") for unit in units]
        return cell_steps(self.checkpoint, self._read(text), chosen)

    def embedding(self) -> "Embedding":
        """Return the vectors of the tokens, their distances, neighbours and a map of them."""
        from charnn.insight.embedding_map import read_embedding

        return read_embedding(self.checkpoint)

    def error_kinds(self, surprise: "Surprise") -> "ErrorKinds":
        """Return the errors of the model at a text by kind, beside those of a 5-gram.

        The 5-gram counts the training text if it is found: for a model of text in the folder data/,
        for a model of tunes where `learned_tunes` finds it. Otherwise it counts the text itself.
        """
        from charnn.insight.error_kinds import sort_errors
        from charnn.insight.training_sample import training_sample

        return sort_errors(surprise, training_sample(self.checkpoint, self.learned_tunes))

    def learned_tunes(self) -> list[str]:
        """Return the tunes that the model was trained on."""
        raise NotImplementedError
