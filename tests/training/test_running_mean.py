"""The totals of several steps."""

from dataclasses import asdict

import pytest

from charnn.training.running_mean import RunningMean


def test_the_share_of_clipped_steps() -> None:
    mean = RunningMean()
    assert mean.clipped_share == 0
    for step in range(8):
        mean.add(10, 10, 0.5, 2.0, clipped=step % 4 == 0)
    assert mean.clipped_share == 0.25
    assert RunningMean.from_json(asdict(mean)) == mean


def test_totals_of_earlier_versions_have_no_counts_of_steps() -> None:
    assert RunningMean.from_json({"characters": 5, "seconds": 1, "nats": 3}).clipped_share == 0
    with pytest.raises(ValueError, match="not a count"):
        RunningMean.from_json({"characters": 5, "clipped": -1})
