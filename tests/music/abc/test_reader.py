"""The reader returns the fields, notes, lengths and bars of a tune, or the place of an error."""

from fractions import Fraction

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune, read_tunes
from charnn.music.abc.tunebook import split_book
from charnn.music.tune.tune import BarLine, Change, Ending, Key, Mark, Meter, Note, Tune


def tune(body: str, key: str = "C", meter: str = "4/4", unit: str = "1/4", extra: str = "") -> Tune:
    return read_tunes(f"X:1\nT:Test\n{extra}M:{meter}\nL:{unit}\nK:{key}\n{body}\n")[0]


def notes(read: Tune) -> list[Note]:
    return [element for element in read.music if isinstance(element, Note)]


def pitches(body: str, key: str = "C") -> list[int]:
    return [note.pitches[0].midi for note in notes(tune(body, key))]


def durations(body: str, meter: str = "4/4", unit: str = "1/4") -> list[Fraction]:
    return [note.duration for note in notes(tune(body, meter=meter, unit=unit))]


def problem(text: str) -> TuneError:
    with pytest.raises(TuneError) as caught:
        read_tunes(text)
    return caught.value


def test_octaves() -> None:
    assert pitches("C, C c c' c'' c,") == [48, 60, 72, 84, 96, 60]


def test_accidentals_last_for_the_bar_in_every_octave() -> None:
    assert pitches("^F f F, =F f | F") == [66, 78, 54, 65, 77, 65]
    assert pitches("^^C __D _B") == [62, 60, 70]


def test_a_pitch_keeps_its_spelling() -> None:
    sharp, same = (note.pitches[0] for note in notes(tune("^F F")))
    assert (sharp.letter, sharp.octave, sharp.accidental, sharp.midi) == ("F", 4, 1, 66)
    assert (same.accidental, same.midi) == (None, 66)


@pytest.mark.parametrize(
    ("key", "altered"),
    [
        ("C", {}),
        ("none", {}),
        ("", {}),
        ("D", {"F": 1, "C": 1}),
        ("D Major", {"F": 1, "C": 1}),
        ("dmaj", {"F": 1, "C": 1}),
        ("Ador", {"F": 1}),
        ("A Dorian", {"F": 1}),
        ("Amin", {}),
        ("Am", {}),
        ("EM", {"F": 1}),  # modes ignore capitals, so this is E minor
        ("Gm", {"B": -1, "E": -1}),
        ("DMix", {"F": 1}),
        ("D mixolydian", {"F": 1}),
        ("Glyd", {"F": 1, "C": 1}),
        ("Bphr", {"F": 1}),
        ("F#loc", {"F": 1}),
        ("Eb", {"B": -1, "E": -1, "A": -1}),
        ("C#", dict.fromkeys("CDEFGAB", 1)),
        ("HP", {"F": 1, "C": 1}),
        ("Hp", {"F": 1, "C": 1}),
        ("D =c", {"F": 1}),
        ("Dmix=c", {"F": 1}),
        ("D exp ^f _b", {"F": 1, "B": -1}),
        ("G clef=treble", {"F": 1}),
        ("G treble", {"F": 1}),
    ],
)
def test_keys(key: str, altered: dict[str, int]) -> None:
    found = tune("C", key).key
    signature = dict(zip("CDEFGAB", found.alterations, strict=True))
    assert {letter: step for letter, step in signature.items() if step} == altered


@pytest.mark.parametrize(
    ("key", "tonic", "scale"),
    [
        ("C", 0, {0, 2, 4, 5, 7, 9, 11}),
        ("none", 0, {0, 2, 4, 5, 7, 9, 11}),
        ("Bb", 10, {10, 0, 2, 3, 5, 7, 9}),
        ("F#m", 6, {6, 8, 9, 11, 1, 2, 4}),
        ("Cb", -1, {11, 1, 3, 4, 6, 8, 10}),
        ("D exp ^f _b", 2, {0, 2, 4, 6, 7, 9, 10}),
    ],
)
def test_tonic_and_scale(key: str, tonic: int, scale: set[int]) -> None:
    found = tune("C", key).key
    assert (found.semitones, found.scale) == (tonic, scale)


def test_lengths() -> None:
    read = durations("A A2 A/2 A/ A// A3/2 A3/ A/4")
    assert read == [Fraction(n) for n in ("1", "2", "1/2", "1/2", "1/4", "3/2", "3/2", "1/4")]


