"""Bars with the label of an earlier bar are this bar again."""

import random
import re

import pytest

from charnn.corpus.vocabulary import SEPARATOR
from charnn.music.coding.bar_labels import CADENCES, LABELS, label, strip_labels
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from charnn.sampling.constraint import Constraint
from charnn.tunes.repeating_cursor import RepeatingCursor
from tests.sampling.walks import LETTERS, texts

CODED = "".join(label(part, bar) for part in range(2) for bar in range(4))
CODED += "".join(sorted(CADENCES))
NOTES = frozenset("ABCDEFGabcdefg")
A_BAR = re.compile(f"([{min(LABELS)}-{max(LABELS)}])[{min(CADENCES)}-{max(CADENCES)}]?([^|:]*)")


def written(opening: str, seed: int, length: int = 2000) -> str:
    """Return the coded text of a random tune of a few signs, in which most bars are repeated."""
    grammar = TuneGrammar(TuneRequest("x", part_bars=4), LETTERS + CODED)
    start = grammar.start_with(("jig", "6/8", "1/8", "D"), opening)
    constraint = Constraint(grammar, texts(LETTERS + CODED), start)
    cursor, text, chance = RepeatingCursor(constraint), "", random.Random(seed)
    while True:
        token_id = cursor.prescribed(length - len(text))
        if token_id is None:
            allowed = [n for n, out in enumerate(cursor.forbidden(length - len(text))) if not out]
            likely = [n for n in allowed if constraint.token_texts[n] in NOTES | LABELS]
            # A bar line or, unless the bar is repeated, also a longer or shorter last note.
            rare = [n for n in allowed if constraint.token_texts[n] in "|:\n/2"]
            token_id = chance.choice(rare or likely or allowed)
        if token_id == SEPARATOR:
            return text
        text += constraint.token_texts[token_id]
        cursor.advance(token_id)


@pytest.mark.parametrize("seed", range(6))
def test_a_repeated_label_repeats_the_bar(seed: int) -> None:
    bars: dict[str, str] = {}
    repeated = 0
    for name, music in A_BAR.findall(written(label(0, 0), seed)):
        repeated += name in bars
        assert bars.setdefault(name, music) == music
    assert repeated


def test_near_the_end_bars_are_repeated_if_there_is_room() -> None:
    bars: dict[str, str] = {}
    found = A_BAR.findall(written(label(0, 0), 4, 350))
    same = [music == bars.setdefault(name, music) for name, music in found]
    assert sum(same) > 0.8 * len(same)


@pytest.mark.parametrize("seed", range(6))
def test_a_shorter_last_bar_is_repeated_as_far_as_it_goes(seed: int) -> None:
    text = written("G|", seed)
    assert "\nG|" in strip_labels(text)
    bars: dict[str, str] = {}
    for name, music in A_BAR.findall(text):
        first = bars.setdefault(name, music)
        assert music == first or music[:2] == first[:2]
