"""Keeping a model to a grammar: which symbols may come next.

A grammar is a machine over characters (see `Machine`; `charnn.music.grammar.tune_grammar` has one
for tunes). A symbol is wrong where the machine would refuse one of its characters. Since the
machine refuses what leads nowhere, there is always a symbol that is right; and when few characters
are left, only those from behind which an end is near enough.

A model that has learned its grammar is seldom wrong. So what it would write is tried, and if it is
wrong, it writes another symbol instead: as it would if all wrong ones were forbidden beforehand,
but without asking about each of them. (Not where unlikely symbols are cut off, for what is cut off
hangs on what is forbidden.) What is found out is kept, since a text comes by the same states again
and again.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR

_State = TypeVar("_State")


class Machine(Protocol[_State]):
    """A grammar, read one character after the other; its states can be hashed."""

    @property
    def start(self) -> _State:
        """Where a text begins."""

    @property
    def turning(self) -> frozenset[str]:
        """Characters that depend on more than the `core` of a state."""

    def step(self, state: _State, character: str) -> _State | None:
        """The state behind a character; `None` where the character is wrong."""

    def core(self, state: _State) -> Hashable:
        """What of a state decides on texts without `turning` characters."""

    def may_turn(self, state: _State) -> bool:
        """Whether a `turning` character may be right here; `False` only where none is."""

    def alike(self, state: _State, text: str) -> str:
        """A text that is right here if and only if this one is."""

    def may_end(self, state: _State) -> bool:
        """Whether a text may end here."""

    def finishing(self, state: _State) -> str:
        """Characters of which the first right one leads nearer to an end."""

    def free(self, state: _State) -> bool:
        """Whether what is wrong here tells how well a model knows the grammar."""


class _Node:
    """A state that was met, and where symbols lead from it: None where they are wrong."""

    __slots__ = ("behind", "free", "may_end", "state")

    def __init__(self, state: Any, may_end: bool, free: bool) -> None:
        self.state, self.may_end, self.free = state, may_end, free
        self.behind: dict[int, _Node | None] = {}


class Constraint:
    """A grammar for the symbols of a vocabulary; it may be used for many texts.

    It keeps every state that it meets: a few thousand for a hundred tunes, ever fewer new ones.

    Args:
        machine: the grammar.
        texts: of each id, its characters; none for the special ones.
    """

    def __init__(self, machine: Machine[Any], texts: Sequence[str]) -> None:
        self.machine = machine
        self.texts = texts
        plain = [machine.turning.isdisjoint(text) for text in texts]
        turning = [text[:1] in machine.turning for text in texts]
        self._plain = np.flatnonzero(plain)
        self._turning = np.flatnonzero(turning)  # at once
        self._mixed = np.flatnonzero(~(np.array(plain) | turning))
        self._nodes: dict[Any, _Node] = {}
        self._wrong_by_core: dict[Hashable, NDArray[np.bool_]] = {}
        self._distances: dict[Any, int] = {}
        self.shortest = self.distance(machine.start)
        # From here on an end is kept in sight: more than any end is away.
        self.near = 2 * self.shortest + 100

    def begin(self) -> "ConstraintCursor":
        """A text to be written."""
        return ConstraintCursor(self)

    def node(self, state: Any) -> _Node:
        """What is known of a state."""
        found = self._nodes.get(state)
        if found is None:
            found = _Node(state, self.machine.may_end(state), self.machine.free(state))
            self._nodes[state] = found
        return found

    def behind(self, node: _Node, token_id: int) -> _Node | None:
        """Where a symbol leads; None if it is wrong."""
        if token_id not in node.behind:
            text = self.texts[token_id]
            state = self.walk(node.state, text) if text else None
            node.behind[token_id] = None if state is None else self.node(state)
        return node.behind[token_id]

    def walk(self, state: Any, text: str) -> Any | None:
        """The state behind a text; `None` where one of its characters is wrong."""
        for character in text:
            state = self.machine.step(state, character)
            if state is None:
                return None
        return state

    def wrong(self, state: Any) -> NDArray[np.bool_]:
        """Which symbols [V] are wrong here."""
        core = self.machine.core(state)
        if core not in self._wrong_by_core:
            wrong = np.ones(len(self.texts), np.bool_)
            self._try(state, wrong, self._plain)
            self._wrong_by_core[core] = wrong
        wrong = self._wrong_by_core[core].copy()
        self._try(state, wrong, self._mixed)
        if self.machine.may_turn(state):
            self._try(state, wrong, self._turning)
        wrong[SEPARATOR] = not self.machine.may_end(state)
        return wrong

    def _try(self, state: Any, wrong: NDArray[np.bool_], symbols: NDArray[np.intp]) -> None:
        known: dict[str, bool] = {"": True}
        for token_id in symbols.tolist():
            text = self.machine.alike(state, self.texts[token_id])
            if text not in known:
                known[text] = self.walk(state, text) is None
            wrong[token_id] = known[text]

    def far(self, state: Any, left: int) -> NDArray[np.bool_]:
        """Which symbols [V] are wrong here if only so many characters may still be written."""
        wrong = self.wrong(state)
        ends: dict[int, int] = {}
        for token_id in np.flatnonzero(~wrong).tolist():
            if token_id != SEPARATOR:
                text = self.texts[token_id]
                ends[token_id] = len(text) + self.distance(self.walk(state, text))
        nearest = min(ends.values(), default=0) if wrong[SEPARATOR] else 0
        wrong[[token_id for token_id, end in ends.items() if end > max(left, nearest)]] = True
        return wrong

    def distance(self, state: Any) -> int:
        """Characters from here to an end, if it is sought."""
        way: dict[Any, None] = {}
        while state not in self._distances and not self.machine.may_end(state):
            if state in way:
                raise AssertionError(f"a grammar leads in circles: {state}")
            way[state] = None
            state = self._nearer(state)
        distance = self._distances.get(state, 0)
        for number, passed in enumerate(reversed(way), distance + 1):
            self._distances[passed] = number
        return distance + len(way)

    def _nearer(self, state: Any) -> Any:
        for character in self.machine.finishing(state):
            behind = self.machine.step(state, character)
            if behind is not None:
                return behind
        raise AssertionError(f"a grammar leads nowhere: {state}")


class ConstraintCursor:
    """One text on its way through a grammar.

    Attributes:
        steps: symbols that were drawn where the grammar is free.
        refused: how many of these were wrong.
    """

    def __init__(self, constraint: Constraint) -> None:
        self._constraint = constraint
        self._node = constraint.node(constraint.machine.start)
        self.steps = 0
        self.refused = 0

    def is_near(self, left: int) -> bool:
        """Whether so few characters may still be written that an end is kept in sight."""
        return left <= self._constraint.near

    def refuses(self, token_id: int, left: int) -> bool:
        """Whether a symbol that was drawn is wrong here, if `left` characters may still be
        written; it is taken down."""
        wrong = bool(self.wrong(left)[token_id]) if self.is_near(left) else self.is_wrong(token_id)
        if self._node.free:
            self.steps += 1
            self.refused += wrong
        return wrong

    def is_wrong(self, token_id: int) -> bool:
        """Whether a symbol is wrong here, no matter how much may still be written."""
        if token_id == SEPARATOR:
            return not self._node.may_end
        return self._constraint.behind(self._node, token_id) is None

    def wrong(self, left: int) -> NDArray[np.bool_]:
        """All symbols [V] that are wrong here, if `left` characters may still be written."""
        if self.is_near(left):
            return self._constraint.far(self._node.state, left)
        return self._constraint.wrong(self._node.state)

    def feed(self, token_id: int) -> None:
        """Go on by a symbol that is not wrong."""
        node = self._constraint.behind(self._node, token_id)
        if node is None:
            raise AssertionError(f"a wrong symbol was written: {token_id}")
        self._node = node
