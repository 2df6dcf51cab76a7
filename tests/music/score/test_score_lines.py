"""The lines of a score: those of the ABC, or a number of bars."""

import pytest

from charnn.music.abc.reader import read_tunes
from charnn.music.score.layout import lay_out
from charnn.music.score.musicxml import to_musicxml


def bars_in_lines(body: str, fields: str = "", bars_per_line: int | None = None) -> list[int]:
    """Return the number of measures in each line of the score."""
    tune = read_tunes(f"X:1\nM:4/4\nL:1/4\n{fields}K:C\n{body}\n")[0]
    counts = [0]
    for bar in lay_out(tune, bars_per_line):
        counts += [0] if bar.new_system else []
        counts[-1] += 1
    return counts


@pytest.mark.parametrize(
    ("body", "fields", "lines"),
    [
        ("C4|D4|\nE4|F4|G4|\n", "", [2, 3]),
        ("C4|D4|\\\nE4|F4|\nG4|\n", "", [4, 1]),  # \ continues a line
        ("C4|D4|$E4|\nF4|\n", "", [2, 1, 1]),
        ("C4|D4|!E4|\nF4|\n", "", [2, 1, 1]),  # the line break of old ABC
        ("C4|D4|$E4|\nF4|\n", "I:linebreak $\n", [2, 2]),
        ("C4|D4|$E4|\nF4|\n", "I:linebreak <EOL>\n", [3, 1]),
        ("C4|D4|!E4|\nF4|\n", "I: linebreak !\n", [2, 2]),
        ("C4|D4|$E4|\nF4|\n", "%%linebreak $ % words\n", [2, 2]),
        ("C4|\nD4|\n%%linebreak <none>\nE4|\nF4|\n", "", [1, 1, 2]),
        ("C4|D4|!E4|\nF4|$G4|\n", "I:linebreak ! $\n", [2, 2, 1]),
        ("C4|D4|$E4|\nF4|\n", "I:linebreak <none>\n", [4]),
        ("C4|\nD4|\nI:linebreak <none>\nE4|\nF4|\n", "", [1, 1, 2]),
        ("C4|\nM:3/4\nE3|\nw: one\nF3|\n", "", [1, 1, 1]),  # fields are no line of music
        ("C4|D2\nE2|F4|\n", "", [2, 2]),  # a line may end in mid-bar
        ("C4|(3CDE\nF(3CD\nE F2|\n", "", [2, 1, 1]),  # but only after a tuplet
        ("C4\n|D4|\n", "", [1, 1]),
    ],
)
def test_a_line_of_the_abc_is_a_line_of_the_score(body: str, fields: str, lines: list[int]) -> None:
    assert bars_in_lines(body, fields) == lines


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("C4|D4|\nE4|F4|G4|\n", [2, 2, 1]),
        ("C|D4|E4|F3:|\n G|A4|B4|c3|]", [3, 1, 3, 1]),  # pick-ups are not counted
        ("|:C4|D4|E4|1 F4:|2 G4||A4|B4|]", [2, 3, 2]),  # nor is a second ending
        ("C4|D2\nE2|F4|\n", [2, 1]),
    ],
)
def test_a_number_of_bars_overrules_the_lines_of_the_abc(body: str, lines: list[int]) -> None:
    assert bars_in_lines(body, bars_per_line=2) == lines


def test_lines_are_systems_of_the_musicxml() -> None:
    tune = read_tunes("X:1\nM:4/4\nL:1/4\nK:C\nC4|D4|\nE4|]\n")[0]
    before, after = to_musicxml(tune).split('<measure number="3">')
    assert '<print new-system="yes" />' in after
    assert "<print" not in before


def test_lines_that_end_in_mid_bar_divide_no_bar_of_several_voices() -> None:
    body = "V:1\nC4|D2\nE2|F4|\nV:2\nC4|C4|C4|\n"
    assert bars_in_lines(body) == [2, 1]
    written = to_musicxml(read_tunes(f"X:1\nM:4/4\nL:1/4\nK:C\n{body}")[0])
    assert [part.count("<measure") for part in written.split("<part id")[1:]] == [3, 3]


@pytest.mark.parametrize(
    ("sign", "style"),
    [
        ("||", "light-light"),
        ("|||", "light-light"),
        ("[|", "heavy-light"),
        ("|]", "light-heavy"),
        ("||]", "light-heavy"),
        ("[|]", "none"),
        (".|", "dotted"),
        ("|", None),
    ],
)
def test_bar_lines_keep_their_shape(sign: str, style: str | None) -> None:
    tune = read_tunes(f"X:1\nM:4/4\nL:1/4\nK:C\nC4{sign}D4|E4|]\n")[0]
    first = to_musicxml(tune).split('<measure number="2">')[0]
    assert (f"<bar-style>{style}</bar-style>" in first) if style else ("<bar-style>" not in first)
