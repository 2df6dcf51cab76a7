"""The header of a tune: the values of its fields, and the combinations of values.

The fields are X T R M L K, in this order. The values of R: M: L: and K: are chosen together from
the headers of the training tunes, if these are known: a model has read jigs in 6/8, not in 3/4.
"""

from collections.abc import Collection, Iterable
from functools import cache

from charnn.errors import UsageError
from charnn.music.abc import fields
from charnn.music.abc.key_field import is_key
from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.grammar_state import TICKS_PER_WHOLE_NOTE, GrammarState, Timing
from charnn.music.grammar.tune_request import TuneRequest

# For models without stored training headers, and for openings that suit none of these headers.
METERS = ("C", "C|", "4/4", "2/2", "2/4", "3/4", "3/2", "6/4", "5/4", "3/8", "6/8", "9/8", "12/8")
UNITS = ("1/8", "1/16", "1/4")
_ALL_KEYS = (
    tonic + mode
    for mode in ("", "m", "dor", "mix", "lyd", "phr")
    for tonic in ("C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab", "Db", "F#", "C#", "G#")
)
# Some combinations are no keys: G# major would have eight sharps.
KEYS = tuple(key for key in _ALL_KEYS if is_key(key))
# Names of types that an invented title must not contain, unless the type was requested.
TYPES = (
    "reel",
    "jig",
    "hornpipe",
    "strathspey",
    "march",
    "waltz",
    "polka",
    "fling",
    "clog",
    "slide",
)
_FIRST_LINE = "X:1\n"

_Header = tuple[str, ...]  # the values of R: M: L: K:


class HeaderGrammar:
    """The grammar of the header of a tune.

    Args:
        request: the properties that the tune must have.
        characters: the characters that the model can write.
        body: the grammar of the body, which decides in which meters the opening is accepted.

    Attributes:
        start: the state before the first character of a tune.

    Raises:
        UsageError: no tune can have the requested values and opening.
    """

    def __init__(
        self,
        request: TuneRequest,
        characters: Collection[str],
        body: BodyGrammar,
    ) -> None:
        self._request = request
        self._characters = frozenset(characters)
        self._body = body
        self._requested = {
            "T": request.title,
            "R": request.rhythm,
            "M": request.meter,
            "L": request.unit,
            "K": request.key,
        }
        values = "".join(f"{field}:{self._requested[field]}" for field in request.fields)
        needed = {*_FIRST_LINE, "|", *values, *request.opening}
        if missing := sorted(needed - self._characters):
            raise UsageError(
                f"{missing[0]!r} is not in the vocabulary of the model: ask for a tune without it"
            )
        # Without this, a requested jig could be called "Miss Johnson's Reel".
        type_only = bool(request.rhythm and not request.title)
        self._other_types = tuple(
            name for name in TYPES if type_only and name not in request.rhythm
        )
        self._headers = self._choose_headers()
        self._values: dict[tuple[str, _Header], tuple[str, ...]] = {}
        self.start = self._enter_fields(0, (), Timing(), _FIRST_LINE)

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of a field; `None` if the character is refused."""
        value, choices = state.partial, self._choices(state)
        if character == "\n":
            if not value or (choices and value not in choices):
                return None
            values = state.header_values
            # Later choices depend on these values. The words of a title are left out, so that all
            # titles lead to the same state.
            if state.header_field != "T":
                values += (value if choices else "",)
            timing = _set_timing(state.timing, state.header_field, value)
            following = self._request.fields.index(state.header_field) + 1
            return self._enter_fields(following, values, timing, "")
        if choices:
            possible = any(choice.startswith(value + character) for choice in choices)
            return state._replace(partial=value + character) if possible else None
        # In ABC, % begins a comment and a backslash an escape.
        if not character.isprintable() or character in "%\\" or not (value or character.strip()):
            return None
        return self._in_free_value(state, character)

    def finishing_characters(self, state: GrammarState) -> str:
        """Return candidates for the next character, the preferred ones first.

        The first candidate that is accepted leads towards the end of the field.
        """
        if choices := self._choices(state):
            begun = (choice for choice in choices if choice.startswith(state.partial))
            remainders = (choice[len(state.partial) :] for choice in begun)
            return "".join(dict.fromkeys(remainder[:1] or "\n" for remainder in remainders))
        return "\n" + "".join(sorted(self._characters, reverse=True))

    # Which values go together

    def _choose_headers(self) -> tuple[_Header, ...]:
        """Return the headers that suit the request: the values of the fields after T:.

        The training headers that have the most values in common with the request are tried first.
        In each of them, the requested values replace the other values of the same fields. If the
        opening fits in none of these headers, all usual meters and units are tried.

        Raises:
            UsageError: the opening fits in no meter and unit.
        """
        requested = tuple(self._requested[field] for field in "RMLK")
        training_headers = self._request.headers
        most_matches = max((_matches(header, requested) for header in training_headers), default=0)
        nearest = [
            header for header in training_headers if _matches(header, requested) == most_matches
        ]
        invented = [("", meter, unit, "") for meter in METERS for unit in UNITS]
        longest_opening = ""  # the longest accepted beginning, for the error message
        for headers in (nearest, invented):
            candidates = self._fill_in(requested, headers)
            read, timings = self._fitting_timings(candidates)
            longest_opening = max(longest_opening, read, key=len)
            if timings:
                first = 0 if "R" in self._request.fields else 1
                return tuple(header[first:] for header in candidates if header[1:3] in timings)
        raise _opening_error(self._request.opening, longest_opening)

    def _fill_in(self, requested: _Header, headers: Iterable[_Header]) -> list[_Header]:
        """Return the headers with the requested values in place of their own, each header once.

        Headers with characters that the model cannot write are left out.
        """
        filled = (
            tuple(asked or own for asked, own in zip(requested, header, strict=True))
            for header in headers
            if self._characters.issuperset("".join(header))
        )
        return list(dict.fromkeys(filled))

    def _fitting_timings(self, headers: Iterable[_Header]) -> tuple[str, set[_Header]]:
        """Find the meters and units, among those of `headers`, that accept the opening.

        Returns:
            The longest accepted beginning of the opening, and the (meter, unit) pairs that accept
            the whole opening. If the opening begins with a full bar in some of these pairs, only
            such pairs.
        """
        opened = {timing: self._read_opening(*timing) for timing in {h[1:3] for h in headers}}
        longest = max((read for read, _ in opened.values()), key=len, default="")
        good = {timing: state for timing, (_, state) in opened.items() if state is not None}
        # "d2e f2g|" is a full bar of 6/8 or a pick-up in 4/4; the user more likely means a full
        # bar.
        full = {timing for timing, state in good.items() if self._begins_with_full_bar(state)}
        return longest, full or set(good)

    def _read_opening(self, meter: str, unit: str) -> tuple[str, GrammarState | None]:
        """Return the accepted beginning of the opening, and the state after the whole opening.

        The state is `None` if the opening is not accepted completely.
        """
        opening = self._request.opening
        timing = _set_timing(_set_timing(Timing(), "M", meter), "L", unit)
        if not self._request.strict:
            return opening, GrammarState(timing=timing, pickup=0)
        if not self._body.filling.can_fill(timing):
            return "", None
        state = GrammarState(partial="\n", timing=timing)
        for place, character in enumerate(opening):
            after = self._body.step(state, character)
            if after is None:
                return opening[:place], None
            state = after
        return opening, state

    def _begins_with_full_bar(self, state: GrammarState) -> bool:
        """Return whether the first bar line of the opening follows a full bar."""
        # A bar line at the end of the opening is still unfinished.
        after = self._body.bar_lines.after(state, state.partial) or state
        return not after.pickup

    # Field by field

    def _enter_fields(self, first: int, values: _Header, timing: Timing, text: str) -> GrammarState:
        """Return the state at the first unrequested field with the index `first` or later.

        `text`, the names of the fields and the requested values must be written next. If all these
        fields have requested values, the body follows them.
        """
        for field in self._request.fields[first:]:
            text += f"{field}:"
            value = self._requested[field]
            if not value:
                return GrammarState(
                    forced_text=text, header_field=field, header_values=values, timing=timing
                )
            text += value + "\n"
            timing = _set_timing(timing, field, value)
            values += (value,) if field != "T" else ()
        return GrammarState(
            partial="\n",
            forced_text=text,
            remaining_opening=self._request.opening,
            timing=timing,
        )

    def _choices(self, state: GrammarState) -> tuple[str, ...]:
        """Return the allowed values of the field being written; `()` if any text is allowed."""
        if not state.header_field or state.header_field == "T":
            return ()
        place = (state.header_field, state.header_values)
        if place not in self._values:
            self._values[place] = self._find_choices(state.header_field, state.header_values)
        return self._values[place]

    def _find_choices(self, field: str, values: _Header) -> tuple[str, ...]:
        following = len(values)
        found = dict.fromkeys(
            header[following] for header in self._headers if header[:following] == values
        )
        if field == "K" and "" in found:  # any key
            found = dict.fromkeys(key for key in KEYS if self._characters.issuperset(key))
        return tuple(value for value in found if value)

    def _in_free_value(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of a title; `None` if the title names another type.

        `partial` contains only `+` and the last characters of the title that may be the beginning
        of the name of a type, so that most titles have the same state.
        """
        # The name of a type is also refused inside a longer word ("Reels").
        ending = state.partial[1:] + character.lower()
        while ending and not any(name.startswith(ending) for name in self._other_types):
            ending = ending[1:]
        return None if ending in self._other_types else state._replace(partial="+" + ending)


