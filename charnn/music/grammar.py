"""What a right tune may go on with: the grammar of ABC as a state machine, read letter by letter.

Every bar is full but for a pick-up, every part a whole number of bars, every repeat that is opened
is closed; a tuplet, a chord, a slur, a tie or a broken pair (`A>B`, of equal notes) is finished
before what it can't reach over. A part is what lies between double bars and repeat signs. Where the
tune begins with a pick-up, every part does, with one as long, and its last bar is short by as much:
so the beat goes on through all repeats. A tune has two to four parts. What is right but read
otherwise by other programs is left out: fermatas, a decoration before a slur or graces, `>>`. The
header is X T R M L K, in this order.

The machine knows nothing of models: it takes a state and a character and gives the state behind it,
or none where the character is wrong. A character is right only if the tune can be brought to an end
from behind it, so there always is one: the time left in a bar can always be filled, since notes
begin on a grid; whatever needs a note is begun only where there is time for one; and no bar is
entered that can't be left. A state holds no more than what the future depends on.
"""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import NamedTuple

from charnn.errors import UsageError
from charnn.music import fields

# A whole note in steps so fine that every time here is a whole number of them.
WHOLE = 3 * 4096

METERS = ("C", "C|", "4/4", "2/2", "2/4", "3/4", "3/2", "6/4", "5/4", "3/8", "6/8", "9/8", "12/8")
UNITS = ("1/8", "1/16", "1/4")
_ALL_KEYS = (
    tonic + mode
    for mode in ("", "m", "dor", "mix", "lyd", "phr")
    for tonic in ("C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab", "Db", "F#", "C#", "G#")
)
KEYS = tuple(key for key in _ALL_KEYS if fields.is_key(key))
USUAL_BARS = (4, 8)  # in a part, if nothing else is asked for: most of dance music
FEWEST_BARS, MOST_BARS = 2, 32
FEWEST_PARTS, MOST_PARTS = 2, 4
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


class Frame(NamedTuple):
    """The time that the header sets: a bar and a unit length, in parts of `WHOLE`."""

    bar: int = 0
    unit: int = 0


class State(NamedTuple):
    """Where a text stands.

    Attributes:
        sign: what is being spelled, as far as it goes: a bar line, an accidental, a chord, the
            words of a field; `"1"` behind an ending's number, `"}"` behind graces, `" "` behind a
            blank, `"\\n"` at the beginning of a line, else `""`.
        forced: words of the header that are settled and must be written next.
        ahead: what the body must go on with.
        field: the field whose words are being chosen; `""` in the body.
        header: the words of the fields behind T: so far; none in the body.
        frame: the time, as far as the header has come.
        note: what a note that may still become longer is: `A`, `a`, `,` (its octave is written),
            `z`, or `]` (a chord); `""` without one.
        length: the words of its length so far.
        used: time used in this bar.
        pickup: time in the pick-up of each part; -1 until the first part's first bar line.
        bars: bars of this part that are behind us.
        first: this is the part's first bar, which may be short.
        repeat: a repeat was opened and not closed.
        ending: 0, 1 or 2.
        body: bars of this part before its endings.
        total: bars of this part with the first ending, as many as with the second.
        tuplet: notes left, how many (second) go in the time of how many (third), and the length
            that the first had, which all must have; 0 before it.
        pair: of the second note of a broken pair, the length it must have as written, and the
            quarters of it that it takes.
        slur: 1 in a slur, 2 in one that has no note yet.
        tied: a note must come, not a rest.
        decorations: how many wait for their note.
        led: graces or a chord symbol wait for their note.
        parts: how many are complete.
        whole: nothing has begun behind the last complete part.
        heard: there was a note, not only rests.
    """

    sign: str = ""
    forced: str = ""
    ahead: str = ""
    field: str = ""
    header: tuple[str, ...] = ()
    frame: Frame = Frame()
    note: str = ""
    length: str = ""
    used: int = 0
    pickup: int = -1
    bars: int = 0
    first: bool = True
    repeat: bool = False
    ending: int = 0
    body: int = 0
    total: int = 0
    tuplet: tuple[int, int, int, int] = (0, 1, 1, 0)
    pair: tuple[int, int] = (0, 0)
    slur: int = 0
    tied: bool = False
    decorations: int = 0
    led: bool = False
    parts: int = 0
    whole: bool = False
    heard: bool = False

    @property
    def may_rest(self) -> bool:
        """Whether a rest would not leave the tune without notes: the second bar must have one."""
        return self.heard or self.pickup < 0

    @property
    def waits(self) -> bool:
        """Whether something here needs a note in this very bar."""
        return bool(self.tuplet[0] or self.pair[0] or self.slur == 2) or self.led_up_to

    @property
    def led_up_to(self) -> bool:
        """Whether something stands before a note that is not there yet."""
        return self.led or self.decorations > 0

    @property
    def full(self) -> bool:
        """Whether the tune has as many parts as it may have."""
        return self.whole and self.parts >= MOST_PARTS


