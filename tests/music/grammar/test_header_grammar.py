"""The grammar of the header: which values go together, and which requests are impossible."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import UsageError
from charnn.music.abc.key_names import KEYS
from charnn.music.grammar.header_candidates import METERS, UNITS
from charnn.music.grammar.title_words import TitleWords
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import LearnedHeader, TuneRequest, make_request
from charnn.sampling.constraint import Constraint
from tests.music.grammar.accepted import state_after
from tests.sampling.walks import LETTERS, texts

JIG_METERS = ("6/8", "12/8")
ROWS = (
    ("jig", "6/8", "1/8", "D"),
    ("jig", "6/8", "1/8", "Em"),
    ("slip jig", "9/8", "1/8", "G"),
    ("reel", "C|", "1/8", "D"),
    ("reel", "4/4", "1/16", "Ador"),
)
LEARNED = tuple(LearnedHeader(*row) for row in ROWS)


def headers(wanted: TuneRequest) -> set[tuple[str, ...]]:
    """Return every combination of values that the fields after T: may have."""
    grammar = TuneGrammar(wanted, LETTERS)
    found = set()
    unread = [(grammar.start, "")]
    while unread:
        state, text = unread.pop()
        if "\nK:" in text and text.endswith("\n"):
            found.add(tuple(re.findall("^[RMLK]:(.*)$", text, re.M)))
            continue
        # One title is enough. Every other field must have a choice of values.
        free = state.header_field == "T" and not state.forced_text
        letters = ("\n" if state.partial else "x") if free else LETTERS
        for letter in letters:
            after = grammar.step(state, letter)
            if after is not None:
                unread.append((after, text + letter))
    return found


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TuneRequest(), set(ROWS)),
        (TuneRequest(rhythm="jig"), set(ROWS[:2])),
        (TuneRequest(rhythm="jig", key="Em"), {ROWS[1]}),
        (TuneRequest(meter="4/4"), {ROWS[4]}),
        (TuneRequest(unit="1/16"), {ROWS[4]}),
        # Other tunes in major may have this key, too.
        (TuneRequest(key="D"), {ROWS[0], ROWS[3], ("slip jig", "9/8", "1/8", "D")}),
        (TuneRequest(key="Bbm"), {("jig", "6/8", "1/8", "Bbm")}),
        (TuneRequest(key="Elyd"), {(*row[:3], "Elyd") for row in ROWS}),
        # Where no row has all requested values, those with the most of them are completed.
        (TuneRequest(rhythm="jig", key="G"), {("jig", "6/8", "1/8", "G")}),
        (TuneRequest(rhythm="polka", key="G"), {("polka", "2/4", "1/8", "G")}),
        (TuneRequest(rhythm="reel", meter="C|", key="F"), {("reel", "C|", "1/8", "F")}),
        (TuneRequest(rhythm="reel", opening="d4 e4|"), {ROWS[3]}),
        (TuneRequest(opening="d2e f2g|"), set(ROWS[:2])),
        (TuneRequest(fields="TMLK"), {row[1:] for row in ROWS}),
    ],
)
def test_header_values_go_together(wanted: TuneRequest, expected: set[tuple[str, ...]]) -> None:
    wanted = replace(wanted, headers=LEARNED)
    assert headers(wanted) == expected
    learned = TuneGrammar(wanted, LETTERS).headers
    assert {header[-len(wanted.fields) + 1 :] for header in learned} == expected


def test_a_prescribed_header_leaves_only_the_title_to_the_model() -> None:
    grammar = TuneGrammar(TuneRequest(headers=LEARNED), LETTERS)
    for header in grammar.headers:
        state = grammar.start_with(header)
        for character in "X:1\nT:x\n":
            state = grammar.step(state, character) or pytest.fail(character)
        assert state.forced_text == "R:{}\nM:{}\nL:{}\nK:{}\n".format(*header)


def test_an_opening_that_fits_no_training_header() -> None:
    """A header that the model has never seen is better than no tune."""
    rows = (*LEARNED, LearnedHeader("air", "3/4", "1/8", "D"))
    wanted = TuneRequest(key="D", opening="c5|d5|", headers=rows)
    assert headers(wanted) == {("air", "5/4", "1/4", "D")}  # jigs and reels are in other meters
    assert not TuneGrammar(wanted, LETTERS).headers


def test_without_training_headers_every_meter_is_allowed() -> None:
    timed = {("air", meter, unit, "D") for meter in METERS for unit in UNITS}
    timed -= {("air", "3/8", "1/4", "D")}  # a bar of less than two units
    assert headers(TuneRequest(rhythm="air", key="D")) == timed
    jigs = {("jig", meter, unit, "D") for meter in JIG_METERS for unit in UNITS}
    assert headers(TuneRequest(rhythm="jig", key="D")) == jigs
    keyed = {("jig", "6/8", "1/8", key) for key in KEYS}
    assert headers(TuneRequest(rhythm="jig", meter="6/8", unit="1/8")) == keyed


def test_a_full_first_bar_is_preferred_to_a_pick_up() -> None:
    def meters(opening: str) -> set[str]:
        wanted = TuneRequest("x", "air", unit="1/8", key="D", opening=opening)
        return {meter for _, meter, _, _ in headers(wanted)}

    assert meters("d2e f2g|") == {"3/4", "6/8"}
    assert meters("d4|") == {"2/4"}
    assert meters("|:d2e f2g a3|") == {"9/8"}
    assert meters("d|") == set(METERS)  # full in none


def is_title(title: str, wanted: TuneRequest, rhythm: str = "") -> bool:
    """Return whether a whole title is accepted, in a tune of a requested or prescribed type."""
    grammar = TuneGrammar(wanted, LETTERS)
    state = grammar.start_with((rhythm, "6/8", "1/8", "D")) if rhythm else grammar.start
    for character in f"X:1\nT:{title}\n":
        after = grammar.step(state, character)
        if after is None:
            return False
        state = after
    return True


def test_an_invented_title_contains_no_other_type() -> None:
    jig = TuneRequest(rhythm="jig")
    for title in ("The Reel", "REELS", "Maid of the mIll's hornpipe", "Ree Reel", "The Clogger"):
        assert not is_title(title, jig), title
        assert not is_title(title, TuneRequest(), "jig"), title
        assert is_title(title, TuneRequest()), title  # the model chooses the type later
        assert is_title(title, TuneRequest(title, "jig")), title  # or this title was requested
    for title in ("The Jig", "Jigree", "The Re", "Reeel", "Kerry Slid", "A Mar"):
        assert is_title(title, jig), title
    assert is_title("A Slip Jig", TuneRequest(rhythm="slip jig"))
    assert not is_title("A Jig", TuneRequest(rhythm="reel"))


def test_an_invented_title_consists_of_known_words() -> None:
    titles = (
        "The Old Bog Road",
        "Miss O'Neill's Reel",
        "THE BOYS -- JIG.",
        "Ann's Slip-Jig",
        "The Marchioness",
    )
    titles += ("Boyne Hunt, The", "Anna lies over", "Mr. Horn's Air", "Anna")
    words = TitleWords.of_tunes(f"X:1\nT:{title}\nK:D\nd\n" for title in titles)
    wanted = TuneRequest(title_words=words)
    good = (
        "Road",
        "The Road",
        "Miss Boyne Road",
        "Ann's Anna",
        "THE Anna",
        "Mr. Miss O'Neill's Anna",
    )
    for title in (*good, "Reel", "JIG", "The Old Bog Miss THE Road"):
        assert is_title(title, wanted), title
    bad = (
        "",
        " ",
        "Anna over",
        " Road",
        "Road ",
        "The  Road",
        "the Road",
        "Roads",
        "Roa",
        "The",
        "Miss",
        "Road,",
    )
    for title in (
        *bad,
        "Mr Anna",
        "--",
        "The Old Bog Miss THE Bog Road",
        "The Old Bog Miss THE Bog",
    ):
        assert not is_title(title, wanted), title
    for title in good:
        assert is_title(title, wanted, "jig"), title
    assert is_title("The JIG", wanted, "jig")
    assert is_title("Ann's Slip-Jig", wanted, "slip jig")
    for title in ("The Reel", "Ann's Slip-Jig", "Miss Air", "Marchioness"):
        assert not is_title(title, wanted, "jig"), title
    assert not is_title("JIG", wanted, "reel")
    assert TitleWords.from_json(words.to_json()) == words


@settings(max_examples=40)
@given(st.lists(st.text("abAB '.", min_size=1, max_size=12), max_size=6), st.integers(0, 99))
def test_a_title_of_known_words_can_always_be_finished(titles: list[str], seed: int) -> None:
    words = TitleWords.of_tunes(f"X:1\nT:{title}\nK:D\nd\n" for title in titles)
    wanted = TuneRequest("", "jig", "6/8", "1/8", "D", title_words=words)
    grammar, chance = TuneGrammar(wanted, LETTERS), random.Random(seed)
    constraint = Constraint(grammar, texts(LETTERS))
    state, title = grammar.start, ""
    while state.forced_text or state.header_field == "T":
        possible = [c for c in LETTERS if grammar.step(state, c) is not None]
        assert possible, title
        if len(title) > 30:
            possible = [c for c in grammar.finishing_characters(state) if c in possible][:1]
        assert constraint.distance_to_end(state) > 0
        title += chance.choice(possible)
        state = constraint.walk(state, title[-1])
        if title.endswith("R:"):
            break
    (found,) = re.findall("T:(.*)\n", title)
    known = words.last | words.inner
    assert found.strip()
    assert not words.last or (set(found.split(" ")) <= known and len(found.split()) <= 6)


# Requests that cannot be fulfilled


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (TuneRequest(part_bars=1), "2..32, or be 0 for a usual number, not 1"),
        (TuneRequest(part_bars=-8), "2..32, or be 0 for a usual number, not -8"),
        (TuneRequest(part_bars=33), "2..32, or be 0 for a usual number, not 33"),
        (make_request(prime="Once upon a time"), "words, and only 'ce u a e' of it as notes"),
        (
            TuneRequest(meter="4/4", unit="1/8", opening="c9"),
            "'9' cannot follow 'c': bar 1 (c9) lasts 9/8 in 4/4. Make its notes add up",
        ),
        (
            TuneRequest(meter="6/8", unit="1/8", opening="A|d6|d2e f2g a2|d6|"),
            "' ' cannot follow 'A|d6|d2e f2g': bar 2 (d2e f2g a2) lasts 8/8 in 6/8.",
        ),
        (
            TuneRequest(meter="6/8", unit="1/8", opening="d6|d5|d6|"),
            "'|' cannot follow 'd6|d5': bar 2 (d5) lasts 5/8 in 6/8.",
        ),
        (
            TuneRequest(meter="6/8", unit="1/8", opening="d6|d6:|"),
            "':' cannot follow 'd6|d6': a part of 2 bars would end there, and parts have 4 or 8",
        ),
        (
            TuneRequest(meter="6/8", unit="1/8", opening="|:d6|", form="AB"),
            "'|' cannot follow '': |: does not suit --form AB: choose another form",
        ),
        (
            TuneRequest(meter="6/8", unit="1/8", opening="d6||:d6|"),
            "cannot follow 'd6|': a part of 1 bar would end there, and parts have 4 or 8",
        ),
        (TuneRequest(meter="4/4", unit="1/8", opening="d8|Z|"), "strict bars have no sign 'Z', so"),
        (TuneRequest(meter="4/4", unit="1/8", opening="d>>d"), "strict bars have no >>: write"),
        (TuneRequest(meter="4/4", unit="1/8", opening="(5ddd"), "there is no tuplet (5 here:"),
        (TuneRequest(meter="4/4", unit="1/8", opening="d3/8d"), "no note has the length 3/8 there"),
        (TuneRequest(opening="d:|"), "':' cannot follow 'd': a part of 0 bars would end there"),
        (
            TuneRequest(meter="2/4", unit="1/8", opening="A|" + "d4|" * 7 + "d3 d|"),
            "bar 8 (d3 d) ends a part of 4 or 8 bars, so it is shorter by the length of the pick",
        ),
        (
            TuneRequest(meter="2/4", unit="1/8", opening="d4|" * 8 + "d"),
            "'d' cannot follow 'd4|d4|d4|d4|d4|d4|d4|d4|': a part of 4 or 8 bars ends there",
        ),
        (TuneRequest(meter="2/4", unit="1/8", opening="A|d3 d||dd"), "'|' cannot follow 'A|d3 d|'"),
        (TuneRequest(meter="2/4", unit="1/8", opening="(d(ef)g)"), "a slur may stand neither in"),
        (TuneRequest(meter="2/4", unit="1/8", opening="(6:4:6d"), "there is no tuplet (6: here"),
        (
            TuneRequest(meter="2/4", unit="1/8", opening="A|d4|d4|d4|d3||AB|"),
            "(AB) is longer than the pick-up of the tune: make them equal",
        ),
        (TuneRequest(opening="d\n\nd"), r"'\n' cannot follow 'd': only the signs of one plain"),
        (TuneRequest(opening="d2", headers=LEARNED, meter="x"), "write it as in"),
        (
            TuneRequest(meter="1/16", unit="1/1"),
            "bars of this meter cannot be filled with notes",
        ),
        (TuneRequest(meter="1/8", unit="1/8"), "bars of this meter cannot be filled"),
        (TuneRequest(meter="33/8", unit="1/8"), "bars of this meter cannot be filled"),
        (TuneRequest(meter="9/2", headers=LEARNED), "bars of this meter cannot be filled"),
        (TuneRequest(meter="none"), "bars cannot be counted"),
        (TuneRequest(meter="x"), "write it as in"),
        (TuneRequest(title="Zürich"), "'ü' is not in the vocabulary"),
        (TuneRequest(title="Zu\u0308rich"), "'ü' is not in the vocabulary"),
        (TuneRequest(title="q\u0308"), "'q\u0308' is not in the vocabulary"),
        (
            TuneRequest(rhythm="żabka"),
            "'ż' is not in the vocabulary",
        ),  # R: comes after the title, which is free
        (TuneRequest(key="F♯"), "'♯' is not in the vocabulary"),
    ],
)
def test_impossible_requests_are_refused(wanted: TuneRequest, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        TuneGrammar(wanted, LETTERS)


@pytest.mark.parametrize(
    ("meter", "unit", "bar"),
    [("4/1", "1/8", "d16-d16|"), ("2/8", "1/8", "d2|"), ("32/8", "1/16", "d16-d16-d16-d16|")],
)
def test_bars_may_be_as_long_as_four_whole_notes(meter: str, unit: str, bar: str) -> None:
    wanted = TuneRequest("x", "jig", meter, unit, "D")
    head = f"X:1\nT:x\nR:jig\nM:{meter}\nL:{unit}\nK:D\n"
    assert state_after(head + bar, wanted) is not None
    assert state_after(head + bar.replace("|", "d"), wanted) is None  # a note too many


@pytest.mark.parametrize("part_bars", [2, 32])
def test_parts_of_two_to_thirty_two_bars_are_allowed(part_bars: int) -> None:
    wanted = TuneRequest("x", "jig", "6/8", "1/8", "D", part_bars)
    head = "X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\n"
    assert state_after(head + "d6|" * (part_bars - 1) + "d6|]\n", wanted) is not None
    assert state_after(head + "d6|" * part_bars + "d6|]\n", wanted) is None


@pytest.mark.parametrize("missing", ["/", "|", "X", "1"])
def test_a_vocabulary_without_these_characters_is_refused(missing: str) -> None:
    with pytest.raises(UsageError):
        TuneGrammar(TuneRequest(), LETTERS.replace(missing, ""))
