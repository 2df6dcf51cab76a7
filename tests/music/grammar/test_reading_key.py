"""A common key stands for a rare one of the same mode."""

import pytest

from charnn.music.grammar.reading_key import reading_key
from charnn.music.grammar.tune_request import LearnedHeader

TUNES = {"G": 1300, "D": 1100, "Bb": 100, "E": 10, "Em": 150, "Am": 120, "F#m": 1, "Ador": 50}
LEARNED = tuple(LearnedHeader("reel", "C|", "1/8", key, tunes) for key, tunes in TUNES.items())


@pytest.mark.parametrize(
    ("key", "read"),
    [
        *[(key, key) for key in ("G", "D", "Bb", "Em", "Am", "Ador")],
        ("E", "D"),
        ("Eb", "D"),
        ("Ab", "G"),
        ("B", "Bb"),
        ("C", "D"),  # the tonic of a tune in C lies below that of one in Bb
        ("F#m", "Em"),
        ("Bbm", "Am"),
        ("Bdor", "Ador"),
        ("Dlyd", "Dlyd"),
    ],
)
def test_the_nearest_common_key_of_the_mode_is_read(key: str, read: str) -> None:
    assert reading_key(key, LEARNED) == read
    assert reading_key(key, ()) == key
