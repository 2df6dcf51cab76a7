"""Warnings about notes that an instrument lacks."""

import pytest

from charnn.music.sound.ranges import range_warning


def test_both_ends_are_named() -> None:
    warning = range_warning("whistle", [61, 70, 87])
    assert "down to C♯4, below its lowest note D4" in warning
    assert "up to E♭6, above its highest note D6" in warning


@pytest.mark.parametrize(
    ("instrument", "pitches"), [("whistle", [62, 86]), ("theremin", [1, 127]), ("fiddle", [])]
)
def test_no_warning(instrument: str, pitches: list[int]) -> None:
    assert range_warning(instrument, pitches) == ""
