"""A seed draws the plan of a training tune of the same type and meter."""

import pytest

from charnn.music.coding.form_plan import FormPlan
from charnn.music.grammar.form_plans import FormPlans
from charnn.music.grammar.tune_form import TuneForm

ANY = TuneForm("")
JIG, THREE_PARTS, REEL = "abac|dead", "abcd|efgh|abcd", "abcdabef|ghijghef"


def tune(plan: str, meter: str) -> str:
    """Return a tune with a plan, in which each letter is a bar of its own."""
    length = 6 if meter == "6/8" else 8
    bars = {
        letter: f"{pitch}{length}" for letter, pitch in zip("abcdefghij", "CDEFGABcde", strict=True)
    }
    parts = ("|".join(bars[letter] for letter in part) for part in plan.split("|"))
    return f"X:1\nT:x\nM:{meter}\nL:1/8\nK:D\n{':|'.join(parts)}|]\n"


PLANS = FormPlans.of_tunes(
    [
        ("jig", "6/8", tune(JIG, "6/8")),
        ("jig", "6/8", tune(THREE_PARTS, "6/8")),
        ("jig", "6/8", "no tune"),
        ("reel", "C", tune(REEL, "C")),
    ]
)


def drawn(rhythm: str, meter: str, form: TuneForm = ANY, part_bars: int = 0) -> set[str]:
    """Return the texts of the plans that forty seeds draw."""
    texts = {FormPlan.from_text(text): text for text in (JIG, THREE_PARTS, REEL)}
    plans = (PLANS.draw(rhythm, meter, form, part_bars, seed) for seed in range(40))
    return {"" if plan is None else texts[plan] for plan in plans}


def test_plans_are_those_of_the_type() -> None:
    assert drawn("jig", "6/8") == {JIG, THREE_PARTS}
    assert drawn("reel", "C") == {REEL}
    assert drawn("polka", "C") == {REEL}  # no type but the meter is known
    assert drawn("polka", "2/4") == {""}


def test_plans_have_the_requested_parts_and_bars() -> None:
    assert drawn("jig", "6/8", TuneForm("AABBCC")) == {THREE_PARTS}
    assert drawn("jig", "6/8", TuneForm("AABA")) == {""}  # the form itself repeats bars
    assert drawn("reel", "C", part_bars=8) == {REEL}
    assert drawn("reel", "C", part_bars=4) == {""}


def test_stored_plans_are_drawn_by_the_same_seeds() -> None:
    stored = FormPlans.from_json(PLANS.to_json())
    assert stored.to_json() == PLANS.to_json()
    for seed in range(20):
        draws = [plans.draw("jig", "6/8", ANY, 0, seed) for plans in (PLANS, stored)]
        assert draws[0] == draws[1]


@pytest.mark.parametrize("value", [None, {}, [["jig", "6/8"]], [["jig", "6/8", 1]], [1]])
def test_damaged_plans_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="plans"):
        FormPlans.from_json(value)
