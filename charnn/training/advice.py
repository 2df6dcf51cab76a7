"""What a finished run says about itself: still learning, done, or overfitting; and what to change.

It is judged by the validation losses and the training loss at the end. The learning rate falls to
nothing over any budget, so that every curve is flat at its end: what counts is how much the second
half of the run brought; and where that was little, whether the training loss is far below. That
one is measured with dropout, which makes it look worse than it is.
"""

from collections.abc import Mapping, Sequence

from charnn.model.config import ModelConfig
from charnn.training.recipe import PRESETS
from charnn.training.training_config import Budget

# Shares of the loss. Less than this the falling rate brings by itself.
FLAT = 0.015
RISEN = 0.005
FAR_BELOW = 0.2
# Share of the steps: the best loss comes well before the end.
EARLY = 0.8
# Passes over the corpus: so few teach nothing by heart, and never all.
FEW_PASSES = 3


def advise(
    history: Sequence[Mapping[str, float]], passes: float, budget: Budget, model: ModelConfig
) -> str | None:
    """One sentence for the user; None where too little was measured to say anything.

    Args:
        history: a run's validations: "step", "seconds", "val_loss" and "train_loss", the mean
            training loss since the one before, where it is known.
        passes: over the training part, in all.
        budget: what the run was given.
        model: what was trained.
    """
    if not history:
        return None
    best, last = min(history, key=lambda entry: entry["val_loss"]), history[-1]
    lowest, steps = best["val_loss"], last["step"]
    early = best["step"] < EARLY * steps
    if early and last["val_loss"] > lowest * (1 + RISEN):
        return (
            f"overfitting: the validation loss was lowest at step {best['step']:,} of {steps:,}: "
            f"try {_regularised(model)}, or a budget that ends there "
            f"(--epochs {_short(passes * best['step'] / steps)})"
        )
    first_half = [entry["val_loss"] for entry in history if entry["step"] <= 0.55 * steps]
    # The loss of a text that is known for sure is 0.
    brought = first_half[-1] / (lowest or 1e-9) - 1 if first_half else FLAT
    if early or brought < FLAT:
        train = last.get("train_loss", lowest)
        if passes > FEW_PASSES and train < lowest * (1 - FAR_BELOW):
            return (
                f"overfitting: the training loss ({train:.2f}) is far below that of the validation "
                f"({lowest:.2f}), which has hardly fallen: try {_regularised(model)}"
            )
        larger = [name for name, size in _sizes().items() if size > _size(model)][:1]
        model_too = f"a larger model (--preset {larger[0]})" if larger else "a larger model"
        little = (
            f"the validation loss has not fallen since step {best['step']:,} of {steps:,}"
            if early
            else f"the second half of the run brought only {brought:.1%}"
        )
        return (
            f"done: {little}: more time would bring little, {model_too} or more text may bring more"
        )
    if first_half or passes < FEW_PASSES:
        return (
            "still learning: train longer, such as "
            f"{_doubled(budget, last['seconds'], passes, steps)} "
            "(with --resume to go on with this run)"
        )
    return None


def _regularised(model: ModelConfig) -> str:
    """What helps against overfitting."""
    smaller = [name for name, size in _sizes().items() if size < _size(model)][-1:]
    sizes = f"a smaller model (--preset {smaller[0]})" if smaller else "a smaller model"
    more = min(0.7, model.dropout + 0.2)
    dropout = f"--dropout {more:.1f}, " if more > model.dropout else ""
    weights = "" if model.weight_drop else "--weight-drop 0.3, "
    return f"{dropout}{weights}{sizes}, more text"


def _doubled(budget: Budget, seconds: float, passes: float, steps: float) -> str:
    """Twice the limit that ended the run, as an option."""
    spent = {"minutes": seconds / 60, "epochs": passes, "steps": steps}
    limits = {name: limit for name, limit in vars(budget).items() if limit is not None}
    ended = max(limits, key=lambda name: spent[name] / limits[name])
    return f"--{ended} {_short(2 * limits[ended])}"


def _short(value: float) -> str:
    """A number for the command line, with at most two digits behind the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _size(model: ModelConfig) -> int:
    return model.num_layers * model.hidden_size**2


def _sizes() -> dict[str, int]:
    return {name: one.num_layers * one.hidden_size**2 for name, one in PRESETS.items()}
