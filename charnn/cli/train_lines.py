"""The facts of a step and of a validation, in one line each."""

from charnn.cli.formatting import format_loss
from charnn.training.events import Stepped, Validated


def step_facts(event: Stepped, validation_loss: float | None) -> str:
    """Return the step and its losses, for the progress bar.

    Args:
        event: the metrics of the last steps.
        validation_loss: the last validation loss in nats per character; None before the first one.
    """
    line = f"step {event.step:,}  loss {event.loss:.3f}"
    return line if validation_loss is None else f"{line}  validation {validation_loss:.3f}"


def step_details(event: Stepped, per: str) -> str:
    """Return the norm of the gradient, the learning rate and the speed, for the line below.

    Args:
        event: the metrics of the last steps.
        per: what is counted, see `Vocabulary.per`.
    """
    clipped = f" ({event.clipped:.0%} clipped)" if event.clipped else ""
    return (
        f"gradient {event.grad_norm:.2g}{clipped}  lr {event.lr:.2g}  "
        f"{event.characters_per_second:,.0f} {per}s/s"
    )


def validation_line(event: Validated, stepped: Stepped | None) -> str:
    """Return the result of a validation as a line.

    Args:
        event: the result.
        stepped: the metrics of the steps before, to add them; None on a terminal, which shows them
            with its progress bar.
    """
    per = event.checkpoint.vocabulary.per
    loss = format_loss(event.loss, per)
    line = f"step {event.step:,}: validation {loss}"
    if stepped is not None:
        line += f"  training {stepped.loss:.4f}  {step_details(stepped, per)}"
    return line + ("  (best so far)" if event.is_best else "")
