"""The sampler: where a text begins and ends, and that it depends on the seed alone."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.errors import UsageError
from charnn.inference.quantised import Int8Matrix
from charnn.inference.stepper import Stepper
from charnn.model.cells import CELLS
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from tests.helpers import random_checkpoint, reciting_checkpoint

LIKELIEST = SamplingParams(0)
LETTERS = "abcdefghij \n"


def text(sampler: Sampler, params: SamplingParams = LIKELIEST, **options: Any) -> str:
    return "".join(sampler.stream(params, **{"seed": 0, "length": 40, **options}))


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_seed_writes_the_same_text(cell: str) -> None:
    checkpoint = random_checkpoint(LETTERS, cell=cell)
    sampler = Sampler(checkpoint)
    params = SamplingParams(1.0)
    first = text(sampler, params, seed=5)
    assert len(first) == 40
    # Other texts in between change nothing, nor does another sampler.
    assert text(sampler, params, seed=6) != first
    assert text(sampler, params, seed=5) == first
    assert text(Sampler(checkpoint), params, seed=5) == first
    # A shorter text is the beginning of a longer one.
    assert text(sampler, params, seed=5, length=9) == first[:9]


def test_the_fitted_temperature_does_not_change_the_text() -> None:
    checkpoint = random_checkpoint(LETTERS)
    fitted = replace(checkpoint, temperature=1.5)
    params = SamplingParams(1.0)
    assert text(Sampler(fitted), params) == text(Sampler(checkpoint), params)


def test_every_token_depends_on_all_before() -> None:
    """At temperature 0 each token is the likeliest after the prime and the text so far."""
    checkpoint = random_checkpoint(LETTERS, scale=2.0, num_layers=2)
    stepper = Stepper(checkpoint.config, checkpoint.weights, Int8Matrix)
    vocabulary = checkpoint.vocabulary
    state = stepper.initial_state(1)
    stepper.feed(vocabulary.encode("\n"), state)  # a text begins on a new line
    (logits,) = stepper.feed(vocabulary.encode("b"), state)
    expected = ""
    for _ in range(40):
        logits[[UNKNOWN, SEPARATOR]] = -np.inf
        token_id = int(np.argmax(logits))
        expected += vocabulary.decode([token_id])
        (logits,) = stepper.feed(np.array([token_id]), state)
    assert text(Sampler(checkpoint), prime="b") == expected
    assert len(set(expected)) >= 3
    assert text(Sampler(checkpoint), prime="c") != expected


def test_the_prime_is_not_yielded_and_does_not_count_as_length() -> None:
    sampler = Sampler(reciting_checkpoint("abcd\n"))
    assert text(sampler, length=7) == "abcd\nab"
    assert text(sampler, length=7, prime="ab") == "cd\nabcd"
    assert text(sampler, length=2, prime="abcd\nabcd\na") == "bc"
    assert text(sampler, length=0, prime="ab") == ""


def test_unknown_characters_of_the_prime_are_skipped() -> None:
    sampler = Sampler(reciting_checkpoint("abcd\n"))
    assert text(sampler, length=2, prime="éb€") == "cd"
    assert text(sampler, length=2, prime="é") == "ab"


def test_a_stop_counts_only_in_the_new_text() -> None:
    sampler = Sampler(reciting_checkpoint("abcd\n"))
    assert text(sampler, stop="d\na") == "abcd\na"
    assert text(sampler, stop="a") == "a"
    assert text(sampler, stop="bc", prime="ab") == "cd\nabc"
    assert text(sampler, stop="cd\n", prime="ab") == "cd\n"
    assert len(text(sampler, stop="never")) == 40
    # A false start of the stop text does not hide the real one.
    assert text(Sampler(reciting_checkpoint("ab")), stop="abab") == "abab"


def test_a_model_of_many_documents_ends_a_text() -> None:
    many = reciting_checkpoint("abc\n", separator_after="\n", documents=12)
    assert text(Sampler(many)) == "abc\n"
    # A model of one document has never seen an end, so it goes on whatever the logits are.
    one = reciting_checkpoint("abc\n", separator_after="\n", documents=1)
    assert len(text(Sampler(one))) == 40


def test_special_tokens_are_never_drawn() -> None:
    """Not even where they are nearly certain."""
    checkpoint = random_checkpoint(LETTERS)
    checkpoint.weights["head.bias"][[UNKNOWN, SEPARATOR]] = 50
    written = list(Sampler(checkpoint).stream(SamplingParams(1.0), seed=1, length=300))
    assert len(written) == 300
    assert set(written) <= set(LETTERS)


def test_two_streams_of_one_sampler_are_independent() -> None:
    sampler = Sampler(random_checkpoint(LETTERS))
    expected = [text(sampler, SamplingParams(1.0), seed=seed) for seed in (1, 2)]
    both = [sampler.stream(SamplingParams(1.0), seed=seed, length=40) for seed in (1, 2)]
    pieces = list(zip(*both, strict=True))
    assert ["".join(own) for own in zip(*pieces, strict=True)] == expected


def test_characters_are_yielded_as_they_are_drawn() -> None:
    """The first characters arrive before the last ones are drawn."""
    endless = Sampler(random_checkpoint(LETTERS)).stream(SamplingParams(1.0), seed=1, length=10**9)
    assert len(list(itertools.islice(endless, 20))) == 20


def test_a_vocabulary_without_line_ends_has_a_start_token() -> None:
    assert len(text(Sampler(random_checkpoint("xyz")), SamplingParams(1.0))) == 40


@pytest.mark.parametrize("wrong", [{"length": -1}, {"seed": -1}])
def test_options_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    sampler = Sampler(random_checkpoint("abc\n"))
    with pytest.raises(UsageError):
        list(sampler.stream(LIKELIEST, **{"seed": 0, "length": 5, **wrong}))
