"""Constraints: masks agree with the grammar for every token, and lead a text to its end."""

import random
from typing import Any

import numpy as np
import pytest

from charnn.corpus.abc_vocabulary import AbcVocabulary
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.vocabulary import SEPARATOR
from charnn.music.abc.tokenizer import tokenize
from charnn.music.coding.bar_labels import CADENCES, label
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from charnn.sampling.constraint import Constraint
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from tests.helpers import random_checkpoint
from tests.sampling.walks import LETTERS, any_request, texts, walk

TUNE = """X:1
T:x
R:jig
M:6/8
L:1/8
K:D
AG|:"D"~F2A d>fe|(3ABA G [EG]3|{c}d2A- AF(E|D6):|
|:fa|(gf) e d3|1 cBA d:|2 Hd6||
"""
CODED = "".join(label(part, bar) for part in (0, 1, 2) for bar in (0, 1, 7)) + "".join(CADENCES)
TOKENS = list(AbcVocabulary(tokenize(TUNE)).tokens)


def forbidden_one_by_one(constraint: Constraint, state: Any) -> list[bool]:
    """Return which tokens are forbidden, by trying each in full."""
    wrong = [constraint.walk(state, text) is None for text in constraint.token_texts]
    wrong[SEPARATOR] = not constraint.grammar.may_end(state)
    wrong[0] = constraint.forbidden(state)[0]  # the unknown token does not matter
    return wrong


@pytest.mark.parametrize(
    "symbols", [LETTERS, TOKENS, LETTERS + CODED], ids=["characters", "tokens", "labels"]
)
@pytest.mark.parametrize("seed", range(5))
def test_the_mask_agrees_with_trying_every_token(symbols: str | list[str], seed: int) -> None:
    """Stored answers and shortcuts change nothing."""
    chance = random.Random(seed)
    _, grammar = any_request(chance, "".join(symbols))
    constraint = Constraint(grammar, texts(symbols))
    state = grammar.start
    for _ in range(250):
        wrong = constraint.forbidden(state)
        assert wrong.tolist() == forbidden_one_by_one(constraint, state), state
        right = [token_id for token_id in np.flatnonzero(~wrong).tolist() if token_id != SEPARATOR]
        if not right:  # the tune has as many parts as it may have
            state = grammar.start
            continue
        # Mostly notes and bar lines, so that the walk reaches many states.
        likely = [
            4 if constraint.token_texts[token_id][0] in "ABCDEFGabcdefg|:" else 1
            for token_id in right
        ]
        (token_id,) = chance.choices(right, likely)
        state = constraint.walk(state, constraint.token_texts[token_id])


@pytest.mark.parametrize("symbols", [TOKENS, LETTERS + CODED], ids=["tokens", "labels"])
def test_near_an_end_the_mask_agrees_with_the_distances_of_all_tokens(
    symbols: str | list[str],
) -> None:
    chance = random.Random(1)
    _, grammar = any_request(chance, "".join(symbols))
    constraint = Constraint(grammar, texts(symbols))
    state, left = grammar.start, constraint.min_length + 30
    while left > 0:
        wrong = constraint.forbidden(state)
        ends = {
            token_id: len(text) + constraint.distance_to_end(constraint.walk(state, text))
            for token_id, text in enumerate(constraint.token_texts)
            if not wrong[token_id] and token_id != SEPARATOR
        }
        limit = max(left, 0 if not wrong[SEPARATOR] else min(ends.values()))
        wrong[[token_id for token_id, end in ends.items() if end > limit]] = True
        assert constraint.forbidden_near_end(state, left).tolist() == wrong.tolist()
        node, ids = constraint.node(state), range(len(wrong))
        refused = [constraint.refuses_near_end(node, token_id, left) for token_id in ids]
        assert refused == wrong.tolist()
        right = [token_id for token_id in ids if not wrong[token_id] and token_id != SEPARATOR]
        if not right:
            break
        text = constraint.token_texts[chance.choice(right)]
        state, left = constraint.walk(state, text), left - len(text)


