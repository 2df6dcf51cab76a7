"""The grammar of the header of a tune: its fields X T R M L K, in this order.

`header_candidates` decides which values of R: M: L: and K: go together, and `title_grammar` which
titles are allowed. The values are prescribed from the start, or chosen by the model.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping

from charnn.errors import UsageError
from charnn.music.abc.key_names import KEYS
from charnn.music.grammar.grammar_state import GrammarState, PlannedPart
from charnn.music.grammar.header_candidates import find_candidates, set_timing
from charnn.music.grammar.title_grammar import TitleGrammar
from charnn.music.grammar.tune_request import Header, TuneRequest

_FIRST_LINE = "X:1\n"
_NOTE_SIGNS = re.compile("[A-Ga-g^_=',]")


class HeaderGrammar:
    """The grammar of the header of a tune.

    Args:
        request: the properties that the tune must have.
        characters: the characters that the model can write.

    Attributes:
        headers: the learned headers that suit the request, each with its weight; empty if no
            training headers are known, or if the opening fits in none of them.
        candidates: `headers`, or if they are empty, all usual headers that suit the request.
        start: the state before the first character of a tune whose model chooses all values that
            are not requested.

    Raises:
        UsageError: no tune can have the requested values and opening.
    """

    def __init__(self, request: TuneRequest, characters: Collection[str]) -> None:
        self._request = request
        self._characters = frozenset(characters)
        self._title = TitleGrammar(request.title_words, characters)
        requested = (request.rhythm, request.meter, request.unit, request.key)
        values = "".join(
            f"{field}:{value}"
            for field, value in zip("TRMLK", (request.title, *requested), strict=True)
            if field in request.fields
        )
        # `OpeningCoder` checks the notes, which may have other letters in the vocabulary.
        needed = _FIRST_LINE + "|" + values + _NOTE_SIGNS.sub("", request.opening)
        if not self._characters.issuperset(needed):
            raise UsageError(
                f"{self._first_missing(needed)!r} is not in the vocabulary of the model: ask for a "
                "tune without it"
            )
        candidates = find_candidates(request, characters)
        first = 0 if "R" in request.fields else 1
        self._allowed = tuple(header[first:] for header in candidates.headers)
        self.candidates = candidates.headers
        self.headers: Mapping[Header, float] = candidates.headers if candidates.are_learned else {}
        self._values: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self.start = self.start_with(requested, request.opening)

    def _first_missing(self, text: str) -> str:
        """Return the first character that the model lacks, an accent with its letter."""
        composed = unicodedata.normalize("NFC", text)
        place = next((i for i, c in enumerate(composed) if c not in self._characters), 0)
        return composed[place - bool(unicodedata.combining(composed[place])) : place + 1]

    def start_with(
        self, header: Header, opening: str, parts: tuple[PlannedPart, ...] = ()
    ) -> GrammarState:
        """Return the state before the first character of a tune with a header.

        Args:
            header: the values of R: M: L: K:; the model chooses those that are `""`.
            opening: the beginning of the body, as the model writes it.
            parts: the parts that the tune must have; `()` if this is free.
        """
        begun = GrammarState(
            header=header,
            remaining_opening=opening,
            planned_parts=parts,
            bars_required=parts[0].bars if parts else 0,
        )
        return self._enter_fields(0, begun, _FIRST_LINE)

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of a field; `None` if the character is refused."""
        if character == "\n":
            return self._end_field(state)
        if state.header_field == "T":
            return self._title.step(state, character)
        beginning = state.partial + character
        choices = self._choices(state)
        if choices:
            possible = any(choice.startswith(beginning) for choice in choices)
        else:
            # In ABC, % begins a comment and a backslash an escape.
            possible = character.isprintable() and character not in "%\\" and beginning != " "
            beginning = "+"  # so that most values have the same state
        return state._replace(partial=beginning) if possible else None

    def finishing_characters(self, state: GrammarState) -> str:
        """Return candidates for the next character, the preferred ones first.

        The first candidate that is accepted leads towards the end of the field.
        """
        if state.header_field == "T":
            return self._title.finishing_characters(state)
        if choices := self._choices(state):
            begun = (choice for choice in choices if choice.startswith(state.partial))
            remainders = (choice[len(state.partial) :] for choice in begun)
            return "".join(dict.fromkeys(remainder[:1] or "\n" for remainder in remainders))
        return "\n" + "".join(sorted(self._characters, reverse=True))

    # Field by field

    def _enter_fields(self, first: int, state: GrammarState, text: str) -> GrammarState:
        """Return the state at the first field with a free value and the index `first` or later.

        `text`, the names of the fields and the prescribed values must be written next. If all these
        fields have prescribed values, the body follows them.
        """
        prescribed = dict(zip("TRMLK", (self._request.title, *state.header), strict=True))
        values, timing = state.header_values, state.timing
        for field in self._request.fields[first:]:
            text += f"{field}:"
            value = prescribed[field]
            if not value:
                return GrammarState(
                    forced_text=text,
                    remaining_opening=state.remaining_opening,
                    planned_parts=state.planned_parts,
                    bars_required=state.bars_required,
                    header_field=field,
                    header=state.header,
                    header_values=values,
                    timing=timing,
                )
            text += value + "\n"
            timing = set_timing(timing, field, value)
            values += (value,) if field != "T" else ()
        return GrammarState(
            partial="\n",
            forced_text=text,
            remaining_opening=state.remaining_opening,
            planned_parts=state.planned_parts,
            bars_required=state.bars_required,
            timing=timing,
        )

    def _end_field(self, state: GrammarState) -> GrammarState | None:
        """Return the state after the line end of a field; `None` if its value is incomplete."""
        value, values = state.partial, state.header_values
        if state.header_field == "T":
            # No word of the title is kept, so that all titles lead to the same state.
            if not self._title.may_end(state):
                return None
        else:
            choices = self._choices(state)
            if value not in choices if choices else not value:
                return None
            values += (value if choices else "",)
        timing = set_timing(state.timing, state.header_field, value)
        following = self._request.fields.index(state.header_field) + 1
        return self._enter_fields(
            following, state._replace(header_values=values, timing=timing), ""
        )

    def _choices(self, state: GrammarState) -> tuple[str, ...]:
        """Return the allowed values of the field being written; `()` if any text is allowed."""
        if not state.header_field:
            return ()
        place = (state.header_field, state.header_values)
        if place not in self._values:
            self._values[place] = self._find_choices(*place)
        return self._values[place]

    def _find_choices(self, field: str, values: tuple[str, ...]) -> tuple[str, ...]:
        following = len(values)
        found = dict.fromkeys(
            header[following] for header in self._allowed if header[:following] == values
        )
        if field == "K" and "" in found:  # any key
            found = dict.fromkeys(key for key in KEYS if self._characters.issuperset(key))
        return tuple(value for value in found if value)
