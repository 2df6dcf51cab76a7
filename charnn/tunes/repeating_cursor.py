"""The exact repetition of bars: after a repeated label, the bar that it names is written again."""

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np

from charnn.music.abc.tokenizer import tokenize
from charnn.music.coding.bar_labels import (
    CADENCES,
    FULL_CADENCES,
    LABELS,
    SHORT_CADENCES,
    ends_on,
)
from charnn.music.grammar.notation import TONICS
from charnn.sampling.constraint import Constraint, ConstraintCursor, Mask

# Bar lines contain no other characters at their beginning, and the bars of the grammar neither.
_BORDERS = frozenset("|:")

# The last bars of parts are formulas: 75 % of those of training tunes have one of the eight
# commonest rhythms of their type. At temperature 0.8, this factor raises the share from 63 % to
# 65 %, at 1.0 from 59 % to 63 %.
_LAST_BAR_TEMPERATURE = 2 / 3


class RepeatingCursor(ConstraintCursor):
    """A cursor that prescribes the tokens of repeated bars (`charnn.music.coding.bar_labels`).

    A model that has drawn the label of an earlier bar copies this bar, but at each note it may draw
    another one. Where the grammar refuses a token of the bar, the model draws the rest of the bar:
    a part with a pick-up has a shorter last bar.
    """

    def __init__(self, constraint: Constraint, start: Any = None) -> None:
        super().__init__(constraint, start)
        self._token_texts = constraint.token_texts
        self._bars: dict[str, list[int]] = {}
        # The tokens of this bar; those of a repeated bar and of a pick-up are not needed.
        self._bar: list[int] | None = None
        self._prescribed: deque[int] = deque()
        # After the label of a repeated bar, the cadences that suit its last note; else none.
        self._fitting_cadences: list[int] = []
        ids = {text: token_id for token_id, text in enumerate(self._token_texts) if text}
        self._cadence_ids = [
            [ids[kind[at_home]] for kind in (FULL_CADENCES, SHORT_CADENCES) if kind[at_home] in ids]
            for at_home in (False, True)
        ]
        self._other_length = {
            one: other
            for full, short in (pair for pair in self._cadence_ids if len(pair) == 2)
            for one, other in ((full, short), (short, full))
        }
        # Whether a repeated bar has been written completely, and only its bar line is missing.
        self._is_repeated = False
        self._borders = np.array([text[:1] in _BORDERS for text in self._token_texts])
        self._border_ids = np.flatnonzero(self._borders).tolist()

    def prescribed(self, chars_left: int) -> int | None:
        """Return the next token of a repeated bar; `None` outside such a bar."""
        if not self._prescribed or self._may_have_cadence():
            return None
        token_id = self._prescribed[0]
        near = self.is_near_end(chars_left)
        refused = self.leads_too_far(token_id, chars_left) if near else self.is_forbidden(token_id)
        if refused:
            self._prescribed.clear()
        return None if refused else token_id

    def replacement(self, token_id: int) -> int | None:
        """Return the cadence of the right length for one of the wrong length; else `None`.

        The pick-up of the tune decides whether the last bars of its parts are full, and the model
        decides whether they end on the tonic. If it drew again, the few cadences of this length
        that it has read without a pick-up would decide.
        """
        other = self._other_length.get(token_id)
        return None if other is None or self.is_forbidden(other) else other

    def temperature_factor(self) -> float:
        """Return the factor of the temperature: lower in the last bar of a part."""
        return _LAST_BAR_TEMPERATURE if self._node.state.closing else 1.0

    def is_forbidden(self, token_id: int) -> bool:
        """Return whether a token is forbidden here, regardless of the characters left."""
        if self._may_have_cadence():
            wanted = (*self._fitting_cadences, self._prescribed[0])
            return token_id not in wanted or super().is_forbidden(token_id)
        leaves_bar = not self._borders[token_id] and self._must_end_bar()
        return leaves_bar or super().is_forbidden(token_id)

    def leads_too_far(self, token_id: int, chars_left: int) -> bool:
        """Return whether a token is forbidden here if `chars_left` characters may still follow."""
        if self._is_repeated or self._fitting_cadences:
            return bool(self.forbidden(chars_left)[token_id])
        return super().leads_too_far(token_id, chars_left)

    def forbidden(self, chars_left: int) -> Mask:
        """Return the mask [V] of forbidden tokens if `chars_left` characters may still follow."""
        forbidden = super().forbidden(chars_left)
        if self._is_repeated and not forbidden[self._border_ids].all():
            forbidden |= ~self._borders
        if not forbidden[self._fitting_cadences].all():
            others = np.ones(len(forbidden), np.bool_)
            others[[*self._fitting_cadences, self._prescribed[0]]] = False
            forbidden |= others
        return forbidden

    def _may_have_cadence(self) -> bool:
        """Return whether the model chooses between a cadence and the notes of a repeated bar."""
        is_forbidden = super().is_forbidden
        return not all(map(is_forbidden, self._fitting_cadences))

    def _must_end_bar(self) -> bool:
        """Return whether a bar line must follow: the last note of a repeated bar does not grow."""
        is_forbidden = super().is_forbidden
        return self._is_repeated and not all(map(is_forbidden, self._border_ids))

    def advance(self, token_id: int) -> None:
        """Move to the position after a token, which must be allowed."""
        super().advance(token_id)
        self._remember(token_id)

    def read(self, token_ids: Iterable[int]) -> None:
        """Remember the bars of the text before the start."""
        for token_id in token_ids:
            self._remember(token_id)
        self._prescribed.clear()
        self._fitting_cadences = []

    def _remember(self, token_id: int) -> None:
        text = self._token_texts[token_id]
        self._fitting_cadences = []
        if text in CADENCES:
            return
        self._is_repeated = len(self._prescribed) == 1
        if self._prescribed and token_id != self._prescribed[0]:
            self._prescribed.clear()  # near the end of the text, another token was needed
        if self._prescribed:
            self._prescribed.popleft()
        elif text in LABELS:
            if (bar := self._bars.get(text)) is None:
                self._bar = self._bars[text] = []
            else:
                self._prescribed.extend(bar)
                self._fitting_cadences = self._cadence_ids[self._ends_at_home(bar)] if bar else []
        elif text[:1] in _BORDERS:
            self._bar = None
        elif self._bar is not None:
            self._bar.append(token_id)

    def _ends_at_home(self, bar: list[int]) -> bool:
        """Return whether the last note of a bar is the tonic, C in a coded tune."""
        music = "".join(self._token_texts[token_id] for token_id in bar)
        return ends_on(tokenize(music), TONICS[0])