@dataclass(frozen=True)
class Wish:
    """What a tune is asked to be; the writer is free where nothing is said.

    Attributes:
        title, rhythm, meter, unit, key: words of the header.
        part_bars: bars in every part; 0 for a usual number, 4 or 8.
        opening: what the body begins with.
        strict: keep to the grammar in the body, too, not in the header alone.
        fields: those of the header, behind X:, in order; R: may be missing.
        headers: the words of R: M: L: K: that go together; a K: of `""` is any key. None: all do.
    """

    title: str = ""
    rhythm: str = ""
    meter: str = ""
    unit: str = ""
    key: str = ""
    part_bars: int = 0
    opening: str = ""
    strict: bool = True
    fields: str = "TRMLK"
    headers: tuple[tuple[str, str, str, str], ...] = ()


class Grammar:
    """The machine for a wish.

    Args:
        wish: what the tune is to be.
        characters: those that can be written.

    Raises:
        UsageError: no right tune can be like this, or none can be written with these characters.
    """

    # What has to do with the form of the whole tune; all else is settled within the bar.
    turning = frozenset("|:\n")

    def __init__(self, wish: Wish, characters: Collection[str]) -> None:
        self._wish = wish
        self._given = {
            "T": wish.title,
            "R": wish.rhythm,
            "M": wish.meter,
            "L": wish.unit,
            "K": wish.key,
        }
        self._part_bars = (wish.part_bars,) if wish.part_bars else USUAL_BARS
        self._characters = frozenset(characters)
        known = ([c for c in group if c in self._characters] for group in _GROUPS)
        self._alike = str.maketrans({c: group[0] for group in known for c in group})
        self._lengths = tuple(length for length in _LENGTHS if self._can_write(length))
        self._signs = tuple(sign for sign in _SIGNS if self._can_write(sign))
        self._finest = _FINEST if "/" in self._characters else 1
        if wish.part_bars and not FEWEST_BARS <= wish.part_bars <= MOST_BARS:
            raise UsageError(
                f"a part has {FEWEST_BARS} to {MOST_BARS} bars, not {wish.part_bars}: "
                "choose another --part-bars"
            )
        said = "X:1\n|" + "".join(f"{field}:{self._given[field]}" for field in wish.fields)
        if missing := sorted(set(said + wish.opening) - self._characters):
            raise UsageError(f"the model never saw {missing[0]!r}: ask for a tune without it")
        foreign = wish.rhythm and not wish.title
        self._foreign = tuple(name for name in TYPES if foreign and name not in wish.rhythm)
        self._headers = self._choose_headers()
        self._known_words: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self.start = self._enter(0, (), Frame(), "X:1\n")

    def alike(self, state: State, text: str) -> str:
        """A text with which `step` does the same here: all letters of notes are alike, for one."""
        plain = self.free(state) and state.sign[:1] != '"'
        return text.translate(self._alike) if plain else text

    def core(self, state: State) -> Hashable:
        """All of the state that matters for characters that aren't `turning`."""
        if not self.free(state) or state.sign[:1] in ("|", ":"):
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

    def free(self, state: State) -> bool:
        """Whether the body goes on here as its writer likes: where he shows what he knows."""
        return not (state.forced or state.ahead or state.field)

    def may_end(self, state: State) -> bool:
        """Whether the text may end here."""
        if not self.free(state):
            return False
        if not self._wish.strict:
            return True
        return state.whole and state.sign == "\n" and state.parts >= FEWEST_PARTS

    def finishing(self, state: State) -> str:
        """Characters of which the first right one leads nearer to an end."""
        if state.forced or state.ahead:
            return (state.forced or state.ahead)[0]
        if choices := self._words(state):
            ways = (way[len(state.sign) :] for way in choices if way.startswith(state.sign))
            return "".join(dict.fromkeys(way[:1] or "\n" for way in ways))
        if state.field:
            return "\n" + "".join(sorted(self._characters, reverse=True))
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

    def step(self, state: State, character: str) -> State | None:
        """The state behind a character; `None` where the character is wrong."""
        if character not in self._characters:
            return None
        if state.forced:
            right = character == state.forced[0]
            return state._replace(forced=state.forced[1:]) if right else None
        if state.field:
            return self._header(state, character)
        if not state.ahead:
            return self._body(state, character)
        if character != state.ahead[0]:
            return None
        behind = self._body(state._replace(ahead=""), character)
        return behind and behind._replace(ahead=state.ahead[1:])

    # What can be written

    def _can_write(self, text: str) -> bool:
        return self._characters.issuperset(text)

    def _choose_headers(self) -> tuple[tuple[str, ...], ...]:
        """The words of the fields behind T: that go together and with the wish."""
        given = tuple(self._given[field] for field in "RMLK")
        likest = max((_matches(header, given) for header in self._wish.headers), default=0)
        usual = [header for header in self._wish.headers if _matches(header, given) == likest]
        others = [("", meter, unit, "") for meter in METERS for unit in UNITS]
        farthest = ""
        for headers in (usual, others):
            wished = dict.fromkeys(
                tuple(asked or own for asked, own in zip(given, header, strict=True))
                for header in headers
                if self._can_write("".join(header))
            )
            opened = {frame: self._open(*frame) for frame in {header[1:3] for header in wished}}
            farthest = max([farthest, *(read for read, _ in opened.values())], key=len)
            good = {frame: state for frame, (_, state) in opened.items() if state is not None}
            # A first bar that is full for one meter is no pick-up for another.
            full = {frame: state for frame, state in good.items() if self._begins_full(state)}
            if good := full or good:
                place = 0 if "R" in self._wish.fields else 1
                return tuple(header[place:] for header in wished if header[1:3] in good)
        following = self._wish.opening[len(farthest) :][:1]
        raise UsageError(
            f"{following!r} cannot follow {farthest!r} in such a tune: bars must be full, and the "
            "signs those of one plain melody; mend it, ask for another meter, or use --bars off"
            if following
            else "bars of this meter cannot be filled by such notes: ask for another meter, or use "
            "--bars off"
        )

    def _open(self, meter: str, unit: str) -> tuple[str, State | None]:
        """How much of the opening is right in this meter, and the state behind all of it."""
        frame = _timed(_timed(Frame(), "M", meter), "L", unit)
        if not self._wish.strict:
            return self._wish.opening, State(frame=frame, pickup=0)
        if frame.bar % (frame.unit // self._finest) or not (
            2 * frame.unit <= frame.bar <= 4 * WHOLE
        ):
            return "", None
        here = State(sign="\n", frame=frame)
        for place, character in enumerate(self._wish.opening):
            behind = self._body(here, character)
            if behind is None:
                return self._wish.opening[:place], None
            here = behind
        return self._wish.opening, here

    def _begins_full(self, state: State) -> bool:
        """Whether a bar line is behind the first bar, and that was full."""
        behind = self._barred(state, state.sign) or state  # the bar line may be the last character
        return not behind.pickup

    # The header

    def _enter(self, place: int, header: tuple[str, ...], frame: Frame, words: str) -> State:
        """The state before the field at this place: what is given of the header is settled."""
        for field in self._wish.fields[place:]:
            words += f"{field}:"
            given = self._given[field]
            if not given:
                return State(forced=words, field=field, header=header, frame=frame)
            words += given + "\n"
            frame = _timed(frame, field, given)
            header += (given,) if field != "T" else ()
        return State(sign="\n", forced=words, ahead=self._wish.opening, frame=frame)

    def _words(self, state: State) -> tuple[str, ...]:
        """The words that the field may have; none where it is free."""
        if not state.field or state.field == "T":
            return ()
        known = self._known_words.get((state.field, state.header))
        if known is None:
            place = len(state.header)
            found = dict.fromkeys(
                header[place] for header in self._headers if header[:place] == state.header
            )
            if state.field == "K" and "" in found:
                found = dict.fromkeys(key for key in KEYS if self._can_write(key))
            known = tuple(words for words in found if words)
            self._known_words[state.field, state.header] = known
        return known

    def _header(self, state: State, character: str) -> State | None:
        words, choices = state.sign, self._words(state)
        if character == "\n":
            if not words or (choices and words not in choices):
                return None
            header = state.header
            if state.field != "T":
                header += (words if choices else "",)
            frame = _timed(state.frame, state.field, words)
            return self._enter(self._wish.fields.index(state.field) + 1, header, frame, "")
        if choices:
            possible = any(choice.startswith(words + character) for choice in choices)
            return state._replace(sign=words + character) if possible else None
        if not character.isprintable() or character in "%\\" or not (words or character.strip()):
            return None
        return self._free_words(state, character)

    def _free_words(self, state: State, character: str) -> State | None:
        """Behind a letter of a title: `+`, and what may become the name of another type."""
        ending = state.sign[1:] + character.lower()
        while ending and not any(name.startswith(ending) for name in self._foreign):
            ending = ending[1:]
        return None if ending in self._foreign else state._replace(sign="+" + ending)

    # The body

    def _body(self, state: State, character: str) -> State | None:
        if not self._wish.strict:
            return state
        if read := _SPELLING.get(state.sign[:1]):
            return read(self, state, character)
        if state.note:
            return self._behind_note(state, character)
        return self._anywhere(state, character)

    def _anywhere(self, state: State, character: str) -> State | None:
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
            return _note(state, _KIND[character])
        if character in _RESTS:
            right = state.may_rest and not (state.tied or state.led_up_to)
            return _note(state, "z") if right else None
        if character in "^_=":
            return state._replace(sign=character, whole=False)
        if character == "[" and self._can_write("]"):
            return state._replace(sign="[-0", whole=False)
        if character in _DECORATIONS:
            right = state.decorations < _MOST_DECORATIONS and not state.pair[0]
            count = state.decorations + 1
            return state._replace(sign="", decorations=count, whole=False) if right else None
        return None if state.decorations else self._leading(state, character)

    def _leading(self, state: State, character: str) -> State | None:
        """A slur or tuplet, graces, a chord symbol: no decoration may stand before them."""
        if character == "(":
            right = not state.slur or any(map(partial(self._tuplet, state), "2346"))
        elif character == "{":
            right = state.sign != "}" and self._can_write("}")
        else:
            right = character == '"' and not state.led
        if not right:
            return None
        return state._replace(sign="{-0" if character == "{" else character, whole=False)

    def _behind_note(self, state: State, character: str) -> State | None:
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

    def _broken(self, state: State, quarters: int) -> State | None:
        """Behind `>` or `<`: the first note takes so many quarters of its length."""
        length = _time(state.length, state.frame.unit)
        left = self._room(state) - state.used
        if not length or length % 4 or 2 * length > left or state.tuplet[0] or state.pair[0]:
            return None
        used = state.used + length * quarters // 4
        return state._replace(sign="", note="", length="", used=used, pair=(length, 8 - quarters))

    def _laid(self, state: State) -> State | None:
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

    def _fits(self, state: State, length: str) -> bool:
        """Whether a note may have a length that begins so.

        A number must fit as it stands, or the writer would be driven to halve it; but a note that
        must be shorter than the unit, or as long as another, may still become so.
        """
        if self._takes(state, length):
            return True
        if length not in ("", "/") and not (state.pair[0] or state.tuplet[0]):
            return False
        return any(
            self._takes(state, longer) for longer in self._lengths if longer.startswith(length)
        )

    def _takes(self, state: State, length: str) -> int:
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

    def _grid(self, state: State) -> int:
        """Notes begin at multiples of this."""
        return state.frame.unit // self._finest

    def _room(self, state: State) -> int:
        """How long this bar may become: a pick-up as long as the first, and a part's last bar
        shorter by it."""
        if state.first and state.pickup > 0:
            return state.pickup
        return state.frame.bar if self._may_go_on(state) else self._last_bar(state)

    def _last_bar(self, state: State) -> int:
        """How long the last bar of this part is."""
        return state.frame.bar - max(0, state.pickup)

    def _may_go_on(self, state: State) -> bool:
        """Whether another bar of this part may follow."""
        return state.bars + 1 < (state.total or self._part_bars[-1])

    def _may_close(self, state: State) -> bool:
        """Whether this bar may be the last of the part."""
        if state.first and state.pickup > 0:
            return False
        bars = state.bars + 1
        return bars == state.total if state.total else bars in self._part_bars

    def _accidental(self, state: State, character: str) -> State | None:
        if character == state.sign and character in "^_":
            return state._replace(sign=2 * character)
        letter = character in _UPPER or character in _LOWER
        return _note(state._replace(sign=""), _KIND[character]) if letter else None

    def _opened(self, state: State, character: str) -> State | None:
        """Behind `(`: the number of a tuplet, or whatever a slur may begin with."""
        if character.isdecimal():
            return self._tuplet(state, character)
        if state.slur or character in " |:\n)":
            return None
        return self._anywhere(state._replace(sign="", slur=2), character)

    def _tuplet(self, state: State, number: str) -> State | None:
        notes = int(number)
        if notes not in _TUPLETS or not self._can_write(number) or state.tuplet[0] or state.pair[0]:
            return None
        begun = state._replace(sign="", tuplet=(notes, notes, _TUPLETS[notes], 0))
        return begun if self._fits(begun, "") else None

    def _heads(self, state: State, character: str) -> State | None:
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
            return _note(state._replace(sign=""), "]")
        return state._replace(sign="}", led=True) if bracket + character == "{}" else None

    def _symbol(self, state: State, character: str) -> State | None:
        """Inside a chord symbol, of which only the number of letters is kept."""
        letters = len(state.sign) - 1
        if character == '"':
            return state._replace(sign="", led=True) if letters else None
        if character not in (_SYMBOL if letters else _UPPER) or letters == _MOST_IN_SYMBOL:
            return None
        return state._replace(sign=state.sign + "A")

    def _numbered(self, state: State, character: str) -> State | None:
        """Behind the number of an ending."""
        here = state._replace(sign="")
        return here._replace(sign=" ") if character == " " else self._anywhere(here, character)

    # Bar lines

    def _begin_bar_line(self, state: State, character: str) -> State | None:
        ends = (0, state.frame.bar, self._last_bar(state))
        if state.waits or state.full or not (state.first or state.used in ends):
            return None
        if not self._may_spell(state, character):
            return None
        return state._replace(sign=character)

    def _may_spell(self, state: State, beginning: str) -> bool:
        """Whether there is a right bar line that begins so."""
        return any(sign.startswith(beginning) and self._barred(state, sign) for sign in self._signs)

    def _bar_line(self, state: State, character: str) -> State | None:
        text = state.sign + character
        if self._may_spell(state, text):
            return state._replace(sign=text)
        # What can't become a longer sign is a shorter one, and something else behind it.
        length = max((n for n in range(1, len(text)) if text[:n] in self._signs), default=0)
        here = self._barred(state, text[:length])
        for following in text[length:]:
            here = here and self._body(here, following)
        return here

    def _barred(self, state: State, sign: str) -> State | None:
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
            return _new_part(state, pickup=0, parts=0, repeat=True)
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
        return _new_part(state, pickup=max(0, state.pickup), parts=parts, repeat=starts)

    def _within(self, state: State, ending: int) -> State | None:
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


