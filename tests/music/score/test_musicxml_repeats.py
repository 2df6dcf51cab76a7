"""Repeats and jumps in MusicXML: implied repeats, variant endings, `D.C.` and `fine`."""

from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from music21 import common, converter

from charnn.music.abc.reader import read_tune, read_tunes
from charnn.music.abc.tunebook import split_book
from charnn.music.performance.player import perform
from charnn.music.performance.swing import EVEN
from charnn.music.score.musicxml import to_musicxml
from charnn.music.tune.tune import Tune

BOOKS = Path(common.getCorpusFilePath())
REAL = [
    ("oneills1850/0001-0050.abc", 7),
    ("oneills1850/0701-0720.abc", 3),
    ("oneills1850/0951-0981.abc", 3),
    ("oneills1850/1556-1576.abc", 0),
    ("airdsAirs/book1.abc", 3),
    ("ryansMammoth/AdmiralsHornpipe.abc", 0),
    ("ryansMammoth/7thRegimentReel.abc", 0),
]


def tune(body: str, header: str = "M:4/4\nL:1/4\nK:C") -> Tune:
    return read_tunes(f"X:1\n{header}\n{body}\n")[0]


def measures(body: str, header: str = "M:4/4\nL:1/4\nK:C") -> list[Any]:
    root = ElementTree.fromstring(to_musicxml(tune(body, header)))  # noqa: S314
    return list(root.iter("measure"))


def repeats(body: str) -> str:
    """Return the repeat signs, `<` forward and `>` backward, with a `.` for each measure."""
    signs = {"forward": "<", "backward": ">"}
    found = ""
    for measure in measures(body):
        by_location = {
            line.get("location"): signs[repeat.get("direction")]
            for line in measure.iter("barline")
            for repeat in line.iter("repeat")
        }
        found += by_location.get("left", "") + "." + by_location.get("right", "")
    return found


@pytest.mark.parametrize(
    ("body", "signs"),
    [
        ("C4|D4:|E4|F4:|", "..><..>"),
        ("C4:|D4:|", ".><.>"),
        ("C4||D4:|", ".<.>"),
        ("|:C4|D4:|", "<..>"),
        ("C4|:D4:|E4|", ".<.>."),
        ("C4|1D4:|2E4||F4|G4:|", "..>.<..>"),
        ("C4|1D4:|2E4:|F4|", "..>.."),  # no repeat after the second ending
        ("C4|1D4|2E4||F4|", "..>.."),  # nor is the sign after the first one needed
        ("C4|1D4:|2E4|F4|G4:|", "..>.<..>"),
        ("C4|[1,2D4:|3E4|]", "..>."),
        ("P:A\nC4:|\nP:B\nD4:|", ".><.>"),
        ("C4|D4|", ".."),
        ("C4|[P:B]D4:|", "..>"),
    ],
)
def test_repeats_begin_and_end_where_they_are_implied(body: str, signs: str) -> None:
    assert repeats(body) == signs


def test_an_ending_for_several_passes_states_their_number() -> None:
    times = [
        repeat.get("times") for m in measures("C4|[1-3D4:|4E4||") for repeat in m.iter("repeat")
    ]
    assert times == ["4"]


def assert_played_as_performed(tune: Tune) -> None:
    """Assert that music21 plays the MusicXML of a tune as long as charnn plays the tune."""
    part = converter.parseData(to_musicxml(tune), format="musicxml").parts[0]
    played = Fraction(part.expandRepeats().duration.quarterLength).limit_denominator(1000)
    plain = perform(tune, graces=False, ornaments=False, swing=EVEN)
    assert played == plain.duration


@pytest.mark.parametrize(("name", "place"), REAL)
def test_music21_plays_real_tunes_equally_long(name: str, place: int) -> None:
    text = (BOOKS / name).read_text(encoding="utf-8", errors="replace")
    assert_played_as_performed(read_tune(split_book(text)[place]))


@pytest.mark.parametrize(
    "body",
    [
        "A4|B4:|c4|d4:|e4||f4:|",
        "A|Bcde|f3:|g|a3 b|c'3:|",
        "A4|1B4:|2c4||d4|1e4:|2f4|]",
        "A4|1B4:|2c4:|d4|e4:|",
    ],
)
def test_music21_plays_implied_repeats_equally_long(body: str) -> None:
    assert_played_as_performed(tune(body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C4|D4!fine!|E4|F4!D.C.!|]", ["", "fine=yes", "", "dacapo=yes"]),
        ("C4|D2!fine!D2|E4|F3!D.C.!F|]", ["", "fine=yes", "", "dacapo=yes"]),
        ("C4|D4!fine!|E4|F4|]!D.C.!", ["", "fine=yes", "", "dacapo=yes"]),
        ("C4|!segno!D4|E4!fine!||F4!D.S.!|", ["", "segno=segno", "fine=yes", "dalsegno=segno"]),
        ("C4!dacoda!|D4!D.C.alcoda!|!coda!E4|", ["tocoda=coda", "dacapo=yes", "coda=coda"]),
    ],
)
def test_jumps_are_stated_for_players(body: str, expected: list[str]) -> None:
    found = []
    for measure in measures(body):
        sounds = [sound for sound in measure.iter("sound") if "tempo" not in sound.attrib]
        found.append(" ".join(f"{k}={v}" for sound in sounds for k, v in sound.attrib.items()))
        last = measure.findall("*")
        if found[-1].startswith(("fine", "dacapo", "dalsegno", "tocoda")):
            after = [element.tag for element in last[last.index(measure.findall("note")[-1]) + 1 :]]
            assert after[0] == "direction"  # the jump comes after the last note of the bar
    assert found == expected


def test_key_and_meter_that_change_together_share_one_element() -> None:
    for change in ("K:D\nM:3/4\n", "M:3/4\nK:D\n", "M:2/4\nK:A\nM:3/4\nK:D\n"):
        bars = measures(f"C4|\n{change}D3|\nM:C|\nE4|")
        found = [
            [[element.tag for element in attributes] for attributes in bar.iter("attributes")]
            for bar in bars
        ]
        assert found == [[["divisions", "key", "time", "clef"]], [["key", "time"]], [["time"]]]
        assert (bars[1].findtext(".//fifths"), bars[1].findtext(".//beats")) == ("2", "3")
    first = measures("K:D\nM:3/4\nD3|")[0]
    assert [time.text for time in first.iter("beats")] == ["3"]
    inside = measures("C2[K:D]D2|[M:3/4]D3|")
    assert [len(bar.findall("attributes")) for bar in inside] == [2, 1]