def test_broken_rhythm_with_spaces_graces_and_rests() -> None:
    assert durations("A>B A > B A>{g}B A<B") == [Fraction(3, 2), Fraction(1, 2)] * 3 + [
        Fraction(1, 2),
        Fraction(3, 2),
    ]
    assert durations("A>>B A>>>B") == [Fraction(n) for n in ("7/4", "1/4", "15/8", "1/8")]
    assert durations("A>z A>.B A>B>c")[:4] == [Fraction(3, 2), Fraction(1, 2)] * 2


def test_tuplet_times_depend_on_the_meter() -> None:
    assert durations("(3ABC (2AB") == [Fraction(2, 3)] * 3 + [Fraction(3, 2)] * 2
    assert durations("(4ABCD (6ABCDEF")[::4] == [Fraction(3, 4), Fraction(1, 3), Fraction(1, 3)]
    assert durations("(5ABCDE")[0] == Fraction(2, 5)
    assert durations("(5ABCDE", meter="6/8")[0] == Fraction(3, 5)
    assert durations("(5ABCDE", meter="3/4")[0] == Fraction(2, 5)
    assert durations("(3:2:2AB C (3::4ABCD") == [Fraction(2, 3)] * 2 + [1] + [Fraction(2, 3)] * 4
    assert durations("(3{d}A[CE]z B") == [Fraction(2, 3)] * 3 + [1]


def test_a_dot_before_a_slur_or_tie_is_no_staccato() -> None:
    read = tune(".(AB) .(cd.)|.(3ABc [A.-.(c] [A.)c]|.A.-A .(|")
    slurs = [mark.text for mark in read.music if isinstance(mark, Mark) and mark.kind == "slur"]
    assert slurs == [".(", ")", ".(", ".)", ".(", ".)", ".("]
    dots = [mark for mark in read.music if isinstance(mark, Mark) and mark.text == "."]
    assert [(mark.kind, mark.column) for mark in dots] == [("decoration", 14), ("decoration", 37)]
    assert [len(note.pitches) for note in read.music if isinstance(note, Note)][-4:] == [2, 2, 1, 1]
    tied = [p.tied for note in read.music if isinstance(note, Note) for p in note.pitches]
    assert tied[-6:] == [True, False, False, False, True, False]
    ties = [problem.column for problem in read.problems if "dotted tie" in problem.text]
    assert ties == [23, 39]


def test_slurs_are_not_tuplets() -> None:
    read = tune("(AB) ((3ABc)")
    assert [mark.text for mark in read.music if isinstance(mark, Mark) and mark.kind == "slur"] == [
        "(",
        ")",
        "(",
        ")",
    ]
    assert [note.duration for note in notes(read)][2] == Fraction(2, 3)


def test_chords_last_as_long_as_their_first_note() -> None:
    chord, inner, after = notes(tune("[CEG]2 [C2E4]/ A"))
    assert [pitch.midi for pitch in chord.pitches] == [60, 64, 67]
    assert (chord.duration, inner.duration, after.duration) == (2, 1, 1)


def test_rests() -> None:
    read = notes(tune("z2 x Z Z2 | A", meter="3/4"))
    assert [rest.duration for rest in read[:-1]] == [2, 1, 3, 6]
    assert [rest.rest for rest in read] == ["z", "x", "Z", "Z", ""]


def test_ties_carry_an_accidental_over_the_bar_line() -> None:
    assert pitches("^F-|F F|F") == [66, 66, 65, 65]


def test_graces_belong_to_the_next_note_and_take_no_time() -> None:
    (note,) = notes(tune("{/ga^b}A2"))
    assert [grace.midi for grace in note.graces] == [79, 81, 84]
    assert note.duration == 2


def test_marks_between_notes_are_kept() -> None:
    read = tune('"G7"~A "^slow".B !trill!c +trill+d Td uA vB | y3 A`B')
    marks = [(m.kind, m.text) for m in read.music if isinstance(m, Mark) and m.kind != "space"]
    assert ("chord symbol", '"G7"') in marks
    assert ("annotation", '"^slow"') in marks
    decorations = [text for kind, text in marks if kind == "decoration"]
    assert decorations == ["~", ".", "!trill!", "+trill+", "T", "u", "v"]
    assert len(notes(read)) == 9


def test_old_line_breaks() -> None:
    read = tune("AB|cd|!\nef|ga:|!\n")
    assert len(notes(read)) == 8
    assert [m.text for m in read.music if isinstance(m, Mark) and m.kind == "line"][::2] == [
        "!",
        "!",
    ]


