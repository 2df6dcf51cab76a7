"""The runs of characters that texts share with a training text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.evaluation import shared_runs
from charnn.evaluation.shared_runs import LENGTHS, even_pieces, find_shared_runs
from tests.helpers import prose

TEXTS = st.lists(st.text(st.sampled_from("ab"), max_size=40), max_size=3)


def ids(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def text_of(run: np.ndarray) -> str:
    return "".join(map(chr, run))


def runs(text: str, length: int) -> list[str]:
    return [text[begin : begin + length] for begin in range(len(text) - length + 1)]


@settings(deadline=None)
@given(TEXTS, st.text(st.sampled_from("ab"), max_size=200), st.integers(1, 50))
def test_the_runs_are_those_of_a_plain_search(texts: list[str], training: str, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_runs, "CHUNK", chunk)
        patch.setattr(shared_runs, "LENGTHS", (3, 9))
        found = find_shared_runs(list(map(ids, texts)), ids(training))
    for length in (3, 9):
        every = [run for text in texts for run in runs(text, length)]
        shared = [run in training for run in every]
        assert found.shares[length] == (pytest.approx(np.mean(shared)) if every else None)
    longest = max(
        (
            length
            for length in range(1, 41)
            for text in texts
            for run in runs(text, length)
            if run in training
        ),
        default=0,
    )
    assert found.longest == len(found.run) == longest
    run = text_of(found.run)
    assert run in training
    assert not longest or any(run in text for text in texts)


def test_real_text() -> None:
    training = prose(40_000)
    copy = training[30_000:30_700]
    texts = ["#" + copy + "#", prose(2000, 45_000), "short"]
    found = find_shared_runs(list(map(ids, texts)), ids(training))
    assert text_of(found.run) == copy
    assert found.longest == 700
    for length in LENGTHS:
        every = [run for text in texts for run in runs(text, length)]
        expected = sum(run in training for run in every) / len(every)
        assert found.shares[length] == pytest.approx(expected)


def test_nothing_is_shared() -> None:
    found = find_shared_runs([ids("abc" * 30)], ids("def" * 30))
    assert (found.longest, list(found.run)) == (0, [])
    assert set(found.shares.values()) == {0}
    assert find_shared_runs([ids("abc")], ids("")).shares == dict.fromkeys(LENGTHS)
    assert find_shared_runs([], ids("abc")).longest == 0


def test_pieces_are_spread_evenly() -> None:
    pieces = [piece.tolist() for piece in even_pieces(np.arange(10), [2, 3, 4])]
    assert pieces == [[0, 1], [4, 5, 6], [6, 7, 8, 9]]
    assert [len(piece) for piece in even_pieces(np.arange(3), [5])] == [3]
