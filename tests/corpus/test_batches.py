"""Batches: each row of a segment continues the row before; an epoch reads each id once."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.corpus.batches import Batches


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, int, int]:
    """A number of ids, of rows and of characters in a segment that fit."""
    rows = draw(st.integers(1, 9))
    return draw(st.integers(rows + 1, 400)), rows, draw(st.integers(1, 50))


@given(cuts())
def test_an_epoch(cut: tuple[int, int, int]) -> None:
    count, rows, length = cut
    ids = np.arange(count, dtype=np.uint16)  # each id is its own position
    batches = Batches(ids, rows, length)
    segments = [batches.segment(number) for number in range(len(batches))]
    for inputs, targets in segments:
        assert inputs.shape == targets.shape
        assert inputs.shape[1] == rows
        assert inputs.dtype == targets.dtype == np.int64
        # The target of each id is the id after it.
        np.testing.assert_array_equal(targets, inputs + 1)
        np.testing.assert_array_equal(inputs, inputs[0] + np.arange(len(inputs))[:, None])
    for (_, before), (after, _) in itertools.pairwise(segments):
        # Row b continues with the id that was its last target.
        np.testing.assert_array_equal(after[0], before[-1])
    # All segments but the last are full; the last one has the remaining ids.
    lengths = [len(inputs) for inputs, _ in segments]
    assert all(full == length for full in lengths[:-1])
    assert 1 <= lengths[-1] <= length
    assert sum(lengths) == batches.row_length
    # Each id is read once, except those that do not fill a row, and the very last one.
    read = np.sort(np.concatenate([inputs.ravel() for inputs, _ in segments]))
    np.testing.assert_array_equal(read, np.arange(batches.row_length * rows))
    assert 0 <= count - 1 - batches.row_length * rows < rows


def test_a_worked_example() -> None:
    inputs, targets = zip(*map(Batches(np.arange(12), 2, 3).segment, range(2)), strict=True)
    np.testing.assert_array_equal(inputs[0], [[0, 5], [1, 6], [2, 7]])
    np.testing.assert_array_equal(targets[0], [[1, 6], [2, 7], [3, 8]])
    np.testing.assert_array_equal(inputs[1], [[3, 8], [4, 9]])
    np.testing.assert_array_equal(targets[1], [[4, 9], [5, 10]])


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_ids(count: int) -> None:
    with pytest.raises(ValueError, match="too few"):
        Batches(np.arange(count), 4, 8)
    assert len(Batches(np.arange(5), 4, 8)) == 1
