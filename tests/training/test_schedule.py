"""Budget and schedule: the progress of a run, and its learning rate."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.errors import UsageError
from charnn.training.schedule import WARM_UP, learning_rate
from charnn.training.training_config import Budget, TrainingConfig

PROGRESS = st.floats(0, 1)


@given(PROGRESS, PROGRESS, st.floats(1e-6, 1))
def test_the_rate_rises_then_falls(one: float, other: float, highest: float) -> None:
    early, late = sorted((one, other))
    before, after = learning_rate(early, highest), learning_rate(late, highest)
    assert 0 < before <= highest * (1 + 1e-9)
    if late < WARM_UP:
        assert before <= after
    elif early >= WARM_UP:
        assert before >= after * (1 - 1e-9)


def test_the_rate_at_its_turning_points() -> None:
    assert learning_rate(WARM_UP, 4e-3) == pytest.approx(4e-3)
    assert learning_rate(WARM_UP / 2, 4e-3) == pytest.approx(2e-3)
    assert learning_rate(1, 4e-3) == pytest.approx(4e-3 * 0.02)
    assert 0 < learning_rate(0, 4e-3) <= 4e-3 / 10
    # The rate does not jump at the end of the warm-up.
    assert learning_rate(WARM_UP - 1e-9, 1) == pytest.approx(learning_rate(WARM_UP, 1), abs=1e-4)
    # In the middle of the cosine the rate is half-way.
    middle = (1 + WARM_UP) / 2
    assert learning_rate(middle, 1) == pytest.approx(0.51)


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e4), st.integers(1, 10**6), st.floats(0, 2))
def test_progress_is_the_share_of_whichever_limit_comes_first(
    minutes: float, epochs: float, steps: int, share: float
) -> None:
    for budget in (Budget(minutes=minutes), Budget(minutes, epochs * 9, steps * 9)):
        assert budget.progress(60 * minutes * share, 0, 0) == pytest.approx(min(1, share))
    for budget in (Budget(epochs=epochs), Budget(minutes, epochs)):
        assert budget.progress(0, epochs * share, 0) == pytest.approx(min(1, share))
    budget = Budget(minutes, epochs, steps)
    assert budget.progress(0, 0, steps) == 1
    assert budget.progress(60 * minutes, 0, 0) == pytest.approx(1)
    assert budget.progress(0, 0, 0) == 0


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"minutes": 0},
        {"minutes": -1},
        {"epochs": math.nan},
        {"epochs": math.inf},
        {"steps": 0},
        {"minutes": 1, "steps": -5},
    ],
    ids=str,
)
def test_a_budget_out_of_range_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="--"):
        Budget(**limits)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("batch_size", [0, -1]),
        ("seq_len", [0]),
        ("lr", [0, -1, math.nan, math.inf]),
        ("clip", [0, math.nan]),
        ("clip_value", [0, -1, math.nan, math.inf]),
        ("gradient_penalty", [-1, math.nan, math.inf]),
        ("weight_decay", [-0.1, 1, math.nan]),
        ("ema", [-0.1, 1, math.nan]),
        ("patience", [-1]),
        ("save_every", [-1]),
        ("seed", [-1, 2**63]),
        ("threads", [-1, 5000]),
    ],
)
def test_options_out_of_range_are_refused(name: str, values: list[float]) -> None:
    for value in values:
        with pytest.raises(UsageError, match="--" + name.replace("_", "-")):
            TrainingConfig(Budget(steps=1), **{name: value})


def test_options_survive_json() -> None:
    config = TrainingConfig(Budget(minutes=2.5, steps=9), lr=0.1, clip=3, precision="bf16")
    assert TrainingConfig.from_json(config.to_json()) == config
