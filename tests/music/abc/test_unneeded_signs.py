"""A sign that changes no note never costs a tune: it is read, or left out with its place."""

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.tune.tune import BarLine, Mark, Tune
from tests.music.abc.test_reader_traps import music, played


def tune(body: str) -> Tune:
    (found,) = read_tunes(music(body))
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("[!1!C!3!E!5!G]2 [.CE]2", "C+E+G2 C+E2", id="fingerings in a chord"),
        pytest.param("[uCvE][TC~E][+trill+C]", "C+E C+E C", id="decorations in a chord"),
        pytest.param('["^sul G"C"Am"E] [C `E]', "C+E C+E", id="words and blanks in a chord"),
        pytest.param("[(CE] [DF)] [{g}CE]", "C+E D+F C+E", id="slurs and graces in a chord"),
        pytest.param("{~g!trill!a}A", "A", id="decorations on graces"),
        pytest.param("+accent+A +D.C.+B +<(+c", "A B C", id="decorations between +"),
        pytest.param("A !D.C. al Fine!B !To Coda!c", "A B C", id="decorations of several words"),
        pytest.param("+CE+2 +E3A3+", "C+E2 E+A3", id="chords of ABC 1.3"),
        pytest.param("(1:2:2AB c", "A2 B2 C", id="a tuplet of one"),
        pytest.param("(1A B", "A B", id="a tuplet of one without numbers"),
        pytest.param("(10:8:10" + "A" * 10, " ".join(["A4/5"] * 10), id="ten in the time of eight"),
        pytest.param("(11" + "A" * 11 + "B", " ".join(["A8/11"] * 11) + " B", id="eleven"),
        pytest.param(
            "(3:AB(3::cd(3::2ef g", "A2/3 B2/3 C2/3 D2/3 E2/3 F2/3 G", id="(p: (p:: (p::r"
        ),
        pytest.param("(3:2AB(3:0:0c d", "A2/3 B2/3 C2/3 D2/3", id="(p:q and zeros"),
        pytest.param("A||[B", "A B", id="||["),
        pytest.param('A|["Coda"B c|', "A B C", id="words in an open bracket"),
        pytest.param("A[]B", "A B", id="[]"),
        pytest.param("A|[|B[[|c|[|]", "A B C", id="|[|"),
        pytest.param("[:A:]B", "A A B", id="[: and :]"),
        pytest.param("|:A:][:B:]", "A A B B", id=":][:"),
        pytest.param(":A:|B", "A A B", id="a single : for |:"),
        pytest.param("A|B:[|c", "A B A B C", id=":[|"),
        pytest.param("A[|]:B:|[]:c:|", "A B B C C", id="[|]: and []:"),
        pytest.param("A[|]:|B[]:|c", "A A B B C", id="[|]:| and []:|"),
        pytest.param("A.|B.||c", "A B C", id="dotted lines"),
        pytest.param("A\u00a0B\u2003c\u3000\ufeffd", "A B C D", id="blanks of web pages"),
        pytest.param("\u201cAm\u201dA\u2019B", "A B", id="typographic quotes"),
    ],
)
def test_read(body: str, expected: str) -> None:
    assert played(music(body)) == expected


@pytest.mark.parametrize(
    ("body", "expected", "column", "serious"),
    [
        ("A qB", "A B", 3, False),
        ("A|fsed|B", "A F E D B", 4, False),
        ("A \u266fB", "A B", 3, False),
        ("A}B", "A B", 2, False),
        ("A + B", "A B", 3, False),
        ("A 2B", "A B", 3, True),
        ("A ,B", "A B", 3, True),
        ("/A", "A", 1, True),
        ("^ A", "A", 1, True),
        ("(0A", "A", 2, True),
        ("[C>E]", "C+E", 3, True),
        ("[Cz]", "C", 3, False),
        ("[()]A", "A", 1, True),
        ("{gq}A", "A", 3, False),
        ("A>", "A", 2, True),
        ("A>|", "A", 2, True),
        (">A", "A", 1, True),
        ("A : B", "A B", 3, True),
        ("A||[ B", "A B", 4, False),
        ("[Q:1/4=0]A", "A", 4, True),
    ],
)
def test_left_out_with_its_place(body: str, expected: str, column: int, serious: bool) -> None:
    assert played(music(body)) == expected
    (problem,) = tune(body).problems
    assert (problem.line, problem.column, problem.serious) == (6, column, serious)


@pytest.mark.parametrize("field", ["Q:1/4=2", "Q:1/99=100", "P:(AB", "P:A999", "P:Anne's set"])
def test_a_field_of_the_header_that_changes_no_note(field: str) -> None:
    (found,) = read_tunes(f"X:1\n{field}\nL:1/4\nK:C\nA B")
    assert [(problem.line, problem.column) for problem in found.problems] == [(2, 3)]
    assert played(f"X:1\n{field}\nL:1/4\nK:C\nA B") == "A B"


@pytest.mark.parametrize(
    "body",
    ["A|Second time|", "A|\nCoda\nB|", "A|Fine|", "A|\nla la the words|", "A [CE|", "A {g|A}"],
)
def test_what_would_have_to_be_guessed_is_refused(body: str) -> None:
    with pytest.raises(TuneError):
        tune(body)


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ("\nB|\n", 5),
        ('\n\nP:B\n[K:D]"G"c!f!d|\n', 7),
        ("\nA tune | of words\n\nX:2\nK:C\nB|\n", None),
        ("\nT:B\nB|\n", None),
    ],
)
def test_music_after_an_empty_line(after: str, line: int | None) -> None:
    found = read_tunes(f"X:1\nK:C\nA|\n{after}")[0]
    assert [problem.line for problem in found.problems] == ([line] if line else [])


def test_a_mark_in_a_chord_stands_before_it() -> None:
    found = tune("[!1!C(.E] [D)F]").music
    kinds = [element.text if isinstance(element, Mark) else "note" for element in found]
    assert kinds == ["!1!", "(", ".", "note", " ", "note", ")", ""]


@pytest.mark.parametrize("sign", ["[]", "[|]", ".|", "|"])
def test_bar_lines_that_end_no_section(sign: str) -> None:
    assert not any(e.section for e in tune(f"A{sign}B").music if isinstance(e, BarLine))


@pytest.mark.parametrize("indent", ["    ", "\t", "\u00a0", "> "[1:]])
def test_indented_lines(indent: str) -> None:
    lines = ["X:1", "T:One", "L:1/4", "K:C", "A B", "", "X:2", "T:Two", "M:4/4", "K:C", "[K:G]F2"]
    text = "\n".join(indent + line for line in lines)
    assert [found.titles for found in read_tunes(text)] == [("One",), ("Two",)]
    assert played("\n".join(indent + line for line in lines[:5])) == "A B"
