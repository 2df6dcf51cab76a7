"""The notes that the page plays are those of export-midi; benchmarks/page_notes.py tries more."""

from typing import Any

import pytest

from benchmarks.page_notes import PlayedNote, compare, is_same
from tests.music.sound.test_midi import TUNES
from tests.music.tunes import read

HEAD = "X:1\nT:T\nM:4/4\nL:1/8\n"
TEMPOS = HEAD + "Q:1/4=90\nK:G\n|:G2B2 d4-|[Q:1/4=61]d2 cB A4:|[M:3/4]G6|\n"
DUET = HEAD + 'K:Am\nV:1 clef=treble-8\n"Am"A4 "G"B4|c8|\nV:2\nA,8|A,8|\n'
SWUNG = HEAD + "R:hornpipe\nK:D\n|:(3ABc dA FADF|[1 {g}Te2f2 g4:|2 ~e2f2 [dfa]4|]\n"
PICKUP = HEAD + 'K:Bb\nC|"Bb"D2F2 B2d2|&x4 F4|d3:|\n'


@pytest.mark.parametrize("abc", [TEMPOS, DUET, SWUNG, PICKUP])
@pytest.mark.parametrize(
    "asked",
    [
        {"chords": "auto", "instrument": "banjo"},
        {"chords": "written", "instrument": "whistle", "repeats": False},
        {"swing": 60},
    ],
)
def test_the_page_plays_the_notes_of_the_file(abc: str, asked: dict[str, Any]) -> None:
    count, different = compare(read(abc), asked)
    assert count >= 5
    assert different == ""


def test_real_tunes_too() -> None:
    for tune in TUNES[::2][:8]:
        assert compare(tune, {"chords": "auto"})[1] == ""


def test_the_comparison_sees_every_difference() -> None:
    note = PlayedNote(1.0, 60, 90, 40, 1.5)
    assert is_same(note, note._replace(onset=1.0004))
    for wrong in ({"onset": 1.01}, {"pitch": 61}, {"velocity": 91}, {"program": 0}, {"end": 1.6}):
        assert not is_same(note, note._replace(**wrong))
