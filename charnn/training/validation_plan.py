"""The plan of a run's validations: their number, and how much of the held-out part they score.

A validation scores the whole held-out part if that costs a few per cent of the run. Of a larger
part it scores a fixed sample, and so does the evaluation of the best checkpoint at the end, which
may take longer. A budget in steps or epochs is planned by numbers of tokens only, so a run with the
same seed is the same run; a budget in minutes is planned by the measured speed of the machine.
"""

from dataclasses import dataclass, replace

from charnn.evaluation.scored_part import CONTEXT, MAX_ROWS
from charnn.training.training_config import Budget

MAX_VALIDATIONS = 50
# The number of validations grows with the square root of the minutes: a short run needs its time to
# train.
VALIDATIONS_PER_ROOT_MINUTE = 4
# The shares of a budget in minutes that all validations, and the evaluation at the end, may take.
VALIDATION_SHARE, FINAL_SHARE = 0.05, 0.10
# For a budget in steps or epochs: the number of trained tokens per validated one. A validation has
# no backward pass, so at this ratio the validations cost a few per cent of the time.
TRAINED_PER_VALIDATED = 10
# The number of trained tokens per token that the evaluation at the end scores, at least.
TRAINED_PER_FINAL = 2.5
# With a sample: fewer validations than `MAX_SAMPLED`, if each would score fewer tokens than this.
GOOD_SAMPLE, MAX_SAMPLED = 1 << 16, 10
# A held-out part of this many tokens is always scored as a whole.
MIN_TOKENS = 1 << 12
# The tokens that the rows of a sample read without scoring them.
SAMPLE_CONTEXT = MAX_ROWS * CONTEXT
# The share by which whole rows are longer than their scored tokens, at most.
WHOLE_COST = 1.25
# The evaluation at the end takes this much longer than its speed predicts, at most: each half has
# fewer rows side by side.
FINAL_COST = 1.5


@dataclass(frozen=True)
class Speeds:
    """The measured speeds of evaluations, in tokens per second.

    Attributes:
        plain: the speed of a validation.
        fitting: the speed at all the temperatures among which the evaluation at the end chooses.
    """

    plain: float
    fitting: float


@dataclass(frozen=True)
class ValidationPlan:
    """The plan of a run's validations.

    Attributes:
        validations: the number of validations, spread evenly over the budget.
        tokens: the number of tokens that each validation scores.
        final_tokens: the number of tokens that the evaluation at the end scores.
        reserved_seconds: the time that the last validation and the evaluation at the end take; 0 if
            it is not known.
    """

    validations: int
    tokens: int
    final_tokens: int
    reserved_seconds: float = 0.0

    def training_budget(self, budget: Budget) -> Budget:
        """Return the budget without the time that is reserved for the end of the run."""
        if budget.minutes is None:
            return budget
        # A budget that is shorter than its own end is used up by training.
        reserved = min(self.reserved_seconds / 60, budget.minutes / 2)
        return replace(budget, minutes=budget.minutes - reserved)


def plan_validation(
    budget: Budget, trained_tokens: float, val_tokens: int, speeds: Speeds | None
) -> ValidationPlan:
    """Return the plan of a run.

    Args:
        budget: the budget of the run.
        trained_tokens: the number of tokens that a budget in steps or epochs trains; infinite
            without such a budget.
        val_tokens: the number of tokens in the held-out part; at least 1.
        speeds: the measured speeds; None if they were not measured.
    """
    validations, tokens, final_tokens = _plan_by_tokens(trained_tokens, val_tokens)
    if budget.minutes is None:
        return ValidationPlan(validations, tokens, final_tokens)
    validations = min(validations, max(1, round(VALIDATIONS_PER_ROOT_MINUTE * budget.minutes**0.5)))
    if speeds is None:
        return ValidationPlan(validations, tokens, final_tokens)
    seconds, final_speed = 60 * budget.minutes, speeds.fitting / FINAL_COST
    affordable = VALIDATION_SHARE * seconds * speeds.plain / validations
    tokens = min(tokens, _fitting(affordable, val_tokens))
    final_tokens = min(final_tokens, _fitting(FINAL_SHARE * seconds * final_speed, val_tokens))
    reserved = _cost(tokens, val_tokens) / speeds.plain
    reserved += _cost(final_tokens, val_tokens) / final_speed
    return ValidationPlan(validations, tokens, final_tokens, reserved)


def _plan_by_tokens(trained: float, val_tokens: int) -> tuple[int, int, int]:
    """Return the number of validations, the tokens of each, and those of the last evaluation."""
    validated = trained / TRAINED_PER_VALIDATED
    final_tokens = _bounded(trained / TRAINED_PER_FINAL, val_tokens)
    if 2 * validated >= val_tokens or val_tokens <= MIN_TOKENS:
        validations = round(min(MAX_VALIDATIONS, validated / val_tokens))
        return max(1, validations), val_tokens, final_tokens
    validations = max(1, min(MAX_SAMPLED, int(validated / GOOD_SAMPLE)))
    return validations, _bounded(validated / validations, val_tokens), final_tokens


def _fitting(computed: float, val_tokens: int) -> int:
    """Return the number of tokens to score if `computed` tokens can be computed."""
    if computed >= WHOLE_COST * val_tokens:
        return val_tokens
    return _bounded(computed - SAMPLE_CONTEXT, val_tokens)


def _bounded(tokens: float, val_tokens: int) -> int:
    return int(min(val_tokens, max(MIN_TOKENS, tokens)))


def _cost(tokens: int, val_tokens: int) -> float:
    """Return the number of tokens that are computed to score `tokens` tokens."""
    return WHOLE_COST * tokens if tokens >= val_tokens else tokens + SAMPLE_CONTEXT
