"""Units that are tied to something a person can name: found where they are, and nowhere else."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.errors import CorpusError
from charnn.insight.clamped_units import unit_values
from charnn.insight.feature_ties import choose_places, find_ties
from charnn.insight.features_of_texts import text_features
from charnn.insight.features_of_tunes import tune_features
from charnn.insight.named_features import NamedFeature, at_tokens
from charnn.insight.read_text import read_texts
from charnn.library import Model
from charnn.model.config import ModelConfig
from tests.helpers import PROJECT, charnn, prose, random_checkpoint, random_weights, save_run

QUOTE, BAR = 3, 11
SIZE = 16
# sigmoid(20) is 1.
OPEN = 20.0


def tunes(seed: int, count: int = 16) -> str:
    """Return tunes of random notes in random lengths, some of them with chord symbols."""
    random = np.random.default_rng(seed)

    def bar() -> str:
        left, notes = 8, ""
        while left:
            length = int(min(left, random.integers(1, 4)))
            chord = f'"{random.choice(["Am", "D7", "Gmaj"])}"' if random.random() < 0.2 else ""
            notes += chord + random.choice(list("ABcdefg")) + (str(length) if length > 1 else "")
            left -= length
        return notes

    bodies = ("|".join(bar() for _ in range(8)) + "|\n" for _ in range(2 * count))
    heads = (f"X:{number}\nT:dance\nM:4/4\nL:1/8\nK:C\n" for number in range(1, count + 1))
    return "\n".join(head + next(bodies) + next(bodies) for head in heads)


def planted(text: str, seed: int) -> Checkpoint:
    """Return a random model with a unit that is inside quotes and one that counts notes in a bar.

    The quote unit changes its sign at each quotation mark, and is negative after a line end. The
    unit of the bar adds 0.12 at each letter, and is 0 after a bar line or a line end.
    """
    vocabulary = CharVocabulary(text)
    config = ModelConfig(len(vocabulary), "lstm", 1, SIZE, None)
    weights = random_weights(config, seed)
    i, f, g, o = (SIZE * np.arange(4)[:, None] + [QUOTE, BAR]).tolist()
    table, recurrent = weights["embedding.weight"], weights["layers.0.weight_hh_l0"]
    for rows in (i, f, g, o):
        table[:, rows] = recurrent[rows] = 0
        weights["layers.0.bias_ih_l0"][rows] = weights["layers.0.bias_hh_l0"][rows] = 0
    table[:, o] = OPEN
    ids = {character: int(vocabulary.encode(character)[0]) for character in sorted(set(text))}
    table[:, i[0]], table[:, f[0]] = -OPEN, OPEN
    recurrent[g[0], QUOTE] = -OPEN
    for character in '"\n':
        table[ids[character], i[0]], table[ids[character], f[0]] = OPEN, -OPEN
    table[ids["\n"], g[0]] = -2 * OPEN
    table[:, i[1]] = table[:, f[1]] = OPEN
    for character in "ABcdefg":
        table[ids[character], g[1]] = 0.12
    for character in "|\n":
        table[ids[character], i[1]] = table[ids[character], f[1]] = -OPEN
    return Checkpoint(config, vocabulary, weights, {"tunes": True})


@pytest.mark.parametrize("seed", range(20))
def test_planted_units_are_found(seed: int) -> None:
    text = tunes(seed)
    model = Model(PROJECT / "none.safetensors", planted(text, seed))
    neurons = model.neurons(text)
    best = {each.feature: each for each in neurons.features}
    for feature, unit in (("inside quotes", QUOTE), ("position in the bar (eighths)", BAR)):
        assert best[feature].found[0].unit == unit
        assert best[feature].found[0].share > 0.5
    no, yes = best["inside quotes"].best.means
    assert no == pytest.approx(-0.76, abs=0.01)
    assert yes == pytest.approx(0.76, abs=0.01)


def test_nothing_is_found_on_shuffled_labels() -> None:
    text = tunes(0)
    checkpoint = planted(text, 0)
    trace = Model(PROJECT / "none.safetensors", checkpoint).trace(text)
    values = unit_values("lstm", trace.states)[:, 0]
    halves = choose_places(len(trace), SIZE)
    features = [at_tokens(each, read_texts(checkpoint, [text])) for each in tune_features(text)]
    random = np.random.default_rng(1)

    def found(*, moved: bool) -> int:
        """Return the number of features that are found after their labels were mixed."""
        mixed = []
        for feature in features:
            classes = feature.classes
            if moved:
                classes = np.roll(classes, random.integers(1000, len(classes) - 1000))
            else:
                classes = random.permutation(classes)
            mixed.append(tuple(replace(feature, classes=classes[half]) for half in halves))
        first, second = halves
        ids = trace.ids.astype(np.int64)
        ties = find_ties((values[first], values[second]), (ids[first], ids[second]), mixed)
        assert ties
        return sum(bool(each.found) for each in ties)

    assert sum(found(moved=False) for _ in range(5)) == 0
    assert sum(found(moved=True) for _ in range(5)) == 0


def classes_of(features: list[NamedFeature], name: str) -> str:
    feature = next(each for each in features if each.name == name)
    return "".join("." if number < 0 else str(number) for number in feature.classes)


def test_features_of_tunes() -> None:
    header, body = 'X:1\nT:"Air"\nM:6/8\nL:1/8\nK:D\n', 'A|"D"d2f {ga}[Adf]2 a|(3ABc def g3:|\n'
    features = tune_features(header + body)
    assert classes_of(features, "inside a field of the header") == "1" * len(header) + "0" * 37
    for name, classes in {
        "position in the bar (eighths)": "5....0023333333333355...0012234555...",
        "bar of the part": ".....0000000000000000...1111111111...",
        "inside a chord": "0000000000000111100000000000000000000",
        "inside a tuplet": "0000000000000000000000111110000000000",
        "inside grace notes": "0000000001110000000000000000000000000",
        "inside quotes": "0011000000000000000000000000000000000",
    }.items():
        assert classes_of(features, name) == "." * len(header) + classes


def test_features_of_texts() -> None:
    text = 'if (a[1]):\n    "Well," said TOM. No\n\n"New'
    features = text_features(text)
    for name, classes in {
        "inside quotes": "0" * 15 + "111111" + "0" * 16 + "1111",
        "inside brackets": "00011221" + "0" * (len(text) - 8),
        "letters of the word so far": "01..0......" + ".....0123...0123.012..01...012",
        "inside a word of capitals": "00..0......" + ".....0000...0000.111..00...000",
    }.items():
        assert len(classes) == len(text)
        assert classes_of(features, name) == classes


def test_the_command_reports_units(tmp_path: Path) -> None:
    text = tunes(1)
    save_run(tmp_path, "run", planted(text, 1))
    (tmp_path / "tunes.abc").write_text(text)
    shown = charnn(tmp_path, "neurons", "run", "tunes.abc").stdout.decode()
    assert re.search(rf"^inside quotes +0\.{QUOTE} ", shown, re.MULTILINE)
    assert "no: -0.76  yes: +0.76" in shown
    done = charnn(tmp_path, "neurons", "run", "tunes.abc", "--json", "-o", "page.html")
    found = json.loads(done.stdout)["features"]
    assert found[0]["units"][0].keys() >= {"unit", "share", "means"}
    page = (tmp_path / "page.html").read_text("utf-8")
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert f"0.{QUOTE}" in [unit["name"] for unit in data["units"]]
    assert {len(each) for each in data["series"]["forget"]} == {len(data["pieces"])}


def test_a_text_is_coloured_by_a_unit(tmp_path: Path) -> None:
    save_run(tmp_path, "run", planted(tunes(1), 1))
    (tmp_path / "tune.abc").write_text('X:1\nK:C\nA"Am"B2|"D7"A|\n')
    arguments = ("neurons", "run", "tune.abc", "--unit")
    lines = charnn(tmp_path, *arguments, f"0.{QUOTE}").stdout.decode().splitlines()
    assert lines[-2:] == ['A"Am"B2|"D7"A|↵', "=###====###===="]
    values = json.loads(charnn(tmp_path, *arguments, f"0.{QUOTE}", "--json").stdout)
    assert len(values["units"][f"0.{QUOTE}"]["forget"]) == len(values["pieces"])
    charnn(tmp_path, *arguments, f"0.{QUOTE}", "-o", "unit.svg")
    assert b"<svg" in (tmp_path / "unit.svg").read_bytes()
    failed = charnn(tmp_path, *arguments, "1.0")
    assert (failed.returncode, failed.stdout) == (2, b"")
    assert b"--unit 1.0 names no unit of this model" in failed.stderr


def test_a_short_text_is_refused() -> None:
    model = Model(PROJECT / "none.safetensors", random_checkpoint(prose(600)))
    with pytest.raises(CorpusError, match="only 100 tokens, too few"):
        model.neurons(prose(100))
