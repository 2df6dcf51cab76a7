"""The surprise at a text: its sum is the evaluated loss, by bar, by character and by kind."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import charnn
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.insight.bar_surprise import bits_by_bar
from charnn.insight.error_kinds import BEGINNING, KNOWN, OTHER, RARE, REPEATED, sort_errors
from charnn.insight.read_text import read_texts
from charnn.insight.shown_surprise import ShownSurprise
from charnn.insight.surprise_colours import is_dark, palette, surprise_colour
from charnn.insight.surprise_figure import text_lines
from charnn.insight.text_surprise import Surprise
from charnn.insight.training_sample import TrainingText
from charnn.library import Model
from charnn.music.coding.bar_texts import HEADER, PICKUP, bar_texts
from tests.helpers import PROJECT, prose, random_checkpoint

TUNE = "X:1\nT:Three <b>&\nM:2/4\nL:1/8\nK:G\nd2|:G2 B2|A2 F2:|\n|:G4|D2 G2:|\n"


@pytest.fixture(scope="module")
def folk() -> Model:
    return charnn.load("folk")


@pytest.fixture(scope="module")
def tune(folk: Model) -> ShownSurprise:
    return folk.surprise([TUNE, TUNE])


def measured(checkpoint: Checkpoint, text: str, probabilities: list[float]) -> Surprise:
    """Return a surprise with given probabilities."""
    bits = -np.log2(np.array(probabilities, np.float32))
    empty = np.empty((len(text), 0))
    read = read_texts(checkpoint, [text])
    return Surprise(read, checkpoint.vocabulary, bits, empty.astype(int), empty)


def test_the_sum_is_the_evaluated_loss(folk: Model, tune: ShownSurprise) -> None:
    assert abs(tune.bits_per_char - folk.evaluate([TUNE, TUNE]).bits_per_char) < 1e-4
    first, second = bits_by_bar(tune)
    assert first.title == "Three <b>&"
    assert [bar.name for bar in first.bars] == [PICKUP, "A1", "A2", "B1", "B2"]
    total = sum(bar.bits for each in (first, second) for bar in (each.header, *each.bars))
    assert abs(total - tune.total) < 1e-3
    assert [bar.name for bar in second.bars] == [bar.name for bar in first.bars]


def test_alternatives_are_what_the_model_weighed_in_this_key(
    tune: ShownSurprise,
) -> None:
    names, alternatives = tune.names(), tune.alternatives(60)
    for name, others, p in zip(names, alternatives, tune.probabilities.tolist(), strict=False):
        assert len(others) == 3
        assert name not in [other.name for other in others] or name.startswith("[")
        assert p + sum(other.probability for other in others) < 1 + 1e-4
    assert "[A1]" in names
    # G is coded as C: an alternative to the note after the label is a note of the tune, not of C.
    place = names.index("[A1]") + 1
    assert names[place] == "G"
    assert {other.name for other in alternatives[place]} & set("GBd")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (TUNE, [HEADER, PICKUP, "A1", "A2", "B1", "B2"]),
        ("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc", [HEADER, "A1", "A2"]),
        ("X:1\nK:C\nC~~y{|!!|D", [HEADER]),
        ("no tune at all", [HEADER]),
        ("", [HEADER]),
    ],
)
def test_bars_are_stretches_without_gaps(text: str, names: list[str]) -> None:
    bars = bar_texts(text)
    assert "".join(text[bar.begin : bar.end] for bar in bars) == text
    if len(names) > 1:
        assert [bar.name for bar in bars][: len(names)] == names


def test_errors_have_the_first_kind_that_holds() -> None:
    text = "the cat saw the zebra and the zebra saw me"
    checkpoint = random_checkpoint(text)
    training = "the cat saw me and the cat saw me too. " * 20
    sample = TrainingText(checkpoint.vocabulary.encode(training), training, "the training text")
    wrong = {0: BEGINNING, 5: KNOWN, 16: RARE, 31: REPEATED, 25: BEGINNING}
    surprise = measured(checkpoint, text, [0.1 if n in wrong else 0.9 for n in range(len(text))])
    errors = sort_errors(surprise, sample)
    assert sum(errors.kinds.values()) == len(wrong)
    assert errors.kinds[KNOWN] >= 1
    assert errors.kinds[REPEATED] == 1
    assert errors.kinds[RARE] == 1
    assert errors.has_rare
    assert errors.ngram_errors_known <= errors.ngram_errors
    alone = sort_errors(surprise, None)
    assert not alone.has_rare
    assert alone.kinds[RARE] == 0
    assert alone.kinds[OTHER] + alone.kinds[BEGINNING] >= 1


def test_the_best_and_the_worst_characters_and_places() -> None:
    checkpoint = random_checkpoint("abc")
    surprise = measured(checkpoint, "abcabcabca", [0.5, 0.25, 0.125] * 3 + [0.01])
    assert [row.name for row in surprise.by_character()] == ["b", "a", "c"]
    assert surprise.worst_places(1)[0][:3] == (9, "abcabcabc", "a")


def test_letters_can_be_read_on_every_colour() -> None:
    assert surprise_colour(0.4) is None
    luminances = []
    for colour in palette():
        linear = [((v / 255 + 0.055) / 1.055) ** 2.4 if v > 10 else v / 3295 for v in colour]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        contrast = 1.05 / (light + 0.05) if is_dark(colour) else (light + 0.05) / 0.05
        assert contrast > 4.5
        luminances.append(light)
    assert sorted(luminances, reverse=True) == luminances


def test_the_page_holds_the_text_and_runs_none_of_it(tune: ShownSurprise) -> None:
    page = tune.page("A title").decode()
    assert "<b>" not in page
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert "".join(data["pieces"]) == TUNE + TUNE
    assert len(data["bits"]) == len(data["alternatives"]) == len(data["pieces"])
    assert page.count("<h2>Bars of") == 2
    shown = tune._repr_html_()
    assert "<b>" not in shown
    assert "<span" in shown


def test_the_picture_is_drawn_whatever_the_text(tmp_path: Path) -> None:
    text = prose(300) + "$\\frac{$ <&>"
    model = Model(PROJECT / "none.safetensors", random_checkpoint(text))
    surprise = model.surprise(text)
    figure = surprise.figure()
    figure.savefig(tmp_path / "text.svg")
    lines = text_lines(surprise, 30)
    assert max(map(len, lines)) <= 30
    joined = "".join(cell.sign for line in lines for cell in line)
    assert joined == text.replace("\n", "↵")
