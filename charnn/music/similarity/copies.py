"""How new a tune is: runs of notes, and whole tunes, that are found among the training tunes.

Everything is compared by symbols that do not hang on the key (`charnn.music.similarity.melody`). A
tune has a run of N symbols in common with another where N intervals in a row are the same. Two
tunes are as similar as 1 - d / n, d being the number of symbols to insert, delete or replace
(Levenshtein) and n the length of the longer one; from 0.85 on, a tune counts as a copy, as in
abctoolkit and NotaGen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.music.similarity.melody import MelodyStep, extract_melody

COPY = 0.85

_Hashes = NDArray[np.uint64]
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # of the rolling hash, mod 2 ** 64: any large odd number
_SURROGATES = 0xD800


@dataclass(frozen=True)
class Nearest:
    """The tune of a collection that another tune is most similar to.

    Attributes:
        similarity: from 0, nothing in common, to 1, the same.
        title: of the tune in the collection.
        number: its place in the collection, from 0.
    """

    similarity: float
    title: str
    number: int

    @property
    def copied(self) -> bool:
        """Whether a tune so similar counts as a copy."""
        return self.similarity >= COPY


class TuneIndex:
    """Tunes that others are compared with.

    Args:
        texts: tunes in ABC notation, cleaned as for training.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        melodies = [extract_melody(text) for text in texts]
        self.titles = [one.title for one in melodies]
        self._codes: dict[MelodyStep, str] = {}
        self._intervals = [self._coded(one.intervals) for one in melodies]
        self._degrees = [self._coded(one.degrees) for one in melodies]
        self._runs: dict[int, _Runs] = {}

    def shared(self, tune: str, length: int) -> float:
        """The share of a tune's runs of `length` symbols that the collection has as well.

        Args:
            tune: its text.
            length: at least 1; a tune with fewer symbols has no runs, and shares none.
        """
        row = self._coded(extract_melody(tune).intervals)
        return self._runs_of(length).share(_hashes(row, length))

    def shared_with_others(self, length: int) -> list[float]:
        """What each tune of the collection shares with all the others."""
        runs = self._runs_of(length)
        return [
            runs.share(_hashes(row, length), number) for number, row in enumerate(self._intervals)
        ]

    def nearest(self, tune: str) -> Nearest:
        """The tune of the collection, which is not empty, that is most similar."""
        heard = extract_melody(tune)
        return max(
            self._closest(self._coded(heard.degrees), self._degrees),
            self._closest(self._coded(heard.intervals), self._intervals),
            key=lambda nearest: nearest.similarity,
        )

    def _closest(self, row: str, rows: Sequence[str]) -> Nearest:
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        similarity, number = 0.0, 0
        if found := process.extractOne(row, rows, scorer=Levenshtein.normalized_similarity):
            _, similarity, number = found
        return Nearest(similarity, self.titles[number], number)

    def _runs_of(self, length: int) -> "_Runs":
        if length not in self._runs:
            self._runs[length] = _Runs(self._intervals, length)
        return self._runs[length]

    def _coded(self, symbols: Iterable[MelodyStep]) -> str:
        """One character a symbol: what compares texts fast then compares tunes."""
        codes = self._codes
        return "".join([codes.get(symbol) or self._code(symbol) for symbol in symbols])

    def _code(self, symbol: MelodyStep) -> str:
        place = len(self._codes)
        self._codes[symbol] = chr(place if place < _SURROGATES else place + 0x800)
        return self._codes[symbol]


class _Runs:
    """All runs of one length in a collection, by their hashes."""

    def __init__(self, rows: Sequence[str], length: int) -> None:
        hashes = [_hashes(row, length) for row in rows]
        owners = np.repeat(np.arange(len(rows)), [len(row) for row in hashes])
        together = np.concatenate([*hashes, np.empty(0, np.uint64)])
        order = np.argsort(together, kind="stable")  # so the owners of a run stay in order
        self._known, first, count = np.unique(
            together[order], return_index=True, return_counts=True
        )
        # A run that has one owner is known to all others but that one.
        sorted_owners = owners[order]
        lowest, highest = sorted_owners[first], sorted_owners[first + count - 1]
        self._owner = np.where(lowest == highest, lowest, -1)

    def share(self, hashes: _Hashes, but: int = -2) -> float:
        """The share of these runs that a tune of the collection has, other than number `but`."""
        if not len(hashes) or not len(self._known):
            return 0.0
        places = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        found = (self._known[places] == hashes) & (self._owner[places] != but)
        return float(found.mean())


def _hashes(row: str, length: int) -> _Hashes:
    """A hash of each run of `length` symbols; among millions of runs, hardly two fall together."""
    codes = np.frombuffer(row.encode("utf-32-le"), np.uint32).astype(np.uint64) + np.uint64(1)
    codes *= _FACTOR
    codes ^= codes >> np.uint64(29)
    hashes = np.zeros(max(0, len(codes) - length + 1), np.uint64)
    for offset in range(length):
        hashes = hashes * _FACTOR + codes[offset : offset + len(hashes)]
    return hashes