def _matches(header: _Header, requested: _Header) -> int:
    """Count the fields whose requested value is also the value in the header."""
    return sum(bool(asked) and asked == own for asked, own in zip(requested, header, strict=True))


def _opening_error(opening: str, accepted: str) -> UsageError:
    following = opening[len(accepted) :][:1]
    if not following:
        return UsageError(
            "bars of this meter cannot be filled with notes of this unit length: choose another "
            "--meter, or use --bars off"
        )
    return UsageError(
        f"{following!r} cannot follow {accepted!r} in such a tune: every bar must be full, and "
        "only the signs of one plain melody are allowed. Change the opening, choose another "
        "--meter, or use --bars off"
    )


@cache
def _set_timing(timing: Timing, field: str, value: str) -> Timing:
    """Return `timing` with the value of an M: or L: field; other fields change nothing.

    Raises:
        UsageError: bars cannot be counted with this value.
    """
    try:
        if field == "M":
            quarters = fields.parse_meter(value).bar
        elif field == "L":
            quarters = fields.parse_unit_length(value)
        else:
            return timing
    except fields.FieldError as problem:
        raise UsageError(f"{problem}: write it as in 6/8 or C|") from None
    ticks = quarters * TICKS_PER_WHOLE_NOTE / 4
    if not ticks or ticks.denominator != 1 or (field == "L" and ticks % 16):
        name = "meter" if field == "M" else "unit length"
        raise UsageError(
            f"bars cannot be counted in {value!r}: choose another {name}, or use --bars off"
        )
    return timing._replace(**{"M": {"bar": int(ticks)}, "L": {"unit": int(ticks)}}[field])
