"""Texts that are made to be slow are read, played and laid out, or refused, within two seconds.

`tests/faults/test_tunes.py` passes these texts, and damaged tunes, to the commands.
"""

import time

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.performance.player import perform
from charnn.music.score.layout import lay_out
from tests.music.hostile import pathological_texts

MAX_SECONDS = 2.0  # of computing for one tune


def read_and_play(text: str) -> float:
    """Return the longest computing time of a tune of the text, in seconds."""
    longest = 0.0
    for source in split_book(text):
        start = time.process_time()
        try:
            tune = read_tune(source)
            perform(tune)
            lay_out(tune)
        except TuneError as error:
            assert error.line >= 1 and error.column >= 1
        longest = max(longest, time.process_time() - start)
    return longest


@pytest.mark.parametrize("part", range(8))
def test_made_up_tunes(part: int) -> None:
    for text in list(pathological_texts())[part::8]:
        assert read_and_play(text) < MAX_SECONDS


@pytest.mark.parametrize("key", ["D", "D " + "m" * 15_000])
def test_messages_are_short(key: str) -> None:
    (source,) = split_book(f"X:{'9' * 6_000}\nT:{'t' * 20_000}\nM:4/4\nL:1/8\nK:{key}\nq|]\n")
    with pytest.raises(TuneError) as refusal:
        read_tune(source)
    assert len(str(refusal.value)) < 400
    assert str(refusal.value).startswith(f'X:{"9" * 59}… "{"t" * 59}…", line ')
