"""The reason why no tune of whole bars can begin like an opening, with the place."""

import re
from dataclasses import dataclass

from charnn.errors import UsageError, shorten
from charnn.music.abc.reader import read_first_tune
from charnn.music.checking.bars import split_into_bars
from charnn.music.checking.report import length_name
from charnn.music.grammar.bar_filling import BarFilling
from charnn.music.grammar.grammar_state import GrammarState
from charnn.music.grammar.notation import (
    ACCIDENTALS,
    DECORATIONS,
    LOWER_NOTES,
    RESTS,
    UPPER_NOTES,
)
from charnn.music.grammar.prime_text import STAR
from charnn.music.grammar.tune_request import TuneRequest

_MAX_SHOWN = 24  # of the music before the refused sign
_SIGNS = frozenset(
    UPPER_NOTES + LOWER_NOTES + RESTS + DECORATIONS + ACCIDENTALS + "|:[]{}()<>-\"',/ \n0123456789"
)
# Letters that name no note, each left out of the prime. Prose contains several of them.
_LOST_LETTER = re.compile(r"(?<!\S)[h-tw](?!\S)")
_PROSE_LETTERS = 3
_BAR_LINE = re.compile(r"[|:\[\]]+")
_BAR_END = re.compile(r"[|:\n]")


@dataclass(frozen=True)
class RefusedOpening:
    """An opening that the grammar refuses.

    Attributes:
        request: the request with this opening.
        accepted: the longest beginning that the grammar accepts in one of the meters.
        meter, unit: this meter and its unit length.
        state: the state after this beginning without a bar line at its end; `None` if no note can
            end there.
        filling: the arithmetic of bars and parts.
    """

    request: TuneRequest
    accepted: str
    meter: str
    unit: str
    state: GrammarState | None
    filling: BarFilling

    def error(self) -> UsageError:
        """Return the error."""
        letters = _LOST_LETTER.findall(" ".join(self.request.left_out))
        if len(set(letters)) >= _PROSE_LETTERS:
            return UsageError(
                f"--prime reads as words, and only {shorten(self.request.opening, 40)!r} of it as "
                "notes, but this model writes tunes. Begin with notes, such as 'd2e f2g|', or "
                "train a model on prose: charnn train FILE"
            )
        place = len(self.accepted)
        start, stop = place, place + 1
        for begin, end in self.request.star_places:
            if begin <= place < end:
                start, stop = begin, end
        refused, accepted = self._as_typed(start, stop), self._as_typed(0, start)
        shown = accepted if len(accepted) <= _MAX_SHOWN else "..." + accepted[-_MAX_SHOWN:]
        reasons = (self._sign, self._bar, self._part, self._length)
        reason = next((text for reason in reasons if (text := reason())), "")
        reason = reason or "only the signs of one plain melody are allowed: change the opening"
        return UsageError(f"{refused!r} cannot follow {shown!r}: {reason}, or use --bars off")

    def _as_typed(self, start: int, stop: int) -> str:
        """Return a piece of the opening, with a `*` where the user wrote one."""
        typed, at = "", start
        for begin, end in self.request.star_places:
            if start <= begin and end <= stop:
                typed += self.request.opening[at:begin] + STAR
                at = end
        return typed + self.request.opening[at:stop]

    def _sign(self) -> str:
        """Return the reason if whole bars never contain the sign, else `""`."""
        before, rest = self.accepted, self.request.opening[len(self.accepted) :]
        if rest[0] not in _SIGNS:
            return f"strict bars have no sign {rest[0]!r}, so leave it out"
        if rest[0] in "<>" and before[-1:] == rest[0]:
            return f"strict bars have no {2 * rest[0]}: write lengths instead"
        if tuplet := re.search(r"\((?:\d:?)?$", before) if rest[0] in "0123456789:" else None:
            sign = tuplet[0] + rest[0]
            return f"there is no tuplet {sign} here: strict bars have (2, (3, (4 and (6"
        if rest[0] in "()" or before[-1:] == "(":
            return "a slur may stand neither in another slur nor after a decoration: leave it out"
        return ""

    def _bar(self) -> str:
        """Return the reason if the bar is too long or too short, else `""`."""
        opening, start = self.request.opening, len(self.accepted)
        following = _BAR_END.search(opening, start)
        stop = following.start() if following else len(opening)
        text = f"X:1\nM:{self.meter}\nL:{self.unit}\nK:C\n{opening[:stop]}\n"
        tune = read_first_tune(text)
        bars = split_into_bars(tune)[0] if tune is not None else []
        begin = max(opening.rfind(sign, 0, stop) for sign in "|:]\n") + 1
        music = self._as_typed(begin, stop).strip()
        if not bars or not music:
            return ""
        bar = bars[-1]
        is_short = bar.too_short and following is not None and len(bars) > 1
        number = len(bars) - (len(bars) > 1 and bars[0].too_short)
        if bar.too_long or (is_short and not bar.begins_part):
            lasts = length_name(bar.duration, bar.meter)
            return (
                f"bar {number} ({music}) lasts {lasts} in {self.meter}. Make its notes add up, "
                "choose another --meter"
            )
        if self.state is None or opening[start] in "|:":
            return ""
        if self.state.in_first_bar and self.state.pickup > 0:
            return f"({music}) is longer than the pick-up of the tune: make them equal"
        if self.state.pickup > 0 and not self.filling.may_add_bar(self.state):
            return (
                f"bar {number} ({music}) ends a part of {self.filling.part_lengths} bars, so it is "
                "shorter by the length of the pick-up. Choose --part-bars, end the opening earlier"
            )
        return ""

    def _part(self) -> str:
        """Return the reason if no part may begin or end here, else `""`."""
        start = len(self.accepted.rstrip("|:[]"))
        found = _BAR_LINE.match(self.request.opening, start)
        if self.state is None or found is None or found[0] == "[":
            return ""
        sign, form = found[0], self.request.form
        if sign == "|" and self.filling.may_add_bar(self.state):
            return ""
        if sign == "|":
            return (
                f"a part of {self.filling.part_lengths} bars ends there, so write ||, choose "
                "--part-bars"
            )
        if sign != "|:" and not self.filling.may_close_part(self.state):
            bars = self.state.bars_done + (self.state.ticks_used == self.state.timing.bar)
            return (
                f"a part of {bars} {'bar' if bars == 1 else 'bars'} would end there, and parts "
                f"have {self.filling.part_lengths}: choose --part-bars"
            )
        if form:
            return f"{sign} does not suit --form {form}: choose another form"
        return f"no {sign} may stand there in a tune of whole parts: change the opening"

    def _length(self) -> str:
        """Return the reason if the length of a note is not allowed, else `""`."""
        rest = re.match(r"[0-9/]+", self.request.opening[len(self.accepted) :])
        before = re.search(r"[0-9/]*$", self.accepted)
        if rest is None or before is None:
            return ""
        return f"no note has the length {before[0]}{rest[0]} there: change it"
