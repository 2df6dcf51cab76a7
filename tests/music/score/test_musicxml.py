"""MusicXML, read back with music21 and compared with the tune."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune, read_tunes
from charnn.music.abc.tunebook import split_book
from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.omissions import find_omissions
from charnn.music.tune.chord_symbols import read_chord
from charnn.music.tune.tune import Change, Key, Note, Tune

Columns = list[tuple[tuple[int, ...], Fraction]]

# Real tunes with difficult notation: (book, index of the tune in the book).
REAL = [
    ("oneills1850/0001-0050.abc", 7),  # changes key
    ("oneills1850/0550-0625.abc", 60),
    ("oneills1850/0701-0720.abc", 13),  # pickup and endings
    ("oneills1850/1116-1135_mh.abc", 17),
    ("oneills1850/1556-1576.abc", 0),  # triplets
    ("ryansMammoth/BonnieLassieStrathspey.abc", 0),
    ("ryansMammoth/RoysWifeOfAldivalloch.abc", 0),
    ("ryansMammoth/AdmiralsHornpipe.abc", 0),
    ("ryansMammoth/7thRegimentReel.abc", 0),
    ("airdsAirs/book1.abc", 3),
    ("airdsAirs/book1.abc", 40),
    ("airdsAirs/book2.abc", 11),
    ("airdsAirs/book3.abc", 100),
    ("airdsAirs/book4.abc", 20),
    ("airdsAirs/book6.abc", 50),
]


@cache
def book(name: str) -> Any:
    import music21

    path = Path(music21.__file__).parent / "corpus" / name
    return split_book(path.read_text(encoding="utf-8", errors="replace"))


def tune(body: str, header: str = "M:4/4\nL:1/8\nK:C") -> Tune:
    return read_tunes(f"X:1\n{header}\n{body}\n")[0]


def read_back(written: str) -> Any:
    from music21 import converter

    return converter.parseData(written, format="musicxml")


def columns(score: Any) -> Columns:
    """Return (MIDI pitches, quarter notes) of every note, chord, rest and grace note, in order."""
    from music21 import harmony

    return [
        (
            tuple(sorted(pitch.midi for pitch in note.pitches)) if not note.isRest else (),
            Fraction(note.duration.quarterLength).limit_denominator(10_000),
        )
        for note in score.flatten().notesAndRests
        if not isinstance(note, harmony.ChordSymbol)
    ]


def expected_columns(tune: Tune) -> Columns:
    """Return the columns of a tune, with one rest for each bar of a multi-bar rest."""
    found: Columns = []
    transpose = tune.key.transpose
    for element in tune.music:
        if isinstance(element, Change) and isinstance(element.value, Key):
            transpose = element.value.transpose
        if isinstance(element, Note) and element.rest in ("Z", "X") and element.rest:
            bars = int(element.length)
            found += [((), element.duration / bars)] * bars
        elif isinstance(element, Note):
            found += [((grace.midi - transpose,), Fraction(0)) for grace in element.graces]
            found += [
                (
                    tuple(sorted({pitch.midi - transpose for pitch in element.pitches})),
                    element.duration,
                )
            ]
    return found


def with_tied_parts_joined(found: Columns, like: Columns) -> Columns:
    """Return the columns with tied notes joined where `like` has one (5/8 is 4/8 and 1/8)."""
    joined: Columns = []
    rest = iter(found)
    for _, duration in like:
        pitches, length = next(rest)
        while 0 < length < duration:
            more, added = next(rest)
            assert more == pitches
            length += added
        joined.append((pitches, length))
    return joined + list(rest)


def assert_same_notes(tune: Tune) -> Any:
    """Assert that the MusicXML of a tune has the tune's notes, and return its music21 score."""
    score = read_back(to_musicxml(tune))
    expected = expected_columns(tune)
    assert with_tied_parts_joined(columns(score), expected) == expected
    return score


@pytest.mark.parametrize(("name", "place"), REAL)
def test_the_notes_of_real_tunes(name: str, place: int) -> None:
    assert_same_notes(read_tune(book(name)[place]))


