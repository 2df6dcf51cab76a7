"""Damaged and hostile tunes: each is read and played, or refused; nothing else, and at once.

`benchmarks/hostile_tunes.py` does the same with as many as one likes.
"""

import time

import pytest

from charnn.errors import TuneError
from charnn.music.books import split_book
from charnn.music.performance import perform
from charnn.music.reading import read_tune
from tests.music.hostile import books, damaged, made

SECONDS = 2.0  # of computing, at most, for one tune


def read_and_play(text: str) -> tuple[int, float]:
    """How many tunes of the text can be played, and the longest that one took."""
    played, longest = 0, 0.0
    for source in split_book(text):
        start = time.process_time()
        try:
            perform(read_tune(source))
            played += 1
        except TuneError as error:
            assert error.line >= 1 and error.column >= 1
        longest = max(longest, time.process_time() - start)
    return played, longest


def test_damaged_tunes() -> None:
    tunes = [source.text for book in books()[::7] for source in split_book(book)]
    results = [read_and_play(text) for text in damaged(tunes, 1_500)]
    assert max(seconds for _, seconds in results) < SECONDS
    assert 300 < sum(played for played, _ in results) < 3_000


@pytest.mark.parametrize("part", range(8))
def test_made_up_tunes(part: int) -> None:
    for text in list(made())[part::8]:
        assert read_and_play(text)[1] < SECONDS


@pytest.mark.parametrize("key", ["D", "D " + "m" * 15_000])
def test_messages_are_short(key: str) -> None:
    (source,) = split_book(f"X:{'9' * 6_000}\nT:{'t' * 20_000}\nM:4/4\nL:1/8\nK:{key}\nq|]\n")
    with pytest.raises(TuneError) as refusal:
        read_tune(source)
    assert len(str(refusal.value)) < 400
    assert str(refusal.value).startswith(f'X:{"9" * 59}… "{"t" * 59}…", line ')
