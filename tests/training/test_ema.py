"""The running average of the weights."""

from pathlib import Path

import numpy as np
import pytest

from charnn.checkpoints.run_files import BEST
from charnn.corpus.ids import Dataset
from charnn.training.ema import Average
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run, validation_loss


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1250), val_fraction=0.03)


def test_the_saved_weights_are_the_average_so_far(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset, ema=0.5)
    plain = Run(tmp_path / "plain", dataset)
    first = run.trainer(run.config(4)).state.network.head.weight.detach().numpy()
    expected = first.copy()
    for step in (1, 2, 3):
        # A stop after every step saves the trained weights, which the average does not change.
        run.train(4, stop_after=1)
        plain.train(4, stop_after=1)
        weights = plain.checkpoint().weights["head.weight"]
        np.testing.assert_array_equal(run.checkpoint().training["weights.head.weight"], weights)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weights
        np.testing.assert_allclose(
            run.checkpoint().weights["head.weight"], expected, rtol=0, atol=1e-6
        )


def test_the_average_is_validated(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset, ema=0.95)
    finished = run.train(40)
    best = run.checkpoint(BEST)
    trained = {name: best.training[f"weights.{name}"].astype(np.float32) for name in best.weights}
    loss, loss_of_trained = (
        validation_loss(best.config, weights, dataset) for weights in (best.weights, trained)
    )
    assert loss == pytest.approx(finished.best_loss, abs=1e-6)
    assert loss != pytest.approx(loss_of_trained, abs=1e-3)


def test_no_average_costs_no_memory(dataset: Dataset, tmp_path: Path) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(2)
    assert not [name for name in run.checkpoint().training if name.startswith("weights.")]
    network = run.trainer(run.config(2)).state.network
    assert Average(network, 0.0).weights() == {}
