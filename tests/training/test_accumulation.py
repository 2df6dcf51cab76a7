"""Rows that are trained in parts: the same training as in one piece, except for rounding."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.errors import UsageError
from charnn.model.batch_rows import BatchRows
from charnn.model.cells import CELLS
from charnn.model.dropout import drop
from charnn.training.plan import Plan, plan_run
from charnn.training.processes import Processes
from charnn.training.sharing import note_processes
from charnn.training.training_config import Budget, TrainingConfig
from tests.helpers import prepared_text, prose, random_checkpoint
from tests.training.helpers import Run, assert_same_run

DROPOUT = {"dropout": 0.4, "embedding_dropout": 0.2, "weight_drop": 0.3}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1500), val_fraction=0.03)


def trained(run: Path, dataset: Dataset, accumulate: int, **options: Any) -> Checkpoint:
    """Return the last checkpoint of a run of 6 steps with 5 rows in a batch."""
    done = Run(run, dataset, accumulate=accumulate, **{"batch_size": 5, **options})
    done.train(6)
    return done.checkpoint()


def test_a_mask_is_cut_from_that_of_the_whole_batch() -> None:
    torch.manual_seed(3)
    whole = drop(torch.ones(1, 6, 4), 0.5)
    torch.manual_seed(3)
    part = drop(torch.ones(9, 3, 4), 0.5, (1, 3, 4), BatchRows(2, 5, 6))
    assert torch.equal(part, whole[:, 2:5].expand(9, 3, 4))


@pytest.mark.parametrize("cell", CELLS)
def test_parts_train_as_the_whole(
    tmp_path: Path, dataset: Dataset, cell: str, short_contexts: None
) -> None:
    options: Any = DROPOUT | {"cell": cell, "num_layers": 2, "pointer": 8, "ema": 0.9}
    whole = trained(tmp_path / "whole", dataset, 1, **options)
    parts = trained(tmp_path / "parts", dataset, 3, **options)
    assert (parts.training["random.cpu"] == whole.training["random.cpu"]).all()
    for name, weights in whole.training.items():
        if not name.startswith(("random", "memory.ids")):
            np.testing.assert_allclose(parts.training[name], weights, 1e-3, 2e-5, err_msg=name)


def test_the_gradient_penalty_is_that_of_all_rows(
    tmp_path: Path, dataset: Dataset, short_contexts: None
) -> None:
    whole = trained(tmp_path / "whole", dataset, 1, gradient_penalty=2.0)
    parts = trained(tmp_path / "parts", dataset, 5, gradient_penalty=2.0)
    for name, weights in whole.weights.items():
        np.testing.assert_allclose(parts.weights[name], weights, 1e-3, 2e-5, err_msg=name)


def test_a_run_in_parts_is_resumed_exactly(
    tmp_path: Path, dataset: Dataset, short_contexts: None
) -> None:
    options: Any = DROPOUT | {"batch_size": 5, "accumulate": 2}
    once, twice = Run(tmp_path / "a", dataset, **options), Run(tmp_path / "b", dataset, **options)
    once.train(12)
    twice.train(12, stop_after=7)
    twice.train(12)
    assert_same_run(once.checkpoint(), twice.checkpoint())


def test_more_parts_than_rows_are_refused(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match=r"--accumulate 9 .* --batch-size 8"):
        plan_run(dataset, {"steps": 1, "batch_size": 8, "accumulate": 9})


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ((1, 1), (1, 1), ""),
        ((2, 1), (1, 2), ""),
        ((1, 4), (1, 3), "by 1 process in 4 parts and goes on with 1 process in 3 parts"),
        # (a + b) + (c + d) is not ((a + b) + c) + d.
        ((2, 2), (1, 4), "by 2 processes in 2 parts each and goes on with 1 process in 4 parts"),
        ((1, 1), (2, 1), "by 1 process and goes on with 2 processes"),
    ],
)
def test_a_note_tells_that_sums_change(
    before: tuple[int, int], now: tuple[int, int], words: str
) -> None:
    checkpoint = random_checkpoint("abc")
    checkpoint.metadata.update(processes=before[0], training={"accumulate": before[1]})
    processes = Processes()
    processes.size = now[0]
    plan = Plan(checkpoint.config, TrainingConfig(Budget(steps=1), accumulate=now[1]))
    notes = note_processes(plan, checkpoint, processes).notes
    assert bool(notes) == bool(words)
    assert all(words in note for note in notes)
