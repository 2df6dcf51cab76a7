"""Texts made to be slow: each is read, played and laid out, or refused; nothing else, and at once.

`tests/faults/test_tunes.py` puts them, and damaged tunes, through the commands.
"""

import time

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.performance.player import perform
from charnn.music.score.layout import lay_out
from tests.music.hostile import made

SECONDS = 2.0  # of computing, at most, for one tune


def read_and_play(text: str) -> float:
    """The longest that a tune of the text took."""
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
    for text in list(made())[part::8]:
        assert read_and_play(text) < SECONDS


@pytest.mark.parametrize("key", ["D", "D " + "m" * 15_000])
def test_messages_are_short(key: str) -> None:
    (source,) = split_book(f"X:{'9' * 6_000}\nT:{'t' * 20_000}\nM:4/4\nL:1/8\nK:{key}\nq|]\n")
    with pytest.raises(TuneError) as refusal:
        read_tune(source)
    assert len(str(refusal.value)) < 400
    assert str(refusal.value).startswith(f'X:{"9" * 59}… "{"t" * 59}…", line ')
