"""Hints on budgets and vocabularies that are probably mistakes, one or two sentences each.

A hint must not annoy users who mean what they typed, so the limits are far from usual values.
"""

from charnn.training.recipe import DEFAULT_EPOCHS
from charnn.training.running_mean import RunningMean
from charnn.training.training_config import Budget

# After this many epochs any text is learned by heart.
MAX_EPOCHS = 400
# A budget in epochs or steps gets a hint if it takes more than this many seconds.
MAX_SECONDS = 2 * 3600
# With fewer updates nothing is learned.
MIN_STEPS = 300
# No text in one language uses more characters; a wrong encoding can.
MAX_VOCABULARY = 20_000
# A larger share of held-out characters that training never sees makes the loss questionable.
MAX_UNKNOWN_SHARE = 0.01
# Seconds of training after which the speed is known.
HINT_AFTER = 5.0


def on_many_epochs(epochs: float, characters: int) -> str | None:
    """Return a hint if `epochs` epochs of `characters` characters are too many, else None."""
    if epochs <= MAX_EPOCHS:
        return None
    return (
        f"the budget is about {epochs:,.0f} epochs of {characters:,} characters, so the model will "
        f"learn them by heart. --epochs {DEFAULT_EPOCHS:g} is enough, or add text"
    )


def on_vocabulary(size: int) -> str | None:
    """Return a hint if a vocabulary of `size` tokens is too large, else None."""
    if size <= MAX_VOCABULARY:
        return None
    return (
        f"{size:,} different characters are more than any language has. Training will be slow and "
        "most of them will hardly be learned. If this is a surprise, set the files' --encoding"
    )


def on_unknown(unknown: int, characters: int) -> str | None:
    """Return a hint if too many held-out characters are outside the vocabulary, else None.

    Args:
        unknown: the number of held-out characters that the training part does not contain.
        characters: the number of held-out characters.
    """
    if unknown <= MAX_UNKNOWN_SHARE * characters:
        return None
    return (
        f"{unknown / characters:.1%} of the held-out part ({unknown:,} characters) does not occur "
        "in the training part. These characters are not scored, so the loss is that of the rest. "
        "Hold out a part like the rest: change --val-fraction or the order of the files"
    )


def on_unlearned(unknown: int, characters: int) -> str | None:
    """Return a hint if too many training characters are outside a given vocabulary, else None.

    Args:
        unknown: the number of training characters that are not in the vocabulary.
        characters: the number of training characters.
    """
    if unknown <= MAX_UNKNOWN_SHARE * characters:
        return None
    return (
        f"{unknown / characters:.1%} of the training part ({unknown:,} characters) is not in the "
        "vocabulary of --vocab. These characters are read, but never predicted or written"
    )


def on_speed(budget: Budget, steps_per_epoch: int, seconds_per_step: float) -> str | None:
    """Return a hint if the budget is too long or too short at this speed, else None."""
    seconds_per_epoch = steps_per_epoch * seconds_per_step
    if budget.minutes is None:
        no_limit = float("inf")
        epochs = min(budget.epochs or no_limit, (budget.steps or no_limit) / steps_per_epoch)
        if epochs * seconds_per_epoch <= MAX_SECONDS:
            return None
        return (
            f"at this speed the budget takes about {epochs * seconds_per_epoch / 3600:,.0f} hours. "
            f"A shorter run, such as --minutes {MAX_SECONDS / 60:g}, anneals its learning rate by "
            "its end"
        )
    steps = 60 * budget.minutes / seconds_per_step
    if steps < MIN_STEPS:
        return (
            f"at this speed there is time for about {steps:,.0f} updates, too few to learn. "
            "Set more --minutes or a smaller model"
        )
    limits = (budget.epochs, budget.steps and budget.steps / steps_per_epoch)
    # A limit below one epoch shows that a part of the corpus is enough for the user.
    if steps < steps_per_epoch and all(limit is None or limit >= 1 for limit in limits):
        return (
            f"at this speed {steps / steps_per_epoch:.0%} of the corpus will be read. "
            f"--minutes {-(-seconds_per_epoch // 60):.0f} would read it once"
        )
    return None


class SpeedHint:
    """The hint on a run's speed, given at most once.

    Args:
        budget: the budget of the run.
        characters_per_epoch: the characters of the training part.
        steps_per_epoch: the updates in one pass over the training part.
    """

    def __init__(self, budget: Budget, characters_per_epoch: int, steps_per_epoch: int) -> None:
        self._budget = budget
        self._characters_per_epoch = characters_per_epoch
        self._steps_per_epoch = steps_per_epoch
        self._is_decided = False

    def after(self, trained: RunningMean) -> str | None:
        """Return the hint, if one is needed, at the first call with a known speed; else None.

        Args:
            trained: the totals of all steps since the run was started or resumed.
        """
        if self._is_decided or trained.seconds <= HINT_AFTER:
            return None
        self._is_decided = True
        seconds_per_epoch = self._characters_per_epoch / trained.characters_per_second
        return on_speed(
            self._budget, self._steps_per_epoch, seconds_per_epoch / self._steps_per_epoch
        )