def test_a_mask_belongs_to_the_caller() -> None:
    grammar = TuneGrammar(TuneRequest(), LETTERS)
    constraint = Constraint(grammar, texts(LETTERS))
    cursor = constraint.begin()
    for left in (0, 10**6):
        first = cursor.forbidden(left)
        assert cursor.forbidden(left).tolist() == first.tolist()


def test_with_few_characters_left_only_tokens_near_an_end_are_allowed() -> None:
    grammar = TuneGrammar(TuneRequest("x", "jig", "6/8", "1/8", "D", 4), LETTERS)
    constraint = Constraint(grammar, texts(LETTERS))
    state = constraint.walk(
        grammar.start, "X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\nd6|c6|B6|A6|]\nd6|c6|B6|"
    )
    shortest = constraint.distance_to_end(state)
    assert len("A6||\n") <= shortest <= 2 * len("A6||\n")

    def right(left: int) -> int:
        return int((~constraint.forbidden_near_end(state, left)).sum())

    numbers = [right(left) for left in (0, shortest, shortest + 4, shortest + 30, 500)]
    assert numbers == sorted(numbers)
    assert 0 < numbers[0] <= numbers[1] < numbers[2] < numbers[3]
    assert numbers[4] == int((~constraint.forbidden(state)).sum())


def test_with_no_characters_left_a_text_ends_where_it_may() -> None:
    grammar = TuneGrammar(TuneRequest("x", "jig", "6/8", "1/8", "D", 2), LETTERS)
    constraint = Constraint(grammar, texts(LETTERS))
    state = constraint.walk(grammar.start, "X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\nd6|c6|]\nd6|c6|]\n")
    assert np.flatnonzero(~constraint.forbidden_near_end(state, 0)).tolist() == [SEPARATOR]
    assert (~constraint.forbidden_near_end(state, 100)).sum() > 20


@pytest.mark.parametrize("documents", [1, 9])
def test_a_tune_ends_even_if_the_model_never_draws_an_end(documents: int) -> None:
    checkpoint = random_checkpoint(LETTERS, documents=documents)
    checkpoint.weights["head.bias"][SEPARATOR] = -100
    sampler = Sampler(checkpoint, may_end=True)
    assert isinstance(sampler.vocabulary, CharVocabulary)
    grammar = TuneGrammar(TuneRequest("x", "jig", "6/8", "1/8", "D"), LETTERS)
    constraint = Constraint(grammar, sampler.token_texts)
    for length in (0, 200, 1500):
        cursor = constraint.begin()
        tune = "".join(sampler.stream(SamplingParams(), seed=1, length=length, cursor=cursor))
        assert len(tune) <= max(length, constraint.distance_to_end(grammar.start))
        assert tune.endswith("\n")
        assert cursor.tokens_drawn < len(tune)
        assert 0 < cursor.tokens_refused < cursor.tokens_drawn


@pytest.mark.parametrize("seed", range(3))
def test_a_text_of_the_least_length_is_possible(seed: int) -> None:
    constraint = Constraint(TuneGrammar(TuneRequest("x", part_bars=4), LETTERS), texts(LETTERS))
    text = walk(constraint, random.Random(seed), "evenly", constraint.min_length)
    assert len(text) <= constraint.min_length
    assert constraint.min_length < constraint.horizon


def test_a_cursor_agrees_with_its_constraint() -> None:
    constraint = Constraint(
        TuneGrammar(TuneRequest("x", "jig", "6/8", "1/8", "D", 2), LETTERS), texts(LETTERS)
    )
    state, cursor = constraint.grammar.start, constraint.begin()
    for character in "X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\nd6|c6|]\n(3ded":
        token_id = constraint.token_texts.index(character)
        wrong = cursor.forbidden(constraint.horizon + 1)
        assert wrong.tolist() == constraint.forbidden(state).tolist()
        refused = [cursor.is_forbidden(number) for number in range(len(wrong))]
        assert refused == wrong.tolist()
        assert not refused[token_id]
        node = constraint.node(state)
        assert constraint.successor(node, token_id) is constraint.successor(node, token_id)
        cursor.advance(token_id)
        state = constraint.walk(state, character)
        assert constraint.successor(node, token_id) is constraint.node(state)


