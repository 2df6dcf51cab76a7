"""The advice at the end of a run: its diagnosis (learning, done, overfitting) and a remedy.

The learning rate is annealed over the budget, so every loss curve is flat at its end. The advice
therefore asks how much the second half of the run has gained and, if the gain is small, whether the
training loss is far below the validation loss. The training loss is measured with dropout, which
makes it higher than a loss of the same weights without dropout.
"""

from collections.abc import Mapping, Sequence

from charnn.model.config import ModelConfig
from charnn.training.recipe import PRESETS
from charnn.training.training_config import Budget

# Shares of the loss. Annealing alone gains less than FLAT in the second half of a run.
FLAT = 0.015
# The last validation loss has risen if it is this much above the lowest one.
RISEN = 0.005
# A training loss this much below the validation loss is a sign of overfitting.
FAR_BELOW = 0.2
# A lowest loss before this share of the steps came early.
EARLY = 0.8
# In fewer epochs nothing is learned by heart.
FEW_EPOCHS = 3
# Validations up to this share of the steps belong to the first half. Validations are spread evenly
# over the budget, but each one starts only after a step, so the middle one may come a little late.
FIRST_HALF = 0.55


def advise(
    history: Sequence[Mapping[str, float]], epochs: float, budget: Budget, model: ModelConfig
) -> str | None:
    """Return one sentence for the user, or None if too little was measured.

    Args:
        history: the validations of the run: "step", "seconds", "val_loss" and, if known,
            "train_loss". The latter is the mean training loss since the previous validation.
        epochs: the number of passes over the training part so far.
        budget: the budget of the run.
        model: the shape of the model.
    """
    if not history:
        return None
    best, last = min(history, key=lambda entry: entry["val_loss"]), history[-1]
    lowest, steps = best["val_loss"], last["step"]
    is_early = best["step"] < EARLY * steps
    if is_early and last["val_loss"] > lowest * (1 + RISEN):
        return (
            f"overfitting: the validation loss was lowest at step {best['step']:,} of {steps:,}. "
            f"Try {_against_overfitting(model)}, or a budget that ends there "
            f"(--epochs {_short(epochs * best['step'] / steps)})"
        )
    first_half = [entry["val_loss"] for entry in history if entry["step"] <= FIRST_HALF * steps]
    # The loss of a text without surprises is 0.
    gained = first_half[-1] / (lowest or 1e-9) - 1 if first_half else FLAT
    if is_early or gained < FLAT:
        train_loss = last.get("train_loss", lowest)
        if epochs > FEW_EPOCHS and train_loss < lowest * (1 - FAR_BELOW):
            return (
                f"overfitting: the training loss ({train_loss:.2f}) is far below the validation "
                f"loss ({lowest:.2f}), which has hardly fallen. Try {_against_overfitting(model)}"
            )
        return _nothing_more(model, best["step"], steps, None if is_early else gained)
    if first_half or epochs < FEW_EPOCHS:
        return (
            "still learning: train longer, such as "
            f"{_doubled(budget, last['seconds'], epochs, steps)} "
            "(with --resume to continue this run)"
        )
    return None


def _nothing_more(model: ModelConfig, best_step: float, steps: float, gained: float | None) -> str:
    """Return the advice for a run whose loss would hardly fall with more training.

    Args:
        model: the shape of the model.
        best_step: the step of the lowest validation loss.
        steps: the steps of the run.
        gained: the fall of the validation loss in the second half of the run, as a share of the
            lowest loss; None if the best step came early.
    """
    larger = [name for name, size in _preset_sizes().items() if size > _size(model)][:1]
    larger_model = f"a larger model (--preset {larger[0]})" if larger else "a larger model"
    reason = (
        f"the validation loss has not fallen since step {best_step:,} of {steps:,}"
        if gained is None
        else f"the second half of the run gained only {gained:.1%}"
    )
    return f"done: {reason}. More time would gain little; {larger_model} or more text may help"


def _against_overfitting(model: ModelConfig) -> str:
    """Return a text that lists the remedies against overfitting."""
    smaller = [name for name, size in _preset_sizes().items() if size < _size(model)][-1:]
    smaller_model = f"a smaller model (--preset {smaller[0]})" if smaller else "a smaller model"
    higher = min(0.7, model.dropout + 0.2)
    dropout = f"--dropout {higher:.1f}, " if higher > model.dropout else ""
    weight_drop = "" if model.weight_drop else "--weight-drop 0.3, "
    return f"{dropout}{weight_drop}{smaller_model}, more text"


def _doubled(budget: Budget, seconds: float, epochs: float, steps: float) -> str:
    """Return an option that sets twice the limit that ended the run, such as `--minutes 8`."""
    spent = {"minutes": seconds / 60, "epochs": epochs, "steps": steps}
    limits = {name: limit for name, limit in vars(budget).items() if limit is not None}
    reached = max(limits, key=lambda name: spent[name] / limits[name])
    return f"--{reached} {_short(2 * limits[reached])}"


def _short(value: float) -> str:
    """Return a number for the command line, with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _size(model: ModelConfig) -> int:
    """Return a measure of a model's size: the number of its recurrent weights per gate."""
    return model.num_layers * model.hidden_size**2


def _preset_sizes() -> dict[str, int]:
    return {name: each.num_layers * each.hidden_size**2 for name, each in PRESETS.items()}