_SPELLING: dict[str, Callable[[Grammar, State, str], State | None]] = {
    **dict.fromkeys("^_=", Grammar._accidental),
    **dict.fromkeys("[{", Grammar._heads),
    **dict.fromkeys("|:", Grammar._bar_line),
    "(": Grammar._opened,
    '"': Grammar._symbol,
    "1": Grammar._numbered,
}


def _note(state: State, note: str) -> State:
    """A note, whose length is open; its sign tells the beginning of a line."""
    return state._replace(
        sign="\n" if state.sign == "\n" else "",
        note=note,
        length="",
        slur=min(state.slur, 1),
        tied=False,
        decorations=0,
        led=False,
        whole=False,
        heard=state.heard or note != "z",
    )


def _new_part(state: State, *, pickup: int, parts: int, repeat: bool) -> State:
    return State(
        frame=state.frame,
        pickup=pickup,
        parts=parts,
        repeat=repeat,
        whole=parts > 0 and not repeat,
        heard=state.heard,
    )


def _matches(header: tuple[str, ...], given: tuple[str, ...]) -> int:
    """How many words that are asked for a header has."""
    return sum(bool(asked) and asked == own for asked, own in zip(given, header, strict=True))


@cache
def _time(length: str, unit: int) -> int:
    """The time of a length as it is written; 0 where it is too fine to count."""
    time = unit * _LENGTHS.get(length, 0)
    return int(time) if time == int(time) else 0


@cache
def _timed(frame: Frame, field: str, words: str) -> Frame:
    """The time, after a field of the header.

    Raises:
        UsageError: bars can't be counted by it.
    """
    try:
        if field == "M":
            quarters = fields.meter(words).bar
        elif field == "L":
            quarters = fields.unit_length(words)
        else:
            return frame
    except fields.FieldError as problem:
        raise UsageError(f"{problem}: say it as in 6/8 or C|") from None
    steps = quarters * WHOLE / 4
    if not steps or steps.denominator != 1 or (field == "L" and steps % 16):
        raise UsageError(f"bars cannot be counted in {words!r}: choose another, or use --bars off")
    return frame._replace(**{"M": {"bar": int(steps)}, "L": {"unit": int(steps)}}[field])
