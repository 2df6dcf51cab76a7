"""Texts for losses and times, as the commands show them."""

import math
from collections.abc import Sequence


def format_loss(loss: float, per: str = "char") -> str:
    """Return a text that shows a loss, given in nats per character, in nats and in bits."""
    return f"{loss:.4f} nats/{per} ({loss / math.log(2):.3f} bits/{per})"


def format_calibration(
    *, temperature: float, nats_per_char: float, calibrated_nats_per_char: float, protocol: str
) -> str:
    """Return a text that shows a loss without and with a fitted softmax temperature."""
    return (
        f"{nats_per_char:.4f} without and {calibrated_nats_per_char:.4f} with the softmax "
        f"temperature {temperature:.3f} ({protocol})"
    )


def format_duration(seconds: float) -> str:
    """Return a text that shows a time in hours and minutes, minutes and seconds, or seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def table_row(text: str, *cells: str) -> str:
    """Return a line with a text and right-aligned cells."""
    return f"{text:<40}" + "".join(f"{cell:>10}" for cell in cells) + "\n"


def join_some(texts: Sequence[str], max_shown: int = 10) -> str:
    """Return up to `max_shown` texts with commas between them, and the number of the others."""
    shown, rest = ", ".join(texts[:max_shown]), len(texts) - max_shown
    return f"{shown} and {rest:,} more" if rest > 0 else shown
