"""The comparison of samples with the training documents and with each other."""

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.text_documents import text_hash


class NoveltyCounter:
    """A counter of the samples that are new.

    Args:
        training_hashes: the distinct hashes of the training documents in rising order.

    Attributes:
        new: the number of samples that are neither training documents nor earlier samples.
        copied: the number of samples that are training documents, each counted once.
        repeated: the number of samples that are equal to an earlier sample.
    """

    def __init__(self, training_hashes: NDArray[np.uint64]) -> None:
        self._training_hashes = training_hashes
        self._seen: set[int] = set()
        self.new = self.copied = self.repeated = 0

    def add(self, sample: str) -> bool:
        """Count a sample, and return whether it is new."""
        # Training documents have no spaces or line ends at their ends.
        number = text_hash(sample.rstrip())
        if number in self._seen:
            self.repeated += 1
            return False
        self._seen.add(number)
        place = int(np.searchsorted(self._training_hashes, np.uint64(number)))
        if place < len(self._training_hashes) and self._training_hashes[place] == number:
            self.copied += 1
            return False
        self.new += 1
        return True

    def summary(self, plural: str) -> str:
        """Return a sentence with the counts; `plural` is the name of the samples."""
        count = self.new + self.copied + self.repeated
        return (
            f"{count:,} {plural}: {self.new:,} new, {self.copied:,} in the training text, "
            f"{self.repeated:,} repeated"
        )
