"""A tidy tune has the same notes, is tidy once and for all, and leaves nothing to guess."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.book_text import NumberGiver, change_book
from charnn.music.abc.text_escapes import decode_text
from charnn.music.abc.tidying import tidy_source, tidy_tune
from charnn.music.abc.transpose import transpose
from charnn.music.abc.transposed_text import transpose_source
from charnn.music.abc.tunebook import split_book
from charnn.music.performance.player import perform
from tests.music.tunes import book_sources, read, tune_texts

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:C\n"


def heard(text: str) -> list[object]:
    performances = [perform(voice) for voice in read(text).voices]
    return [(each.sounds, each.chord_symbols, each.duration) for each in performances]


def check(text: str) -> None:
    """Check that a readable tune is played alike after tidying, and that tidying is done then."""
    try:
        before = heard(text)
    except (TuneError, IndexError):
        return
    tidy = tidy_tune(text)
    assert heard(tidy) == before
    assert tidy_tune(tidy) == tidy
    assert "\n\n" not in tidy


@settings(max_examples=150, deadline=None, derandomize=True)
@given(tune_texts())
def test_made_up_tunes(text: str) -> None:
    check(text)


def test_tunes_of_books() -> None:
    for source in book_sources(90):
        check(source.text)


def body(text: str, header: str = HEADER) -> str:
    """Return the body of a tune after tidying."""
    tidy = tidy_tune(header + text + "\n")
    assert heard(tidy) == heard(header + text + "\n")
    return tidy.split("K:C\n")[1].removesuffix("\n")


_ESCAPES = [r"\%", r"\\", r"\'e", r"\&", "&amp;", *'\\e"=é %']
_ESCAPES += ["&#37;", "&#101;", r"\u0065"]
_SIGNS = [r"\%", r"\%", "\\", "A", "B2", "|", " ", "*", "$", "\n", "=", '"Am"']


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(_ESCAPES), max_size=6).map("".join),
    st.lists(st.sampled_from(_SIGNS), max_size=12).map("".join),
    st.sampled_from("wN"),
)
def test_escapes_mean_the_same_everywhere(words: str, music: str, field: str) -> None:
    quoted = '"^' + words.replace('"', "") + '"'
    quoted = '"^' + words.replace('"', "") + '"'
    text = f"X:1\nT:{words}\nK:C\nA{music}B|{quoted}c|\n{field}:{words}\nd{music}|%{words}\n"
    try:
        texts = texts_of(text)
    except TuneError:
        return
    check(text)
    assert texts_of(tidy_tune(text)) == texts
    moved = transpose_source(split_book(text)[0], lambda tune: transpose(tune, 2))
    assert texts_of(moved) == texts


def texts_of(text: str) -> list[str]:
    """Return the words of a tune as they are shown."""
    tune = read(text)
    words = [text for letter, text in tune.fields if letter == "T"]
    words += [
        element.text
        for element in tune.music
        if getattr(element, "letter", "") in ("w", "N")
        or getattr(element, "kind", "") == "annotation"
    ]
    return [decode_text(text) for text in words]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A8:|B8:|", "|:A8:|\n|:B8:|"),
        ("A8|]B8:|", "A8|]\n|:B8:|"),
        ("|:A8::B8:|", "|:A8:|\n|:B8:|"),
        ("||:A8:||:B8:]", "|:A8:|\n|:B8:|"),
        ("A8|1 B8:|2 c8:|", "|:A8|1 B8:|2 c8|]"),
        ("A8|1 B8|2 c8|]", "|:A8|1 B8:|2 c8|]"),
        ("A8|1 B8:|2 c8|d8|e8:|", "|:A8|1 B8:|2 c8||\n|:d8|e8:|"),
        ("|:A8|B8|:c8:|", "A8|B8||\n|:c8:|"),
        ("G2|A8|B6:|", "|:G2|A8|B6:|"),
        ("P:A\nA8:|\nP:B\nB8:|", "P:A\n|:A8:|\nP:B\n|:B8:|"),
        ("A8|\n|B8:|", "|:A8|B8:|"),
        ("|::A8::|", "|::A8::|"),
        ("[2D4[2D4|", "|:[2D4||\n|:[2D4|"),
    ],
)
def test_each_repeat_has_its_signs(before: str, after: str) -> None:
    assert body(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A8|B8\\\n|c8|d8|e8|\nf8|]", "A8|B8|c8|d8|\ne8|f8|]"),
        ("G2|A8|B8|c8|d8|e8|", "G2|A8|B8|c8|d8|\ne8|"),
        ("A8|B8||c8|d8|e8|f8|g8|", "A8|B8||\nc8|d8|e8|f8|\ng8|"),
        ("A8|B8|c8|1 d8:|2 e8|]", "|:A8|B8|c8|1 d8:|2 e8|]"),
        ("A8|B8|c8|1 d8|d8|d8:|2 e8|e8|e8|]", "|:A8|B8|c8|1 d8|\nd8|d8:|\n[2 e8|e8|e8|]"),
        ("Z4|A8|", "Z4|\nA8|"),
        ("A4 B4 !A4$B4 |", "A4 B4 A4B4 |"),
        ("A8|B8|\nw:la la\nc8|", "A8|B8|\nw:la la\nc8|"),
        ("A8|% one\nB8| % two\n% three\nc8|", "A8|B8|\n% one\n% two\n% three\nc8|"),
    ],
)
def test_lines_have_four_bars(before: str, after: str) -> None:
    assert body(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("^c2 C2 c'2 c2|c8|", "^c2 ^C2 ^c'2 ^c2|c8|"),
        ("^f4- f4-|f4 f4|", "^f4- ^f4-|^f4 =f4|"),
        ("{^f}g4 f4|", "{^f}g4 ^f4|"),
        ("A>B A>(B c2)A>.B|", "A>B A3/2(B/ c2)A3/2.B/|"),
        ("A2>B c>d>e f3|", "A3B/ c3/2d3/4e/ f3|"),
        ("[^FA]>[FA] [F2A2]>(A|", "[^FA]>[^FA] [^F2A2]3/2(A/|"),
        ("(3A>BA A6|", "(3A3/2B/A A6|"),
        ('A-B z-A- "Am"~B-c2-|c2z2|', '(AB) z-(A "Am"~Bc2)-|c2z2|'),
        ("HA8|", "!fermata!A8|"),
        ("[D!]7 D!f!|", "[D!]7 D!f!|"),
        ("AB(3cdeFG ((3ABc)|", "AB (3cde FG ((3ABc)|"),
        ('"^caf\\\'e"A8|', '"^café"A8|'),
        ("“Am”A8|", '"Am"A8|'),
        (r"A2\% B2 c2 d2|\\%A8|", r"A2\% B2 c2 d2|\%A8|"),
        ('"^50\\% &#37;"A8|\\\n\\%B8|', r'"^50\% &#37;"A8|\%B8|'),
    ],
)
def test_notes_need_no_memory(before: str, after: str) -> None:
    assert body(before) == after


def test_dotted_pairs_of_hornpipes_stay_because_they_are_swung() -> None:
    assert "A>(B" in tidy_tune("X:1\nR:hornpipe\nM:C\nL:1/8\nK:C\nA>(B c2)|\n")


def test_the_header_is_in_order_and_complete() -> None:
    text = (
        'M:6/8\nR:jig\nZ:Zo\\"e\n\nX: 7\nK: D % home\nA3:|\n\n'
        'X:8\n% charnn sample\nQ:"L\\\'eger" 1/4=90\nC:Fran\\ccois \\%\nT: \\AAsa &amp; &eacute;\n'
        "M:3/4\nK:D\nA6|\n"
    )
    numbers = NumberGiver(text)
    book = change_book(text, lambda source: numbers.numbered(source, tidy_source(source)))
    assert book.text == (
        'M:6/8\nR:jig\nZ:Zo\\"e\n\nX:7\nR:jig\nZ:Zoë\nM:6/8\nL:1/8\nK:D % home\n|:A3:|\n\n'
        "X:8\n% charnn sample\nT:Åsa &amp; é\nC:François \\%\nR:jig\nZ:Zoë\n"
        'M:3/4\nL:1/8\nQ:"Léger" 1/4=90\nK:D\nA6|\n'
    )


def test_the_signs_of_line_breaks_go_with_the_lines() -> None:
    text = (
        "I:abc-charset utf-8\n%%linebreak !\n\nX:1\nI:linebreak $\nL:1/8\nK:C\n"
        "A8|$B8|\n%%linebreak <none>\nI:linebreak !\nc8|\n"
    )
    (source,) = split_book(text)
    assert tidy_source(source) == "X:1\nL:1/8\nK:C\nA8|B8|c8|\n"
    song = text.replace("c8|\n", "c8|\nw:la\n")
    (source,) = split_book(song)
    assert tidy_source(source).endswith("A8|$B8|\n%%linebreak <none>\nI:linebreak !\nc8|\nw:la\n")


def test_each_voice_has_its_repeat_signs_after_a_field_of_all() -> None:
    text = "P:A\nV:1\nA8:|\nV:2\nC8:|\nP:B\nV:1\nB8:|\nV:2\nD8:|"
    assert body(text) == "P:A\nV:1\n|:A8:|\nV:2\n|:C8:|\nP:B\nV:1\n|:B8:|\nV:2\n|:D8:|"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("^A8|B8:|\nV:2\nC8|\nD8|", "|:^A8|B8:|\nV:2\n|:C8|\nD8:|"),
        ("A8:|B8:|\nV:2\nC8|(D8", "|:A8:| |:B8:|\nV:2\n|:C8:| |:(D8:|"),
        ('A8|1 B8:|2 c8|]\nV:2\nC8|"G"D8|E8', '|:A8|1 B8:|2 c8|]\nV:2\n|:C8|[1"G"D8:|[2E8|]'),
        ("A8!fine!:|B8!D.C.!|\nV:2\nC8|D8|", "|:A8!fine!:|B8!D.C.!|\nV:2\n|:C8!fine!:|D8!D.C.!|"),
        ("[V:1]A8:|[V:2]C8\n[V:1]B8:|[V:2]D8", "[V:1]|:A8:|[V:2]C8\n[V:1]|:B8:|[V:2]D8"),
        ("A4:|B4:|\nV:2\nC4D4|", "|:A4:| |:B4:|\nV:2\nC4D4|"),  # no bar line where the signs are
        ("A8|1 B8:|2 c8\nV:2\nC8|\nW:words", "|:A8|1 B8:|2 c8\nV:2\nC8|\nW:words"),
    ],
)
def test_voices_keep_their_lines_and_have_the_signs_of_the_first(before: str, after: str) -> None:
    assert body("V:1\n" + before) == "V:1\n" + after


def test_a_book_keeps_its_words_and_what_cannot_be_read() -> None:
    text = (
        "%%MIDI program 1\r\nA book.\r\n\r\n\r\nX:1\r\nK:C\r\nA{|\r\n\r\n\r\n\r\n"
        "words\n\nX:1\nK:C\nA|\nX:01\nK:C\nA|"
    )
    numbers = NumberGiver(text)
    book = change_book(text, lambda source: numbers.numbered(source, tidy_source(source)))
    assert book.text == (
        "%%MIDI program 1\nA book.\n\nX:1\nK:C\nA{|\n\nwords\n\n"
        "X:1\nL:1/8\nK:C\nA|\n\nX:2\nL:1/8\nK:C\nA|\n"
    )
    assert [problem.line for problem in book.problems] == [7]
    assert (numbers.changed, numbers.first_new) == (["X:01"], 2)


def test_a_text_with_equals_signs_is_no_mail() -> None:
    fields = ["T:1+1 =", "Q:1/4=20", "F:http://a.b/?page=20", "S:x=3D2"]
    text = "\n".join(["X:1", *fields, "K:C=20", "A=3DB cd|", "w:a b= c=20 =", "W:so =", ""])
    tidy = tidy_tune(text)
    assert {*fields, "W:so =", "w:a b= c=20 =", "K:C", "A=B cd|"} <= set(tidy.split("\n"))
    assert tidy_tune(tidy) == tidy
