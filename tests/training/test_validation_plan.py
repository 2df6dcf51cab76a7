"""The plan of validations: the whole held-out part where that is cheap, else a sample of it."""

import math

from hypothesis import given
from hypothesis import strategies as st

from charnn.training.training_config import Budget
from charnn.training.validation_plan import (
    FINAL_SHARE,
    MIN_TOKENS,
    SAMPLE_CONTEXT,
    VALIDATION_SHARE,
    Speeds,
    ValidationPlan,
    plan_validation,
)

TINYSHAKESPEARE = 111_540
FIFTY_MEGABYTES = 5_000_000


def test_a_small_part_is_scored_as_a_whole() -> None:
    plan = plan_validation(Budget(minutes=1), math.inf, TINYSHAKESPEARE, Speeds(300_000, 200_000))
    assert (plan.validations, plan.tokens, plan.final_tokens) == (4, *2 * (TINYSHAKESPEARE,))
    # The end of the run is inside the budget.
    assert 0 < plan.reserved_seconds < 2
    assert plan.training_budget(Budget(minutes=1)) == Budget(minutes=1 - plan.reserved_seconds / 60)


def test_a_large_part_is_sampled() -> None:
    plan = plan_validation(Budget(minutes=0.3), math.inf, FIFTY_MEGABYTES, Speeds(200_000, 150_000))
    assert plan.validations == 2
    # All validations read 5 % of 18 seconds, the last evaluation 10 %.
    assert plan.validations * (plan.tokens + SAMPLE_CONTEXT) <= VALIDATION_SHARE * 18 * 200_000
    assert plan.tokens < plan.final_tokens < FINAL_SHARE * 18 * 200_000
    assert plan.reserved_seconds < 0.13 * 18


def test_a_long_run_ends_with_a_whole_evaluation_of_a_large_part() -> None:
    plan = plan_validation(Budget(minutes=30), math.inf, FIFTY_MEGABYTES, Speeds(200_000, 150_000))
    assert plan.tokens < plan.final_tokens == FIFTY_MEGABYTES


def test_a_budget_in_steps_does_not_depend_on_the_speed() -> None:
    budget = Budget(steps=60)
    plans = {
        plan_validation(budget, 61_440, FIFTY_MEGABYTES, speeds) for speeds in (None, Speeds(1, 1))
    }
    assert plans == {ValidationPlan(1, 6144, 24_576)}
    assert ValidationPlan(1, 6144, 24_576).training_budget(budget) == budget


def test_one_epoch_of_a_large_text_is_validated_ten_times() -> None:
    plan = plan_validation(Budget(epochs=1), 9 * 10**7, 10**8, None)
    assert plan == ValidationPlan(10, 900_000, 36_000_000)


def test_many_epochs_are_validated_fifty_times() -> None:
    plan = plan_validation(Budget(epochs=100), 9e7, 10**5, None)
    assert plan == ValidationPlan(50, 10**5, 10**5)


@given(
    st.one_of(st.none(), st.floats(1e-3, 1e6)),
    st.one_of(st.just(math.inf), st.floats(1, 1e12)),
    st.integers(1, 10**9),
    st.one_of(st.none(), st.builds(Speeds, st.floats(1, 1e8), st.floats(1, 1e8))),
)
def test_every_plan_is_possible(
    minutes: float | None, trained: float, val_tokens: int, speeds: Speeds | None
) -> None:
    budget = Budget(minutes=minutes, steps=None if minutes else 1)
    plan = plan_validation(budget, trained, val_tokens, speeds)
    assert 1 <= plan.validations <= 50
    least = min(val_tokens, MIN_TOKENS)
    assert least <= plan.tokens <= val_tokens
    assert least <= plan.final_tokens <= val_tokens
    left = plan.training_budget(budget)
    assert left.minutes is None or left.minutes >= (minutes or 0) / 2
