"""The figures of form, counted by hand."""

import pytest

from charnn.music.form.form_figures import figures, tune_tallies
from charnn.music.form.real_tunes import FIGURES, RealTunes
from charnn.music.form.tune_outline import TuneOutline, outline_tune
from tests.music.tunes import read

# In part A, bar 5 is bar 1; in part B, bar 6 is bar 2, and the last bar is that of part A.
TUNE = (
    "X:1\nT:The Fox\nR:polka\nM:2/4\nL:1/8\nK:D\n"
    "A|d2 f2|e2 g2|d2 A2|c4|d2 {g}f2|e2 f2|e2 c2|d3:|\n"
    "A|f2 a2|g2 b2|f2 e2|d2 c2|B2 c2|g2 b2|A2 g2|d3:|\n"
)


def outlined(text: str) -> TuneOutline:
    return outline_tune(read(text))


def test_a_tune_is_counted_by_its_parts() -> None:
    assert tune_tallies(outlined(TUNE)) == {
        "tune_home": (1, 1),
        "parts_home": (1, 1),
        "bar_5": (1, 2),
        "bar_6": (1, 2),
        "repeated_bar": (2, 2),
        "shared_bar": (1, 1),
        "rhyme": (1, 1),
        "last_rest": (0, 2),
        "first_ending_bars": (0, 0),
        "endings_alike": (0, 0),
    }


def test_one_part_that_ends_elsewhere() -> None:
    away = tune_tallies(outlined(TUNE.replace("c2|d3:|", "c2|e2 z:|")))
    assert away["tune_home"] == (1, 1)
    assert away["parts_home"] == (0, 1)
    assert away["rhyme"] == (0, 1)
    assert away["shared_bar"] == (0, 1)
    assert away["last_rest"] == (1, 2)


def test_parts_of_other_lengths_have_no_bar_5() -> None:
    short = tune_tallies(outlined("X:1\nM:2/4\nL:1/8\nK:D\nd2 f2|d4:|\nf2 a2|d4:|\n"))
    no_case = {name for name, (_, cases) in short.items() if not cases}
    assert {"bar_5", "bar_6", "repeated_bar", "shared_bar", "rhyme"} <= no_case
    assert short["tune_home"] == (1, 1)


def test_figures_are_quotients_of_weighted_sums() -> None:
    tallies = [{"a": (1, 2), "b": (0, 0)}, {"a": (3, 3), "b": (0, 0)}]
    assert figures(tallies) == {"a": 4 / 5, "b": None}
    assert figures(tallies, [2, 1]) == {"a": 5 / 7, "b": None}
    assert figures([]) == {}


@pytest.fixture(scope="module")
def real() -> RealTunes:
    # Twenty jigs that end with a long note, and twenty reels that end with two.
    jig = "X:1\nT:The Fox {n}\nR:jig\nM:6/8\nL:1/8\nK:D\n|:def gab|d6:|\n"
    reel = "X:1\nT:The Hare {n}\nR:reel\nM:C|\nL:1/8\nK:D\n|:defg abag|d4 d4:|\n"
    texts = [one.format(n="abcdefghijklmnopqrst"[n]) for one in (jig, reel) for n in range(20)]
    odd = "X:1\nT:Lonely\nR:waltz\nM:3/4\nL:1/8\nK:D\n|:d2f2a2|d6:|\n"
    return RealTunes([outlined(text) for text in (*texts, odd)])


class TestRealTunes:
    """Figures that compare a tune with real ones."""

    @pytest.mark.parametrize(
        ("header", "music", "expected"),
        [
            ("R:jig\nM:6/8", "gfe dcB|A6|]", {"last_rhythm": (1, 1), "type_told": (1, 1)}),
            ("R:reel\nM:C|", "gfed cBAB|A4 A4|]", {"last_rhythm": (1, 1), "type_told": (1, 1)}),
            ("R:reel\nM:C|", "gfed cBAB|A6 A2|]", {"last_rhythm": (0, 1), "type_told": (1, 1)}),
            ("R:reel\nM:C|", "gfe dcB|A6|]", {"last_rhythm": (0, 1), "type_told": (0, 1)}),
            ("R:waltz\nM:3/4", "d2f2a2|d6|]", {"last_rhythm": (0, 0), "type_told": (0, 0)}),
            ("M:3/4", "d2f2a2|d6|]", {"last_rhythm": (0, 0), "type_told": (0, 0)}),
        ],
    )
    def test_types(
        self, real: RealTunes, header: str, music: str, expected: dict[str, tuple[int, int]]
    ) -> None:
        tallies = real.tallies(outlined(f"X:1\n{header}\nL:1/8\nK:D\n{music}\n"))
        assert tallies.keys() == FIGURES.keys()
        assert expected.items() <= tallies.items()

    def test_title_words(self, real: RealTunes) -> None:
        new = outlined("X:1\nT:The Lonely Fox's Hare\nK:D\nd|]\n")
        assert real.tallies(new)["title_words"] == (3, 4)

    def test_a_real_tune_does_not_know_itself(self, real: RealTunes) -> None:
        lonely = outlined("X:1\nT:The Lonely\nK:D\nd|]\n")
        assert real.tallies(lonely)["title_words"] == (2, 2)
        assert real.tallies(lonely, is_real=True)["title_words"] == (1, 2)
