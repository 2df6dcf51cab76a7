"""Bars are repeated, and parts end, where the plan of a tune says."""

import random
import re
from functools import cache

import pytest

from charnn.corpus.vocabulary import SEPARATOR
from charnn.music.abc.reader import read_tunes
from charnn.music.checking.report import check_tune
from charnn.music.coding.bar_labels import CADENCES, FULL_CADENCES, LABELS, label
from charnn.music.coding.form_plan import FormPlan, plan_text
from charnn.music.grammar.form_plans import FormPlans
from charnn.music.grammar.grammar_state import PlannedPart
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import LearnedHeader, TuneRequest
from charnn.sampling.constraint import Constraint
from charnn.sampling.params import SamplingParams
from charnn.tunes.planned_cursor import PlannedCursor
from charnn.tunes.repeating_cursor import RepeatingCursor
from charnn.tunes.tune_writer import TuneWriter
from tests.sampling.walks import LETTERS, texts
from tests.tunes.models import coded_model

CODED = "".join(label(part, bar) for part in range(4) for bar in range(9))
CODED += "".join(sorted(CADENCES))
HEADER = ("jig", "6/8", "1/8", "D")


@cache
def constraint_of(plan: FormPlan) -> Constraint:
    """Return the constraint of tunes that follow a plan."""
    grammar = TuneGrammar(TuneRequest("x"), LETTERS + CODED)
    parts = tuple(PlannedPart(p.bars, p.bars_before_endings) for p in plan.parts)
    start = grammar.start_with(HEADER, parts=parts)
    return Constraint(grammar, texts(LETTERS + CODED), start)


def written(plan: str, seed: int, length: int = 4000) -> str:
    """Return the coded text of a random tune of a few signs, which follows a plan."""
    followed = FormPlan.from_text(plan)
    constraint = constraint_of(followed)
    start = constraint.start
    cursor, text, chance = PlannedCursor(constraint, start, followed), "", random.Random(seed)
    while True:
        left = length - len(text)
        token_id = cursor.prescribed(left)
        if token_id is None:
            allowed = [n for n, refused in enumerate(cursor.forbidden(left)) if not refused]
            if not cursor.is_near_end(left) and not left % 4:
                ids = range(len(constraint.token_texts))
                assert allowed == [n for n in ids if not cursor.is_forbidden(n)]
            rare = [n for n in allowed if constraint.token_texts[n] in "|:\n/2"]
            token_id = chance.choice(rare or allowed)
        if token_id == SEPARATOR:
            return text
        text += constraint.token_texts[token_id]
        cursor.advance(token_id)


def coded_signs(text: str) -> str:
    """Return the labels of a text, with `.` after that of a last bar."""
    signs = "".join(sign for sign in text if sign in LABELS | CADENCES)
    return re.sub(f"[{min(CADENCES)}-{max(CADENCES)}]", ".", signs)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "plan",
    [
        "abac|dbef",
        "abcd|abefghij",
        "aaab|cccb|dddb|eeeb",
        "abcd[e[f|ghij",
        "abcdabe[d[f|ghijgh[kl[bf",
    ],
)
def test_bars_are_repeated_and_parts_end_as_planned(plan: str, seed: int) -> None:
    planned = ""
    for part in FormPlan.from_text(plan).parts:
        before, ending = part.labels[: part.bars], part.labels[part.bars :]
        planned += f"{before}." + f"{ending}." * bool(ending)
    assert coded_signs(written(plan, seed)) == planned


@pytest.mark.parametrize("params", [SamplingParams(1.0), SamplingParams(1.0, top_k=20)])
def test_tunes_of_a_model_follow_plans(params: SamplingParams) -> None:
    plans = FormPlans.from_json([["jig", "6/8", "aaaa|bbbb|aaaa"]])
    request = TuneRequest("x", headers=(LearnedHeader(*HEADER),), plans=plans)
    writer = TuneWriter(coded_model(), request)
    for pieces in writer.stream_many(params, seeds=range(4), length=4000):
        text = "".join(pieces)
        (tune,) = read_tunes(text)
        assert check_tune(tune).ok
        assert plan_text(text).count("|") == 2
    for pieces in writer.stream_many(params, seeds=range(4), length=300):
        assert len("".join(pieces)) <= 350  # no room for three parts


def test_the_last_bars_of_parts_are_drawn_at_a_lower_temperature() -> None:
    grammar = TuneGrammar(TuneRequest("x", part_bars=2), LETTERS + CODED)
    constraint = Constraint(grammar, texts(LETTERS + CODED), grammar.start_with(HEADER))
    cursor = RepeatingCursor(constraint)
    factors = {}
    for (
        sign
    ) in f"X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\n{label(0, 0)}A6|{label(0, 1)}{FULL_CADENCES[1]}":
        factors[sign] = cursor.temperature_factor()
        cursor.advance(constraint.token_texts.index(sign))
    assert set(factors.values()) == {1.0}
    assert cursor.temperature_factor() < 1
