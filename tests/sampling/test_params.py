"""The options of sampling: their ranges, and what they are for compiled code."""

import math
from typing import Any

import pytest

from charnn.errors import UsageError
from charnn.sampling.params import SamplingParams


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("temperature", [-1, 0.009, 101, math.nan, math.inf]),
        ("top_k", [-1]),
        ("top_p", [0, -0.1, 1.01, math.nan]),
        ("min_p", [-0.1, 1.01, math.nan]),
    ],
)
def test_values_out_of_range_are_refused(option: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(UsageError, match="--" + option.replace("_", "-")):
            SamplingParams(**{option: value})


def test_arguments_have_the_same_types_whatever_the_user_writes() -> None:
    """Or numba would compile the decoder anew."""
    types = [type(value) for value in SamplingParams(1, 2**80, 1, 0).arguments]
    assert types == [float, int, float, float]
    assert SamplingParams(top_k=2**80).arguments[1] < 2**63


def test_only_top_k_top_p_and_min_p_truncate() -> None:
    assert not SamplingParams(0.5).truncates
    for option in ({"top_k": 1}, {"top_p": 0.9}, {"min_p": 0.1}):
        assert SamplingParams(**option).truncates
