"""The rules of bars and parts: what the body of a tune may go on with (see `grammar`).

Every step leaves the tune so that it can be brought to an end: the time left in a bar can always
be filled, since notes begin on a grid; whatever needs a note is begun only where there is time for
one; and no bar is entered that can't be left.
"""

from collections.abc import Callable, Collection, Hashable
from fractions import Fraction
from functools import cache, partial

from charnn.music.grammar.grammar_state import MOST_PARTS, GrammarState, begin_note, begin_part

USUAL_BARS = (4, 8)  # in a part, if nothing else is asked for: most of dance music
_MOST_DECORATIONS = 3  # of a note
_MOST_HEADS = 4  # of a chord, or among graces
_MOST_IN_SYMBOL = 7  # letters of a chord symbol

_UPPER, _LOWER, _RESTS, _DECORATIONS = "ABCDEFG", "abcdefg", "zx", ".~LMOPTuv"
_GROUPS = (_UPPER, _LOWER, _RESTS, _DECORATIONS)
_KIND = {character: group[0] for group in _GROUPS for character in group}
_TUPLETS = {2: 3, 3: 2, 4: 3, 6: 2}  # so many notes in the time of so many
_SYMBOL = frozenset("ABCDEFG#bmajindugs0123456789/+-")

# Lengths in the order of how a note grows; what is halved is odd. Notes begin at multiples of the
# unit over _FINEST, so every length is one.
_LENGTHS = {
    top + bottom: Fraction(int(top or 1), int(bottom[1:] or 2) if bottom[1:] != "/" else 4)
    if bottom
    else Fraction(int(top or 1))
    for top in ("", *map(str, range(1, 10)), "10", "12", "16")
    for bottom in ("", "/", "//", "/2", "/4")
    if not bottom or not top or (top != "1" and int(top) % 2)
}
_FINEST = 4

# Which ending begins behind a sign, and does it open a repeat?
_SIGNS = {
    "|": (0, False),
    "||": (0, False),
    "|]": (0, False),
    "|:": (0, True),
    ":|": (0, False),
    "::": (0, True),
    ":|:": (0, True),
    "|1": (1, False),
    "|[1": (1, False),
    "|\n[1": (1, False),
    ":|2": (2, False),
    ":|[2": (2, False),
    ":| [2": (2, False),
    ":|\n[2": (2, False),
}
_CLOSING = ("||", "|]", ":|", ":| ", ":|\n", ":|[", ":| [", ":|\n[")


