"""The rows of a batch on a GPU: they fill it, fit into its memory, and suit the corpus."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.model.config import ModelConfig
from charnn.training import plan
from charnn.training.card_batch import SHARE, row_bytes, rows_for_card
from charnn.training.options import TrainingOptions
from tests.helpers import prepared_text, prose

GIB = 1 << 30


def model(layers: int, hidden_size: int) -> ModelConfig:
    return ModelConfig(100, "lstm", layers, hidden_size, 64, pointer=512)


def test_a_small_model_gets_more_rows() -> None:
    rows = [rows_for_card(model(1, size), 128, 10**9, 80 * GIB) for size in (384, 1024, 4096)]
    assert rows == [512, 128, 64]


def test_a_small_corpus_gets_fewer_rows() -> None:
    rows = [rows_for_card(model(1, 384), 128, size, 80 * GIB) for size in (10**6, 4 * 10**6, 10**8)]
    assert rows == [64, 256, 512]


@given(st.integers(1, 4), st.integers(1, 4096), st.integers(16, 1024), st.integers(1, 200))
def test_the_rows_fit_into_the_memory(layers: int, hidden: int, seq_len: int, gib: int) -> None:
    rows = rows_for_card(model(layers, hidden), seq_len, 10**9, gib * GIB)
    assert 1 <= rows <= 512
    assert rows & (rows - 1) == 0
    assert rows == 1 or rows * row_bytes(model(layers, hidden), seq_len) <= SHARE * gib * GIB


@pytest.mark.parametrize(
    ("options", "rows"),
    [({"minutes": 1}, 32), ({"steps": 9}, 64), ({"minutes": 1, "batch_size": 7}, 7)],
    ids=str,
)
def test_the_card_decides_unless_the_user_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: TrainingOptions, rows: int
) -> None:
    monkeypatch.setattr(plan, "choose_device", lambda wanted: "cuda")
    monkeypatch.setattr(plan, "device_memory", lambda device: 400 << 20)
    dataset = prepared_text(tmp_path, prose(100_000))
    shape: TrainingOptions = {"hidden_size": 384, "num_layers": 1, "precision": "fp32"}
    planned = plan.plan_run(dataset, {**shape, **options})
    assert planned.training.batch_size == rows
