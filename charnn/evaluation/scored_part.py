"""The scored part of a text: the whole held-out part, or a fixed sample of it, cut into rows.

A recurrent network is fastest with many rows side by side. Each row first reads the tokens before
it without scoring them, so that its state is nearly that of a single long row.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_ROWS = 64
# Tokens that a row reads before its first scored one: they fill the memory of the default pointer.
CONTEXT = 512
# The seed of every sample. It is the same for all runs, so that their losses can be compared.
SEED = 0


@dataclass(frozen=True)
class Rows:
    """Rows of one length that are scored side by side.

    Attributes:
        starts: [B] the index of the first scored token of each row, in rising order.
        length: the number of scored tokens in each row.
    """

    starts: NDArray[np.int64]
    length: int

    def share(self, number: int, count: int) -> "Rows":
        """Return one of `count` shares of the rows, numbered from 0; it may be empty."""
        total = len(self.starts)
        if self.starts[0] <= CONTEXT:
            # All rows of a sweep have the context of its first row, so these rows stay together.
            return Rows(self.starts[: total * (number == 0)], self.length)
        bounds = slice(total * number // count, total * (number + 1) // count)
        return Rows(self.starts[bounds], self.length)


@dataclass(frozen=True)
class Part:
    """The scored part of a text.

    Attributes:
        groups: the rows, one group after the other.
        protocol: the description of the part, for the protocol of a loss.
    """

    groups: tuple[Rows, ...]
    protocol: str

    @property
    def scored(self) -> int:
        """Return the number of scored tokens."""
        return sum(len(rows.starts) * rows.length for rows in self.groups)

    def share(self, number: int, count: int) -> "Part":
        """Return one of `count` shares of the part, numbered from 0; together they are the part."""
        if count == 1:
            return self
        groups = (rows.share(number, count) for rows in self.groups)
        return Part(tuple(rows for rows in groups if len(rows.starts)), self.protocol)

    def tokens(self, ids: NDArray[Any]) -> NDArray[Any]:
        """Return the scored ids of a text."""
        return np.concatenate(
            [ids[start : start + rows.length] for rows in self.groups for start in rows.starts]
        )


def whole_part(start: int, end: int, unit: str = "character") -> Part:
    """Return the part from `start` to `end`: every token once.

    A row is at least four times as long as its unscored context, so the context is a small part of
    the work. If the first row has less than a full context, there is only one row, because all rows
    read the same number of context tokens.

    Args:
        start: the index of the first scored token; at least 1, because each token is predicted from
            the one before it.
        end: the index after the last scored token.
        unit: what the protocol counts, see `Vocabulary.counted_one`.
    """
    scored = end - start
    rows = 1 if start <= CONTEXT else max(1, min(MAX_ROWS, scored // (4 * CONTEXT)))
    length = scored // rows
    groups = [Rows(start + length * np.arange(rows), length)]
    if remainder := scored - rows * length:
        groups.append(Rows(np.array([end - remainder]), remainder))
    plural = "s" * (rows > 1)
    return Part(
        tuple(groups), f"whole sweep, every {unit} once, state carried ({rows} row{plural})"
    )


def sampled_part(start: int, end: int, scored: int) -> Part:
    """Return a fixed sample of the part from `start` to `end`: one stretch in each of 64 blocks.

    The stretches depend only on the arguments, so every validation of a run scores the same ones.

    Args:
        start, end: as in `whole_part`.
        scored: the number of scored tokens, at most; at least `MAX_ROWS`.
    """
    length, block = scored // MAX_ROWS, (end - start) // MAX_ROWS
    offsets = np.random.default_rng(SEED).integers(block - length + 1, size=MAX_ROWS)
    starts = start + block * np.arange(MAX_ROWS) + offsets
    return Part(
        (Rows(starts, length),),
        f"sample of {MAX_ROWS * length:,} of {end - start:,} held-out tokens ({MAX_ROWS} "
        f"stretches, seed {SEED}), state carried",
    )


def choose_part(start: int, end: int, scored: int, unit: str = "character") -> Part:
    """Return the part from `start` to `end`, or a sample of it if it has more tokens than `scored`.

    The arguments are those of `sampled_part` and of `whole_part`.
    """
    if scored >= end - start:
        return whole_part(start, end, unit)
    return sampled_part(start, end, scored)
