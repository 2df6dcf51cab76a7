"""A batch that is too large for the memory of a device: it is trained in parts, and says so."""

from pathlib import Path
from typing import Any

import pytest
import torch

from charnn.corpus.ids import Dataset
from charnn.errors import CharnnError
from charnn.model.network import Network
from charnn.training.events import OutOfMemory
from charnn.training.warning_texts import warnings_of
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run, assert_same_run

OPTIONS: dict[str, Any] = {"batch_size": 5, "dropout": 0.3, "weight_drop": 0.2}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1500), val_fraction=0.03)


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GB)"),
]


def limit_memory(
    monkeypatch: pytest.MonkeyPatch, rows: int, error: RuntimeError = ERRORS[0]
) -> None:
    """Let the memory be too small for segments of more rows, which are half done by then."""
    losses = Network.losses

    def limited(self: Network, ids_TB: torch.Tensor, *arguments: Any) -> Any:
        result = losses(self, ids_TB, *arguments)
        if ids_TB.shape[1] > rows:
            result[0].mean().backward()
            raise error
        return result

    monkeypatch.setattr(Network, "losses", limited)


def test_the_parts_are_made_smaller_until_they_fit(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, short_contexts: None
) -> None:
    """The run equals one that was asked for the parts, and a resumed run keeps them."""
    parts = Run(tmp_path / "parts", dataset, accumulate=4, **OPTIONS)
    parts.train(12)
    limit_memory(monkeypatch, rows=2)
    limited = Run(tmp_path / "limited", dataset, **OPTIONS)
    limited.train(12, stop_after=7)
    stopped = limited.checkpoint()
    assert stopped.metadata["training"]["accumulate"] == 4
    limited.train(12, accumulate=stopped.metadata["training"]["accumulate"])
    assert_same_run(limited.checkpoint(), parts.checkpoint())
    told = [event for event in limited.events if isinstance(event, OutOfMemory)]
    assert told == [OutOfMemory(1, 2), OutOfMemory(1, 4)]
    assert "from step 1 on, its rows are trained in 4 parts" in warnings_of(told[-1])[0]


def test_a_row_that_does_not_fit_ends_the_run(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, short_contexts: None
) -> None:
    limit_memory(monkeypatch, rows=0)
    with pytest.raises(CharnnError, match=r"a single row .* --seq-len"):
        Run(tmp_path / "run", dataset, **OPTIONS).train(12)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error)[:20])
def test_every_library_has_its_own_words(
    tmp_path: Path,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    short_contexts: None,
    error: RuntimeError,
) -> None:
    limit_memory(monkeypatch, 3, error)
    run = Run(tmp_path / "run", dataset, **OPTIONS)
    run.train(1)
    assert OutOfMemory(1, 2) in run.events


def test_other_errors_are_not_of_memory(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_memory(monkeypatch, 3, RuntimeError("the shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        Run(tmp_path / "run", dataset, **OPTIONS).train(1)
