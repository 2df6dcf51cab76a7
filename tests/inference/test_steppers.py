"""The steppers: int8 is near float32, and all of them agree to the last bit."""

import platform
import subprocess
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from charnn.inference.batched_stepper import MIN_ROWS, BatchedStepper, multiplies_exactly
from charnn.inference.exponential import exponential_32, logarithm
from charnn.inference.int8_pointer import mixed_logits
from charnn.inference.numba_stepper import CompiledStepper
from charnn.inference.quantised import FloatMatrix, Int8Matrix
from charnn.inference.stepper import Stepper
from charnn.model.activations import sigmoid, tanh
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from tests.helpers import environment, random_weights

SHAPES = [
    pytest.param(ModelConfig(vocab_size=11, cell=cell, num_layers=layers, hidden_size=hidden))
    for cell, layers, hidden in product(sorted(CELLS), (1, 3), (9, 70))
]
SHAPES += [
    pytest.param(ModelConfig(11, "lstm", 1, 70, pointer=13, pointer_width=10)),
    pytest.param(ModelConfig(11, "gru", 2, 9, pointer=50, pointer_width=40)),
]


def stepper_of(config: ModelConfig) -> Stepper[Int8Matrix]:
    return Stepper(config, random_weights(config, 1), Int8Matrix)


def random_ids(config: ModelConfig, *shape: int) -> NDArray[np.int64]:
    return np.random.default_rng(5).integers(0, config.vocab_size, shape)


def logits_of(
    stepper: Stepper[Any], ids_TB: NDArray[np.int64], temperature: float = 1.0
) -> NDArray[np.float32]:
    state = stepper.initial_state(ids_TB.shape[1])
    state.temperature = temperature
    return np.stack([stepper.feed(ids_B, state) for ids_B in ids_TB])


@pytest.mark.parametrize("config", SHAPES)
def test_all_steppers_agree_to_the_last_bit(config: ModelConfig) -> None:
    plain, rows = stepper_of(config), MIN_ROWS + 3
    ids = random_ids(config, 40, rows)
    expected = logits_of(plain, ids)
    assert expected.std(axis=0).min() > 0.002  # else the test would be void
    for faster in (CompiledStepper(plain), BatchedStepper(plain)):
        np.testing.assert_array_equal(logits_of(faster, ids), expected)
    # A text among others has the same logits as alone.
    for stepper, row in product((plain, CompiledStepper(plain)), (0, rows - 1)):
        alone = logits_of(stepper, ids[:, row : row + 1])
        np.testing.assert_array_equal(alone[:, 0], expected[:, row])
    if config.pointer:
        sharp = logits_of(plain, ids, temperature=0.5)
        assert not np.array_equal(sharp, expected)
        for faster in (CompiledStepper(plain), BatchedStepper(plain)):
            np.testing.assert_array_equal(logits_of(faster, ids, temperature=0.5), sharp)


@pytest.mark.parametrize("config", SHAPES)
def test_a_stepper_keeps_nothing_but_the_hidden_state(config: ModelConfig) -> None:
    plain, rows = stepper_of(config), MIN_ROWS + 2
    ids = random_ids(config, 20, rows)
    expected = logits_of(plain, ids)
    for stepper in (plain, CompiledStepper(plain), BatchedStepper(plain)):
        state = stepper.initial_state(rows)
        for ids_B in ids[:7]:
            stepper.feed(ids_B, state)
        logits_of(stepper, ids[:3])  # other texts meanwhile
        state = state.without_row(0)
        after = np.stack([stepper.feed(ids_B[1:], state) for ids_B in ids[7:]])
        np.testing.assert_array_equal(after, expected[7:, 1:])


def test_numpy_multiplies_where_torch_would_overflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = ModelConfig(vocab_size=11, num_layers=2, hidden_size=70)
    plain = stepper_of(config)
    ids = random_ids(config, 10, MIN_ROWS)
    monkeypatch.setattr(
        "charnn.inference.batched_stepper.multiplies_exactly", lambda columns: False
    )
    monkeypatch.setattr("torch._int_mm", None)
    np.testing.assert_array_equal(logits_of(BatchedStepper(plain), ids), logits_of(plain, ids))


