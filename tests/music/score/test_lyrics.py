"""Lyrics: the syllables of `w:` at their notes, in MusicXML and as music21 reads them back."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.music.abc.reader import read_tunes
from charnn.music.score.lyrics import find_lyrics
from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.omissions import find_omissions
from charnn.music.tune.tune import Note, Tune


def tune(body: str) -> Tune:
    return read_tunes(f"X:1\nM:4/4\nL:1/4\nK:C\n{body}\n")[0]


def sung(body: str) -> str:
    """Return the syllables at each note: `syll-`, `=` for a held one, `.` for none.

    Verses are separated by `/`.
    """
    read = tune(body)
    syllables = find_lyrics(read).syllables
    columns = []
    for index, element in enumerate(read.music):
        if isinstance(element, Note):
            texts = [
                (syllable.text or "=") + "-" * (syllable.syllabic in ("begin", "middle"))
                for syllable in syllables.get(index, ())
            ]
            columns.append("/".join(texts) or ".")
    return " ".join(columns)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # The examples of the standard, section 5.1.
        ("C D E F|\nw: syll-a-ble x", "syll- a- ble x"),
        ("C D E F|\nw: syll-a--ble", "syll- a- . ble"),
        ("C D E F|\nw: syll-a -ble", "syll- a- . ble"),
        ("C D E F|\nw: syll-a- -ble", "syll- a- . ble"),
        ("C D E F|\nw: time__ of", "time = = of"),
        ("C D E F|\nw: syll-__ble", "syll- . . ble"),
        # Signs.
        ("C D E F|\nw: a * b~c d\\-e", "a . b c d-e"),
        ("C D E|\nw: fran\\cc-ais &eacute;-", "franç- ais é-"),
        ("C D E F|G A|\nw: a b|c", "a b . . c ."),
        ("C D|E F|G A|\nw: a || b", "a . . . b ."),
        ("C D|E F|G A|\nw: a b c | d | e", "a b c d e ."),  # a | that comes late has no effect
        # Rests, grace notes and ties; a chord is one note.
        ("z C {g}D [EG]-[EG]|\nw: a b c d", ". a b c d"),
        ("Z|C D|E|\nw: a | b", ". a . b"),
        ("C|Z|D|\nw: a | | b", "a . b"),
        ("C|Z|D|\nw: a | b", "a . b"),
        # Verses, continued fields, and the next line of music.
        ("C D|\nw: a b\nw: c d\nE F|\nw: e f", "a/c b/d e f"),
        ("C D E|\nw: a\n+: b c", "a b c"),
        ("C D E|\nw: a- \\\nw: b c", "a- b c"),
        ("C D|\nE F|\nw: a b c d", "a b c d"),
        ("C D|\nw: a\nE F|\nw: b", "a . b ."),
        ("C D\nE F|\nw: a b c d\nG4|\nw: e", "a b c d e"),
        ("C D\nw:\nE F|\nw: a b", ". . a b"),
        ("C D\n", ". ."),
    ],
)
def test_syllables_stand_under_their_notes(body: str, expected: str) -> None:
    assert sung(body) == expected


def test_the_musicxml_has_verses_words_and_extension_lines() -> None:
    body = "C D E z|F4|\nw: A-ve time_ *\nw: one two * * three\nW:All of it\nW:\nW:again"
    root = ElementTree.fromstring(to_musicxml(tune(body)))  # noqa: S314
    lyrics = [
        (note.findtext("pitch/step"), lyric.get("number"), *(child.text for child in lyric))
        for note in root.iter("note")
        for lyric in note.findall("lyric")
    ]
    assert lyrics == [
        ("C", "1", "begin", "A"),
        ("C", "2", "single", "one"),
        ("D", "1", "end", "ve"),
        ("D", "2", "single", "two"),
        ("E", "1", "single", "time", None),
        ("F", "1", None),
    ]
    extensions = [extend.get("type") for extend in root.iter("extend")]
    assert extensions == ["start", "stop"]
    assert root.findtext(".//miscellaneous-field[@name='words']") == "All of it\n\nagain"


def test_music21_reads_the_lyrics_back() -> None:
    from music21 import converter

    written = to_musicxml(tune("C D E F|\nw: syll-a-ble word\nw: *_ x~y"))
    notes = converter.parseData(written, format="musicxml").flatten().notes
    found = [[(lyric.number, lyric.text, lyric.syllabic) for lyric in n.lyrics] for n in notes]
    assert found[:2] == [[(1, "syll", "begin")], [(1, "a", "middle")]]
    assert (2, "x y", "single") in found[2]


def test_what_finds_no_note_is_said_once_with_its_line() -> None:
    omissions = find_omissions(tune("C D!ped!E !ped!z|\nw: one two three four\ns: !f! *"))
    assert omissions == [
        "!ped! (2 times from line 5)",
        "the signs of s: (line 7)",
        'the syllables "four", for which there is no note (line 6)',
    ]
    assert find_omissions(tune("!<(!C D!<)! .E !1!F|\nw: one")) == []
    assert find_omissions(tune("!<(!C D|")) == ["!<(! (line 5)"]
    spans = "!trill)!C !trill(!D E|!<(!F !trill(!G !trill)!A !<)!B|"
    assert find_omissions(tune(spans)) == ["!trill)! (line 5)", "!trill(! (line 5)"]
    assert find_omissions(tune("!D.C. al Fine!C|!Fine!D|!dalsegno!E|")) == []


@given(st.lists(st.text("ab-_*|~\\ +", max_size=30), max_size=6))
def test_any_lyrics_are_aligned(fields: list[str]) -> None:
    """No syllable is lost: it stands at a note, or it is named as one without a note."""
    body = "".join(f"C D|z E|\nw:{field}\n" for field in fields)
    read = tune(body + "C|")
    lyrics = find_lyrics(read)
    placed = [syllable for at_note in lyrics.syllables.values() for syllable in at_note]
    letters = "".join(s.text for s in placed) + "".join(text for _, text in lyrics.unplaced)
    for letter in "ab":
        assert letters.count(letter) == "".join(fields).count(letter)
    assert all(isinstance(read.music[index], Note) for index in lyrics.syllables)
    assert [s.extension for s in placed].count("start") == [s.extension for s in placed].count(
        "stop"
    )
    to_musicxml(read)


def test_an_overlay_has_no_lyrics() -> None:
    read = tune("C D E F & E4|G4|\nw: a b c d e")
    assert to_musicxml(read).count("<text>a</text>") == 1
    assert not list(find_omissions(read))
