"""What is wrong with a budget, in one sentence: before the first step, and once the speed is known;
and with a vocabulary.

Nothing is said of what anybody might want; only of what will hardly be meant.
"""

from charnn.training.recipe import DEFAULT_EPOCHS
from charnn.training.running_mean import RunningMean
from charnn.training.training_config import Budget

# Seconds of training after which the speed is known.
HINT_AFTER = 5.0
# Passes over the training part, after which any text is known by heart.
MOST_PASSES = 400
# Seconds that a budget in epochs or steps may take without a word.
LONGEST = 2 * 3600
# Updates without which nothing is learned.
LEAST_STEPS = 300
# Different characters, of which no language needs as many.
MOST_SYMBOLS = 20_000


def before(passes: float, characters: int) -> str | None:
    """A hint on a budget of about so many passes over a training part of `characters`."""
    if passes <= MOST_PASSES:
        return None
    return (
        f"the budget is about {passes:,.0f} passes over {characters:,} characters, which will be "
        f"learned by heart: --epochs {DEFAULT_EPOCHS:g} is plenty, or give it more text"
    )


def on_symbols(count: int) -> str | None:
    """A hint on a corpus of so many different symbols."""
    if count <= MOST_SYMBOLS:
        return None
    return (
        f"{count:,} different characters are more than any language has: most will hardly be "
        "learned, and training is slow; if that is a surprise, name the files' --encoding"
    )


def underway(budget: Budget, steps_per_pass: int, seconds_per_step: float) -> str | None:
    """A hint on a budget, now that the speed is known."""
    seconds_per_pass = steps_per_pass * seconds_per_step
    if budget.minutes is None:
        passes = min(budget.epochs or float("inf"), (budget.steps or float("inf")) / steps_per_pass)
        if passes * seconds_per_pass <= LONGEST:
            return None
        return (
            f"at this speed the budget takes about {passes * seconds_per_pass / 3600:,.0f} hours: "
            f"--minutes {LONGEST / 60:g}, say, would end sooner, with a learning rate that has "
            "fallen by then"
        )
    steps = 60 * budget.minutes / seconds_per_step
    if steps < LEAST_STEPS:
        return (
            f"at this speed there is time for about {steps:,.0f} updates, too few to learn: "
            "give it more --minutes or a smaller model"
        )
    limits = (budget.epochs, budget.steps and budget.steps / steps_per_pass)
    if steps < steps_per_pass and all(limit is None or limit >= 1 for limit in limits):
        return (
            f"at this speed {steps / steps_per_pass:.0%} of the corpus will be read: "
            f"--minutes {-(-seconds_per_pass // 60):.0f} would read it once"
        )
    return None


class SpeedHint:
    """A hint that is given once, as soon as the speed of a run is known.

    Args:
        budget: what the run was given.
        characters_per_epoch: characters of the training part.
        steps_per_epoch: updates in one pass over it.
    """

    def __init__(self, budget: Budget, characters_per_epoch: int, steps_per_epoch: int) -> None:
        self._budget = budget
        self._characters_per_epoch = characters_per_epoch
        self._steps_per_epoch = steps_per_epoch
        self._is_given = False

    def after(self, trained: RunningMean) -> str | None:
        """Return the hint, or None where none is needed or the speed is not known yet.

        Args:
            trained: all steps of this part of the run.
        """
        if self._is_given or trained.seconds <= HINT_AFTER:
            return None
        self._is_given = True
        seconds_per_epoch = self._characters_per_epoch / trained.characters_per_second
        return underway(
            self._budget, self._steps_per_epoch, seconds_per_epoch / self._steps_per_epoch
        )
