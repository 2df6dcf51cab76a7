"""Training on a GPU: exact, as on a CPU, without waiting. Skipped on a machine without one.

`python -m benchmarks.gpu --dry-run` tries the tests on a machine without a GPU: a CPU stands in.
"""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from charnn.corpus.ids import Dataset
from charnn.model.config import ModelConfig
from charnn.model.network import Network, export_weights
from charnn.training.events import OutOfMemory
from charnn.training.hardware import autocast, choose_precision, exact_and_fast
from charnn.training.weight_update import update_weights
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run, assert_same_run

pytestmark = pytest.mark.gpu

DEVICES = {
    "cuda": torch.cuda.is_available(),
    "mps": torch.backends.mps.is_available(),
    "cpu": "CHARNN_DRY_RUN" in os.environ,
}
FOUND = [device for device, is_there in DEVICES.items() if is_there]
if not FOUND:
    pytest.skip("this machine has no GPU", allow_module_level=True)
# Everything that draws random numbers or is carried from step to step.
EXACT = {
    "lstm": {"pointer": 64, "pointer_width": 16, "dropout": 0.3, "weight_drop": 0.2},
    "gru": {"num_layers": 2, "dropout": 0.2, "ema": 0.9},
    "rnn": {"embedding_dropout": 0.1},
    "peephole": {"dropout": 0.2},
    "coupled": {"pointer": 64, "pointer_width": 16},
}


@pytest.fixture(scope="module", params=FOUND)
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cuda(device: str) -> str:
    if device != "cuda":
        pytest.skip("only CUDA can show this")
    return device


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1250), val_fraction=0.03)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("cell", EXACT)
def test_a_resumed_run_is_exact(
    tmp_path: Path, dataset: Dataset, device: str, cell: str, precision: str
) -> None:
    if precision not in ("fp32", choose_precision("auto", device)):
        pytest.skip(f"{device} has no {precision}")
    options = {"cell": cell, "device": device, "precision": precision, "hidden_size": 32}
    whole, parts = (
        Run(tmp_path / name, dataset, **options, **EXACT[cell]) for name in ("whole", "parts")
    )
    whole.train(30)
    parts.train(30, stop_after=13)
    parts.train(30)
    assert_same_run(whole.checkpoint(), parts.checkpoint())


@pytest.mark.parametrize("cell", EXACT)
def test_the_curve_is_that_of_a_cpu(
    tmp_path: Path, dataset: Dataset, device: str, cell: str
) -> None:
    """The same initial weights, without dropout, whose masks differ between devices."""
    losses = []
    for number, where in enumerate(("cpu", device)):
        options = {"cell": cell, "device": where, "hidden_size": 32, "pointer": 64}
        run = Run(tmp_path / str(number), dataset, **options, pointer_width=16)
        run.train(60)
        losses.append(run.losses())
    assert losses[1] == pytest.approx(losses[0], abs=0.02)


@pytest.mark.parametrize("options", [*EXACT.values(), {"gradient_penalty": 0.1}])
def test_the_host_never_waits_in_a_step(
    tmp_path: Path, dataset: Dataset, cuda: str, options: dict[str, Any]
) -> None:
    run = Run(tmp_path / "run", dataset, device=cuda, precision="bf16", **options)
    trainer = run.trainer(run.config(10))
    with exact_and_fast(cuda):
        for number in range(6):
            if number == 3:  # after the library is set up
                torch.cuda.set_sync_debug_mode("error")
            update_weights(trainer.state, trainer.config, trainer.feed, 1e-3)
    torch.cuda.set_sync_debug_mode("default")
    assert trainer.state.position.step == 6


@pytest.fixture(autouse=True)
def waiting_allowed() -> Iterator[None]:
    """Allow the host to wait after a test that forbade it, also if it failed."""
    yield
    if FOUND == ["cuda"]:
        torch.cuda.set_sync_debug_mode("default")


def test_a_gradient_that_is_not_finite_spoils_nothing(
    tmp_path: Path, dataset: Dataset, device: str
) -> None:
    """The host learns of it some steps later, when the weights are still those before."""
    run = Run(tmp_path / "run", dataset, device=device)
    trainer = run.trainer(run.config(10))
    update_weights(trainer.state, trainer.config, trainer.feed, 1e-3)
    before = export_weights(trainer.state.network)
    hidden = trainer.state.hidden_state
    spoiled = [tuple(part * float("nan") for part in layer) for layer in hidden.layers]
    trainer.state.hidden_state = hidden._replace(layers=spoiled)
    for _ in range(2):
        figures = update_weights(trainer.state, trainer.config, trainer.feed, 1e-3).figures
    assert not figures.isfinite().any()
    for name, weights in export_weights(trainer.state.network).items():
        np.testing.assert_array_equal(weights, before[name], err_msg=name)


def test_a_batch_that_does_not_fit_is_trained_in_parts(
    tmp_path: Path, dataset: Dataset, cuda: str
) -> None:
    """Leave little of the memory to the process, as other programs may do."""
    options = {"hidden_size": 512, "batch_size": 512, "seq_len": 64, "pointer": 64}
    dataset = prepared_text(tmp_path / "data", prose(40_000), val_fraction=0.03)
    run = Run(tmp_path / "run", dataset, device=cuda, **options)
    total = torch.cuda.get_device_properties(cuda).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(min(1.0, (400 << 20) / total))
    try:
        run.train(3)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert any(isinstance(event, OutOfMemory) for event in run.events)
    assert run.checkpoint().metadata["training"]["accumulate"] > 1


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_cudnn_runs_the_layers_in_bf16(cuda: str, cell: str) -> None:
    """torch warns if it has to copy the weights at every call."""
    if not torch.cuda.is_bf16_supported(including_emulation=False):
        pytest.skip("this GPU has no bf16")
    network = Network(ModelConfig(20, cell, 1, 32, 16)).to(cuda)
    ids_TB = torch.randint(20, (16, 8), device=cuda)
    with warnings.catch_warnings(), autocast(cuda, "bf16"):
        warnings.simplefilter("error")
        losses_TB, after = network.losses(ids_TB, ids_TB, network.initial_state(8))
        losses_TB.mean().backward()
    assert after.layers[0][0].dtype == torch.bfloat16
    assert losses_TB.dtype == torch.float32
    exact_TB, _ = network.losses(ids_TB, ids_TB, network.initial_state(8))
    torch.testing.assert_close(losses_TB, exact_TB, rtol=0, atol=0.03)


@torch.no_grad()
@pytest.mark.parametrize("cell", EXACT)
def test_many_texts_are_read_side_by_side(device: str, cell: str) -> None:
    """The logits of 64 texts, token by token, are those of a CPU."""
    torch.manual_seed(0)
    network = Network(ModelConfig(20, cell, 2, 32, 16, pointer=64, pointer_width=16)).eval()
    ids_TB = torch.randint(1, 20, (24, 64))
    found = []
    for where in ("cpu", device):
        network.to(where)
        state = network.initial_state(64)
        for ids_B in ids_TB.to(where):
            logits, state = network(ids_B[None], state)
        found.append(logits.cpu())
    torch.testing.assert_close(*found, rtol=0, atol=0.02)