@pytest.mark.parametrize(
    "body",
    [
        "A>B c<d e>>f g<<<a|",
        "(3ABc (2AB (4ABcd (5:4:5ABcde (3:2:2A2B z2|",
        "[CEG]2 [C2E2]/ [^F=c'']4|",
        "{g}A {gab}B2 (3{c}ABc|",
        "A2-|A B-|[B-d]2 [Bf]2|",
        "C5 D7 E/4 F3/8 G11 z5|C|D9|",
        "Z3|x4 z4|",
        "[M:9/8]C9|[M:none]C13 D2|[M:2+3/8]C2 D3|",
        "[K:HP]C F G|[K:D exp _b ^f]B f c|[K:Cb]C|[K:C#]B|[K:C octave=-1 transpose=2]C|",
        "^F_B=F ^^C__D|F|",
        "|:A8|1B8:|2c8:|3d8||",
        '"Am"A2 "G7/B"B2 "F#m7b5"c2 "what?"d2 "^up"e2 "_down"f2|',
        "!trill!A HB .c uvd ~e !segno!f !p!g !D.C.!a|",
        "A,,,,2 a'''2|",
    ],
)
def test_the_notes_of_every_notation_of_abc(body: str) -> None:
    assert_same_notes(tune(body))


def test_headings_meters_endings_slurs_tempos_and_signs() -> None:
    score = assert_same_notes(
        tune(
            "G2|:(c2 Te2) {f}g4 |1 c8 :|2 c6||\\\nM:6/8\nK:Edor\nE3 HG3|]",
            'T:Fancy, The\nC:A. Composer\nM:C|\nL:1/8\nQ:"Lively" 1/2=96\nK:G',
        )
    )
    from music21 import expressions, key, meter, repeat, spanner, tempo

    assert score.metadata.title == "The Fancy"
    assert score.metadata.composer == "A. Composer"
    part = score.parts[0]
    assert [m.number for m in part.getElementsByClass("Measure")] == [0, 1, 2, 3, 4]
    signatures = [k.sharps for k in part.recurse().getElementsByClass(key.KeySignature)]
    assert signatures == [1, 2]
    meters = [m.ratioString for m in part.recurse().getElementsByClass(meter.TimeSignature)]
    assert meters == ["2/2", "6/8"]
    brackets = list(part.recurse().getElementsByClass(spanner.RepeatBracket))
    assert [bracket.number for bracket in brackets] == ["1", "2"]
    assert len(list(part.recurse().getElementsByClass(spanner.Slur))) == 1
    marks = list(part.recurse().getElementsByClass(tempo.MetronomeMark))
    assert any(mark.number == 96 and mark.referent.quarterLength == 2 for mark in marks)
    signs = {type(sign) for note in part.recurse().notes for sign in note.expressions}
    assert {expressions.Trill, expressions.Fermata} <= signs
    assert repeat.Expander(part).isExpandable()
    played = [
        n.pitch.nameWithOctave
        for n in part.expandRepeats().flatten().notes
        if not n.duration.isGrace
    ]
    assert played == ["G4", "C5", "E5", "G5", "C5", "C5", "E5", "G5", "C5", "E4", "G4"]


def test_the_spelling_of_notes_is_kept() -> None:
    score = assert_same_notes(tune("^A _B =B ^E _F|", "M:none\nL:1/8\nK:F"))
    names = [note.pitch.name for note in score.flatten().notes]
    assert names == ["A#", "B-", "B", "E#", "F-"]


def test_chord_symbols_become_harmony() -> None:
    from music21 import harmony

    score = read_back(to_musicxml(tune('"Am"A4 "G7/B"B4|"D"d4 "huh"e4|')))
    found = [h.figure for h in score.flatten().getElementsByClass(harmony.ChordSymbol)]
    assert found == ["Am", "G7/B", "D"]


def test_every_kind_of_chord_becomes_harmony() -> None:
    """The tones that charnn plays are those that music21 reads from the score."""
    from music21 import harmony

    triads = ["", "m", "dim", "+", "sus4", "sus2", "5"]
    sevenths = ["7", "m7", "maj7", "mmaj7", "6", "m6", "dim7", "m7b5", "7#5", "7b5", "7sus4"]
    ninths = ["9", "m9", "maj9", "6/9", "add9", "2", "madd9", "7b9", "7♭9", "7#9", "9sus4"]
    for kind in [*triads, *sevenths, *ninths]:
        score = read_back(to_musicxml(tune(f'"C{kind}"A4|')))
        symbols = list(score.flatten().getElementsByClass(harmony.ChordSymbol))
        assert len(symbols) == 1, kind
        played = read_chord(f"C{kind}")
        assert played is not None
        assert {pitch.midi % 12 for pitch in symbols[0].pitches} == set(played.tones), kind
    written = to_musicxml(tune('"G(Em)"A4|'))
    assert '<kind text="(Em)">major</kind>' in written


