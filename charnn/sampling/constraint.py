"""Holding a model to a grammar: which tokens of the vocabulary may come next.

A token is forbidden where the grammar refuses one of its characters. When few characters are left,
a token is also forbidden if the end of the text would be too far away after it.

Most states need no mask over the vocabulary. A trained model seldom draws a forbidden token (4.4 %
of its probability, `benchmarks/RESULTS.md`), so the sampler draws first and asks afterwards: if the
token is forbidden, it draws another one without it. The distribution is the same as if all
forbidden tokens had been masked beforehand (rejection sampling). Only top-k, top-p and min-p need
the mask first, because what they cut off depends on which tokens are allowed.

Answers are stored by state: a text meets the same states again and again.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR
from charnn.sampling.grammar import Grammar

Mask = NDArray[np.bool_]


class _Node:
    """A state that has been met, and the nodes after the tokens that have been tried.

    Attributes:
        successors: the node after each token id; `None` where the token is forbidden.
    """

    # Thousands of nodes are kept, so they have no `__dict__`.
    __slots__ = ("counts_refusals", "may_end", "state", "successors")

    def __init__(self, state: Any, may_end: bool, counts_refusals: bool) -> None:
        self.state, self.may_end, self.counts_refusals = state, may_end, counts_refusals
        self.successors: dict[int, _Node | None] = {}


class Constraint:
    """A grammar applied to the tokens of a vocabulary; one serves for any number of texts.

    It stores every state that it meets: a few thousand for a hundred tunes, and ever fewer new
    ones.

    Args:
        grammar: the grammar.
        token_texts: the characters of each token id; `""` for the special tokens.

    Attributes:
        min_length: characters of the shortest text that the grammar is known to accept.
        horizon: when at most so many characters are left, tokens that lead too far away from an
            end are forbidden.
    """

    def __init__(self, grammar: Grammar[Any], token_texts: Sequence[str]) -> None:
        self.grammar = grammar
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
        self.min_length = self.distance_to_end(grammar.start)
        # More than the distance to an end from any state.
        self.horizon = 2 * self.min_length + 100

    def begin(self) -> "ConstraintCursor":
        """Return a cursor at the start of a new text."""
        return ConstraintCursor(self)

    def node(self, state: Any) -> _Node:
        """Return the node of a state."""
        found = self._nodes.get(state)
        if found is None:
            may_end = self.grammar.may_end(state)
            found = _Node(state, may_end, self.grammar.counts_refusals(state))
            self._nodes[state] = found
        return found

    def successor(self, node: _Node, token_id: int) -> _Node | None:
        """Return the node after a token; `None` where the token is forbidden."""
        if token_id not in node.successors:
            text = self.token_texts[token_id]
            state = self.walk(node.state, text) if text else None
            node.successors[token_id] = None if state is None else self.node(state)
        return node.successors[token_id]

    def walk(self, state: Any, text: str) -> Any | None:
        """Return the state after a text; `None` where one of its characters is wrong."""
        for character in text:
            state = self.grammar.step(state, character)
            if state is None:
                return None
        return state

    def forbidden(self, state: Any) -> Mask:
        """Return which tokens [V] are forbidden here, however many characters are left."""
        key = self.grammar.local_key(state)
        if key not in self._forbidden_by_key:
            forbidden = np.ones(len(self.token_texts), np.bool_)
            self._try_tokens(state, forbidden, self._local_ids)
            self._forbidden_by_key[key] = forbidden
        # A copy: the entries below differ between states with the same key.
        forbidden = self._forbidden_by_key[key].copy()
        self._try_tokens(state, forbidden, self._mixed_ids)
        # Most states of a tune are inside a bar, where no bar line is right. To ask before trying
        # all bar lines saved 12 % of the time of the same tunes.
        if self.grammar.boundary_possible(state):
            self._try_tokens(state, forbidden, self._boundary_ids)
        forbidden[SEPARATOR] = not self.grammar.may_end(state)
        return forbidden

    def _try_tokens(self, state: Any, forbidden: Mask, token_ids: NDArray[np.intp]) -> None:
        # Special tokens have no characters; `forbidden` decides about the separator.
        refused: dict[str, bool] = {"": True}
        for token_id in token_ids.tolist():
            text = self.grammar.canonical(state, self.token_texts[token_id])
            if text not in refused:
                refused[text] = self.walk(state, text) is None
            forbidden[token_id] = refused[text]

    def forbidden_near_end(self, state: Any, chars_left: int) -> Mask:
        """Return which tokens [V] are forbidden here if the text should end in `chars_left`.

        Where no token leads to an end in time, the tokens with the nearest end are allowed.
        """
        forbidden = self.forbidden(state)
        ends: dict[int, int] = {}
        for token_id in np.flatnonzero(~forbidden).tolist():
            if token_id != SEPARATOR:
                text = self.token_texts[token_id]
                ends[token_id] = len(text) + self.distance_to_end(self.walk(state, text))
        nearest = min(ends.values(), default=0) if forbidden[SEPARATOR] else 0
        limit = max(chars_left, nearest)
        forbidden[[token_id for token_id, end in ends.items() if end > limit]] = True
        return forbidden

    def distance_to_end(self, state: Any) -> int:
        """Return the characters from here to an end if each is a finishing character.

        This need not be the shortest way; but each step along it comes nearer to the end.
        """
        # A loop, not recursion: the way may be hundreds of characters long. A dict keeps the order
        # and finds circles.
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

    Attributes:
        tokens_drawn: tokens drawn where refusals count (`Grammar.counts_refusals`).
        tokens_refused: how many of these were forbidden.
    """

    def __init__(self, constraint: Constraint) -> None:
        self._constraint = constraint
        self._node = constraint.node(constraint.grammar.start)
        self.tokens_drawn = 0
        self.tokens_refused = 0

    def is_near_end(self, chars_left: int) -> bool:
        """Return whether so few characters are left that the text must head for an end."""
        return chars_left <= self._constraint.horizon

    def refuses(self, token_id: int, chars_left: int) -> bool:
        """Return whether a token that the model drew is forbidden here, and count it."""
        # The mask is expensive, so it is used only where the distance to an end matters.
        if self.is_near_end(chars_left):
            refused = bool(self.forbidden(chars_left)[token_id])
        else:
            refused = self.is_forbidden(token_id)
        if self._node.counts_refusals:
            self.tokens_drawn += 1
            self.tokens_refused += refused
        return refused

    def is_forbidden(self, token_id: int) -> bool:
        """Return whether a token is forbidden here, however many characters are left."""
        if token_id == SEPARATOR:
            return not self._node.may_end
        return self._constraint.successor(self._node, token_id) is None

    def forbidden(self, chars_left: int) -> Mask:
        """Return which tokens [V] are forbidden here if `chars_left` may still be written."""
        if self.is_near_end(chars_left):
            return self._constraint.forbidden_near_end(self._node.state, chars_left)
        return self._constraint.forbidden(self._node.state)

    def advance(self, token_id: int) -> None:
        """Move to the position after a token, which must be allowed."""
        node = self._constraint.successor(self._node, token_id)
        if node is None:
            raise AssertionError(f"a forbidden token was written: {token_id}")
        self._node = node
