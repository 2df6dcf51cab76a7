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

from collections.abc import Collection, Hashable
from functools import cache

from charnn.errors import UsageError
from charnn.music.abc import fields
from charnn.music.grammar.bar_grammar import BarGrammar
from charnn.music.grammar.grammar_state import Frame, GrammarState
from charnn.music.grammar.tune_request import TuneRequest

# A whole note in steps so fine that every time in a bar is a whole number of them.
WHOLE = 3 * 4096

METERS = ("C", "C|", "4/4", "2/2", "2/4", "3/4", "3/2", "6/4", "5/4", "3/8", "6/8", "9/8", "12/8")
UNITS = ("1/8", "1/16", "1/4")
_ALL_KEYS = (
    tonic + mode
    for mode in ("", "m", "dor", "mix", "lyd", "phr")
    for tonic in ("C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab", "Db", "F#", "C#", "G#")
)
KEYS = tuple(key for key in _ALL_KEYS if fields.is_key(key))
FEWEST_BARS, MOST_BARS = 2, 32  # in a part
FEWEST_PARTS = 2
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


class TuneGrammar(BarGrammar):
    """The machine for a wish.

    Args:
        wish: what the tune is to be.
        characters: those that can be written.

    Raises:
        UsageError: no right tune can be like this, or none can be written with these characters.
    """

    # What has to do with the form of the whole tune; all else is settled within the bar.
    turning = frozenset("|:\n")

    def __init__(self, request: TuneRequest, characters: Collection[str]) -> None:
        super().__init__(characters, request.part_bars)
        self._wish = request
        self._given = {
            "T": request.title,
            "R": request.rhythm,
            "M": request.meter,
            "L": request.unit,
            "K": request.key,
        }
        if request.part_bars and not FEWEST_BARS <= request.part_bars <= MOST_BARS:
            raise UsageError(
                f"a part has {FEWEST_BARS} to {MOST_BARS} bars, not {request.part_bars}: "
                "choose another --part-bars"
            )
        said = "X:1\n|" + "".join(f"{field}:{self._given[field]}" for field in request.fields)
        if missing := sorted(set(said + request.opening) - self._characters):
            raise UsageError(f"the model never saw {missing[0]!r}: ask for a tune without it")
        foreign = request.rhythm and not request.title
        self._foreign = tuple(name for name in TYPES if foreign and name not in request.rhythm)
        self._headers = self._choose_headers()
        self._known_words: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self.start = self._enter(0, (), Frame(), "X:1\n")

    def alike(self, state: GrammarState, text: str) -> str:
        """A text with which `step` does the same here."""
        return self.alike_in_body(state, text) if self.free(state) else text

    def may_turn(self, state: GrammarState) -> bool:
        """Whether one of the `turning` characters may be right here."""
        return not (self.free(state) and self._wish.strict) or self.may_turn_in_body(state)

    def core(self, state: GrammarState) -> Hashable:
        """All of the state that matters for characters that aren't `turning`."""
        return self.core_of_body(state) if self.free(state) else state

    def free(self, state: GrammarState) -> bool:
        """Whether the body goes on here as its writer likes: where he shows what he knows."""
        return not (state.forced or state.ahead or state.field)

    def may_end(self, state: GrammarState) -> bool:
        """Whether the text may end here."""
        if not self.free(state):
            return False
        if not self._wish.strict:
            return True
        return state.whole and state.sign == "\n" and state.parts >= FEWEST_PARTS

    def finishing(self, state: GrammarState) -> str:
        """Characters of which the first right one leads nearer to an end."""
        if state.forced or state.ahead:
            return (state.forced or state.ahead)[0]
        if choices := self._words(state):
            ways = (way[len(state.sign) :] for way in choices if way.startswith(state.sign))
            return "".join(dict.fromkeys(way[:1] or "\n" for way in ways))
        if state.field:
            return "\n" + "".join(sorted(self._characters, reverse=True))
        return self.finishing_body(state)

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """The state behind a character; `None` where the character is wrong."""
        if character not in self._characters:
            return None
        if state.forced:
            right = character == state.forced[0]
            return state._replace(forced=state.forced[1:]) if right else None
        if state.field:
            return self._header(state, character)
        if not state.ahead:
            return self._go_on(state, character)
        if character != state.ahead[0]:
            return None
        behind = self._go_on(state._replace(ahead=""), character)
        return behind and behind._replace(ahead=state.ahead[1:])

    def _go_on(self, state: GrammarState, character: str) -> GrammarState | None:
        return self.body(state, character) if self._wish.strict else state

    def _choose_headers(self) -> tuple[tuple[str, ...], ...]:
        """The words of the fields behind T: that go together and with the wish."""
        given = tuple(self._given[field] for field in "RMLK")
        likest = max((_matches(header, given) for header in self._wish.headers), default=0)
        usual = [header for header in self._wish.headers if _matches(header, given) == likest]
        others = [("", meter, unit, "") for meter in METERS for unit in UNITS]
        farthest = ""
        for headers in (usual, others):
            requested = dict.fromkeys(
                tuple(asked or own for asked, own in zip(given, header, strict=True))
                for header in headers
                if self.can_write("".join(header))
            )
            opened = {frame: self._open(*frame) for frame in {header[1:3] for header in requested}}
            farthest = max([farthest, *(read for read, _ in opened.values())], key=len)
            good = {frame: state for frame, (_, state) in opened.items() if state is not None}
            # A first bar that is full for one meter is no pick-up for another.
            full = {frame: state for frame, state in good.items() if self._begins_full(state)}
            if good := full or good:
                place = 0 if "R" in self._wish.fields else 1
                return tuple(header[place:] for header in requested if header[1:3] in good)
        following = self._wish.opening[len(farthest) :][:1]
        raise UsageError(
            f"{following!r} cannot follow {farthest!r} in such a tune: bars must be full, and the "
            "signs those of one plain melody; mend it, ask for another meter, or use --bars off"
            if following
            else "bars of this meter cannot be filled by such notes: ask for another meter, or use "
            "--bars off"
        )

    def _open(self, meter: str, unit: str) -> tuple[str, GrammarState | None]:
        """How much of the opening is right in this meter, and the state behind all of it."""
        frame = _timed(_timed(Frame(), "M", meter), "L", unit)
        if not self._wish.strict:
            return self._wish.opening, GrammarState(frame=frame, pickup=0)
        if frame.bar % (frame.unit // self._finest) or not (
            2 * frame.unit <= frame.bar <= 4 * WHOLE
        ):
            return "", None
        here = GrammarState(sign="\n", frame=frame)
        for place, character in enumerate(self._wish.opening):
            behind = self._go_on(here, character)
            if behind is None:
                return self._wish.opening[:place], None
            here = behind
        return self._wish.opening, here

    def _begins_full(self, state: GrammarState) -> bool:
        """Whether a bar line is behind the first bar, and that was full."""
        behind = self._barred(state, state.sign) or state  # the bar line may be the last character
        return not behind.pickup

    def _enter(self, place: int, header: tuple[str, ...], frame: Frame, words: str) -> GrammarState:
        """The state before the field at this place: what is given of the header is settled."""
        for field in self._wish.fields[place:]:
            words += f"{field}:"
            given = self._given[field]
            if not given:
                return GrammarState(forced=words, field=field, header=header, frame=frame)
            words += given + "\n"
            frame = _timed(frame, field, given)
            header += (given,) if field != "T" else ()
        return GrammarState(sign="\n", forced=words, ahead=self._wish.opening, frame=frame)

    def _words(self, state: GrammarState) -> tuple[str, ...]:
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
                found = dict.fromkeys(key for key in KEYS if self.can_write(key))
            known = tuple(words for words in found if words)
            self._known_words[state.field, state.header] = known
        return known

    def _header(self, state: GrammarState, character: str) -> GrammarState | None:
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

    def _free_words(self, state: GrammarState, character: str) -> GrammarState | None:
        """Behind a letter of a title: `+`, and what may become the name of another type."""
        ending = state.sign[1:] + character.lower()
        while ending and not any(name.startswith(ending) for name in self._foreign):
            ending = ending[1:]
        return None if ending in self._foreign else state._replace(sign="+" + ending)


def _matches(header: tuple[str, ...], given: tuple[str, ...]) -> int:
    """How many words that are asked for a header has."""
    return sum(bool(asked) and asked == own for asked, own in zip(given, header, strict=True))


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
