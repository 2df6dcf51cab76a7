"""The protocol of a grammar that `charnn.sampling.constraint` applies to a model.

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

The last three methods only save time: they name states and texts that the grammar accepts or
refuses alike. The values that these methods return in the example are right for every grammar
without boundary characters, but save no time. `charnn.music.grammar.tune_grammar` is the grammar
that charnn uses.
"""

from collections.abc import Hashable
from typing import Protocol, TypeVar

State = TypeVar("State")


class Grammar(Protocol[State]):
    """A grammar whose states are hashable.

    A grammar must refuse every character after which the text cannot be finished. So in each state
    the grammar accepts at least one character, or the text may end.
    """

    @property
    def start(self) -> State:
        """The state before the first character of a text."""

    def step(self, state: State, character: str) -> State | None:
        """Return the state after a character; `None` if the character is refused."""

    def may_end(self, state: State) -> bool:
        """Return whether a text may end here."""

    def finishing_characters(self, state: State) -> str:
        """Return characters to try in order; the first accepted one leads nearer to an end.

        At least one of the characters must be accepted. Appending the first accepted one repeatedly
        must lead to a state where the text may end, without reaching a state twice.
        """

    def counts_refusals(self, state: State) -> bool:
        """Return whether a refused token counts as a mistake of the model here.

        Return `False` in a state where the text is prescribed, because the model makes no mistake
        there.
        """

    @property
    def boundary_characters(self) -> frozenset[str]:
        """The characters about which `local_key` decides nothing."""

    def local_key(self, state: State) -> Hashable:
        """Return a key of the texts that are accepted here and have no boundary characters.

        Two states with the same key must accept the same texts without boundary characters. The
        fewer keys there are, the less often all tokens are tried.
        """

    def boundary_possible(self, state: State) -> bool:
        """Return `False` only if every text that begins with a boundary character is refused."""

    def canonical(self, state: State, text: str) -> str:
        """Return a text that is accepted here if and only if `text` is accepted.

        It has the length of `text` and leads as near to an end, so only one of the tokens with the
        same canonical text has to be tried.
        """
