"""How losses and times are said."""

import math


def format_loss(loss: float) -> str:
    """A loss in nats a character, and in bits."""
    return f"{loss:.4f} nats/char ({loss / math.log(2):.3f} bits/char)"


def format_duration(seconds: float) -> str:
    """Seconds, with minutes and hours where there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
