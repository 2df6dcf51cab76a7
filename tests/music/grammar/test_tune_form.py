"""Forms of tunes: parts are repeated or come back as requested; impossible forms are refused."""

import random
import re
from dataclasses import replace

import pytest

from charnn.errors import UsageError
from charnn.music.checking.report import check_tune
from charnn.music.coding.bar_labels import LABELS, label, strip_labels
from charnn.music.grammar.tune_form import TuneForm
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest, make_request
from charnn.sampling.constraint import Constraint
from tests.music.tunes import read
from tests.sampling.walks import LETTERS, STYLES, texts, walk

CODED = LETTERS + "".join(label(part, bar) for part in range(3) for bar in range(4))
HEAD = "X:1\nT:x\nR:reel\nM:4/4\nL:1/8\nK:D\n"


def request(form: str, opening: str = "") -> TuneRequest:
    return TuneRequest("x", "reel", "4/4", "1/8", "D", opening=opening, form=form)


def labels_of_parts(coded: str) -> list[str]:
    """Return the labels of each written part."""
    body = coded.partition("\nK:")[2]
    # The closing sign of a first ending (`:|2`) ends no part.
    parts = re.split(r":\|:|::|:\|(?!\s*\[?2)|\|\||\|\]|\|:", body)
    found = ["".join(c for c in part if c in LABELS) for part in parts]
    return [labels for labels in found if labels]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("form", "times"),
    [
        ("AABB", [2, 2]),
        ("AB", [1, 1]),
        ("AAB", [2, 1]),
        ("ABBC", [1, 2, 1]),
        ("AABBCCDD", [2, 2, 2, 2]),
        ("AABA", [2, 1, 1]),
        ("ABAB", [1, 1, 1, 1]),
        ("ABCBB", [1, 1, 1, 2]),
    ],
)
def test_a_random_walk_has_the_requested_form(form: str, times: list[int], seed: int) -> None:
    chance = random.Random(f"{form} {seed}")
    opening = chance.choice(("", "GA|"))
    wanted = replace(request(form, opening), part_bars=3)
    constraint = Constraint(TuneGrammar(wanted, CODED), texts(CODED))
    coded = walk(constraint, chance, list(STYLES)[seed], 400 * seed)
    report = check_tune(read(strip_labels(coded)))
    assert report.ok, (coded, report.problems)
    assert [part.times for part in report.parts] == times, coded

    parts = labels_of_parts(coded)
    assert len(parts) == len(times), coded
    letters = [letter for n, letter in enumerate(form) if form[n - 1 : n] != letter]
    first_times = [parts[letters.index(letter)] for letter in letters]
    again = [n for n, letter in enumerate(letters) if letter in letters[:n]]
    assert [parts[n] for n in again] == [first_times[n] for n in again], coded


def test_a_part_that_comes_back_has_the_bars_of_its_first_time() -> None:
    a, b = "".join(label(0, n) for n in range(4)), "".join(label(1, n) for n in range(4))
    music = {
        character: f"{character}{note * 8}|"
        for character, note in zip(a + b, "dcBAefga", strict=True)
    }
    grammar = TuneGrammar(request("ABA"), CODED)
    constraint = Constraint(grammar, texts(CODED))

    def part(labels: str) -> str:
        return "".join(music[character] for character in labels) + "|\n"

    first_parts = HEAD + part(a[0] + a[1] + a[0] + a[3]) + part(b)
    right = constraint.walk(grammar.start, first_parts + part(a[0] + a[1] + a[0] + a[3]))
    assert grammar.may_end(right)
    assert constraint.walk(grammar.start, first_parts + part(a)) is None
    assert constraint.walk(grammar.start, first_parts + music[b[0]]) is None


def test_without_labels_a_form_only_says_what_is_repeated() -> None:
    grammar = TuneGrammar(request("AAB"), LETTERS)
    constraint = Constraint(grammar, texts(LETTERS))
    first = HEAD + "d8|c8|d8|c8:|\n"
    assert grammar.may_end(constraint.walk(grammar.start, first + "d8|c8|d8|c8|]\n"))
    assert constraint.walk(grammar.start, first + "d8|c8|d8|c8:|") is None
    assert constraint.walk(grammar.start, first + "|:") is None
    assert constraint.walk(grammar.start, HEAD + "d8|c8|d8|c8||") is None
    assert constraint.walk(grammar.start, HEAD + "d8|c8|d8|c8::") is None
    with pytest.raises(UsageError, match="--form AABA writes a part again, which needs a model"):
        TuneGrammar(request("AABA"), LETTERS)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("A", "--form A has 1 written part, and a tune has 2 to 4"),
        ("AA", "--form AA has 1 written part, and"),
        ("ABCDE", "--form ABCDE has 5 written parts, and a tune has 2 to 4"),
        (
            "AAAB",
            "--form AAAB plays part A 3 times in a row, and a part is repeated once: write AA",
        ),
        ("AAB2", "--form is made of the letters of the parts in playing order, .* not 'AAB2'"),
        ("A B", "not 'A B'"),
        ("ÄB", "not 'ÄB'"),
    ],
)
def test_impossible_forms_are_refused(form: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        TuneForm(form)


def test_a_form_is_requested_in_letters_of_any_case_and_needs_strict_bars() -> None:
    assert make_request(form="aabb") == TuneRequest(form="AABB")
    with pytest.raises(UsageError, match="--form needs complete bars and parts"):
        make_request(form="AABB", strict=False)
