"""The runs of characters that some texts share with a training text: how much a model copies.

A figure alone means little, because real text repeats phrases of the training text, too. So it is
compared with the same figure for held-out text.

The training text may be larger than the memory. It is read once, in chunks, and the windows of each
chunk are looked up among the windows of the texts by 64-bit hashes: in a billion characters, a
wrong match has a probability below one in 100,000. The hash is Rabin and Karp's (1987), modulo
2 ** 64: with prefix sums of c_j B^j, the hash of a window of any length is one subtraction and one
product.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The lengths of the runs that are counted, in characters.
LENGTHS = (16, 32, 64)
CHUNK = 1 << 20
# An odd number, so that it has an inverse modulo 2 ** 64.
_BASE = 0x9E3779B97F4A7C15
# The number of leading bits of a hash that a first, fast test compares.
_FILTER_BITS = 22

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class SharedRuns:
    """The runs of some texts that occur in a training text.

    Attributes:
        longest: the number of characters of the longest run.
        run: the ids of that run.
        shares: for each of `LENGTHS`, the share of all runs of that length that occur in the
            training text, in [0, 1]; None if all texts are shorter.
    """

    longest: int
    run: NDArray[Any]
    shares: dict[int, float | None]


def find_shared_runs(texts: Sequence[NDArray[Any]], training: NDArray[Any]) -> SharedRuns:
    """Return the runs of some texts that occur in a training text.

    Args:
        texts: the ids of each text, one id for each character.
        training: [N] the ids of the training text, which may be a memory map.
    """
    limit = max(map(len, texts), default=0)
    prefixes = _PrefixHashes(CHUNK + limit)
    sums = [prefixes.sums(text) for text in texts]

    def windows(length: int) -> "_Windows":
        """Return the windows of the texts that have a length."""
        return _Windows([prefixes.windows(each, length) for each in sums], length)

    counted = [windows(length) for length in LENGTHS]
    longest = windows(0)
    for begin in range(0, len(training), CHUNK):
        # Longer by a text, so that a run across the border of two chunks is found.
        chunk = prefixes.sums(training[begin : begin + CHUNK + limit])
        for each in counted:
            each.find(prefixes.windows(chunk, each.length))
        longest = _lengthen(longest, windows, chunk, prefixes, limit)
    return SharedRuns(
        longest.length,
        longest.first_found(texts),
        {each.length: each.share() for each in counted},
    )


def compare_with_held_out(
    texts: Sequence[NDArray[Any]], training: NDArray[Any], held_out: NDArray[Any]
) -> tuple[SharedRuns, SharedRuns | None]:
    """Return the shared runs of some texts, and of as many pieces of held-out text.

    The pieces are as long as the texts, because longer texts share longer runs by chance alone.

    Args:
        texts: the ids of each text.
        training: the ids of the training text.
        held_out: the ids of the held-out text; if it is empty, the second result is None.
    """
    pieces = [*even_pieces(held_out, [len(text) for text in texts])]
    real = find_shared_runs(pieces, training) if len(held_out) else None
    return find_shared_runs(texts, training), real


def even_pieces(ids: NDArray[Any], lengths: Sequence[int]) -> Iterator[NDArray[Any]]:
    """Yield pieces of `ids` with the given lengths, from places that are evenly spread."""
    for number, length in enumerate(lengths):
        places = max(0, len(ids) - length)
        begin = round(places * number / max(1, len(lengths) - 1))
        yield ids[begin : begin + length]


class _PrefixHashes:
    """The hashes of windows from prefix sums, modulo 2 ** 64.

    Args:
        limit: the largest number of ids of a text.
    """

    def __init__(self, limit: int) -> None:
        self._powers = _powers(_BASE, limit)
        self._inverses = _powers(pow(_BASE, -1, 2**64), limit)

    def sums(self, ids: NDArray[Any]) -> Hashes:
        """Return the N + 1 prefix sums of N ids."""
        sums = np.zeros(len(ids) + 1, np.uint64)
        np.cumsum(_mix(ids) * self._powers[: len(ids)], out=sums[1:])
        return sums

    def windows(self, sums: Hashes, length: int) -> Hashes:
        """Return the hash of each window of a length; none if the text is shorter."""
        count = max(0, len(sums) - length)
        hashes: Hashes = (sums[length : length + count] - sums[:count]) * self._inverses[:count]
        return hashes


def _mix(ids: NDArray[Any]) -> Hashes:
    """Return a number of 64 bits for each id: sums of ids themselves, small numbers, collide."""
    mixed = (ids.astype(np.uint64) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)


def _powers(base: int, count: int) -> Hashes:
    """Return the first `count` + 1 powers of a number modulo 2 ** 64."""
    factors = np.full(count + 1, base, np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


class _Windows:
    """The windows of one length in the texts, and which of them were found.

    Args:
        per_text: for each text, the hash of each window.
        length: the number of characters of a window.
    """

    def __init__(self, per_text: Sequence[Hashes], length: int) -> None:
        self.length = length
        self._per_text = per_text
        self._hashes = np.unique(np.concatenate([*per_text, np.empty(0, np.uint64)]))
        self._found = np.zeros(len(self._hashes), bool)
        # Of a million windows of the training text, this test leaves about one in a hundred.
        self._filter = np.zeros(1 << _FILTER_BITS, bool)
        self._filter[self._leading_bits(self._hashes)] = True

    def find(self, hashes: Hashes) -> bool:
        """Mark the windows that are among some hashes, and return whether there are any."""
        if not len(self._hashes):
            return False
        likely = hashes[self._filter[self._leading_bits(hashes)]]
        places = np.searchsorted(self._hashes, likely).clip(max=len(self._hashes) - 1)
        found = places[self._hashes[places] == likely]
        self._found[found] = True
        return bool(found.size)

    def share(self) -> float | None:
        """Return the share of windows that were found; None if there are no windows."""
        every = np.concatenate([*self._per_text, np.empty(0, np.uint64)])
        return float(self._is_found(every).mean()) if every.size else None

    def first_found(self, texts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Return the ids of the first window that was found."""
        for text, hashes in zip(texts, self._per_text, strict=True):
            places = np.flatnonzero(self._is_found(hashes))
            if places.size:
                return text[places[0] : places[0] + self.length]
        return np.empty(0, np.int64)

    def _is_found(self, hashes: Hashes) -> NDArray[np.bool_]:
        marks: NDArray[np.bool_] = self._found[np.searchsorted(self._hashes, hashes)]
        return marks

    @staticmethod
    def _leading_bits(hashes: Hashes) -> NDArray[np.int64]:
        return (hashes >> np.uint64(64 - _FILTER_BITS)).astype(np.int64)


def _lengthen(
    longest: _Windows,
    windows: Callable[[int], _Windows],
    chunk: Hashes,
    prefixes: _PrefixHashes,
    limit: int,
) -> _Windows:
    """Return the windows of the longest run that occurs in a chunk, if it is longer than before.

    If a run occurs, all shorter runs in it occur as well. So the length is found by doubling and
    then by bisection.
    """
    too_long = limit + 1
    step = 1
    while longest.length + 1 < too_long:
        length = min(longest.length + step, (longest.length + too_long) // 2)
        tried = windows(length)
        if tried.find(prefixes.windows(chunk, length)):
            longest, step = tried, 2 * step
        else:
            too_long, step = length, max(1, step // 2)
    return longest
