"""From logits to the next token: which tokens each option keeps, and how often each is drawn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from charnn.sampling.logits import draw_token, sampling_weights
from charnn.sampling.params import SamplingParams

FORBIDDEN = -math.inf
LOGITS = st.lists(
    st.one_of(st.floats(-40, 40, width=32), st.just(FORBIDDEN)), min_size=1, max_size=30
).filter(lambda logits: max(logits) > FORBIDDEN)
PARAMS = st.builds(
    SamplingParams,
    temperature=st.one_of(st.just(0.0), st.floats(0.01, 100)),
    top_k=st.integers(0, 40),
    top_p=st.floats(0, 1, exclude_min=True),
    min_p=st.floats(0, 1),
)


def array(logits: list[float]) -> NDArray[np.float32]:
    return np.array(logits, np.float32)


def probabilities_of(params: SamplingParams, logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the probabilities of the tokens."""
    found = sampling_weights(logits, *params.arguments)
    return found / found.sum()


def drawn_by(
    params: SamplingParams, logits: NDArray[np.float32], random: np.random.Generator
) -> int:
    """Return the next token id."""
    return int(draw_token(logits, random.random(), *params.arguments))


def softmax(logits: list[float], temperature: float = 1.0) -> list[float]:
    """Return the probabilities by the formula, as an oracle."""
    highest = max(logits)
    weights = [math.exp((logit - highest) / temperature) for logit in logits]
    return [weight / math.fsum(weights) for weight in weights]


@given(LOGITS, PARAMS, st.integers(0, 2**32))
def test_a_drawn_token_is_possible(logits: list[float], params: SamplingParams, seed: int) -> None:
    given_logits = array(logits)
    token_id = drawn_by(params, given_logits, np.random.default_rng(seed))
    assert 0 <= token_id < len(logits)
    assert logits[token_id] > FORBIDDEN
    if params.temperature:
        assert probabilities_of(params, given_logits)[token_id] > 0
    # The caller's logits are unchanged.
    np.testing.assert_array_equal(given_logits, array(logits))


@given(LOGITS, PARAMS.filter(lambda params: params.temperature > 0))
def test_the_likeliest_token_is_kept_and_no_removed_token_is_likelier_than_a_kept_one(
    logits: list[float], params: SamplingParams
) -> None:
    probabilities = probabilities_of(params, array(logits))
    assert math.isclose(probabilities.sum(), 1, abs_tol=1e-9)
    assert probabilities[int(np.argmax(logits))] > 0
    assert probabilities.min() >= 0
    kept = [logit for logit, p in zip(logits, probabilities, strict=True) if p > 0]
    dropped = [logit for logit, p in zip(logits, probabilities, strict=True) if p == 0]
    assert min(kept) >= max(dropped, default=FORBIDDEN)


@given(LOGITS, st.floats(0.05, 20))
def test_without_truncation_the_probabilities_are_the_softmax(
    logits: list[float], temperature: float
) -> None:
    probabilities = probabilities_of(SamplingParams(temperature), array(logits))
    np.testing.assert_allclose(probabilities, softmax(logits, temperature), atol=1e-9)


@given(st.lists(st.integers(-400, 400), min_size=1, max_size=30, unique=True), st.integers(1, 40))
def test_top_k_keeps_the_k_likeliest_tokens(tenths: list[int], k: int) -> None:
    logits = [tenth / 20 for tenth in tenths]
    probabilities = probabilities_of(SamplingParams(1, top_k=k), array(logits))
    kept = {number for number, p in enumerate(probabilities) if p > 0}
    order = sorted(range(len(logits)), key=lambda number: -logits[number])
    assert kept == set(order[:k])


@given(LOGITS, st.floats(0.01, 0.999))
def test_top_p_keeps_the_fewest_tokens_with_that_probability(logits: list[float], p: float) -> None:
    plain = softmax(logits)
    kept = probabilities_of(SamplingParams(1, top_p=p), array(logits)) > 0
    inside = [probability for probability, here in zip(plain, kept, strict=True) if here]
    assert math.fsum(inside) >= p - 1e-9
    # Without the least likely ones (equally likely tokens stay together) it would be too little.
    more = [probability for probability in inside if not math.isclose(probability, min(inside))]
    assert math.fsum(more) < p + 1e-9


@given(LOGITS, st.floats(0.001, 1))
def test_min_p_keeps_tokens_at_least_that_likely(logits: list[float], p: float) -> None:
    plain = softmax(logits)
    kept = probabilities_of(SamplingParams(1, min_p=p), array(logits)) > 0
    for probability, here in zip(plain, kept, strict=True):
        if not math.isclose(probability, p * max(plain), rel_tol=1e-6):
            assert here == (probability > p * max(plain))


def test_truncations_come_after_the_temperature() -> None:
    logits = array([2.0, 0.0])  # 0.88 and 0.12; at temperature 2: 0.73 and 0.27
    assert probabilities_of(SamplingParams(1, top_p=0.8), logits).tolist() == [1, 0]
    assert probabilities_of(SamplingParams(2, top_p=0.8), logits)[1] > 0.2
    assert probabilities_of(SamplingParams(1, min_p=0.2), logits).tolist() == [1, 0]
    assert probabilities_of(SamplingParams(2, min_p=0.2), logits)[1] > 0.2


@given(LOGITS, st.integers(0, 2**32))
def test_temperature_zero_draws_the_likeliest_token(logits: list[float], seed: int) -> None:
    random = np.random.default_rng(seed)
    assert drawn_by(SamplingParams(0), array(logits), random) == int(np.argmax(logits))


@pytest.mark.parametrize("temperature", [0.01, 100.0])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_extreme_logits_give_finite_probabilities(temperature: float, scale: float) -> None:
    probabilities = probabilities_of(
        SamplingParams(temperature), array([0.0, -scale, scale, FORBIDDEN])
    )
    assert np.isfinite(probabilities).all()
    assert math.isclose(probabilities.sum(), 1)
    assert probabilities[3] == 0


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_as_often_as_their_probabilities_say(temperature: float) -> None:
    logits = [1.5, 0.0, FORBIDDEN, 0.7, -1.0]
    random = np.random.default_rng(1)
    count = 40_000
    params = SamplingParams(temperature)
    drawn = [drawn_by(params, array(logits), random) for _ in range(count)]
    frequencies = np.bincount(drawn, minlength=5) / count
    expected = np.array(softmax(logits, temperature))
    # Four standard deviations.
    tolerance = 4 * np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(frequencies - expected) <= tolerance).all()
