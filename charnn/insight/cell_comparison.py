"""The flow of the gradient through several cells, at initialisation and after a short training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.insight.cell_variants import CellVariant
from charnn.insight.gradient_flow import GradientFlow, check_places, flow_json, measure_flow
from charnn.insight.read_text import ReadText, read_texts

if TYPE_CHECKING:
    from charnn.insight.fresh_cells import ShortTraining


@dataclass(frozen=True)
class CellFlow:
    """The flow of the gradient through one cell.

    Attributes:
        variant: the cell and its options.
        start: the flow at initialisation.
        end: the flow after the training; None without a training.
        training: the figures of the training; None without one.
    """

    variant: CellVariant
    start: GradientFlow
    end: GradientFlow | None = None
    training: "ShortTraining | None" = None

    @property
    def flow(self) -> GradientFlow:
        """Return the flow after the training, or at initialisation without a training."""
        return self.start if self.end is None else self.end


def compare_cells(
    texts: Sequence[str],
    variants: Sequence[CellVariant],
    *,
    steps: int,
    distance: int | None = None,
    at: int | None = None,
    seed: int = 0,
    report: Callable[[CellFlow], None] = lambda done: None,
) -> list[CellFlow]:
    """Return the flow of the gradient through each of some cells.

    All cells have the same size, the same seed, and read the same characters.

    Args:
        texts: the texts to train on and to measure with.
        variants: the cells.
        steps: the updates of the training; 0 for the initialisation only.
        distance, at: see `charnn.insight.gradient_flow.measure_flow`.
        seed: the seed of the weights and of the training.
        report: a function that is called after each cell.

    Raises:
        CorpusError: the text is too short.
        UsageError: the distance or the place is out of range.
        CharnnError: a training diverged.
    """
    from charnn.insight.fresh_cells import fresh_checkpoint, train_briefly

    vocabulary = CharVocabulary("".join(texts))
    read: ReadText | None = None
    starts: dict[str, GradientFlow] = {}
    flows = []
    for variant in variants:
        fresh = fresh_checkpoint(variant, vocabulary, documents=len(texts), seed=seed)
        if read is None:
            read = read_texts(fresh, texts)
            check_places(read, distance, at)
        name = variant.start_name
        if name not in starts:
            starts[name] = measure_flow(fresh, read, name, distance, at)
        start = starts[name]
        done = CellFlow(variant, start)
        if steps:
            trained, training = train_briefly(fresh, variant, read.ids, steps=steps, seed=seed)
            end = measure_flow(trained, read, variant.name, distance, at)
            done = CellFlow(variant, start, end, training)
        report(done)
        flows.append(done)
    return flows


def distinct_starts(cells: Sequence[CellFlow]) -> list[GradientFlow]:
    """Return the flows at initialisation, one for each set of weights."""
    return list({done.start.name: done.start for done in cells}.values())


def cell_json(done: CellFlow) -> dict[str, Any]:
    """Return the figures of a cell as JSON values."""
    value = flow_json(done.flow)
    if training := done.training:
        value["start"] = flow_json(done.start)
        value["training"] = {
            "steps": len(training.norms),
            "loss": training.last_loss,
            "clip": training.clip,
            "clipped_share": training.clipped_share,
            "norm_before": training.norms.tolist(),
            "norm_after": training.clipped_norms.tolist(),
        }
    return value
