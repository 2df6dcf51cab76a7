"""Continuations by untrained models: everything right about them comes from the grammar."""

import re

import pytest

from charnn.errors import UsageError
from charnn.music.checking.report import check_tune
from charnn.sampling.params import SamplingParams
from charnn.tunes.continuation import TuneContinuer
from tests.helpers import random_checkpoint
from tests.music.tunes import read
from tests.sampling.walks import LETTERS
from tests.tunes.models import coded_model, plain_model

MODELS = {"plain": plain_model(), "coded": coded_model()}
HEADER = "X:7\nT:A Jig\nC:nobody\nM:6/8\nL:1/8\nK:D\n"
A = "A|d2e f2g|a3 b3|afd e2c|d3 d2:|\n"
JIG = HEADER + A + "f|faf ege|dfd cec|BdB AFA|d3 d2||\n"


def continued(
    text: str, model: str = "plain", num: int = 1, seed: int = 0, **options: object
) -> list[str]:
    continuer = TuneContinuer(MODELS[model], text, **options)  # type: ignore[arg-type]
    found = continuer.continuations(range(seed, seed + num), SamplingParams(1.0))
    return [one.text for one in found]


def part_bars(text: str) -> list[int]:
    report = check_tune(read(text))
    # An untrained model ties notes of different pitch, and jumps.
    problems = {problem.text for problem in report.problems if problem.serious}
    assert not {text for text in problems if "tie" not in text and "range" not in text}
    return [part.bars for part in report.parts]


@pytest.mark.parametrize("model", MODELS)
def test_a_complete_tune_gets_further_parts(model: str) -> None:
    (text,) = continued(JIG, model)
    assert text.startswith(JIG)
    assert part_bars(text) == [4, 4, 4]
    four_parts = JIG + JIG.removeprefix(HEADER)
    assert part_bars(continued(four_parts, model, parts=1)[0]) == [4] * 5
    (text,) = continued(JIG, model, parts=2, part_bars=8)
    assert part_bars(text) == [4, 4, 8, 8]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("parts", [1, 3, 8])
def test_as_many_parts_are_written_as_wanted(model: str, parts: int) -> None:
    finished = JIG.replace("||", "|]")
    for text in continued(finished, model, num=2, parts=parts):
        assert len(part_bars(text)) == 2 + parts
    for text in continued(HEADER, model, num=2, parts=parts, part_bars=4):
        assert part_bars(text) == [4] * parts


@pytest.mark.parametrize("model", MODELS)
def test_only_the_first_parts_are_kept(model: str) -> None:
    for text in continued(JIG, model, 2, after="a"):
        assert text.startswith(HEADER + A.rstrip())
        assert "faf ege" not in text
        assert part_bars(text) == [4, 4]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "beginning", ["GAB d2B|gfe dB", "|:d2e f2g|a3 b3|\n", "A|d2e f2g|a3 b3|", "d2e", "D/|(3efg a2 "]
)
def test_a_part_that_is_begun_is_completed(model: str, beginning: str) -> None:
    (text,) = continued(HEADER + beginning, model, parts=2, part_bars=4)
    assert text.startswith(HEADER + beginning.rstrip())
    assert part_bars(text) == [4, 4]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("header", [HEADER, HEADER + "% no notes yet\n", HEADER.rstrip()])
def test_music_begins_on_a_line_of_its_own_after_fields(model: str, header: str) -> None:
    (text,) = continued(header, model)
    assert text.startswith(header.rstrip() + "\n")
    assert part_bars(text)[0] in (4, 8)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("beginning", "bars"),
    [
        ("ABc def|gfe dcB|ABc def|", (4, 8)),
        ("ABc def|gfe dcB|ABc d", (4, 8)),
        ("ABc def|\n" * 10 + "ABc ", (12,)),
    ],
)
def test_a_part_that_is_begun_does_not_decide_its_length(
    model: str, beginning: str, bars: tuple[int, ...]
) -> None:
    (text,) = continued(HEADER + beginning, model)
    assert text.startswith(HEADER + beginning.rstrip())
    assert part_bars(text)[0] in bars


@pytest.mark.parametrize("model", MODELS)
def test_a_tune_outside_of_the_strict_grammar_is_continued_after_a_part(model: str) -> None:
    odd = HEADER + "[M:9/8]d3 e3 f3|\n[M:6/8]+fermata+a6|\nw: la\nd9||\n"
    (text,) = continued(odd, model, part_bars=4)
    assert text.startswith(odd)
    assert [part.bars for part in check_tune(read(text)).parts][-1] == 4
    repeated = odd.replace("||", "|:")
    (text,) = continued(repeated, model, part_bars=4)
    assert ":|" in text[len(repeated) :]


