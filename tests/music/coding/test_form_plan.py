"""The plan of a tune names the bars that it repeats."""

import pytest
from hypothesis import given

from charnn.music.abc.cleaning import clean_books
from charnn.music.coding.bar_labels import LABELS, insert_labels, label
from charnn.music.coding.form_plan import FormPlan, plan_text
from tests.music.tunes import book_sources, tune_texts

HEADER = "X:1\nT:Title\nM:6/8\nL:1/8\nK:D\n"


@pytest.mark.parametrize(
    ("body", "plan"),
    [
        ("d3 e3|f6|d3e3|g6:|\nf6|g6|", "abac|bc"),
        ("A|d6|e5:|\nA|f6|e5:|", "ab|cb"),  # pick-ups are in no plan
        ("d6|1 e6:|2 f6||g6|f6|]", "a[b[c|dc"),
        ("d6|e6|1 f6|g6:|2 f6|a6||g6|f6|]", "ab[cd[ce|dc"),
        # Endings of different lengths, a single ending, a part that begins with an ending
        ("d6|1 e6:|2 f6|g6||", ""),
        ("d6|1 e6:|", ""),
        ("|1 e6:|2 f6||", ""),
        ("", ""),
        ("|".join(f"d{n}e{n}" for n in range(1, 27)), ""),
    ],
)
def test_a_plan_has_a_letter_for_each_bar(body: str, plan: str) -> None:
    assert plan_text(HEADER + body) == plan


def test_the_plan_of_a_text() -> None:
    plan = FormPlan.from_text("aba[b[c|dc")
    assert [part.bars for part in plan.parts] == [4, 2]
    first, second, fifth = label(0, 0), label(0, 1), label(0, 4)
    assert [plan.label(0, bar) for bar in range(6)] == [first, second, first, second, fifth, ""]
    assert [plan.label(1, bar) for bar in range(2)] == [label(1, 0), fifth]
    assert [part.bars_before_endings for part in plan.parts] == [3, 0]


@pytest.mark.parametrize("text", ["", "-", "ab|", "a[b", "a[b[c[d", "a b", "a1"])
def test_other_texts_are_no_plans(text: str) -> None:
    with pytest.raises(ValueError, match="no plan"):
        FormPlan.from_text(text)


@given(tune_texts())
def test_the_labels_of_a_tune_come_back_from_its_plan(text: str) -> None:
    assert_the_labels_come_back(text)


def test_the_labels_of_real_tunes_come_back_from_their_plans() -> None:
    tunes = clean_books(source.text for source in book_sources(50))
    assert sum(plan_text(tune.text) != "" for tune in tunes) > 0.9 * len(tunes)
    for tune in tunes:
        assert_the_labels_come_back(tune.text)


def assert_the_labels_come_back(text: str) -> None:
    if plan := plan_text(text):
        labels = [sign for sign in insert_labels(text) if sign in LABELS]
        parts = FormPlan.from_text(plan).parts
        assert "".join(labels) == "".join(part.labels for part in parts)