def test_overflow_is_detected() -> None:
    """Without the instructions that multiply bytes exactly, oneDNN overflows."""
    assert multiplies_exactly(1) in (True, False)
    program = "from charnn.inference.batched_stepper import multiplies_exactly as m; print(m(512))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(ONEDNN_MAX_CPU_ISA="AVX2"),
        check=True,
        capture_output=True,
        text=True,
    )
    expected = ("False",) if platform.machine() == "x86_64" else ("True", "False")
    assert run.stdout.strip() in expected


@pytest.mark.parametrize("config", SHAPES)
def test_int8_is_near_float32(config: ModelConfig) -> None:
    # Large weights would make the network chaotic: small differences would grow.
    weights = {name: 0.3 * array for name, array in random_weights(config, 1).items()}
    ids = random_ids(config, 30, 1)
    exact = logits_of(Stepper(config, weights, FloatMatrix), ids)
    near = logits_of(Stepper(config, weights, Int8Matrix), ids)
    spread = exact.std()
    assert 0 < np.abs(near - exact).mean() < 0.05 * spread


@given(st.integers(1, 40), st.integers(1, 2500), st.integers(0, 2**32))
def test_int8_products_are_exact(rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.standard_normal((rows, columns), np.float32)
    h = random.uniform(-1, 1, (3, columns)).astype(np.float32)
    matrix = Int8Matrix(weights, np.zeros(rows, np.float32))
    whole = np.rint(127 * h).astype(np.int64) @ matrix.int8_RK.T.astype(np.int64)
    expected = whole.astype(np.float32) * matrix.scale_R
    np.testing.assert_array_equal(matrix.times(h), expected)


def test_a_row_of_zeros_stays_zero() -> None:
    matrix = Int8Matrix(np.zeros((2, 3), np.float32), np.ones(2, np.float32))
    assert matrix.times(np.ones((1, 3), np.float32)).tolist() == [[1, 1]]


@given(st.floats(-80, 0, width=32), st.floats(1e-300, 1e300))
def test_exponential_and_logarithm_are_near_the_exact_functions(x: float, y: float) -> None:
    assert exponential_32(np.float32(x)) == pytest.approx(np.exp(x), rel=1e-5)
    assert logarithm(np.float64(y)) == pytest.approx(np.log(y), abs=1e-9, rel=1e-12)


@given(st.floats(width=32, allow_nan=False))
def test_tanh_and_sigmoid_are_near_the_exact_functions(x: float) -> None:
    value = np.float32(x)
    assert abs(float(tanh(value)) - np.tanh(x)) < 6e-7
    assert abs(float(sigmoid(value)) - 0.5 * (1 + np.tanh(x / 2))) < 6e-7
    assert -1 <= tanh(value) <= 1


def test_a_temperature_keeps_the_share_of_the_copies() -> None:
    """Softmax and copies are sharpened separately; sharpening their mixture makes texts loop."""
    random = np.random.default_rng(4)
    logits = random.standard_normal(9).astype(np.float32)
    copied = np.where(random.random(9) < 0.5, random.integers(1, 10**6, 9), 0).astype(np.float64)
    sentinel, temperature = 7e5, 0.5
    softmax = np.exp(logits.astype(np.float64) / temperature)
    powers = copied ** (1 / temperature)
    expected = sentinel * softmax / softmax.sum() + copied.sum() * powers / powers.sum()
    found = np.exp(mixed_logits(logits, copied, sentinel, temperature).astype(np.float64))
    np.testing.assert_allclose(found / found.sum(), expected / expected.sum(), rtol=1e-5)
    # However unlikely a token is, it stays possible, and an impossible one stays so.
    logits[[2, 3]] = -300, -np.inf
    rare = mixed_logits(logits, np.zeros(9), sentinel, temperature)
    assert np.isfinite(rare[2])
    assert rare[3] == -np.inf
    logits[[2, 3]] = random.standard_normal(2)
    softmax = np.exp(logits.astype(np.float64) / temperature)
    nothing = mixed_logits(logits, np.zeros(9), sentinel, temperature)
    np.testing.assert_allclose(np.exp(nothing - nothing.max()), softmax / softmax.max(), rtol=1e-5)
