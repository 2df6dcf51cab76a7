"""Batches: each row of a segment continues the row before; an epoch reads each id once."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.corpus import document_order
from charnn.corpus.batches import Batches
from charnn.corpus.document_order import DocumentOrder
from charnn.corpus.vocabulary import SEPARATOR


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


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(1, 5), st.integers(1, 7))
def test_each_epoch_reads_the_documents_in_a_new_order(
    lengths: list[int], rows: int, steps: int
) -> None:
    documents = [[100 + number] * length + [SEPARATOR] for number, length in enumerate(lengths)]
    ids = np.array(list(itertools.chain(*documents, [SEPARATOR] * rows)))
    batches = Batches(ids, rows, steps, DocumentOrder(ids, seed=3))
    for epoch in (0, 1, 0):
        segments = [batches.segment(number, epoch) for number in range(len(batches))]
        inputs, targets = (np.concatenate(parts) for parts in zip(*segments, strict=True))
        np.testing.assert_array_equal(targets[:-1], inputs[1:])
        # The rows together are a text of the whole documents, without the ids that fill no row.
        stream = [*inputs.T.ravel(), targets[-1, -1]]
        places = DocumentOrder(ids, seed=3).places(epoch, np.arange(len(ids)))
        assert sorted(places) == list(range(len(ids)))
        np.testing.assert_array_equal(stream, ids[places][: len(stream)])
        read = [list(group) for _, group in itertools.groupby(ids[places])]
        expected = [list(group) for _, group in itertools.groupby(ids)]
        letters = [group for group in read if group[0] != SEPARATOR]
        assert sorted(letters) == sorted(group for group in expected if group[0] != SEPARATOR)
    order = DocumentOrder(np.tile([5, SEPARATOR], 50), seed=3)
    assert list(order.places(0, np.arange(100))) != list(order.places(1, np.arange(100)))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 8), st.integers(1, 9))
def test_very_many_documents_move_with_their_neighbours(
    lengths: list[int], most: int, block: int
) -> None:
    ids = np.array([token for length in lengths for token in [9] * length + [SEPARATOR]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_order, "_BLOCK", block)
        plain = DocumentOrder(ids, seed=3).places(1, np.arange(len(ids)))
        patch.setattr(document_order, "MAX_PLACES", most)
        places = DocumentOrder(ids, seed=3).places(1, np.arange(len(ids)))
    assert sorted(places) == list(range(len(ids)))
    # A new group begins only at the beginning of a document.
    begins = [place for before, place in itertools.pairwise(places) if place != before + 1]
    assert all(place == 0 or ids[place - 1] == SEPARATOR for place in begins)
    assert len(begins) <= most + 1
    if len(lengths) <= most:
        assert list(places) == list(plain)


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
