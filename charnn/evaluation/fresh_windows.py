"""The loss of 256-character windows that each start with an empty hidden state.

A transformer of that context length reads nothing before its window, and published figures
(nanoGPT: random windows) are measured in this way. The figure that describes a recurrent network is
the sweep with the state carried (`charnn.evaluation.sweep`); this one is for comparison only.

The mean loss varies much from window to window, but the difference that the empty state makes
varies little. So the mean difference is estimated from random windows, and added to the mean loss
with the state carried, which is computed over all windows (a control variate). In this way 128
windows gave the precision of 5,000.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.evaluation.sweep import segment_losses
from charnn.model.network import Network

LENGTH = 256
# In nats per character: windows are drawn until the standard error is below this limit.
MAX_STANDARD_ERROR = 0.003
# A trained model needs far fewer windows; this bounds the time for one that is not.
MAX_WINDOWS = 8192
BATCH = 128
SEED = 0


@dataclass(frozen=True)
class FreshWindows:
    """The loss of windows that start with an empty state.

    Attributes:
        loss: the estimated mean over all windows, in nats per character.
        standard_error: the standard error of the loss, in nats per character.
        drawn: the number of windows drawn.
        counted: what a window has 256 of, see `Vocabulary.counted`.
    """

    loss: float
    standard_error: float
    drawn: int
    counted: str = "characters"

    @property
    def protocol(self) -> str:
        """Return the description that is shown with the figure."""
        return (
            f"windows of {LENGTH} {self.counted}, each begun with an empty state, "
            f"{self.drawn:,} at random (seed {SEED}), standard error {self.standard_error:.4f}"
        )


def evaluate_fresh_windows(
    network: Network, ids: NDArray[Any], carried_losses: NDArray[np.floating[Any]]
) -> FreshWindows | None:
    """Return the estimated loss of windows that start with an empty state.

    Windows are drawn until the standard error is below `MAX_STANDARD_ERROR`, or until `MAX_WINDOWS`
    are drawn.

    Args:
        network: the network of a model whose tokens are single characters.
        ids: [N] the ids before the scored part, then its S ids.
        carried_losses: [S] the loss of each scored id with the state carried, in nats.

    Returns:
        The estimated loss; None if the scored part is too short for a window.
    """
    start = len(ids) - len(carried_losses)
    # A window's first character is context and not scored; it lies in the scored part as well.
    places = len(carried_losses) - LENGTH
    if places < 1:
        return None
    sums = np.concatenate([[0.0], np.cumsum(carried_losses, dtype=np.float64)])
    carried_means = (sums[LENGTH + 1 :] - sums[1:-LENGTH]) / LENGTH
    # A separate generator: evaluation must not change the random states of training.
    random = np.random.default_rng(SEED)
    was_training = network.training
    network.eval()
    differences = np.empty(0)
    error = np.inf
    while error >= MAX_STANDARD_ERROR and len(differences) < MAX_WINDOWS:
        chosen = random.integers(places, size=BATCH)
        positions_TB = start + 1 + chosen + np.arange(LENGTH)[:, None]
        losses, _ = segment_losses(network, ids, positions_TB, network.initial_state(BATCH))
        fresh_means = losses[0].mean(0, dtype=np.float64)
        differences = np.append(differences, fresh_means - carried_means[chosen])
        error = float(differences.std(ddof=1) / len(differences) ** 0.5)
    network.train(was_training)
    loss = float(carried_means.mean() + differences.mean())
    return FreshWindows(loss, error, len(differences))
