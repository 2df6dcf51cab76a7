"""The sections of a card with figures: losses, and how much the model copies."""

import math
from collections.abc import Iterator

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.document_kinds import CUT_KINDS
from charnn.share.card_text import counted_unit, plain

MEASURE = "`charnn export-model RUN --measure` measures it where the training text is at hand."


def best_loss(checkpoint: Checkpoint) -> float | None:
    """Return the loss on the held-out part in nats per character; None if none was measured."""
    metadata = checkpoint.metadata
    loss = metadata.get("nats_per_char")
    if loss is None:
        loss = metadata.get("position", {}).get("best_loss")
    return None if loss is None else float(loss)


def evaluation_section(checkpoint: Checkpoint) -> str:
    """Return the section with the loss by each protocol."""
    rows = list(_losses(checkpoint))
    lines = ["## Evaluation\n"]
    if rows:
        unit = counted_unit(checkpoint.vocabulary)
        lines += [f"| held-out part, by | nats per {unit} | bits |", "| --- | --- | --- |"]
        lines += [
            f"| {plain(protocol)} | {loss:.4f} | {loss / math.log(2):.4f} |"
            for protocol, loss in rows
        ]
        lines.append("")
    else:
        lines.append("No loss was measured on a held-out part.\n")
    if "windows" not in checkpoint.metadata.get("measured", {}):
        lines.append(_why_no_windows(checkpoint) + "\n")
    return "\n".join(lines)


def _losses(checkpoint: Checkpoint) -> Iterator[tuple[str, float]]:
    metadata = checkpoint.metadata
    if (loss := best_loss(checkpoint)) is not None:
        yield metadata.get("protocol", "protocol not recorded"), loss
    if windows := metadata.get("measured", {}).get("windows"):
        yield windows["protocol"], windows["nats_per_char"]
    if calibration := metadata.get("calibration"):
        protocol = calibration["protocol"]
        yield protocol, calibration["nats_per_char"]
        temperature = f"the same, with the softmax temperature {calibration['temperature']:.3f}"
        yield temperature, calibration["calibrated_nats_per_char"]


def _why_no_windows(checkpoint: Checkpoint) -> str:
    counted = checkpoint.vocabulary.counted
    if checkpoint.metadata.get("tunes") or checkpoint.document_kind in CUT_KINDS:
        return (
            f"The second protocol of charnn, windows of 256 {counted}, does not suit documents "
            "that are shorter than a window."
        )
    return f"The loss in fresh windows of 256 {counted} was not measured. {MEASURE}"


def novelty_section(checkpoint: Checkpoint) -> str:
    """Return the section on how much the model copies from its training text."""
    lines = ["## Novelty\n"]
    novelty = checkpoint.metadata.get("measured", {}).get("novelty")
    if novelty is None:
        lines.append(f"How much it copies was not measured. {MEASURE}\n")
        return "\n".join(lines)
    lines += [
        # A sign of a list or a heading has no effect inside a line.
        f"Measured on {plain(novelty['protocol'])}.\n",
        "| found in the training text | written by the model | other real text |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {' | '.join(plain(cell) for cell in row)} |" for row in novelty["rows"]]
    return "\n".join([*lines, ""])
