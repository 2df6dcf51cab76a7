"""The plan of a tune while it is written: bars are repeated where the plan says."""

from typing import Any

import numpy as np

from charnn.music.coding.bar_labels import LABELS, label
from charnn.music.coding.form_plan import FormPlan
from charnn.music.grammar.label_rules import FIRST_LABEL, own_place
from charnn.sampling.constraint import Constraint, Mask
from charnn.tunes.repeating_cursor import RepeatingCursor


class PlannedCursor(RepeatingCursor):
    """A cursor that gives each bar the label that a plan has for it (`FormPlan`).

    Where the text departs from the plan, as an opening does that repeats other bars, the plan goes
    on with the next bar.

    Args:
        constraint: the constraint of a model that writes bar labels.
        start: the state before the first character.
        plan: the plan.
    """

    def __init__(self, constraint: Constraint, start: Any, plan: FormPlan) -> None:
        super().__init__(constraint, start)
        self._plan = plan
        texts = self._token_texts
        self._label_ids = {text: token_id for token_id, text in enumerate(texts) if text in LABELS}
        self._labels_V = np.array([text in LABELS for text in texts])
        self._is_followed = True  # near the end of the text, the plan is not followed any more

    def prescribed(self, chars_left: int) -> int | None:
        """Return the next token of a repeated bar; `None` outside such a bar."""
        self._is_followed = not self.is_near_end(chars_left)
        return super().prescribed(chars_left)

    def replacement(self, token_id: int) -> int | None:
        """Return the planned label for another label, else as `RepeatingCursor` does."""
        planned = self._planned_label() if self._labels_V[token_id] else None
        return super().replacement(token_id) if planned is None else planned

    def is_forbidden(self, token_id: int) -> bool:
        """Return whether a token is forbidden here, regardless of the characters left."""
        planned = self._planned_label() if self._labels_V[token_id] else None
        return super().is_forbidden(token_id) if planned is None else token_id != planned

    def forbidden(self, chars_left: int) -> Mask:
        """Return the mask [V] of forbidden tokens if `chars_left` characters may still follow."""
        self._is_followed = not self.is_near_end(chars_left)
        forbidden = super().forbidden(chars_left)
        if (planned := self._planned_label()) is not None:
            forbidden |= self._labels_V
            forbidden[planned] = False
        return forbidden

    def _planned_label(self) -> int | None:
        """Return the label that the plan has for a bar that may begin here; else `None`."""
        if not self._is_followed:
            return None
        # A bar line may be unfinished: only the state after a label has counted its bar.
        after = self._constraint.successor(self._node, self._label_ids[FIRST_LABEL])
        if after is None:
            return None
        place = own_place(after.state)
        planned = self._plan.label(*place)
        # A bar may be missing that the plan repeats, such as one of an opening.
        is_known = planned in self._bars or planned == label(*place)
        planned_id = self._label_ids.get(planned) if is_known else None
        if planned_id is None or self._constraint.successor(self._node, planned_id) is None:
            return None
        return planned_id
