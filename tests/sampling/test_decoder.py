"""Decoders: a text is the same whichever generates it, and whatever texts are beside it."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.sampling import backend
from charnn.sampling.backend import MIN_BATCH_ROWS, batched_decoder, numba_decoder
from charnn.sampling.decoder import Decoder
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from tests.helpers import random_checkpoint, reciting_checkpoint

LETTERS = "abcdefghij \n"
PARAMS = [
    SamplingParams(1.0),
    SamplingParams(0),
    SamplingParams(0.7, top_k=4),
    SamplingParams(1.3, top_p=0.8),
    SamplingParams(1.0, top_k=9, top_p=0.95, min_p=0.05),
]


def plain_decoder(cell: str = "lstm") -> Decoder:
    return Sampler(random_checkpoint(LETTERS, cell=cell, num_layers=2)).backends.decoder


@pytest.mark.parametrize("cell", ["lstm", "peephole"])
def test_fast_decoders_generate_the_same_tokens(cell: str) -> None:
    """`tests/inference/test_steppers.py` compares the logits of all cells."""
    plain = plain_decoder(cell)
    for params in PARAMS:
        for rows in (1, 3, MIN_BATCH_ROWS):
            numbers = np.random.default_rng(2).random((rows, 300 // rows))
            last = np.arange(rows) % 9
            state = plain.stepper.initial_state(rows)
            expected = plain.generate(last, state, numbers, params)
            for fast in (numba_decoder(plain), batched_decoder(plain)):
                assert fast is not plain
                other = fast.stepper.initial_state(rows)
                np.testing.assert_array_equal(fast.generate(last, other, numbers, params), expected)
                np.testing.assert_array_equal(other.hidden_SLBH, state.hidden_SLBH)
                for part, other_part in zip(state.memory, other.memory, strict=True):
                    np.testing.assert_array_equal(other_part, part)


@given(
    st.integers(1, 30).flatmap(
        lambda size: st.lists(
            st.lists(
                st.one_of(st.floats(-40, 40, width=32), st.just(float("-inf"))),
                min_size=size - 1,
                max_size=size - 1,
            ).map(lambda logits: [*logits, 0.5]),
            min_size=1,
            max_size=5,
        )
    ),
    st.builds(
        SamplingParams,
        temperature=st.one_of(st.just(0.0), st.floats(0.01, 100)),
        top_k=st.integers(0, 40),
        top_p=st.floats(0, 1, exclude_min=True),
        min_p=st.floats(0, 1),
    ),
)
@settings(deadline=None)
def test_fast_decoders_draw_the_same_tokens(
    rows: list[list[float]], params: SamplingParams
) -> None:
    logits = np.array(rows, np.float32)
    numbers = np.random.default_rng(4).random(len(rows))
    plain = plain_decoder()
    together = plain.draw(logits, numbers, params)
    np.testing.assert_array_equal(numba_decoder(plain).draw(logits, numbers, params), together)
    alone = [plain.draw(logits[[row]], numbers[[row]], params)[0] for row in range(len(rows))]
    assert together.tolist() == alone


@pytest.fixture
def always_batched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generate side by side even where it does not pay."""
    monkeypatch.setattr("charnn.sampling.sampler.MIN_BATCH_CHARS", 0)


@pytest.mark.usefixtures("always_batched")
@pytest.mark.parametrize("stop", ["", "a"])
def test_texts_side_by_side_are_the_same_as_alone(stop: str) -> None:
    checkpoint = random_checkpoint(LETTERS, documents=9)
    seeds = range(3, 3 + MIN_BATCH_ROWS + 5)
    options = {"length": 60, "prime": "ab", "stop": stop}
    together = Sampler(checkpoint).stream_many(SamplingParams(1.0), seeds=seeds, **options)
    texts = ["".join(pieces) for pieces in together]
    alone = Sampler(checkpoint)
    assert texts == [
        "".join(alone.stream(SamplingParams(1.0), seed=seed, **options)) for seed in seeds
    ]
    assert len(set(texts)) > MIN_BATCH_ROWS / 2
    assert len({len(text) for text in texts}) > 3  # they end at different times


@pytest.mark.usefixtures("always_batched")
def test_the_row_of_an_ended_text_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charnn.sampling.sampler.MAX_BATCH_ROWS", 7)
    sampler = Sampler(reciting_checkpoint("abc\n", separator_after="\n", documents=12))
    texts = [
        "".join(pieces)
        for pieces in sampler.stream_many(SamplingParams(0), seeds=range(40), length=9)
    ]
    assert texts == ["abc\n"] * 40


@pytest.mark.usefixtures("always_batched")
def test_another_text_can_be_generated_meanwhile() -> None:
    sampler = Sampler(random_checkpoint(LETTERS))
    seeds = range(MIN_BATCH_ROWS + 3)
    alone = ["".join(sampler.stream(SamplingParams(1.0), seed=seed, length=30)) for seed in seeds]
    written = []
    for pieces in sampler.stream_many(SamplingParams(1.0), seeds=seeds, length=30):
        begun = next(pieces)
        assert "".join(sampler.stream(SamplingParams(1.0), seed=3, length=30)) == alone[3]
        written.append(begun + "".join(pieces))
    assert written == alone


def test_the_numba_decoder_takes_over_in_mid_text(monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = random_checkpoint(LETTERS)
    slow = Sampler(checkpoint)
    monkeypatch.setattr(backend, "NUMBA_SECONDS", float("inf"))  # however slow the machine is
    expected = "".join(slow.stream(SamplingParams(1.0), seed=1, length=3000))
    assert type(slow.backends.decoder) is Decoder
    monkeypatch.setattr(backend, "NUMBA_SECONDS", 0)
    quick = Sampler(checkpoint)
    written = ""
    for piece in quick.stream(SamplingParams(1.0), seed=1, length=3000):
        written += piece
        if len(written) == 20:
            assert quick.backends._compiling is not None
            quick.backends._compiling.result()
    assert written == expected
    assert type(quick.backends.decoder) is not Decoder


@pytest.mark.parametrize(("expected_tokens", "pays"), [(200, False), (2000, True)])
def test_numba_is_started_early_where_it_pays(
    monkeypatch: pytest.MonkeyPatch, expected_tokens: int, pays: bool
) -> None:
    plain = plain_decoder()
    fast = Decoder(plain.stepper)
    monkeypatch.setattr(backend, "_is_cached", lambda: True)
    monkeypatch.setattr(backend, "numba_decoder", lambda plain: fast)
    selector = backend.BackendSelector(plain)
    assert selector.start(1, expected_tokens) is plain
    for _ in range(20):
        selector.update(0.0004)
    assert (selector._compiling is not None) == pays
    if selector._compiling is not None:
        selector._compiling.result()
        assert selector.update(0.0004) is fast


def test_without_numba_the_plain_decoder_generates_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = plain_decoder()
    for name in ("charnn.sampling.numba_decoder", "charnn.inference.batched_stepper"):
        monkeypatch.setitem(sys.modules, name, None)
    assert numba_decoder(plain) is plain
    assert batched_decoder(plain) is plain


def test_where_numba_fails_the_plain_decoder_generates_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = plain_decoder()

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("charnn.inference.numba_stepper.feed", fail)
    assert numba_decoder(plain) is plain
    assert batched_decoder(plain) is plain
