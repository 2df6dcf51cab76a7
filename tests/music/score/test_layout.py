"""The layout of tunes as bars, before any file is written."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.score.layout import lay_out
from charnn.music.score.note_values import note_values
from charnn.music.score.staff import Event, WrittenBar
from charnn.music.score.titles import display_title


def lay_out_bars(body: str, header: str = "M:4/4\nL:1/8\nK:C") -> list[WrittenBar]:
    return lay_out(read_tunes(f"X:1\n{header}\n{body}\n")[0])


def events(body: str, header: str = "M:4/4\nL:1/8\nK:C") -> list[Event]:
    return [event for bar in lay_out_bars(body, header) for event in bar.events()]


def beams(body: str, header: str = "M:4/4\nL:1/8\nK:C") -> list[str]:
    """Return each note's beams: `b` begin, `c` continue, `e` end, `>` and `<` for hooks."""
    abbreviations = {"forward hook": ">", "backward hook": "<"}
    return [
        "".join(abbreviations.get(b, b[0]) for b in event.beams) for event in events(body, header)
    ]


class TestNoteValues:
    @pytest.mark.parametrize(
        ("quarters", "written"),
        [
            ("1", [("quarter", 0)]),
            ("3/4", [("eighth", 1)]),
            ("7/8", [("eighth", 2)]),
            ("5/2", [("half", 0), ("eighth", 0)]),
            ("8", [("breve", 0)]),
        ],
    )
    def test_a_duration_is_written_as_few_notes(
        self, quarters: str, written: list[tuple[str, int]]
    ) -> None:
        assert [(v.name, v.dots) for v in note_values(Fraction(quarters))] == written

    def test_five_eighths_are_three_and_two_in_compound_meters(self) -> None:
        found = note_values(Fraction(5, 2), compound=True)
        assert [(v.name, v.dots) for v in found] == [("quarter", 1), ("quarter", 0)]

    def test_a_third_of_a_quarter_is_written_as_a_triplet(self) -> None:
        (found,) = note_values(Fraction(1, 3))
        assert (found.name, found.actual, found.normal) == ("eighth", 3, 2)

    @given(
        st.integers(1, 5000),
        st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32]),
        st.sampled_from([(1, 1), (3, 2), (2, 3), (5, 2), (7, 3), (9, 2)]),
        st.booleans(),
    )
    def test_the_values_add_up_to_the_duration(
        self, top: int, bottom: int, ratio: tuple[int, int], compound: bool
    ) -> None:
        duration = Fraction(top, bottom)
        try:
            found = note_values(duration, ratio, compound=compound)
        except ValueError:
            # As a note of a tuplet, the written value may be up to twice as long.
            assert not Fraction(1, 64) < duration * ratio[0] / ratio[1] <= 128
            return
        assert sum(value.duration for value in found) == duration


class TestBars:
    @pytest.mark.parametrize(
        ("body", "numbers"),
        [
            ("C8|D8|E8|]", ["1", "2", "3"]),
            ("G2|C8|D8|", ["0", "1", "2"]),
            ("G2|:C8|D6:|E2|F8|", ["0", "1", "2", "X2", "3"]),
            ("C8|D6|E2|F8|", ["1", "2", "3", "4"]),
            ("C8 D8|E2|F8|", ["1", "2", "3"]),
            ("G|C8|D4 [1 D4:|[2 E4||", ["0", "1", "2", "X2", "3"]),
            ("C8|Z3|D8|", ["1", "2", "3", "4", "5"]),
        ],
    )
    def test_bars_are_numbered(self, body: str, numbers: list[str]) -> None:
        assert [bar.number for bar in lay_out_bars(body)] == numbers

    @pytest.mark.parametrize(
        ("body", "endings"),
        [
            ("|:C8|1D8:|2E8||F8|", {1: (1,), 2: (2,)}),
            ("|:C8|1,3D8|E8:|2F8:|4G8|A8|]", {2: (1, 3), 3: (2,), 5: (4,)}),
            ("|:C8|1D8:|2E8|F8|G8:|", {1: (1,), 2: (2,)}),  # as long as the first ending
            ("C8|[1D8:|[2E8|:F8:|", {1: (1,), 2: (2,)}),
        ],
    )
    def test_endings_stop_at_repeats_double_bars_and_other_endings(
        self, body: str, endings: dict[int, tuple[int, ...]]
    ) -> None:
        found = lay_out_bars(body)
        stops = {i: bar.ending_stop_passes for i, bar in enumerate(found) if bar.ending_stop_passes}
        assert stops == endings

    def test_music_without_bar_lines_is_divided_at_spaces(self) -> None:
        found = lay_out_bars("ABcd efga " * 9 + "|A8|")
        assert [len(list(bar.events())) for bar in found] == [20, 20, 20, 12, 1]
        assert [bar.closing_line for bar in found] == ["", "", "", "|", "|"]
        assert [bar.number for bar in found] == ["1", "X1", "X1", "X1", "2"]
        assert len(list(lay_out_bars("A" * 70)[0].events())) == 32
        assert (
            len(list(lay_out_bars("A// " * 32 + "|")[0].events())) == 32
        )  # a bar that is just full is not divided
        assert [e.heads[0].shown for e in events("^F" + "F" * 50)] == [1] + [None] * 50

    def test_two_repeat_signs_in_a_row_share_a_bar_line(self) -> None:
        found = lay_out_bars("|:C8:|\n|:D8:|]")
        assert [(bar.repeat_starts, bar.repeat_ends) for bar in found] == [(1, 1), (1, 1)]
        assert found[1].new_system

    def test_a_continued_line_begins_no_new_system(self) -> None:
        found = lay_out_bars("C8|\\\nD8|\nE8|")
        assert [bar.new_system for bar in found] == [False, False, True]

    def test_bars_can_have_any_length(self) -> None:
        lengths = [bar.duration for bar in lay_out_bars("C9 D|E|^F12G/2|")]
        assert lengths == [5, Fraction(1, 2), Fraction(25, 4)]

    @pytest.mark.parametrize("body", ["", "|:|", "K:G", '"Am"'])
    def test_a_tune_without_notes_is_refused(self, body: str) -> None:
        with pytest.raises(TuneError, match="no notes"):
            lay_out_bars(body)

    def test_a_tune_with_too_many_bars_is_refused(self) -> None:
        with pytest.raises(TuneError, match="1,000 bars"):
            lay_out_bars("Z64|" * 16)


