"""The grammar of tunes: the characters that may come next in an ABC tune with whole bars and parts.

`TuneGrammar` is a state machine over characters. `step` takes a state and a character, and returns
the state after the character, or `None` if the character is refused. The grammar does not depend on
models: the sampler uses it through the protocol `charnn.sampling.grammar.Grammar`.

The language:

- A tune is a header (X T R M L K, in this order) and two to four parts. A part lies between double
  bars and repeat signs.
- Every bar is full, except for pick-ups. If the tune begins with a pick-up, every part begins with
  a pick-up of this length, and the last bar of every part is shorter by this length.
- Every part is a whole number of bars; every repeat that is opened is closed.
- A tuplet, chord, slur or broken pair (`A>B`, two notes of equal written length) ends before any
  sign that it must not contain. A tie leads to the same note.
- The last bar of a part that no pick-up follows has no rest. Variant endings have one or two bars,
  the second as many as the first.
- Notation that programs read in different ways is excluded: fermatas, a decoration before a slur or
  graces, `>>`.

The invariant: a character is accepted only if the tune can be finished after it. So some
character is accepted after every text that may not end yet, and there is no dead end
(`body_grammar` gives the reasons).

The modules: `tune_request` (the user's request), `header_candidates` (values that go together),
`header_grammar` (fields), `title_words`, `title_grammar`, `type_names`, `body_grammar` (notes and
the order of signs), `bar_filling` (durations of notes, bars and parts), `bar_lines` (bars, repeats,
endings, parts), `note_prefixes` (accidentals, chords, graces), `chord_spelling`, `notation`
(characters and lengths), `tune_form` (the order of parts), `label_rules` (bar labels),
`grammar_state`.
"""

from collections.abc import Collection, Hashable

from charnn.errors import UsageError
from charnn.music.coding.bar_labels import has_labels
from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.grammar_state import MAX_PARTS, GrammarState, PlannedPart
from charnn.music.grammar.header_candidates import read_opening
from charnn.music.grammar.header_grammar import HeaderGrammar
from charnn.music.grammar.tune_form import TuneForm
from charnn.music.grammar.tune_request import Header, TuneRequest

MIN_PART_BARS, MAX_PART_BARS = 2, 32


class TuneGrammar:
    """The grammar of the tunes that a request allows.

    Args:
        request: the properties that the tune must have.
        characters: the characters that the model can write.
        parts: the exact number of parts; 0 for that of the requested form.

    Attributes:
        form: the parts of the tunes.
        start: the state before the first character of a tune whose model chooses all values of the
            header that are not requested.
        headers: the learned headers that suit the request, each with its weight; empty if no
            training headers are known, or if the opening fits in none of them.
        candidates: `headers`, or if they are empty, all usual headers that suit the request.
        boundary_characters: the characters of bar lines and line ends. The form of the
            whole tune determines where they are accepted. The present bar alone determines where
            the other characters are accepted (see `local_key`).

    Raises:
        UsageError: no tune suits the request, or a needed character is not in `characters`.
    """

    boundary_characters = frozenset("|:\n")

    def __init__(
        self, request: TuneRequest, characters: Collection[str], *, parts: int = 0
    ) -> None:
        if request.part_bars and not MIN_PART_BARS <= request.part_bars <= MAX_PART_BARS:
            raise UsageError(
                f"--part-bars must lie in {MIN_PART_BARS}..{MAX_PART_BARS}, or be 0 for a usual "
                f"number, not {request.part_bars}"
            )
        self._strict = request.strict
        self._characters = frozenset(characters)
        self.form = TuneForm(request.form, parts or MAX_PARTS)
        self._min_parts = parts or self.form.min_parts
        if self.form.copies_parts and not has_labels(characters):
            raise UsageError(
                f"--form {request.form} writes a part again, which needs a model trained with "
                "--tokens music: choose a form such as AABB, or another model"
            )
        self._body = BodyGrammar(characters, request.part_bars, self.form)
        self._header = HeaderGrammar(request, characters)
        self.start = self._header.start
        self.headers, self.candidates = self._header.headers, self._header.candidates

    def start_with(
        self, header: Header, opening: str = "", parts: tuple[PlannedPart, ...] = ()
    ) -> GrammarState:
        """Return the state before the first character of a tune with a header.

        Args:
            header: the values of R: M: L: K:; the model chooses those that are `""`.
            opening: the beginning of the body, as the model writes it.
            parts: the parts that the tune must have; `()` for those of the request. Endings are
                left out if the model cannot write them.

        Raises:
            UsageError: no tune can begin with this opening.
        """
        if self._strict and read_opening(header[1], header[2], opening, self._body)[1] is None:
            raise UsageError(
                "no whole bars can follow the end of the opening: end it with a note or a bar "
                "line, or use --bars off"
            )
        if not self._body.bar_lines.has_endings:
            parts = tuple(PlannedPart(part.bars) for part in parts)
        return self._header.start_with(header, opening, parts)

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character; `None` if the character is refused."""
        if character not in self._characters:
            return None
        # Header text and the opening are prescribed. The opening also goes through the grammar of
        # the body, so that the state contains the time that is used in the bar.
        if state.forced_text:
            matches = character == state.forced_text[0]
            return state._replace(forced_text=state.forced_text[1:]) if matches else None
        if state.header_field:
            return self._header.step(state, character)
        if not state.remaining_opening:
            return self._step_in_body(state, character)
        if character != state.remaining_opening[0]:
            return None
        after = self._step_in_body(state, character)
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
        min_parts = len(state.planned_parts) or self._min_parts
        complete = state.between_parts and state.parts_done >= min_parts
        return complete and state.partial == "\n"

    def finishing_characters(self, state: GrammarState) -> str:
        """Return candidates for the next character, the preferred ones first.

        The first candidate that is accepted leads towards the end of the tune.
        """
        if state.forced_text:
            return state.forced_text[0]
        if state.header_field:
            return self._header.finishing_characters(state)
        if state.remaining_opening:
            return state.remaining_opening[0]
        return self._body.finishing_characters(state)

    def counts_refusals(self, state: GrammarState) -> bool:
        """Return whether the sampler counts refused tokens here: in the body, after the opening.

        The share of refused tokens in the body shows how well the model has learned bars and parts.
        """
        return state.in_body

    # Which states and texts are alike

    def local_key(self, state: GrammarState) -> Hashable:
        """Return a key that determines which texts without boundary characters are accepted.

        States with the same key accept the same texts of this kind.
        """
        return self._body.key_within_bar(state) if state.in_body else state

    def boundary_possible(self, state: GrammarState) -> bool:
        """Return whether a text that begins with a boundary character could be accepted here.

        `False` is certain. After `True`, all such texts may still be refused.
        """
        if state.in_body and self._strict:
            return self._body.bar_line_possible(state)
        return True

    def canonical(self, state: GrammarState, text: str) -> str:
        """Return a text that is accepted here if and only if `text` is accepted."""
        return self._body.canonical(state, text) if state.in_body else text
