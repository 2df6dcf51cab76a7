"""The loss of windows of 256 characters that begin with an empty state, as transformers have it.

A transformer of that context sees nothing before its window, so its published figures (nanoGPT's:
random windows) flatter no memory. A recurrent network's own figure is that of the whole sweep with
the state carried (`charnn.evaluation.sweep`); this one is for the comparison alone.

The mean over windows varies much from text to text, the difference that the empty state makes
varies little. So that difference alone is drawn at random, and the loss with the state carried, a
control variate, is taken over all windows: some hundred of them do what thousands did.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.evaluation.sweep import segment_losses
from charnn.model.network import Network

LENGTH = 256
STANDARD_ERROR = 0.003
# Windows, by which a model that has learned anything has long been measured so well.
MOST = 8192
BATCH = 128
SEED = 0


@dataclass(frozen=True)
class FreshWindows:
    """What windows that begin with an empty state give.

    Args:
        loss: mean over all windows, nats a character.
        standard_error: of it, nats.
        drawn: how many windows were drawn.
    """

    loss: float
    standard_error: float
    drawn: int

    @property
    def protocol(self) -> str:
        """In words, how that was measured: to be shown with every figure."""
        return (
            f"windows of {LENGTH} characters, each begun with an empty state, "
            f"{self.drawn:,} at random (seed {SEED}), standard error {self.standard_error:.4f}"
        )


def evaluate_fresh_windows(
    network: Network, ids: NDArray[Any], carried: NDArray[np.floating[Any]]
) -> FreshWindows | None:
    """Draw windows until the standard error is below `STANDARD_ERROR`, but at most `MOST`.

    Args:
        network: the model, one symbol a character.
        ids: [N] the scored part with what lies before it.
        carried: the loss of each id of the scored part, which ends `ids`, with the state carried.

    Returns:
        None if the scored part is too short for such windows.
    """
    start = len(ids) - len(carried)
    # A window's first character is read and not scored; it, too, is of the scored part.
    places = len(carried) - LENGTH
    if places < 1:
        return None
    sums = np.concatenate([[0.0], np.cumsum(carried, dtype=np.float64)])
    carried_means = (sums[LENGTH + 1 :] - sums[1:-LENGTH]) / LENGTH
    random = np.random.default_rng(SEED)
    was_training = network.training
    network.eval()
    differences = np.empty(0)
    error = np.inf
    while error >= STANDARD_ERROR and len(differences) < MOST:
        chosen = random.integers(places, size=BATCH)
        positions = start + 1 + chosen + np.arange(LENGTH)[:, None]
        losses, _ = segment_losses(network, ids, positions, network.initial_state(BATCH))
        found = losses[0].mean(0, dtype=np.float64) - carried_means[chosen]
        differences = np.append(differences, found)
        error = float(differences.std(ddof=1) / len(differences) ** 0.5)
    network.train(was_training)
    loss = float(carried_means.mean() + differences.mean())
    return FreshWindows(loss, error, len(differences))
