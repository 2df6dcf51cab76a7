"""The learning rate as a pure function of progress, so that a resumed run needs no scheduler state.

Progress is the spent share of the budget, for budgets in minutes, epochs and steps alike. The rate
is therefore annealed by the end of every run that uses its whole budget.
"""

import math

# The warm-up takes this share of the budget; the last rate is this share of the peak. Without a
# schedule the loss is 0.10 nats higher after half a minute of tinyshakespeare
# (benchmarks/quality.md).
WARM_UP = 0.02
FINAL = 0.02


def learning_rate(progress: float, peak: float) -> float:
    """Return the learning rate: a linear warm-up over 2 % of the budget, then cosine annealing.

    The rate falls along half a period of a cosine to 2 % of the peak, as in Loshchilov & Hutter
    2017, without their restarts.

    Args:
        progress: the share of the budget that is spent, in [0, 1].
        peak: the rate at the end of the warm-up.
    """
    if progress < WARM_UP:
        # At least 2 % of the peak, so that the very first step, at progress 0, changes the weights.
        return peak * max(progress / WARM_UP, 0.02)
    cosine = 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))
    return peak * (FINAL + (1 - FINAL) * cosine)
