"""The grammar of the header: which values go together, and which requests are impossible."""

import re
from dataclasses import replace

import pytest

from charnn.errors import UsageError
from charnn.music.grammar.header_grammar import KEYS, METERS, UNITS
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from tests.music.grammar.accepted import state_after
from tests.sampling.walks import LETTERS

ROWS = (
    ("jig", "6/8", "1/8", "D"),
    ("jig", "6/8", "1/8", "Em"),
    ("slip jig", "9/8", "1/8", "G"),
    ("reel", "C|", "1/8", "D"),
    ("reel", "4/4", "1/16", "Ador"),
)


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
        (TuneRequest(key="D"), {ROWS[0], ROWS[3]}),
        # Where no row has all requested values, those with the most of them are completed.
        (
            TuneRequest(rhythm="jig", key="G"),
            {("jig", "6/8", "1/8", "G"), ("jig", "9/8", "1/8", "G")},
        ),
        (TuneRequest(rhythm="reel", meter="C|", key="F"), {("reel", "C|", "1/8", "F")}),
        (TuneRequest(rhythm="reel", opening="d4 e4|"), {ROWS[3]}),
        (TuneRequest(opening="d2e f2g|"), set(ROWS[:2])),
        (TuneRequest(fields="TMLK"), {row[1:] for row in ROWS}),
    ],
)
def test_header_values_go_together(wanted: TuneRequest, expected: set[tuple[str, ...]]) -> None:
    assert headers(replace(wanted, headers=ROWS)) == expected


def test_a_header_with_an_empty_key_allows_every_key() -> None:
    rows = (("jig", "6/8", "1/8", ""), ("waltz", "3/4", "1/8", "G"))
    waltz = {("waltz", "3/4", "1/8", "G")}
    jigs = {("jig", "6/8", "1/8", key) for key in KEYS}
    assert headers(TuneRequest(headers=rows)) == waltz | jigs
    assert headers(TuneRequest(key="F#m", rhythm="jig", headers=rows)) == {
        ("jig", "6/8", "1/8", "F#m")
    }


def test_an_opening_that_fits_no_training_header() -> None:
    """A header that the model has never seen is better than no tune."""
    found = headers(TuneRequest(rhythm="jig", key="D", opening="c5|d5|", headers=ROWS))
    assert {(rhythm, key) for rhythm, _, _, key in found} == {("jig", "D")}
    assert {(meter, unit) for _, meter, unit, _ in found} == {("5/4", "1/4")}


def test_without_training_headers_every_meter_is_allowed() -> None:
    timed = {("jig", meter, unit, "D") for meter in METERS for unit in UNITS}
    timed -= {("jig", "3/8", "1/4", "D")}  # a bar of less than two units
    assert headers(TuneRequest(rhythm="jig", key="D")) == timed
    keyed = {("jig", "6/8", "1/8", key) for key in KEYS}
    assert headers(TuneRequest(rhythm="jig", meter="6/8", unit="1/8")) == keyed


def test_a_full_first_bar_is_preferred_to_a_pick_up() -> None:
    def meters(opening: str) -> set[str]:
        wanted = TuneRequest("x", "jig", unit="1/8", key="D", opening=opening)
        return {meter for _, meter, _, _ in headers(wanted)}

    assert meters("d2e f2g|") == {"3/4", "6/8"}
    assert meters("d4|") == {"2/4"}
    assert meters("|:d2e f2g a3|") == {"9/8"}
    assert meters("d|") == set(METERS)  # full in none


def test_an_invented_title_contains_no_other_type() -> None:
    def right(title: str, wanted: TuneRequest) -> bool:
        return state_after(f"X:1\nT:{title}\n", wanted) is not None

    jig = TuneRequest(rhythm="jig")
    for title in ("The Reel", "REELS", "Maid of the mIll's hornpipe", "Ree Reel", "The Clogger"):
        assert not right(title, jig), title
        assert right(title, TuneRequest()), title  # no type was requested
        assert right(title, TuneRequest(title, "jig")), title  # or this title was requested
    for title in ("The Jig", "Jigree", "The Re", "Reeel", "Kerry Slid", "A Mar"):
        assert right(title, jig), title
    assert right("A Slip Jig", TuneRequest(rhythm="slip jig"))
    assert not right("A Jig", TuneRequest(rhythm="reel"))


# Requests that cannot be fulfilled


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (TuneRequest(part_bars=1), "--part-bars must lie in 2..32, not 1"),
        (TuneRequest(part_bars=-8), "--part-bars must lie in 2..32, not -8"),
        (TuneRequest(part_bars=33), "--part-bars must lie in 2..32, not 33"),
        (
            TuneRequest(meter="4/4", unit="1/8", opening="c9"),
            "'9' cannot follow 'c' in such a tune",
        ),
        (TuneRequest(meter="3/4", unit="1/8", opening="d4 c4|"), "'4' cannot follow 'd4 c'"),
        (TuneRequest(meter="4/4", unit="1/8", opening="Hc8|"), "'H' cannot follow '' in"),
        (TuneRequest(opening="d:|"), "':' cannot follow 'd'"),
        (TuneRequest(opening="d\n\nd"), r"'\n' cannot follow 'd'"),
        (TuneRequest(opening="d8|c8 x!"), "'!' cannot follow 'd8|c8 x'"),
        (TuneRequest(opening="d2", headers=ROWS, meter="x"), "write it as in"),
        (
            TuneRequest(meter="1/16", unit="1/1"),
            "bars of this meter cannot be filled with notes",
        ),
        (TuneRequest(meter="1/8", unit="1/8"), "bars of this meter cannot be filled"),
        (TuneRequest(meter="33/8", unit="1/8"), "bars of this meter cannot be filled"),
        (TuneRequest(meter="9/2", headers=ROWS), "bars of this meter cannot be filled"),
        (TuneRequest(meter="none"), "bars cannot be counted"),
        (TuneRequest(meter="x"), "write it as in"),
        (TuneRequest(title="Zürich"), "'ü' is not in the vocabulary"),
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