@pytest.mark.parametrize(
    ("text", "ends", "starts"),
    [
        ("|", 0, 0),
        ("||", 0, 0),
        ("|]", 0, 0),
        ("[|", 0, 0),
        ("[|]", 0, 0),
        ("|:", 0, 1),
        ("[|:", 0, 1),
        ("||:", 0, 1),
        (":|", 1, 0),
        (":|]", 1, 0),
        (":||", 1, 0),
        ("::", 1, 1),
        (":|:", 1, 1),
        (":||:", 1, 1),
        ("|::", 0, 2),
        ("::|", 2, 0),
    ],
)
def test_bar_lines(text: str, ends: int, starts: int) -> None:
    (line,) = (e for e in tune(f"A{text}B").music if isinstance(e, BarLine))
    assert (line.text, line.ends, line.starts) == (text, ends, starts)
    assert line.section == (text not in ("|", "[|]"))


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("|1", (1,)),
        ("|[1", (1,)),
        (" [2", (2,)),
        ("|1,2", (1, 2)),
        ("[1,3", (1, 3)),
        ("[1-3", (1, 2, 3)),
    ],
)
def test_endings(text: str, passes: tuple[int, ...]) -> None:
    (ending,) = (e for e in tune(f"A{text} B|").music if isinstance(e, Ending))
    assert ending.passes == passes


def test_a_bar_line_may_contain_a_line_end() -> None:
    lines = [e for e in tune("AB|\\\n:cd|\\\n1 e:|\\\n2 f|").music if isinstance(e, BarLine)]
    assert lines[0].starts == 1
    endings = [e for e in tune("AB|\n1 e:|\n2 f|").music if isinstance(e, Ending)]
    assert [ending.passes for ending in endings] == [(1,), (2,)]


def test_fields_in_the_body_are_in_force_from_there() -> None:
    read = tune("F[K:D]F[L:1/8]F[M:6/8]Z|\nK:G\nC\nw:la la\nN:a remark\nc")
    assert [note.duration for note in notes(read)] == [
        1,
        1,
        Fraction(1, 2),
        3,
        *[Fraction(1, 2)] * 2,
    ]
    assert [n.pitches[0].midi for n in notes(read) if n.pitches] == [65, 66, 66, 60, 72]
    changes = [e for e in read.music if isinstance(e, Change)]
    assert [type(change.value) for change in changes[:3]] == [Key, Fraction, Meter]
    assert [change.inline for change in changes[:4]] == [True, True, True, False]


@pytest.mark.parametrize(
    ("meter", "bar"),
    [
        ("C", 4),
        ("C|", 4),
        ("6/8", 3),
        ("3+2/8", Fraction(5, 2)),
        ("(2+3)/8", Fraction(5, 2)),
        ("none", 0),
    ],
)
def test_meters(meter: str, bar: Fraction) -> None:
    assert tune("A", meter=meter).meter.bar == bar


def test_the_default_unit_length_depends_on_the_meter() -> None:
    assert read_tunes("X:1\nM:2/4\nK:C\nA")[0].unit == Fraction(1, 4)
    assert read_tunes("X:1\nM:6/8\nK:C\nA")[0].unit == Fraction(1, 2)
    assert read_tunes("X:1\nK:C\nA")[0].unit == Fraction(1, 2)


@pytest.mark.parametrize(
    ("words", "beat", "beats"),
    [
        ("1/4=120", "1", 120),
        ("3/8=120", "3/2", 120),
        ("1/2 = 90", "2", 90),
        ('"Allegro" 1/4=100', "1", 100),
        ('1/4=80 "Slow"', "1", 80),
        ("120", "1", 120),
        ("C=100", "1/2", 100),
        ("C3=40", "3/2", 40),
        ("1/4 3/8=40", "5/2", 40),
        ("Allegro 1/4=100", "1", 100),
        ("1/4=120-130", "1", 120),
        ("1/4=ca. 120", "1", 120),
        ("3/8 = c. 90 or so", "3/2", 90),
        ("120 bpm", "1", 120),
        ("1/4=x9", "0", 0),
        ("Op. 3", "0", 0),
        ("Andante", "0", 0),
        ('"Slow"', "0", 0),
    ],
)
def test_tempos(words: str, beat: str, beats: int) -> None:
    read = tune("A", unit="1/8", extra=f"Q:{words}\n").tempo
    assert read is not None
    assert (read.beat, read.beats) == (Fraction(beat), beats)


def test_the_order_of_parts_has_its_repeats_written_out() -> None:
    assert tune("A", extra="P:A2(BC)2.A\n").parts == tuple("AABCBCA")