def test_chord_symbols_keep_their_brackets_alternatives_and_places() -> None:
    written = to_musicxml(tune('"(F#m)"A4 "bb/d or Gm"A4|"n.c."A4 "C""D7"A4|'))
    found = ElementTree.fromstring(written).findall(".//harmony")  # noqa: S314
    assert [chord.findtext("root/root-step") for chord in found] == ["F", "B", "C", "C", "D"]
    assert [(chord.find("kind").get("text"), chord.findtext("offset")) for chord in found] == [
        *[("m)", None), ("", None), ("n.c.", None), ("", None), ("7", "1")]
    ]
    assert found[0].find("root/root-step").get("text") == "(F"
    assert found[1].find("bass/bass-step").get("text") == "D or Gm"


# The decorations of ABC 2.1, section 4.14, that stand at a note: the element of each.
NOTE_SIGNS = {
    "trill": "ornaments/trill-mark",
    "trill(": "ornaments/wavy-line[@type='start']",
    "trill)": "ornaments/wavy-line[@type='stop']",
    "lowermordent": "ornaments/mordent",
    "mordent": "ornaments/mordent",
    "uppermordent": "ornaments/inverted-mordent",
    "pralltriller": "ornaments/inverted-mordent",
    "roll": "ornaments/turn",
    "turn": "ornaments/turn",
    "turnx": "ornaments/turn[@slash='yes']",
    "invertedturn": "ornaments/inverted-turn",
    "invertedturnx": "ornaments/inverted-turn[@slash='yes']",
    "arpeggio": "arpeggiate",
    **dict.fromkeys((">", "accent", "emphasis"), "articulations/accent"),
    "fermata": "fermata",
    "invertedfermata": "fermata[@type='inverted']",
    "tenuto": "articulations/tenuto",
    **{finger: f"technical/fingering[.='{finger}']" for finger in "012345"},
    **dict.fromkeys(("+", "plus"), "technical/stopped"),
    "snap": "technical/snap-pizzicato",
    "slide": "articulations/scoop",
    "wedge": "articulations/staccatissimo",
    "upbow": "technical/up-bow",
    "downbow": "technical/down-bow",
    "open": "technical/open-string",
    "thumb": "technical/thumb-position",
    "breath": "articulations/breath-mark",
    "shortphrase": "articulations/breath-mark[.='tick']",
    "mediumphrase": "articulations/caesura[.='single']",
    "longphrase": "articulations/caesura[.='normal']",
}
BAR_SIGNS = "p ffff sfz <( <) crescendo( crescendo) >( >) segno coda D.S. D.C. dacoda dacapo fine"


def test_every_decoration_of_the_standard_is_written() -> None:
    marks = [*NOTE_SIGNS, *BAR_SIGNS.split()]
    read = tune("".join(f"!{mark}!c8|" for mark in marks))
    assert not find_omissions(read)
    bars = ElementTree.fromstring(to_musicxml(read)).findall(".//measure")  # noqa: S314
    for (mark, path), bar in zip(NOTE_SIGNS.items(), bars, strict=False):
        assert bar.find(f"note/notations/{path}") is not None, mark
    assert all(bar.find("direction") is not None for bar in bars[len(NOTE_SIGNS) :])


def test_beams_are_those_of_the_abc() -> None:
    score = read_back(to_musicxml(tune("AB cd e2 f/g/a|")))
    kinds = [[beam.type for beam in note.beams] for note in score.flatten().notes]
    assert kinds[:5] == [["start"], ["stop"], ["start"], ["stop"], []]
    assert kinds[5:] == [["start", "start"], ["continue", "stop"], ["stop"]]


def test_control_characters_are_removed() -> None:
    written = to_musicxml(tune("A|", "T:Be\x1b[2Jll & <i>co\x00</i>\nM:4/4\nK:C"))
    root = ElementTree.fromstring(written)  # noqa: S314
    assert root.findtext("work/work-title") == "Be[2Jll & <i>co</i>"


def test_writing_is_deterministic() -> None:
    assert to_musicxml(tune("AB|c4|")) == to_musicxml(tune("AB|c4|"))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("|", "no notes"),
        ("[L:1/64]A/64|", "too short"),
        ("[L:64]C64|", "too long"),
    ],
)
def test_a_tune_that_no_score_can_show_is_refused(body: str, problem: str) -> None:
    with pytest.raises(TuneError, match=problem):
        to_musicxml(tune(body))


def test_notes_are_named_by_their_places() -> None:
    (tune,) = read_tunes("X:1\nM:4/4\nL:1/4\nK:C\nC z [EG]2|A8|\n")
    root = ElementTree.fromstring(to_musicxml(tune))  # noqa: S314
    names = [note.get("id") for note in root.iter("note")]
    assert names == ["n5-1", None, "n5-5", "n5-5-2", "n5-11"]
