"""Repeats, endings, parts and jumps are played in the right order."""

from pathlib import Path

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.performance import Performance
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Note

DATA = Path(__file__).parent.parent / "data"
NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def play(body: str, header: str = "M:4/4\nL:1/4\n", key: str = "C", **options: bool) -> Performance:
    return perform(read_tunes(f"X:1\nT:Test\n{header}K:{key}\n{body}\n")[0], **options)


def heard(body: str, header: str = "M:4/4\nL:1/4\n", key: str = "C", **options: bool) -> str:
    """Return the names of the notes in the order they are played."""
    return "".join(NAMES[s.pitch % 12] for s in play(body, header, key, **options).sounds)


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("C|D|E|", "CDE"),
        ("|:C|D:|E|", "CDCDE"),
        ("C|D:|E|F:|", "CDCDEFEF"),
        ("C|D::E|F:|", "CDCDEFEF"),
        ("C|D:|:E|F:||:G:||", "CDCDEFEFGG"),
        ("|:C:||:D:|", "CCDD"),
        ("||:C:||", "CC"),
        ("|::C::|D|", "CCCD"),
        ("|:C|D:|", "CDCD"),
        ("|:C||D:|", "CDCD"),
        ("C||D:|", "CDD"),
        ("C:|D||E:|", "CCDEE"),
        ("C|]D:|", "CDD"),
        ("C[|]D:|", "CDCD"),
        ("|:C|D|:E:|", "CDEE"),
        ("|:C|1 D:|2 E||", "CDCE"),
        ("C|[1 D:|[2 E||", "CDCE"),
        ("C|1 D:|2 E|]F:|", "CDCEFF"),
        ("C|1 D:|2 E:|F|", "CDCEF"),
        ("C|1 D:|2 E|F|G:|", "CDCEFGFG"),
        ("C|1 D|E:|2 F|G|A|B:|", "CDECFGABAB"),
        ("C|1 D|2 E||", "CDCE"),
        ("|:C|[1 D:|[2 E:|[3 F||G|", "CDCECFG"),
        ("|:C|[1,3 D:|[2 E||G|", "CDCECDG"),
        ("|:C|1,2 D:|3 E||", "CDCDCE"),
        ("|:C|1 D:|E|", "CDCE"),
        ("|:C|1 D:|2 E:||:F|1 G:|2 A:|", "CDCEFGFA"),
        ("C:|[2 D|]", "CCD"),
        ("|:C|1 D:|1 E|]", "CDCE"),
        ("|:C|1 D:|2 E|]|1 F:|2 G|]", "CDCEFG"),
        ("C|1 D|1 E:|2 F|]G|", "CDEFG"),
        ("|:C|1,2 D:|2,3 E|]", "CDCDCE"),
        ("C|]:D:|", "CDD"),
        ("C|\\\n:D:|", "CDD"),
        ("|:C||1 D:|2 E||", "CDCE"),
        ("C|| [1 D:|[2 E||", "CDCE"),
    ],
)
def test_repeats(body: str, order: str) -> None:
    assert heard(body) == order


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("C|D!D.C.!|", "CD"),
        ("C|D|!fine!|:E:|F!D.C.!|]", "CDEEFCD"),
        ("|:C|D!fine!:|E|F!D.C.!|]", "CDCDEFCD"),
        ("C!fine!D|E!dacapo!F|", "CDEFCD"),
        ("C|!segno!D!fine!|E!D.S.!|", "CDED"),
        ("C|SD|E!fine!|F+D.S.+|", "CDEFDE"),
        ("C|D!coda!|E!D.C.!|!coda!F|G|", "CDECDFG"),
        ("C|D!dacoda!|E!D.C.!|!coda!F|", "CDECDF"),
        ("|:C|1 D:|2 E!fine!|F!D.C.!|", "CDCEFCE"),
        ("C|D!To Coda!|E!D.C. al Coda!|!coda!F|", "CDECDF"),
        ("C!D.S.!|D|", "CD"),
        ("C!D.C.!|D!D.C.!|", "CD"),
        ('C|D"D.C."|E|', "CDE"),
        ("!segno!C|D!fine!|!coda!E|", "CDE"),
    ],
)
def test_jumps(body: str, order: str) -> None:
    assert heard(body) == order
    assert len(heard(body, repeats=False)) <= len(heard(body, "P:A\nM:4/4\nL:1/4\n"))


