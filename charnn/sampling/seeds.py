"""The seeds of samples: the user's, or new ones."""

import random

from charnn.errors import UsageError


def choose_seed(seed: int | None) -> int:
    """Return a seed as it is, or a new one in place of None, short enough to be typed.

    Raises:
        UsageError: the seed is negative.
    """
    if seed is not None and seed < 0:
        raise UsageError(f"--seed must be at least 0, not {seed}")
    return random.randrange(2**32) if seed is None else seed


def seed_range(seed: int | None, num: int) -> range:
    """Return the seeds of `num` samples; the first one is as `choose_seed` returns it."""
    first = choose_seed(seed)
    return range(first, first + num)
