"""The grammar of tunes: which character may come next in an ABC tune with whole bars and parts.

`TuneGrammar` is a state machine over characters. `step` takes a state and a character, and returns
the state after it, or `None` where the character is wrong. It knows nothing of models: the sampler
uses it through the protocol `charnn.sampling.grammar.Grammar`.

The language:

- A tune is a header (X T R M L K, in this order) and two to four parts. A part lies between double
  bars and repeat signs.
- Every bar is full, except for a pick-up. Where the tune begins with a pick-up, every part begins
  with one as long, and its last bar is shorter by as much.
- Every part is a whole number of bars; every repeat that is opened is closed.
- A tuplet, chord, slur, tie or broken pair (`A>B`, two notes of equal written length) is finished
  before the sign that it cannot reach over.
- Left out is what is right but other programs read differently: fermatas, a decoration before a
  slur or graces, `>>`.

The invariant: a character is accepted only if the tune can be finished after it. So wherever a
text may not end, some character is accepted, and there is no dead end (`body_grammar` says why).

The modules, each of one idea: `tune_request` (what is asked for), `header_grammar` (fields),
`body_grammar` (notes and the order of signs), `bar_filling` (what fills a bar), `bar_lines`
(bars, repeats, endings, parts), `note_prefixes` (accidentals, chords, graces, chord symbols),
`notation` (characters and lengths), `grammar_state`.
"""

from collections.abc import Collection, Hashable

from charnn.errors import UsageError
from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.grammar_state import GrammarState
from charnn.music.grammar.header_grammar import HeaderGrammar
from charnn.music.grammar.tune_request import TuneRequest

MIN_PART_BARS, MAX_PART_BARS = 2, 32
# Of the right tunes in music21's books, 4.7 % have a single part.
MIN_PARTS = 2


class TuneGrammar:
    """The grammar of the tunes that a request allows.

    Args:
        request: what the tune is to be.
        characters: those that can be written.

    Attributes:
        start: the state before the first character.
        boundary_characters: bar lines and line ends. They depend on the form of the whole tune;
            every other character depends only on its bar (see `local_key`).

    Raises:
        UsageError: no right tune suits the request, or none can be written with these characters.
    """

    boundary_characters = frozenset("|:\n")

    def __init__(self, request: TuneRequest, characters: Collection[str]) -> None:
        if request.part_bars and not MIN_PART_BARS <= request.part_bars <= MAX_PART_BARS:
            raise UsageError(
                f"--part-bars must lie in {MIN_PART_BARS}..{MAX_PART_BARS}, not {request.part_bars}"
            )
        self._strict = request.strict
        self._characters = frozenset(characters)
        self._body = BodyGrammar(characters, request.part_bars)
        self._header = HeaderGrammar(request, characters, self._body)
        self.start = self._header.start

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character; `None` where the character is wrong."""
        if character not in self._characters:
            return None
        # Header text and the opening are prescribed; the opening is also read by the grammar, so
        # that the state knows how full the bar is.
        if state.forced_text:
            right = character == state.forced_text[0]
            return state._replace(forced_text=state.forced_text[1:]) if right else None
        if state.header_field:
            return self._header.step(state, character)
        if not state.remaining_opening:
            return self._step_in_body(state, character)
        if character != state.remaining_opening[0]:
            return None
        after = self._step_in_body(state._replace(remaining_opening=""), character)
        return after and after._replace(remaining_opening=state.remaining_opening[1:])

    def _step_in_body(self, state: GrammarState, character: str) -> GrammarState | None:
        return self._body.step(state, character) if self._strict else state

    def may_end(self, state: GrammarState) -> bool:
        """Return whether the tune may end here."""
        if not state.in_body:
            return False
        if not self._strict:
            return True
        # The next tune of a file begins on a new line.
        complete = state.between_parts and state.parts_done >= MIN_PARTS
        return complete and state.partial == "\n"

    def finishing_characters(self, state: GrammarState) -> str:
        """Return characters of which the first accepted one leads towards the end of the tune."""
        if state.forced_text or state.remaining_opening:
            return (state.forced_text or state.remaining_opening)[0]
        if state.header_field:
            return self._header.finishing_characters(state)
        return self._body.finishing_characters(state)

    def counts_refusals(self, state: GrammarState) -> bool:
        """Return whether refused characters are counted here: in the body, past the opening.

        How seldom they are refused there tells how well a model knows bars and parts.
        """
        return state.in_body

    # Which states and texts are alike

    def local_key(self, state: GrammarState) -> Hashable:
        """Return what decides here about all texts without boundary characters."""
        return self._body.key_within_bar(state) if state.in_body else state

    def boundary_possible(self, state: GrammarState) -> bool:
        """Return `False` only where no text that begins with a boundary character is right."""
        if state.in_body and self._strict:
            return self._body.bar_line_possible(state)
        return True

    def canonical(self, state: GrammarState, text: str) -> str:
        """Return a text that is accepted here exactly if this one is."""
        return self._body.canonical(state, text) if state.in_body else text
