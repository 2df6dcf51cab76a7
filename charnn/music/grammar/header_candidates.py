"""The headers that suit a request, each with a weight: how often it was learned.

The values of R: M: L: and K: are chosen together from the headers of the training tunes, if these
are known: a model has read jigs in 6/8, not in 3/4. If a key is requested that few training tunes
have, the other values come from tunes of the same mode as well.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from charnn.errors import UsageError
from charnn.music.abc import fields
from charnn.music.abc.dance_meters import suits_meter, usual_meter
from charnn.music.abc.key_field import parse_key
from charnn.music.coding.bar_labels import CADENCES, LABELS
from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.grammar_state import TICKS_PER_WHOLE_NOTE, GrammarState, Timing
from charnn.music.grammar.opening_errors import RefusedOpening
from charnn.music.grammar.tune_form import TuneForm
from charnn.music.grammar.tune_request import Header, LearnedHeader, TuneRequest

# For models without stored training headers, and for openings that suit none of these headers.
METERS = ("C", "C|", "4/4", "2/2", "2/4", "3/4", "3/2", "6/4", "5/4", "3/8", "6/8", "9/8", "12/8")
UNITS = ("1/8", "1/16", "1/4")
# The tunes of the same mode count as much as this number of tunes in the requested key.
_MODE_TUNES = 10
# 2 ** 64 divided by the golden ratio (Knuth, The Art of Computer Programming, vol. 3, 6.4).
_GOLDEN = 0x9E3779B97F4A7C15


class Candidates(NamedTuple):
    """The headers that suit a request, its opening included.

    Attributes:
        headers: the values of R: M: L: K:, each with its weight. `""` for a value of any text.
        are_learned: whether they come from training tunes. If not, the weights mean nothing.
    """

    headers: Mapping[Header, float]
    are_learned: bool


def find_candidates(request: TuneRequest, characters: Collection[str]) -> Candidates:
    """Return the headers that suit a request.

    The training headers that have the most values in common with the request are tried first. In
    each of them, the requested values replace the other values of the same fields. If the opening
    fits in none of these headers, all usual meters and units are tried.

    Raises:
        UsageError: the opening fits in no meter and unit.
    """
    # The opening is plain ABC notation, without labels.
    body = BodyGrammar(
        frozenset(characters) - LABELS - CADENCES, request.part_bars, TuneForm(request.form)
    )
    accepted: dict[tuple[str, str], str] = {}  # by meter and unit, the usual ones first
    learned = _learned_headers(request, characters)
    invented = _invented_headers(request, characters)
    for headers in (learned, invented):
        read, timings = _fitting_timings(headers, request, body)
        accepted = read | accepted
        fitting = {header: weight for header, weight in headers.items() if header[1:3] in timings}
        if fitting:
            return Candidates(fitting, headers is learned)
    raise _opening_error(request, accepted, body)


def draw_header(headers: Mapping[Header, float], seed: int) -> Header:
    """Return the header that a seed draws, with a probability in proportion to its weight.

    The seeds in a row draw numbers that are spread evenly (a Weyl sequence), so even a few tunes
    have types in the learned proportions.
    """
    ordered = sorted(headers)
    point = ((seed + 1) * _GOLDEN % 2**64) / 2**64 * sum(headers[header] for header in ordered)
    for header in ordered:
        point -= headers[header]
        if point < 0:
            return header
    return ordered[-1]


# Headers of training tunes


def _learned_headers(request: TuneRequest, characters: Collection[str]) -> dict[Header, float]:
    known = frozenset(characters)
    rows = [row for row in request.headers if known.issuperset("".join(row.header))]
    if not request.meter and all(row.rhythm != request.rhythm for row in rows):
        request = replace(request, meter=usual_meter(request.rhythm))
    suitable = [
        row for row in rows if suits_meter(request.rhythm or row.rhythm, request.meter or row.meter)
    ]
    weights: dict[Header, float] = {}
    for row, weight in _weighted(_nearest(suitable or rows, request), request.key):
        header = _filled_in(request, row.header)
        weights[header] = weights.get(header, 0) + weight
    return weights


def _nearest(rows: list[LearnedHeader], request: TuneRequest) -> list[LearnedHeader]:
    """Return the rows with the most requested values of R: M: and L:."""

    def agreement(row: LearnedHeader) -> tuple[int, bool]:
        wanted = zip((request.rhythm, request.meter, request.unit), row.header[:3], strict=True)
        equal = sum(bool(asked) and asked == own for asked, own in wanted)
        return equal, row.meter == request.meter

    most = max(map(agreement, rows), default=None)
    return [row for row in rows if agreement(row) == most]


def _weighted(rows: list[LearnedHeader], key: str) -> Iterator[tuple[LearnedHeader, float]]:
    """Yield rows with their weights: the number of tunes, if any key will do."""
    if not key:
        yield from ((row, row.tunes) for row in rows)
        return
    mode = parse_key(key).mode
    keys = {name for name in {row.key for row in rows} if parse_key(name).mode == mode}
    alike = [row for row in rows if row.key in keys] or rows
    share = _MODE_TUNES / max(1, sum(row.tunes for row in alike))
    for row in alike:
        yield row, row.tunes * (share + (row.key == key))


def _filled_in(request: TuneRequest, header: Header) -> Header:
    """Return a header with the requested values in place of its own."""
    asked = (request.rhythm, request.meter, request.unit, request.key)
    rhythm, meter, unit, key = (want or own for want, own in zip(asked, header, strict=True))
    return rhythm, meter, unit, key


# Headers of no training tune


def _invented_headers(request: TuneRequest, characters: Collection[str]) -> dict[Header, float]:
    """Return the requested values with every usual meter and unit, and types that suit these."""
    known = frozenset(characters)
    types = sorted({row.rhythm for row in request.headers}) or [""]
    return {
        _filled_in(request, (rhythm, meter, unit, "")): 1.0
        for rhythm in ([request.rhythm] if request.rhythm else types)
        for meter in ([request.meter] if request.meter else METERS)
        for unit in UNITS
        if (request.rhythm and request.meter) or suits_meter(rhythm, meter)
        if known.issuperset(rhythm + meter + unit)
    }


# The opening


def _fitting_timings(
    headers: Mapping[Header, float], request: TuneRequest, body: BodyGrammar
) -> tuple[dict[tuple[str, str], str], set[tuple[str, str]]]:
    """Find the meters and units, among those of `headers`, that accept the opening.

    Returns:
        The accepted beginning of the opening for each (meter, unit) pair, and the pairs that accept
        the whole opening. If the opening begins with a full bar in some of these pairs, only such
        pairs.
    """
    opened = {
        timing: read_opening(*timing, request.opening, body)
        for timing in dict.fromkeys(header[1:3] for header in headers)
    }
    good = {timing: state for timing, (_, state) in opened.items() if state is not None}
    # "d2e f2g|" is a full bar of 6/8 or a pick-up in 4/4; the user more likely means a full bar.
    full = {timing for timing, state in good.items() if _begins_with_full_bar(state, body)}
    read = {timing: read for timing, (read, _) in opened.items()}
    return read, full or set(good if request.strict else opened)


def read_opening(
    meter: str, unit: str, opening: str, body: BodyGrammar
) -> tuple[str, GrammarState | None]:
    """Return the accepted beginning of an opening, and the state after the whole opening.

    The state is `None` if the opening is not accepted completely.
    """
    timing = set_timing(set_timing(Timing(), "M", meter), "L", unit)
    if not body.filling.can_fill(timing):
        return "", None
    state = GrammarState(partial="\n", timing=timing)
    for place, character in enumerate(opening):
        after = body.step(state._replace(remaining_opening=opening), character)
        if after is None:
            return opening[:place], None
        state = after
    if state.note and body.filling.finish_note(state) is None:
        return opening.rstrip("0123456789/"), None  # the length of the last note does not fit
    return opening, state


def _begins_with_full_bar(state: GrammarState, body: BodyGrammar) -> bool:
    """Return whether the first bar line of the opening follows a full bar."""
    # A bar line at the end of the opening is still unfinished.
    after = body.bar_lines.after(state, state.partial) or state
    return not after.pickup


def _opening_error(
    request: TuneRequest, accepted: Mapping[tuple[str, str], str], body: BodyGrammar
) -> UsageError:
    """Return the error for an opening that is accepted only in part.

    Args:
        request: the request with this opening.
        accepted: the accepted beginning for each meter and unit.
        body: the grammar.
    """

    def closeness(timing: tuple[str, str]) -> tuple[bool, int]:
        state = read_opening(*timing, accepted[timing], body)[1]
        is_full = state is not None and _begins_with_full_bar(state, body)
        return is_full, len(accepted[timing])

    closest = max(accepted, key=closeness, default=("", ""))
    read = accepted.get(closest, "")
    if read == request.opening:
        return UsageError(
            "bars of this meter cannot be filled with notes of this unit length: choose another "
            "--meter, or use --bars off"
        )
    state = read_opening(*closest, read.rstrip("|:[]"), body)[1]
    state = body.filling.finish_note(state) if state and state.note else state
    return RefusedOpening(request, read, *closest, state, body.filling).error()


@cache
def set_timing(timing: Timing, field: str, value: str) -> Timing:
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
