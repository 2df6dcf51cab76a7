"""The constraint of a model by a grammar: the tokens of the vocabulary that may come next.

A token is forbidden where the grammar refuses one of its characters. When few characters are left,
a token is also forbidden if the text after this token could not end in time.

Most states need no mask over the vocabulary. A trained model seldom draws a forbidden token (4.4 %
of its probability, `benchmarks/RESULTS.md`), so the sampler draws first and asks the grammar
afterwards. If the token is forbidden, the sampler masks that token and draws again. The
distribution is the same as if all forbidden tokens had been masked beforehand (rejection sampling).
Only top-k, top-p and min-p need the mask first, because the tokens that they remove depend on the
tokens that are allowed.

The answers of the grammar are stored by state, because texts reach the same states repeatedly.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR
from charnn.sampling.grammar import Grammar

Mask = NDArray[np.bool_]


class _Node:
    """A grammar state that a text has reached, with links to the states that follow it.

    Attributes:
        state: the state of the grammar.
        may_end: `Grammar.may_end` of the state.
        counts_refusals: `Grammar.counts_refusals` of the state.
        successors: the node after each token id that has been tried; `None` if the token is
            forbidden.
    """

    # Thousands of nodes are kept, so they have no `__dict__`.
    __slots__ = ("counts_refusals", "may_end", "state", "successors")

    def __init__(self, state: Any, may_end: bool, counts_refusals: bool) -> None:
        self.state, self.may_end, self.counts_refusals = state, may_end, counts_refusals
        self.successors: dict[int, _Node | None] = {}


class Constraint:
    """A grammar applied to the tokens of a vocabulary, for any number of texts.

    Every state that a text reaches is stored: a few thousand states for a hundred tunes, and ever
    fewer new states after that.

    Args:
        grammar: the grammar.
        token_texts: the characters of each token id; `""` for the special tokens.
        start: the state before the first character of a text; `None` for that of the grammar.

    Attributes:
        start: the argument, or the start of the grammar.
        min_length: the length in characters of the text that consists of finishing characters only.
            A shorter text may exist.
        horizon: a number of characters. When this number or fewer may still follow, tokens that
            lead too far away from an end are forbidden.
    """

    def __init__(
        self, grammar: Grammar[Any], token_texts: Sequence[str], start: Any = None
    ) -> None:
        self.grammar = grammar
        self.start = grammar.start if start is None else start
        self.token_texts = token_texts
        boundary = grammar.boundary_characters
        is_local = np.array([boundary.isdisjoint(text) for text in token_texts])
        begins_at_boundary = np.array([text[:1] in boundary for text in token_texts])
        # A token such as "d|" contains a bar line but does not begin with it: it is tried in every
        # state, because neither `local_key` nor `boundary_possible` decides about it.
        self._local_ids = np.flatnonzero(is_local)
        self._boundary_ids = np.flatnonzero(begins_at_boundary)
        self._mixed_ids = np.flatnonzero(~(is_local | begins_at_boundary))
        self._nodes: dict[Any, _Node] = {}
        self._forbidden_by_key: dict[Hashable, Mask] = {}
        self._distances: dict[Any, int] = {}
        self.min_length = self.distance_to_end(self.start)
        # More than the distance to an end from any state.
        self.horizon = 2 * self.min_length + 100

    def begin(self, start: Any = None) -> "ConstraintCursor":
        """Return a cursor at the start of a new text.

        Args:
            start: the state before the first character; `None` for the start of the constraint.
        """
        return ConstraintCursor(self, start)

    def node(self, state: Any) -> _Node:
        """Return the node of a state."""
        found = self._nodes.get(state)
        if found is None:
            may_end = self.grammar.may_end(state)
            found = _Node(state, may_end, self.grammar.counts_refusals(state))
            self._nodes[state] = found
        return found

    def successor(self, node: _Node, token_id: int) -> _Node | None:
        """Return the node after a token; `None` if the token is forbidden."""
        if token_id not in node.successors:
            text = self.token_texts[token_id]
            state = self.walk(node.state, text) if text else None
            node.successors[token_id] = None if state is None else self.node(state)
        return node.successors[token_id]

    def walk(self, state: Any, text: str) -> Any | None:
        """Return the state after a text; `None` if the grammar refuses one of its characters."""
        for character in text:
            state = self.grammar.step(state, character)
            if state is None:
                return None
        return state

    def forbidden(self, state: Any) -> Mask:
        """Return the mask [V] of the tokens that the grammar forbids in a state."""
        key = self.grammar.local_key(state)
        if key not in self._forbidden_by_key:
            forbidden = np.ones(len(self.token_texts), np.bool_)
            self._try_tokens(state, forbidden, self._local_ids)
            self._forbidden_by_key[key] = forbidden
        # A copy, because the entries that are set below differ between states with the same key.
        forbidden = self._forbidden_by_key[key].copy()
        self._try_tokens(state, forbidden, self._mixed_ids)
        # Most states of a tune are inside a bar, where no bar line is right. Asking before all bar
        # lines are tried saved 12 % of the time for the same tunes.
        if self.grammar.boundary_possible(state):
            self._try_tokens(state, forbidden, self._boundary_ids)
        forbidden[SEPARATOR] = not self.grammar.may_end(state)
        return forbidden

    def _try_tokens(self, state: Any, forbidden: Mask, token_ids: NDArray[np.intp]) -> None:
        # Special tokens have no characters; the method `forbidden` sets the separator's entry.
        refused: dict[str, bool] = {"": True}
        for token_id in token_ids.tolist():
            text = self.grammar.canonical(state, self.token_texts[token_id])
            if text not in refused:
                refused[text] = self.walk(state, text) is None
            forbidden[token_id] = refused[text]

    def forbidden_near_end(self, state: Any, chars_left: int) -> Mask:
        """Return the mask [V] of forbidden tokens if the text should end within `chars_left`.

        `chars_left` is a number of characters. If no token leads to an end in time, the tokens that
        lead to the nearest end are allowed.
        """
        forbidden = self.forbidden(state)
        ends: dict[int, int] = {}
        end_after: dict[str, int] = {}  # by canonical text
        for token_id in np.flatnonzero(~forbidden).tolist():
            if token_id != SEPARATOR:
                text = self.grammar.canonical(state, self.token_texts[token_id])
                if text not in end_after:
                    end_after[text] = len(text) + self.distance_to_end(self.walk(state, text))
                ends[token_id] = end_after[text]
        nearest = min(ends.values(), default=0) if forbidden[SEPARATOR] else 0
        limit = max(chars_left, nearest)
        forbidden[[token_id for token_id, end in ends.items() if end > limit]] = True
        return forbidden

    def refuses_near_end(self, node: _Node, token_id: int, chars_left: int) -> bool:
        """Return the entry of a token in the mask of `forbidden_near_end`.

        A token after which the text can end in time needs no mask.
        """
        if token_id == SEPARATOR:
            return not node.may_end
        after = self.successor(node, token_id)
        if after is None:
            return True
        if len(self.token_texts[token_id]) + self.distance_to_end(after.state) <= chars_left:
            return False
        return bool(self.forbidden_near_end(node.state, chars_left)[token_id])

    def distance_to_end(self, state: Any) -> int:
        """Return the number of finishing characters that lead from a state to an end.

        Each finishing character reduces this number by 1. Other characters may lead to an end
        sooner.
        """
        # A loop, not recursion, because the way may be hundreds of characters long. The dict keeps
        # the order of the states and finds circles.
        path: dict[Any, None] = {}
        while state not in self._distances and not self.grammar.may_end(state):
            if state in path:
                raise AssertionError(f"the grammar leads in a circle: {state}")
            path[state] = None
            state = self._step_towards_end(state)
        distance = self._distances.get(state, 0)
        for number, passed in enumerate(reversed(path), distance + 1):
            self._distances[passed] = number
        return distance + len(path)

    def _step_towards_end(self, state: Any) -> Any:
        for character in self.grammar.finishing_characters(state):
            after = self.grammar.step(state, character)
            if after is not None:
                return after
        raise AssertionError(f"the grammar has a dead end: {state}")


class ConstraintCursor:
    """The position of one text in the grammar of a constraint.

    Args:
        constraint: the constraint.
        start: the state before the first character; `None` for the start of the constraint.

    Attributes:
        tokens_drawn: the number of tokens drawn in states where refusals count
            (`Grammar.counts_refusals`).
        tokens_refused: the number of these tokens that were forbidden.
    """

    def __init__(self, constraint: Constraint, start: Any = None) -> None:
        self._constraint = constraint
        self._node = constraint.node(constraint.start if start is None else start)
        self.tokens_drawn = 0
        self.tokens_refused = 0

    def is_near_end(self, chars_left: int) -> bool:
        """Return whether `chars_left` is within the horizon, so the text must lead to an end."""
        return chars_left <= self._constraint.horizon

    def prescribed(self, chars_left: int) -> int | None:
        """Return the token that must come next; `None` if it is drawn, as here always.

        `chars_left` is the number of characters that may still follow.
        """
        return None

    def replacement(self, token_id: int) -> int | None:
        """Return the token that takes the place of a forbidden one; `None` to draw again."""
        return None

    def temperature_factor(self) -> float:
        """Return the factor by which the temperature differs at this position, here always 1."""
        return 1.0

    def refuses(self, token_id: int, chars_left: int) -> bool:
        """Return whether a drawn token is forbidden at this position, and count the token."""
        near = self.is_near_end(chars_left)
        refused = self.leads_too_far(token_id, chars_left) if near else self.is_forbidden(token_id)
        if self._node.counts_refusals:
            self.tokens_drawn += 1
            self.tokens_refused += refused
        return refused

    def leads_too_far(self, token_id: int, chars_left: int) -> bool:
        """Return whether a token is forbidden here if `chars_left` characters may still follow."""
        return self._constraint.refuses_near_end(self._node, token_id, chars_left)

    def is_forbidden(self, token_id: int) -> bool:
        """Return whether the grammar forbids a token here, regardless of the characters left."""
        if token_id == SEPARATOR:
            return not self._node.may_end
        return self._constraint.successor(self._node, token_id) is None

    def forbidden(self, chars_left: int) -> Mask:
        """Return the mask [V] of forbidden tokens if `chars_left` characters may still follow."""
        if self.is_near_end(chars_left):
            return self._constraint.forbidden_near_end(self._node.state, chars_left)
        return self._constraint.forbidden(self._node.state)

    def advance(self, token_id: int) -> None:
        """Move to the position after a token, which must be allowed."""
        node = self._constraint.successor(self._node, token_id)
        if node is None:
            raise AssertionError(f"a forbidden token was written: {token_id}")
        self._node = node
