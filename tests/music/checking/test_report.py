"""Reports: right tunes have no problems, and each problem has its text and its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.music.abc.reader import read_tunes
from charnn.music.checking.report import TuneReport, check_tune


def check(music: str, meter: str = "4/4", header: str = "") -> TuneReport:
    [tune] = read_tunes(f"X:1\nT:Tune\n{header}M:{meter}\nL:1/8\nK:D\n{music}\n")
    return check_tune(tune)


def problems(report: TuneReport) -> list[str]:
    return [problem.text for problem in report.problems if problem.serious]


BAR = "A2B2 c2d2"
TWO = f"{BAR}|{BAR}"
EIGHT = "|".join([BAR] * 8)
UPBEAT_EIGHT = f"A|{'|'.join([BAR] * 7)}|A2B2 c2d"


@pytest.mark.parametrize(
    ("music", "bars", "parts"),
    [
        (f"{EIGHT}|]", 8, [8]),
        (f"|:{EIGHT}:|", 8, [8]),
        (f"|:{EIGHT}::{EIGHT}:|", 16, [8, 8]),
        (f"{EIGHT}:|{EIGHT}:|", 16, [8, 8]),
        (f"|:{UPBEAT_EIGHT}:|", 8, [8]),
        (f"|:{UPBEAT_EIGHT}:|\n|:{UPBEAT_EIGHT}:|", 16, [8, 8]),
        # the pick-up stands before the repeat sign, and again in the last bar
        (f"A|:{BAR}|A2B2 c2dA:|", 2, [2]),
        # the double bar cuts a bar in two
        (f"{BAR}|A2B2 c2||d2|{TWO}|]", 4, [2, 2]),
        (f"A|{TWO}||{BAR}|A2B2 c2d|]", 4, [2, 2]),
        # a part with a pick-up, then one without
        (f"|:{UPBEAT_EIGHT}:|\n|:{EIGHT}:|", 16, [8, 8]),
        # endings: each way through is whole
        (f"|:A|{TWO}|1 A2B2 c2d:|2 A2B2 c2d|]", 4, [3]),
        (f"|:A|{TWO}|1 A2B2 c2d:|2 {BAR}||{TWO}|]", 6, [3, 2]),
        # the ending begins in mid-bar
        (f"|:{BAR}|A2B2|1 c2d2:|2 c2f2|]", 3, [2]),
        (f"|:A|{TWO}|A4|1 c2d:|2 c2f|]", 4, [3]),
        # parts by labels
        (f"P:A\n{EIGHT}|\nP:B\n{TWO}", 10, [8, 2]),
        # a double bar inside a repeat
        (f"|:{TWO}||{TWO}:|", 4, [2, 2]),
        # bar rests, tuplets, broken rhythm, grace notes, chords
        ("Z2|(3ABc d>e {gag}f2 [A2c2]|]", 3, [3]),
        # the meter changes
        (f"{TWO}|[M:3/4]A2B2c2|A2B2c2|]", 4, [4]),
        ("M:6/8\nABc def|ABc def|]", 2, [2]),
    ],
)
def test_right_tunes_are_ok_and_counted(music: str, bars: int, parts: list[int]) -> None:
    report = check(music)
    assert problems(report) == []
    assert report.ok
    assert report.bars == bars
    assert [part.bars for part in report.parts] == parts


@pytest.mark.parametrize(
    ("music", "problem", "place"),
    [
        (f"{BAR}|{BAR}e|{BAR}", "this bar is too long: 9/8 in 4/4", (6, 11)),
        (f"{BAR}|A2B2 c2d/|{BAR}", "this bar is too short: 13/16 in 4/4", (6, 11)),
        (f"|:{BAR}|A2B2 c2d:|", "without a pick-up ends here with a short bar: 7/8", (6, 13)),
        (f"|:A|{TWO}:|", "with a pick-up of 1/8 ends here with a full bar", (6, 15)),
        (f"|:A|{BAR}|A2B2 c2:|", "of 1/8 + 3/4 in 4/4", (6, 15)),
        (f"{TWO}||A|:{TWO}:|", "completes this short bar", (6, 22)),
        (f"|:A|{BAR}|1 A2B2 c2d:|2 A2B2 c2||{EIGHT}|]", "of 1/8 + 3/4", (6, 29)),
        (f"|:{BAR}|A2B2|1 c2d:|2 c2d2|]", "ends here with a short bar: 7/8", (6, 20)),
        (f"|:{TWO}", "this |: has no :|", (6, 1)),
        (f"|:{BAR}|:{BAR}:|", "this |: has no :|", (6, 1)),
        (f"|:{BAR}||", "this |: has no :|", (6, 1)),
        (f"|:{BAR}|2 {BAR}:|", "ending 2 without an ending 1", (6, 13)),
        (
            f"|:{BAR}|1 {BAR}:|3 {BAR}|]",
            "ending 3 follows ending 1: ending 2 is missing or out of order",
            (6, 26),
        ),
        (f"|:{BAR}|1 {BAR}:|2 {BAR}:|2 {BAR}|]", "ending 2 comes twice", (6, 39)),
        ("(3AB|c4 c4|", "the tuplet (3 lacks 1 note", (6, 1)),
        ("A2B2 c2(3:2:4dB", "the tuplet (3:2:4 lacks 2 notes", (6, 8)),
        ("(3A(3BcdA4|", "the tuplet (3 lacks 2 notes", (6, 1)),
        ("A4 B3c>|d c7|", "> joins notes across a bar line, which it cannot do", (6, 7)),
        ("A4 B4|>d c7|", "> joins notes across a bar line, which it cannot do", (6, 7)),
        ("A4 B2>c2 d|", "too long", (6, 1)),
        ("A4 B2>c|", "> between notes of different lengths", (6, 6)),
    ],
)
def test_a_serious_problem_has_its_text_and_place(
    music: str, problem: str, place: tuple[int, int]
) -> None:
    report = check(music)
    assert not report.ok
    found = {p.text: (p.line, p.column) for p in report.problems if p.serious}
    [text] = [text for text in found if problem in text]
    assert found[text] == place


@pytest.mark.parametrize(
    ("music", "note"),
    [
        ("A2B2 c2d2-|e2d2 c2B2|]", "no note of the same pitch"),
        ("A2B2 c2d2-|z2d2 c2B2|]", "no note of the same pitch"),
        ("(A2B2 c2d2|", "this slur has no end"),
        ("A2B2) c2d2|", "this slur has no beginning"),
        ("A,,2B2 c2d'''2|", "wider than three octaves"),
        # heard only if the whole tune were repeated
        (f"A|{TWO}|]", "pick-up of 1/8"),
        (f"{BAR}|A2B2 c2d|]", "short bar: 7/8"),
    ],
)
def test_an_odd_tune_is_ok_and_has_a_note(music: str, note: str) -> None:
    report = check(music)
    assert report.ok
    assert [note in problem.text for problem in report.problems] == [True]


def test_a_tie_may_reach_over_a_bar_line_or_into_an_ending() -> None:
    assert check("A2B2 c2d2-|d2d2 [c2e2]-[e2g2]|]").problems == ()
    assert check(f"|:{BAR}|{BAR}-|1 d8:|2 e8|]").problems == ()


def test_in_free_meter_bars_have_any_length() -> None:
    report = check("A2B2|c2d2e2|f|]", meter="none")
    assert report.problems == ()
    assert report.bars == 3


def test_a_report_contains_the_header_and_the_range() -> None:
    report = check("{c''}A,2F2 =c2c'2:|", header="R:reel\n")
    assert (report.number, report.title, report.rhythm) == ("1", "Tune", "reel")
    assert (report.meter, report.key, report.repeats) == ("4/4", "D", 1)
    assert (report.lowest, report.highest) == ("A3", "C6")


@pytest.mark.parametrize("music", ["", "|", "z8|z8|]"])
def test_a_tune_without_notes_is_a_problem(music: str) -> None:
    assert problems(check(music)) == ["the tune has no notes"]


def test_parts_are_played_in_the_order_of_the_header() -> None:
    report = check(f"P:A\n{TWO}|\nP:B\n{TWO}|", header="P:AABA\n")
    assert [(part.bars, part.times) for part in report.parts] == [(2, 3), (2, 1)]


def test_endless_repeats_are_a_problem_and_raise_nothing() -> None:
    report = check("P:A\n" + "A8|" * 1200, header="P:" + "A" * 100 + "\n")
    [problem] = problems(report)
    assert "play for too long" in problem


class TestAgainstArithmetic:
    """Bars of known lengths, joined in known ways."""

    @given(
        st.integers(1, 7),
        st.integers(1, 6),
        st.integers(0, 7),
        st.sampled_from(["4/4", "C", "2/2"]),
    )
    def test_a_part_is_whole_if_pickup_and_last_bar_make_one(
        self, pickup: int, full: int, last: int, meter: str
    ) -> None:
        music = f"|:A{pickup}|{(BAR + '|') * full}" + f"A{last}:|" * bool(last) + ":|" * (not last)
        report = check(music, meter)
        whole = pickup + last == 8  # not if last is 0: then the last bar is full
        assert report.parts[0].whole == whole
        assert report.ok == whole

    @given(st.lists(st.integers(1, 12), min_size=3, max_size=12))
    def test_inner_bars_that_are_not_full_are_problems(self, lengths: list[int]) -> None:
        report = check("".join(f"A{length}|" for length in lengths))
        inner = lengths[1:-1]
        named = problems(report)
        assert sum("too long" in text for text in named) == sum(length > 8 for length in lengths)
        assert sum("too short" in text for text in named) == sum(length < 8 for length in inner)


@given(st.text(alphabet="ABcd2/|:[]12(3>-z {}.~", max_size=60))
def test_every_tune_that_can_be_read_gets_a_report(music: str) -> None:
    from charnn.errors import TuneError

    try:
        report = check(music)
    except (TuneError, ValueError):
        return
    assert all(problem.line >= 1 and problem.column >= 1 for problem in report.problems)


def test_each_voice_is_checked_and_named() -> None:
    header = "V:1 name=High\nV:2\n"
    report = check(f"V:1\n{BAR}|A2|{BAR}|]\nV:2\nA,8|A,,2|A,8|A8|]", header=header)
    assert (report.voices, report.lowest, report.highest) == (("High", "2"), "A2", "D5")
    assert (report.bars, [part.bars for part in report.parts]) == (3, [3])
    assert problems(report) == [
        "voice High: this bar is too short: 1/4 in 4/4",
        "voice 2: this bar is too short: 1/4 in 4/4",
        "voice 2: it ends 4 quarter notes later than the first voice",
    ]
    assert check(f"V:1\n|:{TWO}:|\nV:2\nA,8|A,8|", header=header).ok  # with the same repeat
    assert check(f"{TWO} & A4 z4|]").ok
    assert check(BAR).voices == ()
