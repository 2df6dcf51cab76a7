"""The comparison with real tunes of the same types, meters and modes."""

import pytest

from charnn.music.abc.reader import read_first_tune
from charnn.music.form.compare_form import FormComparison, FormJudge

JIG = "X:1\nT:Jig\nR:jig\nM:6/8\nL:1/8\nK:D\n|:def gab|{last}6:|\n"
REEL = "X:1\nT:Reel\nR:reel\nM:{meter}\nL:1/8\nK:D\n|:defg abag|{last}8:|\n"


def jigs(count: int, last: str) -> list[str]:
    return [JIG.format(last=last)] * count


def reels(count: int, last: str, meter: str = "C") -> list[str]:
    return [REEL.format(last=last, meter=meter)] * count


def judge_of(texts: list[str]) -> FormJudge:
    return FormJudge(filter(None, map(read_first_tune, texts)))


def compared(texts: list[str], judge: FormJudge) -> FormComparison:
    return judge.compare(filter(None, map(read_first_tune, texts)))


def test_real_tunes_are_weighted_by_type_and_meter() -> None:
    """A quarter of the new tunes are jigs, but half of the real ones: jigs end at home."""
    found = compared([*jigs(1, "e"), *reels(3, "d")], judge_of([*jigs(10, "d"), *reels(10, "e")]))
    assert found.new["tune_home"] == 3 / 4
    assert found.real["tune_home"] == pytest.approx(1 / 4)
    assert found.new_types == {"reel": 3 / 4, "jig": 1 / 4}
    assert found.real_types == {"jig": 1 / 2, "reel": 1 / 2}
    assert found.auc is None


def test_meters_count_by_their_meaning() -> None:
    judge = judge_of([*reels(10, "d", "C"), *reels(10, "e", "C|")])
    assert compared(reels(2, "d", "4/4"), judge).real["tune_home"] == 1
    assert compared(reels(2, "d", "2/2"), judge).real["tune_home"] == 0


def test_without_the_type_the_meter_decides() -> None:
    judge = judge_of([*jigs(10, "d"), *reels(10, "e")])
    slide = JIG.format(last="e").replace("R:jig", "R:slide")
    assert compared([slide], judge).real["tune_home"] == 1
    waltz = slide.replace("6/8", "3/4")
    assert compared([slide, waltz], judge).real["tune_home"] == 1  # no real tune is like the waltz
    assert compared([waltz], judge).real["tune_home"] == 1 / 2  # so all real tunes count


def test_modes_count_where_there_are_enough_tunes() -> None:
    minor = [tune.replace("K:D", "K:Em") for tune in jigs(10, "e")]
    jig_in_minor = jigs(1, "e")[0].replace("K:D", "K:Am")
    judge = judge_of([*jigs(10, "c"), *minor])
    assert compared([jig_in_minor], judge).real["tune_home"] == 1
    assert compared(jigs(1, "d"), judge).real["tune_home"] == 0
    judge = judge_of([*jigs(10, "c"), *minor[:9]])
    assert compared([jig_in_minor], judge).real["tune_home"] == pytest.approx(9 / 19)


def test_without_tunes_there_are_no_figures() -> None:
    judge = judge_of([*jigs(10, "d"), ""])
    nothing = compared(["no tune"], judge)
    assert (nothing.new, nothing.new_types, nothing.auc, nothing.telling) == ({}, {}, None, {})
    assert compared(jigs(1, "d"), judge_of([])).real == {}


def test_the_classifier_tells_other_tunes_apart_but_not_the_same() -> None:
    real = [*jigs(30, "d"), *reels(30, "d")]
    judge = judge_of(real)
    assert compared(real, judge).auc == pytest.approx(0.5, abs=0.05)
    others = compared([*jigs(30, "f"), *reels(30, "f")], judge)
    assert others.auc == pytest.approx(1)
    assert others.telling["ends on its tonic"] < 0
    assert abs(next(iter(others.telling.values()))) >= abs(others.telling["ends on its tonic"])