class Forbids:
    """A cursor that always forbids some tokens."""

    def __init__(self, symbols: list[int], count: int, may_be_asked: bool) -> None:
        self._symbols, self._count, self._may_be_asked = symbols, count, may_be_asked
        self._written = 0

    def is_near_end(self, chars_left: int) -> bool:
        return False

    def temperature_factor(self) -> float:
        return 1.0

    def prescribed(self, chars_left: int) -> int | None:
        return None

    def replacement(self, token_id: int) -> int | None:
        return None

    def refuses(self, token_id: int, chars_left: int) -> bool:
        return self.is_forbidden(token_id)

    def is_forbidden(self, token_id: int) -> bool:
        return token_id in self._symbols or (token_id == SEPARATOR) != bool(self._written)

    def forbidden(self, chars_left: int) -> Any:
        assert self._may_be_asked, "a few refusals are no reason for a mask"
        return np.array([self.is_forbidden(token_id) for token_id in range(self._count)])

    def advance(self, token_id: int) -> None:
        self._written += 1


@pytest.mark.parametrize(
    ("params", "shares"),
    [
        (SamplingParams(1.0), np.exp([0.5, 1.0, -0.5])),
        (SamplingParams(1.0, top_k=2), np.exp([0.5, 1.0, -np.inf])),
        (SamplingParams(1.0, min_p=0.5), np.exp([0.5, 1.0, -np.inf])),
    ],
)
def test_refusing_tokens_gives_the_same_distribution_as_masking_them(
    params: SamplingParams, shares: Any
) -> None:
    """Allowed tokens are drawn in proportion to their own probabilities."""
    checkpoint = random_checkpoint("abcde", documents=9)
    checkpoint.weights["head.weight"][:] = 0
    checkpoint.weights["head.bias"][:] = [0, 3, 0.5, 2.5, 1.0, -0.5, 1.5]
    wrong = [3, 6]  # the likeliest letters
    count = 10_000
    written = Sampler(checkpoint).stream_many(
        params,
        seeds=range(count),
        length=5,
        begin=lambda seed: Forbids(wrong, 7, may_be_asked=params.truncates),
    )
    firsts = ["".join(pieces)[0] for pieces in written]
    expected = shares / shares.sum()
    tolerance = 4 * np.sqrt(expected * (1 - expected) / count)
    found = np.array([firsts.count(letter) / count for letter in "acd"])
    assert (np.abs(found - expected) <= tolerance).all()
    assert found.sum() == pytest.approx(1)


class Balanced:
    """The example of `charnn.sampling.grammar`: texts of balanced parentheses."""

    start = 0
    boundary_characters: frozenset[str] = frozenset()

    def step(self, state: int, character: str) -> int | None:
        if character == ")":
            return state - 1 if state else None
        return state + (character == "(")

    def may_end(self, state: int) -> bool:
        return state == 0

    def finishing_characters(self, state: int) -> str:
        return ")"

    def counts_refusals(self, state: int) -> bool:
        return True

    def local_key(self, state: int) -> int:
        return state

    def boundary_possible(self, state: int) -> bool:
        return False

    def canonical(self, state: int, text: str) -> str:
        return text


@pytest.mark.parametrize("seed", range(20))
def test_the_example_of_the_protocol_balances_every_text(seed: int) -> None:
    checkpoint = random_checkpoint("(a)", documents=9)
    sampler = Sampler(checkpoint)
    cursor = Constraint(Balanced(), sampler.token_texts).begin()
    text = "".join(sampler.stream(SamplingParams(2.0), seed=seed, length=30, cursor=cursor))
    depths = [text[:end].count("(") - text[:end].count(")") for end in range(len(text) + 1)]
    assert min(depths) == 0
    assert depths[-1] == 0
