"""Orders of parts as tune books write them."""

import pytest

from charnn.music.abc.tidying import tidy_tune
from charnn.music.tune.tune import Tune
from tests.music.tunes import read


def tune(order: str, *labels: str) -> Tune:
    body = "".join(f"P:{label}\nA4|\n" for label in labels)
    return read(f"X:1\nM:4/4\nL:1/4\nP:{order}\nK:C\n{body}")


@pytest.mark.parametrize(
    ("order", "parts"),
    [
        *((f"A{sign}B", "AB") for sign in (", ", "-", " - ", "+", "|", " > ", ";")),
        ("A*2 B", "AAB"),
        ("A x2, B", "AAB"),
        ("(A,B)2", "ABAB"),
    ],
)
def test_signs_between_parts_and_before_numbers(order: str, parts: str) -> None:
    found = tune(order, "A", "B")
    assert ("".join(found.parts), found.problems) == (parts, ())


@pytest.mark.parametrize(
    ("order", "labels", "parts", "problem"),
    [
        ("A B Trio A", ["A", "B", "Trio"], "ABTA", ""),
        ("A B Trio A", ["A", "B", "C"], "ABA", "words in the order"),
        ("1122", ["1", "2"], "1122", ""),
        ("1122", ["A", "B"], "", "cannot read the order of parts"),
    ],
)
def test_words_and_numbers_are_parts_with_such_labels(
    order: str, labels: list[str], parts: str, problem: str
) -> None:
    found = tune(order, *labels)
    assert "".join(found.parts) == parts
    assert [each.text[: len(problem)] for each in found.problems] == [problem] * bool(problem)
    assert tidy_tune(f"X:1\nP:{order}\nK:C\nA4|")
