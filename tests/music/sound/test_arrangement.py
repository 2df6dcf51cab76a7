"""Tunes one after the other: every note of each, at its time."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.sound.arrangement import Arrangement, arrange, one_after_the_other
from tests.music.tunes import read, tune_texts


def arranged(text: str) -> Arrangement | None:
    try:
        return arrange(Playback(read(text), PlaybackOptions(chords="auto")))
    except TuneError:
        return None


@settings(max_examples=25)
@given(st.lists(tune_texts(), min_size=1, max_size=4))
def test_a_set_has_every_note_of_its_tunes(texts: list[str]) -> None:
    tunes = [found for found in map(arranged, texts) if found]
    if not tunes:
        return
    joined = one_after_the_other(tunes, "Set")
    onset = Fraction(0)
    expected = []
    for tune in tunes:
        expected += [
            (sound.onset + onset, sound.pitch, sound.duration, part.instrument.program)
            for part in tune.parts
            for sound in part.sounds
        ]
        onset += tune.duration
    found = [
        (sound.onset, sound.pitch, sound.duration, part.instrument.program)
        for part in joined.parts
        for sound in part.sounds
    ]
    assert sorted(found) == sorted(expected)
    assert joined.duration == onset
    assert abs(joined.seconds - sum(tune.seconds for tune in tunes)) < 1e-6
