"""The scored part of a text: every token once, or a fixed sample with one stretch in each block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.evaluation.scored_part import CONTEXT, MAX_ROWS, choose_part, sampled_part, whole_part


@given(st.integers(1, 2000), st.integers(1, 200_000))
def test_a_whole_part_has_every_token_once(start: int, scored: int) -> None:
    part = whole_part(start, start + scored)
    assert part.scored == scored
    assert np.array_equal(
        np.sort(part.tokens(np.arange(start + scored))), np.arange(start, start + scored)
    )
    # All rows of a group read the same context, which the first one must have.
    assert all(len(rows.starts) == 1 or rows.starts.min() > CONTEXT for rows in part.groups)


@given(st.integers(1, 2000), st.integers(100, 200_000), st.data())
def test_a_sample_has_a_stretch_in_each_block(
    start: int, held_out: int, data: st.DataObject
) -> None:
    scored = data.draw(st.integers(MAX_ROWS, held_out))
    part = sampled_part(start, start + held_out, scored)
    (rows,) = part.groups
    assert scored - MAX_ROWS < part.scored <= scored
    block = held_out // MAX_ROWS
    assert np.array_equal((rows.starts - start) // block, np.arange(MAX_ROWS))
    assert np.array_equal((rows.starts + rows.length - 1 - start) // block, np.arange(MAX_ROWS))


def test_a_sample_is_always_the_same() -> None:
    one, other = (sampled_part(1000, 90_000, 10_000) for _ in range(2))
    assert np.array_equal(one.groups[0].starts, other.groups[0].starts)
    assert one.protocol == other.protocol
    assert "sample of 9,984 of 89,000 held-out tokens (64 stretches, seed 0)" in one.protocol


def test_a_small_part_is_not_sampled() -> None:
    assert choose_part(500, 3000, 2500).protocol.startswith("whole sweep, every character once")
    assert choose_part(500, 3000, 2499).protocol.startswith("sample of 2,496 of 2,500 held-out")


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [(1000, 1100, "(1 row)"), (1000, 31_000, "(14 rows)"), (100, 9000, "(1 row)")],
)
def test_the_protocol_names_the_rows(start: int, end: int, rows: str) -> None:
    """Without a full context there is only one row."""
    assert rows in whole_part(start, end).protocol
