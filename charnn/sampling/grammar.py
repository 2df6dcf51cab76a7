"""The protocol of a grammar, to which `charnn.sampling.constraint` can hold a model.

A grammar is a state machine over characters. Texts of balanced parentheses, for example:

    class Balanced:
        start = 0  # the state is the number of open parentheses
        boundary_characters = frozenset()

        def step(self, state, character):
            if character == ")":
                return state - 1 if state else None
            return state + (character == "(")

        def may_end(self, state):
            return state == 0

        def finishing_characters(self, state):
            return ")"

        def counts_refusals(self, state):
            return True

        def local_key(self, state):
            return state

        def boundary_possible(self, state):
            return False

        def canonical(self, state, text):
            return text

The last three methods only save time: they say which answers apply to other states and texts as
well. What they return above is right for every grammar without boundary characters, and slow.
`charnn.music.grammar.tune_grammar` is the grammar that charnn uses.
"""

from collections.abc import Hashable
from typing import Protocol, TypeVar

State = TypeVar("State")


class Grammar(Protocol[State]):
    """A grammar whose states are hashable.

    It must accept no character after which the text cannot be finished. So there is always a
    character that is right, or the text may end.
    """

    @property
    def start(self) -> State:
        """The state before the first character of a text."""

    def step(self, state: State, character: str) -> State | None:
        """Return the state after a character; `None` where the character is wrong."""

    def may_end(self, state: State) -> bool:
        """Return whether a text may end here."""

    def finishing_characters(self, state: State) -> str:
        """Return characters of which the first right one leads nearer to the end of the text.

        At least one of them must be right. Writing the first right one again and again must lead
        to a state where the text may end, without meeting a state twice.
        """

    def counts_refusals(self, state: State) -> bool:
        """Return whether a refused token counts as a mistake of the model here.

        `False` where the text is prescribed, so that a refusal says nothing about the model.
        """

    @property
    def boundary_characters(self) -> frozenset[str]:
        """Characters that `local_key` does not decide about."""

    def local_key(self, state: State) -> Hashable:
        """Return what decides here about every text without boundary characters.

        Two states with the same key must accept the same texts of this kind. The fewer keys there
        are, the less often all tokens must be tried.
        """

    def boundary_possible(self, state: State) -> bool:
        """Return `False` only where every text that begins with a boundary character is wrong."""

    def canonical(self, state: State, text: str) -> str:
        """Return a text that is right here if and only if `text` is right.

        Of all tokens with the same canonical text only one must be tried.
        """