def test_parts_are_played_in_the_order_of_the_header() -> None:
    parts = "P:A\nC|D:|\nP:B\nE|F|\n"
    assert heard(parts, "P:ABA\nM:4/4\nL:1/4\n") == "CDCDEFCDCD"
    assert heard("G|\n" + parts, "P:(AB)2\nM:4/4\nL:1/4\n") == "GCDCDEFCDCDEF"
    assert heard(parts) == "CDCDEF"
    assert heard(parts, "P:AXB2\nM:4/4\nL:1/4\n") == "CDCDEFEF"  # there is no part X
    assert heard(parts, "P:X2\nM:4/4\nL:1/4\n") == "CDCDEF"


@pytest.mark.parametrize(
    ("order", "parts", "expected"),
    [
        # the Nth ending at the Nth time (ABC 2.1, "Variant endings")
        ("A4.B2", "A4|[1B4:|[2c4:|[3d4:|[4e4|]\nP:B\nf4|[1g4:|[2a4|]", "ABACADAE FGFA"),
        ("A4", "A4|[1,3B4:|[2c4:|[4d4|]", "ABACABAD"),
        ("A2", "A4|[1B4|[2c4|]", "ABAC"),
        # more often than there are endings, and less often
        ("A4", "A4|[1B4:|[2c4|]", "ABACABAC"),
        ("A3", "A4|[1B4:|[2c4|]", "ABACAB"),
        ("A2", "A4|[1B4:|[2c4:|[3d4|]", "ABAC"),
        # the whole order is played as often as there are endings
        ("ABAB", "A4|[1B4|[2c4|]\nP:B\nd4|", "ABDACD"),
        ("(A2B)2", "A4|[1B4:|[2c4|]\nP:B\nd4|[1e4:|[2f4|]", "ABACDEABACDF"),
        # named once in a row: a part has its own repeats
        ("ABA", "A4|[1B4:|[2c4|]\nP:B\nd4|", "ABACDABAC"),
        ("(AB)3", "A4|[1B4:|[2c4|]\nP:B\n|:d4:|", 3 * "ABACDD"),
        ("(AB)2 (or more)", "A4|\nP:B\nd4|", "ADAD"),
        # the order counts the repeats; a pick-up is played once
        ("(AABB)2", "a|:A4|[1B3a:|[2c4|]\nP:B\n|:d4:|", 2 * "AABAACDD"),
        ("A2", "A4||[1B4:|[2c4||d4|e4||", "ABDEACDE"),
    ],
)
def test_an_order_of_parts_counts_their_repeats(order: str, parts: str, expected: str) -> None:
    played = heard(f"P:A\n{parts}\n", f"P:{order}\nM:4/4\nL:1/4\n")
    assert played == expected.replace(" ", "")


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("G||EFAB|CDE:|", "GEFABCDEGEFABCDE"),
        ("A4:|G|]EFAB|CDE:|C4|", "AAGEFABCDEGEFABCDEC"),
        ("G||EFAB|1CDE:|2CDC2||", "GEFABCDEGEFABCDC"),
        # without the pick-up, the bars add up: the repeat goes back to the double bar
        ("G||EFAB|CDEF:|", "GEFABCDEFEFABCDEF"),
        ("G4||EFAB|CDE:|", "GEFABCDEEFABCDE"),
        ("G||EFAB||CDE:|", "GEFABCDECDE"),
        ("G||[M:3/4]EFA|CD:|", "GEFACDGEFACD"),
    ],
)
def test_a_pickup_before_a_double_bar_is_repeated(body: str, order: str) -> None:
    assert heard(body) == order


def test_a_tune_that_plays_for_too_long_is_refused() -> None:
    body = "P:A\n" + "ABcd|" * 200 + "\n"
    with pytest.raises(TuneError, match="more than 3,000 notes"):
        play(body, "P:((A9)9)2\nM:4/4\nL:1/4\n")
    with pytest.raises(TuneError, match="too long"):
        play("P:A\nA" + '"G"' * 1000 + "\n", "P:A200\nM:4/4\nL:1/4\n")


def test_at_least_half_of_the_written_notes_are_played() -> None:
    for path in sorted(DATA.glob("*.abc")):
        for tune in read_tunes(path.read_text(encoding="utf-8")):
            written = sum(len(e.pitches) for e in tune.music if isinstance(e, Note))
            played = len(perform(tune, graces=False, ornaments=False).sounds)
            assert played >= written / 2, path
            assert perform(tune).duration == perform(tune, graces=False).duration
