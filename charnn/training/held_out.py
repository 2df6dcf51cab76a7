"""The held-out part of a run's corpus, and the losses of the run's network on it."""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.ids import Dataset
from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation.scored_part import CONTEXT, MAX_ROWS, Part, Rows, choose_part
from charnn.evaluation.sweep import sum_losses
from charnn.model.network import Network
from charnn.training.hardware import autocast
from charnn.training.processes import ALONE, Processes
from charnn.training.training_config import TrainingConfig

# The scored tokens of each row in the trial that measures the speed.
TRIAL_LENGTH = 64


class HeldOut:
    """The held-out part of a corpus, and a network that is evaluated on it.

    Args:
        dataset: the corpus.
        network: the network of the run.
        config: the options of the run, for the device and the precision.
        processes: the processes of the run, which evaluate together.

    Attributes:
        ids: [N] the training part, then the held-out part.
        start: the index of the first held-out token.
        tokens: the number of held-out tokens.
        has_text: whether any held-out character is in the vocabulary.
    """

    def __init__(
        self,
        dataset: Dataset,
        network: Network,
        config: TrainingConfig,
        processes: Processes = ALONE,
    ) -> None:
        self.ids = dataset.ids
        self.start = dataset.train_length
        self.tokens = len(dataset.val)
        self.has_text = dataset.val_characters > dataset.val_unknown
        self._vocabulary = dataset.vocabulary
        # Coded tunes have a few characters more than the tunes (`charnn.music.coding`).
        coded_characters = dataset.vocabulary.count_characters(dataset.val)
        self._characters_each = dataset.val_characters / max(1, coded_characters)
        self._network = network
        self._config = config
        self._processes = processes

    def choose_part(self, tokens: int) -> Part:
        """Return the whole held-out part, or a fixed sample of it with at most `tokens` tokens."""
        return choose_part(self.start, len(self.ids), tokens, self._vocabulary.counted_one)

    def count_characters(self, part: Part) -> int:
        """Return the number of characters of a part that are in the vocabulary; at least 1."""
        tokens = part.tokens(self.ids)
        characters = self._vocabulary.count_characters(tokens[tokens != UNKNOWN])
        return max(1, round(characters * self._characters_each))

    def sum_losses(
        self, part: Part, temperatures: Sequence[float], should_stop: Callable[[int], bool]
    ) -> NDArray[np.float64] | None:
        """Return the summed losses of a part, see `charnn.evaluation.sweep.sum_losses`.

        Several processes score some rows of the part each. All of them stop if one of them must.
        """
        own = part.share(self._processes.rank, self._processes.size)
        # bf16 moves the result by about 0.0001 nats and takes a third of the time.
        with autocast(self._config.device, self._config.precision):
            totals = sum_losses(self._network, self.ids, own, temperatures, should_stop)
        if self._processes.is_alone:
            return totals
        stopped = totals is None
        figures = np.zeros(len(temperatures)) if totals is None else totals
        *sums, stops = self._processes.sum(np.append(figures, stopped))
        return None if stops else np.array(sums)

    def measure_speed(self, temperatures: Sequence[float]) -> float:
        """Return the tokens per second that the network reads in a short trial, context included.

        The held-out part must have at least `MAX_ROWS * TRIAL_LENGTH` tokens. `temperatures` are
        those of `sum_losses`.
        """
        starts = self.start + self.tokens // MAX_ROWS * np.arange(MAX_ROWS)
        part = Part((Rows(starts, TRIAL_LENGTH),), "")
        seconds = []
        for _ in range(2):  # the first sweep also sets up the library
            begin = time.perf_counter()
            self.sum_losses(part, temperatures, lambda scored: False)
            seconds.append(time.perf_counter() - begin)
        speed = MAX_ROWS * (TRIAL_LENGTH + min(CONTEXT, self.start - 1)) / min(seconds)
        return self._processes.share(speed)