class TestAccidentals:
    @pytest.mark.parametrize(
        ("body", "shown"),
        [
            ("^FFF|F", [1, None, None, None]),
            (
                "[K:D]=F F f|f",
                [0, None, 0, None],
            ),  # valid in every octave in ABC, only in its own on a staff
            ("^F-|F F|F", [1, None, None, None]),
            ("_BB=BB", [-1, None, 0, None]),
            ("^^C__D", [2, -2]),
            ("[K:D]F=F F", [None, 0, None]),
        ],
    )
    def test_accidentals_are_printed_where_a_reader_needs_them(
        self, body: str, shown: list[int | None]
    ) -> None:
        assert [event.heads[0].shown for event in events(body)] == shown

    def test_an_accidental_ends_with_its_tie(self) -> None:
        assert [e.heads[0].alter for e in events("^F-|F F")] == [1, 1, 0]


class TestBeams:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("CD EF GABc", ["b", "e", "b", "e", "b", "c", "c", "e"]),
            ("C2D EF2 GA", ["", "", "", "", "b", "e"]),
            ("C>D E/F/G zA", ["b", "e<", "bb", "ce", "e", "", ""]),
            ("CD|EF A", ["b", "e", "b", "e", ""]),
            ("C`D`E F", ["b", "c", "e", ""]),
            ("D/E>F G", ["b>", "c", "e<", ""]),
        ],
    )
    def test_beams_follow_the_spaces_of_abc(self, body: str, expected: list[str]) -> None:
        assert beams(body) == expected

    def test_beams_follow_the_beats_in_a_tune_without_spaces(self) -> None:
        found = beams("A|GFGABc|d3e2f|", "M:6/8\nL:1/8\nK:C")
        assert found == ["", "b", "c", "e", "b", "c", "e", "", "", ""]
        assert beams("CDEFGABc|") == ["b", "c", "c", "e"] * 2

    def test_grace_notes_are_beamed_separately(self) -> None:
        found = events("A{gab}AB")
        assert [event.grace for event in found] == [False, True, True, True, False, False]
        assert beams("A{gab}AB") == ["b", "bb", "cc", "ee", "c", "e"]


class TestSigns:
    def test_slurs_can_meet_nest_or_stay_open(self) -> None:
        found = events("(C(DE)F)(G|A)(B (c)")
        assert [e.slur_starts for e in found] == [(1,), (2,), (), (), (1,), (), (), ()]
        assert [e.slur_stops for e in found] == [(), (), (2,), (1,), (), (1,), (), ()]

    def test_dotted_slurs(self) -> None:
        found = events(".(C(DE).)(F2|G2)")
        assert [e.dotted_slur_starts for e in found] == [(1,), (), (), (), ()]
        assert [e.slur_starts for e in found] == [(), (2,), (), (1,), ()]
        assert [e.slur_stops for e in found] == [(), (), (2, 1), (), (1,)]
        assert not any(event.signs for event in found)

    def test_ties_join_only_equal_pitches(self) -> None:
        found = events("C-C D-E [CE]-[CG]")
        assert [[h.tie_start for h in e.heads] for e in found[:5]] == [
            [True], [False], [False], [False], [True, False]
        ]  # fmt: skip

    def test_tuplets_begin_and_end(self) -> None:
        found = events("(3ABc (3:2:2d2e f")
        assert [event.tuplet_start for event in found] == [True, False, False, True, False, False]
        assert [event.tuplet_stop for event in found] == [False, False, True, False, True, False]
        assert [(e.value.actual, e.value.normal) for e in found] == [(3, 2)] * 5 + [(1, 1)]

    def test_two_in_the_time_of_three(self) -> None:
        found = events("(2AB c3", "M:6/8\nL:1/8\nK:C")
        assert [(e.value.name, e.value.actual, e.value.normal) for e in found] == [
            ("eighth", 2, 3),
            ("eighth", 2, 3),
            ("quarter", 1, 1),
        ]

    def test_a_rest_that_fills_its_bar_is_a_whole_bar_rest(self) -> None:
        found = events("z8|z4 A4|Z|x8|")
        assert [event.whole_bar for event in found] == [True, False, False, True, True]
        assert [event.hidden for event in found] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Butterfly, The", "The Butterfly"),
        ("Slow Air, A", "A Slow Air"),
        ("One, Two, Three", "One, Two, Three"),
        ("The Butterfly", "The Butterfly"),
    ],
)
def test_the_article_of_a_title_is_put_in_front(title: str, shown: str) -> None:
    assert display_title(title) == shown
