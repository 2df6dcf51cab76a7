"""Clefs and parts in MusicXML: what is printed where, and that it sounds as it is played."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from charnn.music.performance.player import perform
from charnn.music.score.musicxml import to_musicxml
from charnn.music.tune.tune import Tune
from tests.music.tunes import read

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def tune(body: str, key: str = "C", header: str = "") -> Tune:
    return read(f"X:1\nM:4/4\nL:1/4\n{header}K:{key}\n{body}\n")


def document(written: Tune) -> Element:
    return ElementTree.fromstring(to_musicxml(written))  # noqa: S314 - our own document


def parts(written: Tune) -> list[Element]:
    return document(written).findall("part")


def values(element: Element, path: str) -> list[str]:
    return [each.text or "" for each in element.findall(path)]


def sounding(part: Element) -> list[int]:
    """Return the MIDI pitches that a player of the document plays."""
    found, transposition = [], 0
    for element in part.iter():
        if element.tag == "transpose":
            octaves = element.findtext("octave-change", "0")
            transposition = int(element.findtext("chromatic", "0")) + 12 * int(octaves)
        elif element.tag == "pitch":
            letter, octave = element.findtext("step", ""), int(element.findtext("octave", ""))
            natural = LETTERS[letter] + 12 * (octave + 1)
            found.append(natural + int(element.findtext("alter", "0")) + transposition)
    return found


@pytest.mark.parametrize(
    ("words", "clef", "octave"),
    [
        ("", ["G", "2"], 5),
        ("treble-8", ["G", "2", "-1"], 4),
        ("treble+8", ["G", "2", "1"], 6),
        ("treble_8", ["G", "2", "-1"], 5),
        ("clef=bass3", ["F", "3"], 5),
        ("alto1", ["C", "1"], 5),
        ("tenor octave=-2", ["C", "4"], 3),
        ("perc", ["percussion"], 5),
        ("clef=none", ["none"], 5),
        ("middle=d clef=bass transpose=-24", ["F", "4"], 3),  # the standard's bass
        ("middle=d clef=bass", ["F", "4"], 3),
        ("transpose=-14", ["G", "2"], 5),
    ],
)
def test_a_clef_and_the_notes_on_it(words: str, clef: list[str], octave: int) -> None:
    for written in (tune("d", f"C {words}"), tune("d", header=f"V:1 {words}\n")):
        (part,) = parts(written)
        assert values(part, ".//clef/*") == clef
        assert values(part, ".//pitch/octave") == [str(octave)]
        assert sounding(part) == [sound.pitch for sound in perform(written).sounds]


def test_changes_of_the_staff_show_what_is_new() -> None:
    changing = tune("A4|[K:clef=alto]A4|[K:G]^F4|[K:G transpose=-2]F4|[K:bass transpose=0]F4|")
    (part,) = parts(changing)
    assert [[c.tag for c in each] for each in part.findall(".//attributes")[1:]] == [
        ["clef"],
        ["key"],
        ["key", "transpose"],
        ["clef", "transpose"],
    ]
    assert sounding(part) == [sound.pitch for sound in perform(changing).sounds]


def test_each_voice_is_a_part() -> None:
    header = 'Q:1/4=90\nP:AB\nV:1 name="Fiddle"\nV:2 clef=bass\n'
    body = "P:A\nV:1\n|:A4|1B4:|2c4|\nP:B\nd4|\nV:2\nC,4|D,4|E,4|F,4|\nW:Words below\n"
    duet = tune(body, header=header)
    root = document(duet)
    assert values(root, ".//part-name") == ["Fiddle", "2"]
    assert values(root, ".//miscellaneous-field[@name='words']") == ["Words below"]
    first, second = root.findall("part")
    assert [values(part, ".//clef/sign") for part in (first, second)] == [["G"], ["F"]]
    assert values(second, ".//pitch/step") == ["C", "D", "E", "F"]
    # Both parts repeat alike; tempo and part names are printed once.
    for path in (".//repeat", ".//ending"):
        assert len(first.findall(path)) == len(second.findall(path)) > 0
    for path in (".//sound", ".//rehearsal"):
        assert len(first.findall(path)) > len(second.findall(path)) == 0


def test_an_overlay_is_a_second_voice_on_the_staff() -> None:
    (part,) = parts(tune("(AB) c2 & .(E2 F2)|c4|d4 & z2 F2 & G4|e4|]", header="V:1 name=Harp\n"))
    measures = part.findall("measure")
    assert [values(measure, "note/voice") for measure in measures] == [
        ["1", "1", "1", "2", "2"],
        ["1"],
        ["1", "2", "2", "3"],
        ["1"],
    ]
    assert [values(measure, "backup/duration") for measure in measures] == [
        ["4"],
        [],
        ["4"] * 2,
        [],
    ]
    assert {slur.get("number") for slur in part.iter("slur")} == {"1", "5"}
    assert [slur.get("line-type") for slur in part.iter("slur")] == [None, None, "dotted", None]
    assert measures[-1].findtext("barline/bar-style") == "light-heavy"