def test_comments_directives_and_continued_lines() -> None:
    assert pitches("A % no | music\n%%scale 1\nB\\\nc %\nd") == [69, 71, 72, 74]


def test_line_ends_and_byte_order_mark() -> None:
    for end in ("\r\n", "\r", "\n"):
        text = "\ufeffX:1\nT:One\nK:C\nAB|\nc\n\nX:2\nT:Two\nK:C\nd\n".replace("\n", end)
        read = read_tunes(text)
        assert [t.name for t in read] == ['X:1 "One"', 'X:2 "Two"']
        assert [len(notes(t)) for t in read] == [3, 1]


def test_a_book_with_text_between_tunes() -> None:
    book = (
        "A preface.\nN: not a tune\n\nX:7\nT:One\nK:D\nABc|\n\nSome words\n\nT:No number\nK:G\nG|\n"
    )
    sources = split_book(book)
    assert [(s.line, s.number, s.title) for s in sources] == [
        (4, "7", "One"),
        (11, "", "No number"),
    ]
    assert [len(notes(read_tune(source))) for source in sources] == [3, 1]
    assert split_book("No tune here, nor here: nothing.") == []


def test_a_book_with_no_empty_lines_between_tunes() -> None:
    assert [s.line for s in split_book("X:1\nK:C\nA|\nX:2\nK:C\nB|\n")] == [1, 4]


def test_quoted_printable_is_undone() -> None:
    assert pitches("A=3Dc =\nB |=20\nd") == [69, 72, 71, 74]


def test_one_named_voice_is_accepted() -> None:
    assert len(notes(tune("V:1\nA[V:1]B", extra="V:1 clef=treble\n"))) == 2


@pytest.mark.parametrize(
    ("body", "column", "words"),
    [
        ("AB D/0", 5, "impossible length"),
        ("A99", 2, "impossible length"),
        ("A0", 2, "impossible length"),
        ("A////////", 2, "impossible length"),
        ("AB {gA", 4, "never closed"),
        ('AB "G', 4, "never closed"),
        ("AB [CE", 4, "never closed"),
        ("A" + "&A" * 16, 32, "more than 15 of &"),
        ("A>>>>B", 2, "more than three"),
        ("c''''''", 1, "outside the range of MIDI"),
        ("|:::::::::A", 1, "too many repeats"),
        ("[99 A", 1, "impossible ending"),
        ("[CDEFGABCDEFGABCDE]", 1, "in a chord"),
        ("{ABCDEFGABCDEFGABC}A", 1, "grace notes"),
    ],
)
def test_errors_state_line_and_column(body: str, column: int, words: str) -> None:
    lines = body.split("\n")
    found = problem(f"\n\nX:3\nT:Bad\nM:4/4\nL:1/4\nK:C\nABc|\n{body}\n")
    assert words in found.problem
    assert (found.line, found.column) == (8 + len(lines), column)
    assert found.tune == 'X:3 "Bad"'
    assert str(found).startswith(f'X:3 "Bad", line {found.line}, column {column}: ')


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("X:1\nT:No key\n", 1, "the key (K:) is missing"),
        ("X:1\nT:x\nABc|\nK:C\n", 3, "music before the key (K:)"),
        ("X:1\n" + "".join(f"V:{n}\n" for n in range(17)) + "K:C\nA", 18, "more than 16 voices"),
        ("X:1\nK:C\n" + "".join(f"V:{n}\n" + "A" * 130 + "\n" for n in range(16)), 34, "2000"),
    ],
)
def test_errors_in_headers_state_the_line(text: str, line: int, words: str) -> None:
    found = problem(text)
    assert words in found.problem
    assert found.line == line


def test_size_is_limited() -> None:
    assert "longer than" in problem("X:1\nK:C\n" + "ABcd efga|" * 1700).problem
    assert "2000 notes" in problem("X:1\nK:C\n" + "A" * 2001).problem


def test_octave_and_transpose_change_the_midi_pitch() -> None:
    assert pitches("C ^C-|C", "Am octave=-1") == [48, 49, 49]
    assert pitches("C ^C-|C F", "G transpose=-2") == [58, 59, 59, 64]
    assert pitches("C[K:octave=1 transpose=2]C[K:C]C", "C") == [60, 74, 74]


@pytest.mark.parametrize("words", ["bass", "clef=bass", "clef=alto1 stem=up"])
def test_a_mere_clef_keeps_the_key(words: str) -> None:
    assert pitches(f"F[K:{words}]F", "D") == [66, 66]
    assert pitches(f"F\nK:{words}\nF", "D transpose=2") == [68, 68]
    assert pitches("F", words) == [65]