class BarGrammar:
    """The machine for the body.

    Args:
        characters: those that can be written.
        part_bars: bars in every part; 0 for a usual number.
    """

    def __init__(self, characters: Collection[str], part_bars: int) -> None:
        self._characters = frozenset(characters)
        self._part_bars = (part_bars,) if part_bars else USUAL_BARS
        known = ([c for c in group if c in self._characters] for group in _GROUPS)
        self._alike = str.maketrans({c: group[0] for group in known for c in group})
        self._lengths = tuple(length for length in _LENGTHS if self.can_write(length))
        self._signs = tuple(sign for sign in _SIGNS if self.can_write(sign))
        self._finest = _FINEST if "/" in self._characters else 1
        # Of each beginning, the signs that may come of it.
        self._spelled: dict[str, list[str]] = {}
        for sign in self._signs:
            for end in range(1, len(sign) + 1):
                self._spelled.setdefault(sign[:end], []).append(sign)
        self._known_fits: dict[tuple[object, ...], bool] = {}

    def can_write(self, text: str) -> bool:
        """Whether all of a text can be written."""
        return self._characters.issuperset(text)

    def alike_in_body(self, state: GrammarState, text: str) -> str:
        """A text with which `body` does the same here: all letters of notes are alike, for one."""
        return text if state.sign[:1] == '"' else text.translate(self._alike)

    def may_turn_in_body(self, state: GrammarState) -> bool:
        """Whether a bar line or a line end may be right here."""
        if state.sign[:1] in _SPELLING:
            return state.sign[0] in "|:1"
        here = self._laid(state) if state.note else state
        if here is None:
            return False
        return here.first or here.used in (0, here.frame.bar, self._last_bar(here))

    def core_of_body(self, state: GrammarState) -> Hashable:
        """All of the state that matters for characters other than bar lines and line ends."""
        if state.sign[:1] in ("|", ":"):
            return state
        left = self._room(state) - state.used
        return (
            state.sign,
            state.note,
            state.length,
            left,
            bool(state.used),
            state.frame.unit,
            state.tuplet,
            state.pair,
            state.slur,
            state.tied,
            state.decorations,
            state.led,
            state.full,
            state.may_rest,
            self._may_go_on(state),
        )

    def finishing_body(self, state: GrammarState) -> str:
        """Characters of which the first right one leads nearer to an end."""
        if state.sign == ":":
            return "|"
        if state.sign[:1] == "|" and not state.used:
            return ":" + _UPPER + _LOWER
        if state.sign in _CLOSING:
            return "2[" if state.ending == 1 else "\n"
        if state.sign[:1] == '"':
            return '"A'
        bar_line = ":|" if state.repeat or state.ending == 1 else "|:"
        if not (state.used or state.note):
            bar_line = ""  # or one would open repeats
        goal = self._last_bar(state) if self._may_close(state) else self._room(state)
        last = goal - state.used
        shorter = "/" if 0 < last < self._takes(state, state.length) else ""
        return ")}]" + shorter + bar_line + "2" * bool(state.sign) + _UPPER + _LOWER + "/2345678910"

    def body(self, state: GrammarState, character: str) -> GrammarState | None:
        """The state behind a character of the body; `None` where it is wrong."""
        if read := _SPELLING.get(state.sign[:1]):
            return read(self, state, character)
        if state.note:
            return self._behind_note(state, character)
        return self._anywhere(state, character)

    def _anywhere(self, state: GrammarState, character: str) -> GrammarState | None:
        """Where no sign is half spelled."""
        if character in "|:":
            return self._begin_bar_line(state, character)
        if character == "\n":
            wrong = state.sign == "\n" or state.used  # lines end with bars
            return None if wrong else state._replace(sign="\n")
        if state.full:
            return None
        if character == " ":
            begun = state.used and not (state.sign or state.led_up_to or state.slur == 2)
            return state._replace(sign=" ") if begun and self._fits(state, "") else None
        if character == ")":
            done = state.slur == 1 and not (state.led_up_to or state.tied)
            return state._replace(slur=0, sign="") if done else None
        if not self._fits(state, ""):
            return None  # all the rest leads to a note
        if character in _UPPER or character in _LOWER:
            return begin_note(state, _KIND[character])
        if character in _RESTS:
            right = state.may_rest and not (state.tied or state.led_up_to)
            return begin_note(state, "z") if right else None
        if character in "^_=":
            return state._replace(sign=character, whole=False)
        if character == "[" and self.can_write("]"):
            return state._replace(sign="[-0", whole=False)
        if character in _DECORATIONS:
            right = state.decorations < _MOST_DECORATIONS and not state.pair[0]
            count = state.decorations + 1
            return state._replace(sign="", decorations=count, whole=False) if right else None
        return None if state.decorations else self._leading(state, character)

    def _leading(self, state: GrammarState, character: str) -> GrammarState | None:
        """A slur or tuplet, graces, a chord symbol: no decoration may stand before them."""
        if character == "(":
            right = not state.slur or any(map(partial(self._tuplet, state), "2346"))
        elif character == "{":
            right = state.sign != "}" and self.can_write("}")
        else:
            right = character == '"' and not state.led
        if not right:
            return None
        return state._replace(sign="{-0" if character == "{" else character, whole=False)

    def _behind_note(self, state: GrammarState, character: str) -> GrammarState | None:
        """Behind a note, which may still change its octave or grow longer."""
        if not state.length and (state.note + character) in ("A,", "a'"):
            return state._replace(sign="", note=",")
        if character in "0123456789/":
            length = state.length + character
            fits = self._fits(state, length)
            return state._replace(sign="", length=length) if fits else None
        if state.sign == "\n" and character == ":":
            return None  # `A:` at the beginning of a line is a field
        if character in "<>":
            return self._broken(state, 6 if character == ">" else 2)
        behind = self._laid(state)
        if behind is None:
            return None
        if character == "-":
            goes_on = behind.used < self._room(behind) or self._may_go_on(behind)
            return behind._replace(tied=True) if goes_on and state.note != "z" else None
        return self._anywhere(behind, character)

    def _broken(self, state: GrammarState, quarters: int) -> GrammarState | None:
        """Behind `>` or `<`: the first note takes so many quarters of its length."""
        length = _time(state.length, state.frame.unit)
        left = self._room(state) - state.used
        if not length or length % 4 or 2 * length > left or state.tuplet[0] or state.pair[0]:
            return None
        used = state.used + length * quarters // 4
        return state._replace(sign="", note="", length="", used=used, pair=(length, 8 - quarters))

    def _laid(self, state: GrammarState) -> GrammarState | None:
        """The state when the note is over."""
        time = self._takes(state, state.length)
        if not time:
            return None
        left, notes, others, _ = state.tuplet
        tuplet = (0, 1, 1, 0)
        if left > 1:
            tuplet = (left - 1, notes, others, _time(state.length, state.frame.unit))
        used = state.used + time
        return state._replace(sign="", note="", length="", used=used, tuplet=tuplet, pair=(0, 0))

    def _fits(self, state: GrammarState, length: str) -> bool:
        """Whether a note may have a length that begins so.

        A number must fit as it stands, or the writer would be driven to halve it; but a note that
        must be shorter than the unit, or as long as another, may still become so.
        """
        available = self._room(state) - state.used
        # It is asked at every note, of few different places.
        place = (length, available, state.frame.unit, state.pair, state.tuplet)
        if place not in self._known_fits:
            self._known_fits[place] = self._may_fit(state, length)
        return self._known_fits[place]

    def _may_fit(self, state: GrammarState, length: str) -> bool:
        if self._takes(state, length):
            return True
        if length not in ("", "/") and not (state.pair[0] or state.tuplet[0]):
            return False
        return any(
            self._takes(state, longer) for longer in self._lengths if longer.startswith(length)
        )

    def _takes(self, state: GrammarState, length: str) -> int:
        """The time that a note of this length takes here; 0 if it can't have it."""
        if length not in self._lengths:
            return 0
        time = _time(length, state.frame.unit)
        must, quarters = state.pair
        if must:
            return time * quarters // 4 if time == must else 0
        available = self._room(state) - state.used
        left, notes, others, each = state.tuplet
        if not left:
            return time if time <= available and not time % self._grid(state) else 0
        if each:
            return time * others // notes if time == each else 0
        whole = time * others
        good = whole <= available and not whole % self._grid(state) and not whole % notes
        return whole // notes if good else 0

    def _grid(self, state: GrammarState) -> int:
        """Notes begin at multiples of this."""
        return state.frame.unit // self._finest

    def _room(self, state: GrammarState) -> int:
        """How long this bar may become: a pick-up as long as the first, and a part's last bar
        shorter by it."""
        if state.first and state.pickup > 0:
            return state.pickup
        return state.frame.bar if self._may_go_on(state) else self._last_bar(state)

    def _last_bar(self, state: GrammarState) -> int:
        """How long the last bar of this part is."""
        return state.frame.bar - max(0, state.pickup)

    def _may_go_on(self, state: GrammarState) -> bool:
        """Whether another bar of this part may follow."""
        return state.bars + 1 < (state.total or self._part_bars[-1])

    def _may_close(self, state: GrammarState) -> bool:
        """Whether this bar may be the last of the part."""
        if state.first and state.pickup > 0:
            return False
        bars = state.bars + 1
        return bars == state.total if state.total else bars in self._part_bars

    def _accidental(self, state: GrammarState, character: str) -> GrammarState | None:
        if character == state.sign and character in "^_":
            return state._replace(sign=2 * character)
        letter = character in _UPPER or character in _LOWER
        return begin_note(state._replace(sign=""), _KIND[character]) if letter else None

    def _opened(self, state: GrammarState, character: str) -> GrammarState | None:
        """Behind `(`: the number of a tuplet, or whatever a slur may begin with."""
        if character.isdecimal():
            return self._tuplet(state, character)
        if state.slur or character in " |:\n)":
            return None
        return self._anywhere(state._replace(sign="", slur=2), character)

    def _tuplet(self, state: GrammarState, number: str) -> GrammarState | None:
        notes = int(number)
        if notes not in _TUPLETS or not self.can_write(number) or state.tuplet[0] or state.pair[0]:
            return None
        begun = state._replace(sign="", tuplet=(notes, notes, _TUPLETS[notes], 0))
        return begun if self._fits(begun, "") else None

    def _heads(self, state: GrammarState, character: str) -> GrammarState | None:
        """Inside a chord or among graces: its bracket, the last sign (`-`: none), heads so far."""
        bracket, last, heads = state.sign[0], state.sign[1], int(state.sign[2])
        if heads < _MOST_HEADS and character in "^_=" and last != "^":
            return state._replace(sign=f"{bracket}^{heads}")
        if heads < _MOST_HEADS and (character in _UPPER or character in _LOWER):
            return state._replace(sign=f"{bracket}{_KIND[character]}{heads + 1}")
        if last + character in ("A,", "a'"):
            return state._replace(sign=f"{bracket}-{heads}")
        if not heads or last == "^":
            return None
        if bracket + character == "[]":
            return begin_note(state._replace(sign=""), "]")
        return state._replace(sign="}", led=True) if bracket + character == "{}" else None

    def _symbol(self, state: GrammarState, character: str) -> GrammarState | None:
        """Inside a chord symbol, of which only the number of letters is kept."""
        letters = len(state.sign) - 1
        if character == '"':
            return state._replace(sign="", led=True) if letters else None
        if character not in (_SYMBOL if letters else _UPPER) or letters == _MOST_IN_SYMBOL:
            return None
        return state._replace(sign=state.sign + "A")

    def _numbered(self, state: GrammarState, character: str) -> GrammarState | None:
        """Behind the number of an ending."""
        here = state._replace(sign="")
        return here._replace(sign=" ") if character == " " else self._anywhere(here, character)

    # Bar lines

    def _begin_bar_line(self, state: GrammarState, character: str) -> GrammarState | None:
        ends = (0, state.frame.bar, self._last_bar(state))
        if state.waits or state.full or not (state.first or state.used in ends):
            return None
        if not self._may_spell(state, character):
            return None
        return state._replace(sign=character)

    def _may_spell(self, state: GrammarState, beginning: str) -> bool:
        """Whether there is a right bar line that begins so."""
        return any(self._barred(state, sign) for sign in self._spelled.get(beginning, ()))

    def _bar_line(self, state: GrammarState, character: str) -> GrammarState | None:
        text = state.sign + character
        if self._may_spell(state, text):
            return state._replace(sign=text)
        # What can't become a longer sign is a shorter one, and something else behind it.
        length = max((n for n in range(1, len(text)) if text[:n] in self._signs), default=0)
        here = self._barred(state, text[:length])
        for following in text[length:]:
            here = here and self.body(here, following)
        return here

    def _barred(self, state: GrammarState, sign: str) -> GrammarState | None:
        """The state behind a bar line."""
        if sign not in self._signs:
            return None
        ending, starts = _SIGNS[sign]
        opens = state.first and not state.repeat and sign == "|:"
        if not state.used:  # as a part begins: a repeat may be opened, a double bar told again
            right = opens or (state.whole and sign == "||")
            return state._replace(sign="", repeat=opens, whole=False) if right else None
        if opens and state.pickup < 0 and state.used < state.frame.bar:
            # The tune's pick-up stands outside the repeat, and all parts are of full bars.
            if state.slur or state.tied:
                return None
            return begin_part(state, pickup=0, parts=0, repeat=True)
        if sign == "|" or ending == 1:
            return self._within(state, ending)
        if state.used != self._last_bar(state) or not self._may_close(state):
            return None
        if state.slur or state.tied:
            return None
        if ending == 2:
            total = state.bars + 1
            again = state._replace(sign="1", used=0, bars=state.body, ending=2, total=total)
            return again if state.ending == 1 else None
        if sign[0] == ":":
            closes = state.ending == 0
        else:
            closes = state.ending == 2 or (state.ending == 0 and not state.repeat)
        parts = state.parts + 1
        if not closes or (starts and parts == MOST_PARTS):
            return None
        return begin_part(state, pickup=max(0, state.pickup), parts=parts, repeat=starts)

    def _within(self, state: GrammarState, ending: int) -> GrammarState | None:
        """Behind a bar line inside a part."""
        if state.first and state.pickup and state.used != state.frame.bar:
            fits = state.pickup in (-1, state.used) and not ending
            begun = state._replace(sign="", used=0, pickup=state.used, first=False)
            return begun if fits else None
        if state.used != state.frame.bar or not self._may_go_on(state):
            return None
        if state.first and state.pickup > 0:
            return None
        behind = state._replace(
            sign="", used=0, pickup=max(0, state.pickup), bars=state.bars + 1, first=False
        )
        if not ending:
            return behind
        if state.ending or state.slur or state.tied:
            return None
        return behind._replace(sign="1", ending=1, body=behind.bars)


_SPELLING: dict[str, Callable[[BarGrammar, GrammarState, str], GrammarState | None]] = {
    **dict.fromkeys("^_=", BarGrammar._accidental),
    **dict.fromkeys("[{", BarGrammar._heads),
    **dict.fromkeys("|:", BarGrammar._bar_line),
    "(": BarGrammar._opened,
    '"': BarGrammar._symbol,
    "1": BarGrammar._numbered,
}


@cache
def _time(length: str, unit: int) -> int:
    """The time of a length as it is written; 0 where it is too fine to count."""
    time = unit * _LENGTHS.get(length, 0)
    return int(time) if time == int(time) else 0
