"""The learning rate as a pure function of progress, so that a resumed run needs nothing more."""

import math

WARM_UP = 0.02
FINAL = 0.02


def learning_rate(progress: float, highest: float) -> float:
    """Linear warm-up over the first 2 % of the budget, then a half cosine down to 2 % of `highest`.

    Args:
        progress: share of the budget that is spent, in [0, 1].
        highest: the rate at the end of the warm-up.

    Source: cosine annealing of Loshchilov & Hutter 2017, one period without restarts.
    """
    if progress < WARM_UP:
        # Never quite zero: the first step of all is to move the weights, too.
        return highest * max(progress / WARM_UP, 0.02)
    cosine = 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))
    return highest * (FINAL + (1 - FINAL) * cosine)
