"""The evaluation of the best checkpoint at the end of a run, with a fitted softmax temperature.

The more a model has memorised, the more a fitted temperature gains: 0.004 nats after one minute of
tinyshakespeare, 0.018 after five (benchmarks/quality.md).
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.evaluation.calibration import (
    MIN_TOKENS_TO_FIT,
    SECOND_HALF,
    SECOND_HALF_OF_SAMPLE,
    TEMPERATURES,
    Calibration,
    best_temperature,
    halves,
)
from charnn.model.network import Network, export_weights, import_weights
from charnn.training.events import Evaluating, Report
from charnn.training.held_out import HeldOut
from charnn.training.processes import ALONE, Processes
from charnn.training.validation import Validator


@dataclass(frozen=True)
class BestEvaluation:
    """The evaluation of a run's best checkpoint, which the metadata of that checkpoint contains.

    Attributes:
        loss: the loss without a fitted temperature, in nats per character.
        protocol: the description of the scored part.
        calibration: the loss of the second half of that part without and with a temperature that
            was fitted on the first half.
    """

    loss: float
    protocol: str
    calibration: Calibration

    @classmethod
    def of(cls, checkpoint: Checkpoint | None) -> "BestEvaluation | None":
        """Return the evaluation that a checkpoint contains; None if it contains none."""
        metadata = {} if checkpoint is None else checkpoint.metadata
        if not {"nats_per_char", "protocol", "calibration"} <= metadata.keys():
            return None
        calibration = Calibration(**metadata["calibration"])
        return cls(metadata["nats_per_char"], metadata["protocol"], calibration)

    @property
    def is_finite(self) -> bool:
        """Return whether the losses are finite numbers."""
        return math.isfinite(self.loss + self.calibration.calibrated_nats_per_char)

    def added_to(self, best: Checkpoint, validator: Validator) -> Checkpoint:
        """Return the best checkpoint with its temperature and this evaluation."""
        evaluation = self
        # The rows of two halves give a slightly different loss than those of the whole part. A
        # model should have one loss, so that of a whole validation stays.
        best_loss = best.metadata.get("position", {}).get("best_loss")
        if validator.scores_all and best_loss is not None:
            evaluation = replace(self, loss=best_loss, protocol=validator.protocol)
        metadata = best.metadata | evaluation.to_json()
        return replace(best, temperature=self.calibration.temperature, metadata=metadata)

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as metadata of a checkpoint."""
        return {
            "nats_per_char": self.loss,
            "protocol": self.protocol,
            "calibration": asdict(self.calibration),
        }


def can_be_evaluated(best: Checkpoint | None, network: Network, validator: Validator) -> bool:
    """Return whether there is a best checkpoint, and a long enough held-out part to evaluate it."""
    # A user may have put another model in the place of the best one.
    is_of_run = best is not None and best.config == network.config
    return is_of_run and _scored_tokens(validator) >= 2 * MIN_TOKENS_TO_FIT


def evaluate_best(
    best: Checkpoint | None,
    network: Network,
    validator: Validator,
    should_stop: Callable[[], bool],
    report: Report,
    processes: Processes = ALONE,
) -> BestEvaluation | None:
    """Return the evaluation of the best checkpoint of a run.

    Args:
        best: the best checkpoint, which only process 0 needs.
        network: a network of the same shape. Its weights are restored afterwards.
        validator: the validations of the run.
        should_stop: called after each chunk; if it returns True, the evaluation ends.
        report: called after each chunk with an `Evaluating`.
        processes: the processes of the run, which evaluate together.

    Returns:
        The evaluation; None if `should_stop` has returned True.
    """
    tokens, scored = _scored_tokens(validator), 0

    def advance(more: int) -> bool:
        nonlocal scored
        scored += more * processes.size
        report(Evaluating(min(1.0, scored / tokens)))
        return should_stop()

    trained_weights = export_weights(network)
    if best is not None:
        import_weights(network, best.weights)
    processes.broadcast(network.parameters())
    try:
        return _evaluate(validator.held_out, tokens, advance)
    finally:
        import_weights(network, trained_weights)


def _scored_tokens(validator: Validator) -> int:
    return max(validator.plan.final_tokens, validator.part.scored)


def _evaluate(
    held_out: HeldOut, tokens: int, should_stop: Callable[[int], bool]
) -> BestEvaluation | None:
    """Return the evaluation of the network of `held_out`; None after a stop.

    Args:
        held_out: the held-out part.
        tokens: the number of tokens to score.
        should_stop: see `charnn.evaluation.sweep.sum_losses`.
    """
    first, second = halves(held_out.ids, held_out.start, tokens)
    first_losses = held_out.sum_losses(first, (1.0, *TEMPERATURES), should_stop)
    if first_losses is None:
        return None
    temperature = best_temperature(first_losses[1:])
    second_losses = held_out.sum_losses(second, (1.0, temperature), should_stop)
    if second_losses is None:
        return None
    first_characters, characters = map(held_out.count_characters, (first, second))
    plain, calibrated = map(float, second_losses)
    protocol = SECOND_HALF if tokens >= held_out.tokens else SECOND_HALF_OF_SAMPLE
    return BestEvaluation(
        (float(first_losses[0]) + plain) / (first_characters + characters),
        held_out.choose_part(tokens).protocol,
        Calibration(temperature, plain / characters, calibrated / characters, protocol),
    )
