"""The mixture with n-grams: a distribution, of earlier tokens only, that learns what helps."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation.ngram_counts import HISTORY, MAX_CONTEXT, NgramCounts
from charnn.evaluation.ngram_mixture import NgramMixture, mixed_token_losses
from tests.helpers import prose

V = 130
START = 3000


def text_ids(length: int) -> NDArray[np.unsignedinteger]:
    return CharVocabulary(prose(30_000)).encode(prose(length))


def network_log_probs(length: int, scale: float = 2.0) -> NDArray[np.float32]:
    """Return the log-probabilities of a network that knows nothing of the text, [length, V]."""
    logits = np.random.default_rng(0).standard_normal((length, V)) * scale
    return (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)


def losses(ids: NDArray[np.unsignedinteger], log_probs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mixture's losses of `ids[START:]`, with segments of 25 positions and the rest."""
    segments = np.split(log_probs, range(25, len(log_probs), 25))
    _, mixed = mixed_token_losses(segments, ids, START, V)
    return mixed


def test_it_is_a_distribution_at_every_position() -> None:
    ids = text_ids(START + 1500)
    mixture = NgramMixture(ids, START, V)
    for network_V in network_log_probs(1500):
        mixed_V = mixture.mix(network_V)
        assert mixed_V.shape == (V,)
        assert np.exp(mixed_V).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("place", [0, 1, 24, 25, 300, 799])
def test_a_loss_depends_on_earlier_tokens_only(place: int) -> None:
    ids, log_probs = text_ids(START + 800), network_log_probs(800)
    before = losses(ids, log_probs)
    changed = ids.copy()
    changed[START + place :] = 2 + np.arange(800 - place) % 7
    after = losses(changed, log_probs)
    np.testing.assert_array_equal(after[:place], before[:place])
    assert not np.array_equal(after[place:], before[place:])


def test_a_loss_does_not_depend_on_where_the_text_ends() -> None:
    ids, log_probs = text_ids(START + 800), network_log_probs(800)
    shorter = losses(ids[: START + 500], log_probs[:500])
    np.testing.assert_array_equal(shorter, losses(ids, log_probs)[:500])


def test_the_first_token_has_the_loss_of_the_network() -> None:
    ids, log_probs = text_ids(START + 50), network_log_probs(50)
    network, mixed = mixed_token_losses([log_probs], ids, START, V)
    np.testing.assert_array_equal(network, -log_probs[np.arange(50), ids[START:]])
    assert mixed[0] == pytest.approx(network[0], abs=1e-6)


def test_no_weight_learns_from_characters_outside_the_vocabulary() -> None:
    ids, log_probs = text_ids(START + 60), network_log_probs(60)
    ids[START : START + 50] = UNKNOWN
    network, mixed = mixed_token_losses([log_probs], ids, START, V)
    np.testing.assert_allclose(mixed[:51], network[:51], atol=1e-6)
    assert np.abs(mixed[51:] - network[51:]).min() > 1e-3


def test_it_relies_on_the_better_model() -> None:
    ids = text_ids(START + 3000)
    # The network knows nothing: the mixture comes near to the best order, and then passes it.
    mixed = losses(ids, network_log_probs(3000))
    counts = NgramCounts(ids, START, V)
    ngrams = []
    for place, target in enumerate(ids[START:]):
        ngrams.append(-np.log(counts.probabilities(place)[:, target]))
        counts.add(place)
    best = np.mean(ngrams, axis=0).min()
    assert mixed.mean() < best + 0.05
    assert mixed[1500:].mean() < np.mean(ngrams[1500:], axis=0).min()
    # The network knows almost everything: the mixture does not lose it.
    log_probs = network_log_probs(3000, 0.5)
    log_probs[np.arange(3000), ids[START:]] += 9
    log_probs -= np.log(np.exp(log_probs).sum(1, keepdims=True))
    network, mixed = mixed_token_losses([log_probs], ids, START, V)
    assert mixed.mean() < network.mean() + 0.003


def test_it_recovers_from_a_network_that_is_wrong_and_certain() -> None:
    ids, log_probs = text_ids(START + 1000), network_log_probs(1000)
    log_probs[:, ids[START + 7]] = -np.inf
    mixed = losses(ids, log_probs)
    assert np.isfinite(mixed).all()
    assert mixed[500:].mean() < losses(ids, network_log_probs(1000))[500:].mean() + 0.1


def test_a_text_without_context_begins_with_uniform_ngrams() -> None:
    counts = NgramCounts(text_ids(100), 1, V)
    assert counts.probabilities(0)[2:] == pytest.approx(
        np.broadcast_to(counts.probabilities(0)[1], (MAX_CONTEXT - 1, V))
    )
    everything = NgramCounts(text_ids(100), 0, V).probabilities(0)
    np.testing.assert_array_equal(everything, np.full((MAX_CONTEXT + 1, V), 1 / V))


def witten_bell(past: list[int], vocab_size: int, length: int) -> NDArray[np.float64]:
    """Return the probabilities after `past` as the formula in `ngram_counts` has them."""
    smoothed = np.full(vocab_size, 1 / vocab_size)
    for size in range(min(length, len(past)) + 1):
        context = past[len(past) - size :]
        followers = Counter(
            past[end] for end in range(size, len(past)) if past[end - size : end] == context
        )
        total, kinds = followers.total(), len(followers)
        if total:
            met = np.array([followers[token] for token in range(vocab_size)])
            smoothed = (met + kinds * smoothed) / (total + kinds)
    return smoothed


@settings(max_examples=40, deadline=None)
@given(ids=st.lists(st.integers(0, 3), min_size=1, max_size=40), share=st.floats(0, 1))
def test_the_probabilities_are_those_of_the_formula(ids: list[int], share: float) -> None:
    start = int(share * (len(ids) - 1))
    counts = NgramCounts(np.array(ids, np.uint8), start, 5)
    for place in range(len(ids) - start):
        rows = counts.probabilities(place)
        past = ids[: start + place]
        np.testing.assert_allclose(rows[0], witten_bell(past, 5, 0))
        np.testing.assert_allclose(rows[3], witten_bell(past, 5, 3))
        np.testing.assert_allclose(rows[-1], witten_bell(past, 5, MAX_CONTEXT))
        counts.add(place)


def test_the_counted_context_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert HISTORY >= 1_000_000
    monkeypatch.setattr("charnn.evaluation.ngram_counts.HISTORY", 500)
    ids = text_ids(START + 20)
    bounded, short = NgramCounts(ids, START, V), NgramCounts(ids[START - 500 :], 500, V)
    for place in range(20):
        np.testing.assert_array_equal(bounded.probabilities(place), short.probabilities(place))
        bounded.add(place)
        short.add(place)
