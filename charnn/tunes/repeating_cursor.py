"""The exact repetition of bars: after a repeated label, the bar that it names is written again."""

from collections import deque
from collections.abc import Iterable
from typing import Any

from charnn.music.coding.bar_labels import LABELS
from charnn.sampling.constraint import Constraint, ConstraintCursor

# Bar lines contain no other characters at their beginning, and the bars of the grammar neither.
_BORDERS = frozenset("|:")


class RepeatingCursor(ConstraintCursor):
    """A cursor that prescribes the tokens of repeated bars (`charnn.music.coding.bar_labels`).

    A model that has drawn the label of an earlier bar copies this bar by itself, but at each note
    it may leave the way. Where the grammar refuses a token of the bar, the model goes on by itself:
    a part with a pick-up has a shorter last bar.
    """

    def __init__(self, constraint: Constraint, start: Any = None) -> None:
        super().__init__(constraint, start)
        self._token_texts = constraint.token_texts
        self._bars: dict[str, list[int]] = {}
        # The tokens of this bar; those of a repeated bar and of a pick-up are not needed.
        self._bar: list[int] | None = None
        self._prescribed: deque[int] = deque()

    def prescribed(self, chars_left: int) -> int | None:
        """Return the next token of a repeated bar; `None` outside such a bar."""
        if self._prescribed and (
            self.is_near_end(chars_left) or self.is_forbidden(self._prescribed[0])
        ):
            self._prescribed.clear()
        return self._prescribed[0] if self._prescribed else None

    def advance(self, token_id: int) -> None:
        """Move to the position after a token, which must be allowed."""
        super().advance(token_id)
        self._remember(token_id)

    def read(self, token_ids: Iterable[int]) -> None:
        """Remember the bars of the text before the start."""
        for token_id in token_ids:
            self._remember(token_id)
        self._prescribed.clear()

    def _remember(self, token_id: int) -> None:
        text = self._token_texts[token_id]
        if self._prescribed:
            self._prescribed.popleft()
        elif text in LABELS:
            if (bar := self._bars.get(text)) is None:
                self._bar = self._bars[text] = []
            else:
                self._prescribed.extend(bar)
        elif text[:1] in _BORDERS:
            self._bar = None
        elif self._bar is not None:
            self._bar.append(token_id)
