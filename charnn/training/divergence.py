"""The end of a run whose loss, gradient or weights are no longer finite numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from charnn.checkpoints.run_files import LAST
from charnn.errors import CharnnError


class DivergenceCheck:
    """A check that the numbers of a run are finite. Its error messages describe the last update.

    Args:
        run: the run's folder.
        lr: the highest learning rate of the run's schedule.
    """

    def __init__(self, run: Path, lr: float) -> None:
        self._run = run
        self._lr = lr
        self._last_update = "before the first step"

    def check_update(self, step: int, loss: float, lr: float, grad_norm: float) -> None:
        """Check the numbers of an update that is about to be made.

        Args:
            step: the number of the update, counted from 1.
            loss: the mean loss of its segment, in nats per token.
            lr: its learning rate.
            grad_norm: the norm of its gradient, before clipping.

        Raises:
            CharnnError: a number is not finite.
        """
        self._last_update = f"learning rate {lr:g}, gradient norm {grad_norm:g}"
        if not np.isfinite([loss, grad_norm, lr]).all():
            raise self._error(f"loss {loss:g}", step)

    def check_validation(self, step: int, loss: float) -> None:
        """Check the loss of the validation part, in nats per character.

        Raises:
            CharnnError: the loss is not finite.
        """
        if not np.isfinite(loss):
            raise self._error(f"validation loss {loss:g}", step)

    def check_arrays(self, step: int, arrays: Mapping[str, Any]) -> None:
        """Check all arrays that are about to be saved, so that no ruined checkpoint is written.

        Raises:
            CharnnError: an array has a number that is not finite.
        """
        # The loss can be finite although a weight is not.
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise self._error(f"{name} is not finite", step)

    def _error(self, reason: str, step: int) -> CharnnError:
        lower = f"--lr {self._lr / 2:g}"
        saved = (self._run / LAST).exists()
        # The error ends in the options, so that a script can copy them.
        advice = "resume from the last save with --resume" if saved else "train again with"
        return CharnnError(
            f"training diverged at step {step} ({reason}, {self._last_update}): {advice} {lower}"
        )
