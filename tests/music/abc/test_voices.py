"""Several voices: every layout of V: that tune books have, and overlays."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.abc.transpose import transpose
from charnn.music.abc.writer import write_tune
from charnn.music.checking.bars import split_into_bars
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Tune
from tests.music.tunes import read, tune_texts

Heard = list[tuple[str, list[int]]]


def tune(body: str, header: str = "") -> Tune:
    return read(f"X:1\nM:4/4\nL:1/4\n{header}K:C\n{body}\n")


def heard(read_tune: Tune) -> Heard:
    """Return the name and the sounding pitches of each voice."""
    return [
        (v.voice, [sound.pitch for sound in perform(v, ornaments=False).sounds])
        for v in read_tune.voices
    ]


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("", "V:1\nA4|B4|\nV:2\nc4|d4|"),
        ("", "V:1\nA4|\nV:2\nc4|\nV:1\nB4|\nV:2\nd4|"),
        ("", "[V:1]A4|\n[V:2]c4|\n[V:1]B4|\n[V:2]d4|"),
        ("", "[V:1] A4|[V:2] c4|\n[V:1] B4|[V:2] d4|"),
        ("", "A4|\nV:2\nc4|\nV:1\nB4|\nV:2\nd4|"),
        ("", "A4|[V:2]c4|\n[V:1]B4|[V:2]d4|"),
        ("V:1\nV:2\n", "V:2\nc4|d4|\nV:1\nA4|B4|"),
        ("V:1\nV:2\nV:3\n", "A4|B4|\nV:2\nc4|d4|"),
        ("%%score (1 2)\nV:1 stem=up\n", 'V:1\nA4|"[V:2]"B4|\nV:2\nc4|d4|'),
    ],
)
def test_every_layout_gives_the_same_voices(header: str, body: str) -> None:
    assert heard(tune(body, header)) == [("1", [69, 71]), ("2", [72, 74])]


def test_names_and_clefs_of_the_header_and_of_the_body() -> None:
    header = 'V:T1 clef=treble-8 name="Tenor I"sname="T.I"\nV:B bass nm=Bass\n'
    assert heard(tune("V:T1\nc4|\nV:B\nC4|", header)) == [("Tenor I", [60]), ("Bass", [60])]
    body = 'V:T1 treble-8\nc4|\nV:B octave=-1 name="Bass"\nC4|'
    assert heard(tune(body)) == [("T1", [60]), ("Bass", [48])]


@pytest.mark.parametrize(
    ("body", "first", "second"),
    [
        ("K:G\nV:1\nF4|\nV:2\nF4|", [66], [66]),  # between header and voices: for all
        ("V:1\nK:G\nF4|\nV:2\nF4|", [66], [65]),  # after a V:, for its voice
        ("V:1\nF4|[K:G]F4|\nV:2\nF4|F4|", [65, 66], [65, 65]),
        ("V:1\nF4|\nV:2\nF4|\nK:G\nV:1\nF4|\nV:2\nF4|", [65, 66], [65, 66]),  # before a block
        ("V:1\nK:G\nV:2\nK:F\nV:1\nF4|\nV:2\nB4|", [66], [70]),
    ],
)
def test_fields_of_the_body_hold_for_one_voice_or_for_all(
    body: str, first: list[int], second: list[int]
) -> None:
    assert [pitches for _, pitches in heard(tune(body))] == [first, second]


@pytest.mark.parametrize(
    ("header", "first", "second", "expected"),
    [
        ("", "|:A4:|B4|", "c4|d4|", [72, 72, 74]),
        ("", "A4|1B4:|2c4|", "c4|d4|e4|", [72, 74, 72, 76]),
        ("P:ABA\n", "P:A\nA4|\nP:B\nB4|", "c4|d4|", [72, 74, 72]),
        ("P:BA\n", "P:A\n|:A4:|\nP:B\nB4|", "|:c4:|d4|", [74, 72, 72]),
        ("", "A4!fine!|B4!D.C.!|", "c4|d4|", [72, 74, 72]),
        ("", "A4|B4:|", "c8|", [72, 72]),
        ("", "A4:|B4|", "|:c4:|:d4:|", [72, 72, 74, 74]),  # its own repeats
    ],
)
def test_repeats_of_the_first_voice_hold_for_all(
    header: str, first: str, second: str, expected: list[int]
) -> None:
    assert heard(tune(f"V:1\n{first}\nV:2\n{second}", header))[1] == ("2", expected)


def test_overlays_are_voices() -> None:
    found = tune("^A B A2 & A2 F G|c4|d2 e2 & E2|", 'V:1 name="Harp"\n')
    assert heard(found) == [("Harp", [70, 71, 70, 72, 74, 76]), ("Harp.2", [69, 65, 67, 64])]
    onsets = [sound.onset for sound in perform(found.others[0]).sounds]
    assert onsets == [0, 2, 3, 8]
    assert heard(tune("|:A4 & C4:|B4|"))[1] == ("1.2", [60, 60])
    assert [len(split_into_bars(voice)[0]) for voice in found.voices] == [3, 3]


def body_of(text: str) -> str:
    """Return the lines after the header of a tune, without grace notes."""
    return re.sub(r"\{[^}]*\}", "", text.partition("\nK:")[2].partition("\n")[2])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("123"), tune_texts().map(body_of)), min_size=2, max_size=4)
)
def test_voices_survive_writing_and_transposing(parts: list[tuple[str, str]]) -> None:
    try:
        found = tune("".join(f"V:{number}\n{body}\n" for number, body in parts))
    except TuneError:
        return
    again = read_tunes(write_tune(found))[0]
    assert heard(again) == heard(found)
    moved = read_tunes(write_tune(transpose(found, 2)))[0]
    expected = [(name, [pitch + 2 for pitch in pitches]) for name, pitches in heard(found)]
    assert heard(moved) == expected