@pytest.mark.parametrize(
    ("order", "options", "labels", "new_order"),
    [
        ("P:A2.B % twice", {}, "ABC", "P:A2.B.C % twice"),
        ("P:AABBAD", {"parts": 2}, "ABDC", "P:AABBADC"),
        ("P:ABA", {"after": "A"}, "AB", "P:ABA"),
        ("C:nobody", {}, "ABC", "C:nobody"),
    ],
)
def test_new_parts_have_labels_and_are_played(
    order: str, options: dict[str, object], labels: str, new_order: str
) -> None:
    b = "B|faf ege|dfd cec|BdB AFA|d3 d3||"
    text = HEADER.replace("C:nobody", order) + "P:A\n" + A + "[P:B]" + b.removeprefix("B|")
    for line_end in ("\n", "\r\n"):
        (new,) = continued(text.replace("\n", line_end), **options)  # type: ignore[arg-type]
        assert "".join(re.findall(r"P:([A-Z])", new.partition("K:D")[2])) == labels
        assert new.split(line_end)[2] == new_order
        assert set(read(new).parts) in (set(), set(labels))


def test_a_first_part_without_label_is_a() -> None:
    (text,) = continued(HEADER + A + "P:B\nf|faf ege|dfd cec|BdB AFA|d3 d2||\n")
    assert re.findall(r"P:([A-Z])", text) == ["B", "C"]


def test_of_two_endings_one_counts_as_a_bar_of_the_part() -> None:
    endings = "|:d2e f2g|a3 b3|afd e2c|1 d3 d3:|2 d3 D3||\n"
    (text,) = continued(HEADER + endings)
    assert part_bars(text) == [4, 4]


@pytest.mark.parametrize("model", MODELS)
def test_a_labelled_part_that_is_begun_is_completed(model: str) -> None:
    begun = HEADER.replace("C:nobody", "P:AB") + "P:A\n" + A + "P:B\nf|faf ege|dfd c"
    (text,) = continued(begun, model)
    assert text.startswith(begun)
    assert part_bars(text) == [4, 4]
    (text,) = continued(begun, model, parts=2)
    assert text.startswith(begun.replace("P:AB", "P:ABC"))
    assert "P:C" in text


def test_the_seed_decides_and_line_ends_stay() -> None:
    found = continued(JIG.replace("\n", "\r\n"), num=3, seed=4)
    assert found[1:2] == continued(JIG.replace("\n", "\r\n"), seed=5)
    assert len(set(found)) == 3
    assert found[0].count("\r\n") == found[0].count("\n")


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (JIG.replace("||", "|]"), {}, "the tune is finished, because it ends with |]: add parts"),
        (JIG + JIG.removeprefix(HEADER), {}, "is finished, because it has 4 parts: add parts with"),
        (JIG.replace("||", "|] % so"), {}, "the tune is finished, because it ends with |]"),
        (JIG.replace("||", ":|] !D.C.!") + "w: la", {}, "is finished, because it ends with |]"),
        (JIG, {"parts": 9}, "--parts must lie in 1..8, not 9"),
        (JIG.replace("K:D", "V:1\nV:2\nK:D"), {}, "the tune has 2 voices (V:1, V:2), and a new"),
        (
            "[V:a]".join((HEADER, A)) + "[V:b]A6|",
            {"parts": 1, "after": "A"},
            "has 2 voices (V:a, V:b), and a new part",
        ),
        (JIG, {"part_bars": 40}, "2..32, or be 0 for a usual number, not 40"),
        (JIG, {"after": "C"}, "--after C: there is no such part. The parts of the tune are A, B"),
        (HEADER + "d9|d2|d", {}, "the tune ends inside a part that is not made of whole bars"),
        (HEADER.replace("6/8", "none") + "d9|d2||", {}, "bars cannot be counted in this meter"),
    ],
)
def test_what_cannot_be_continued_is_named(
    text: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError) as raised:
        continued(text, **options)  # type: ignore[arg-type]
    assert words in str(raised.value)


def test_a_model_of_text_continues_no_tune() -> None:
    with pytest.raises(UsageError, match="a model of text: name a model of tunes"):
        TuneContinuer(random_checkpoint(LETTERS), JIG)
