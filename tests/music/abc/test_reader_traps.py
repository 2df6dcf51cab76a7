"""Constructs that readers of ABC get wrong, each with the music that must be played.

The expected music has the name of each note, its length in quarter notes unless it is 1, `z` for a
rest, and `+` between the notes of a chord.
"""

from fractions import Fraction

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune, read_tunes
from charnn.music.abc.tunebook import split_book
from charnn.music.checking.bars import split_into_bars
from charnn.music.performance.player import perform
from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.tune import Mark, Note, Tempo

_NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def played(text: str) -> str:
    """Return the only tune of a text as it is played."""
    (tune,) = read_tunes(text)
    notes = [tune.music[index] for index in playing_order(tune)]
    return " ".join(_spell(note) for note in notes if isinstance(note, Note))


def _spell(note: Note) -> str:
    names = "+".join(_NAMES[pitch.midi % 12] for pitch in note.pitches) or "z"
    return names + (str(note.duration) if note.duration != 1 else "")


def music(body: str, key: str = "C") -> str:
    return f"X:1\nT:Trap\nM:4/4\nL:1/4\nK:{key}\n{body}\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("^F f|f", "F# F# F", id="accidentals last for the bar"),
        pytest.param("[^D^F]2 D|D", "D#+F#2 D# D", id="accidentals last from inside a chord"),
        pytest.param("^F-|F F|F", "F# F# F F", id="a tie carries an accidental, but no further"),
        pytest.param("A:|B:|c", "A A B B C", id="repeats without |:"),
        pytest.param("A||B:|", "A B B", id="a repeat goes back to a double bar"),
        pytest.param("A||:B:||", "A B B", id="||: and :||"),
        pytest.param("A:|:B:|", "A A B B", id=":|:"),
        pytest.param("A:||:B::C:|]", "A A B B C C", id=":||: and ::"),
        pytest.param("[|:A:|]B", "A A B", id="[|: and :|]"),
        pytest.param("A::B:|", "A A B B", id="A:: at the beginning of a line"),
        pytest.param("D::B:|\nA2::c:|", "D D B B A2 A2 C C", id="D:: on a line of its own"),
        pytest.param("A:|", "A A", id="one bar only"),
        pytest.param("|:A|1B:|2c||", "A B A C", id="endings of one bar"),
        pytest.param("|:A|1B:|2c:|3d||", "A B A C A D", id="third endings"),
        pytest.param("|:A|1,3B:|2c||", "A B A C A B", id="an ending for two passes"),
        pytest.param("|:A|[1-2B:|[3c||", "A B A B A C", id="endings with a dash"),
        pytest.param("|:A|[1.2B:|[3c||", "A B A B A C", id="endings with a dot"),
        pytest.param('|:A|["1"B:|["2." c||', "A B A C", id="endings in quotes"),
        pytest.param('["1"A]["2"CE] F', "A C+E F", id="a fingering in a chord is no ending"),
        pytest.param('A[1,2 B:|[3 "G"c|', "A B A B A C", id="[3 and a chord symbol"),
        pytest.param("A\\\n|1B:|\\\n2c|", "A B A C", id="endings cut by a line end"),
        pytest.param("|:A||1B:|2c||", "A B A C", id="a double bar before an ending"),
        pytest.param("A!fine!|B!D.C.!|", "A B A", id="D.C. al fine"),
        pytest.param("A|!segno!B!fine!|c!D.S.!|", "A B C B", id="D.S. al fine"),
        pytest.param("HA JA LA MA OA PA SA RA", "A " * 7 + "A", id="decorations before notes"),
        pytest.param("~A.BuAvB!fermata!A!>!B+turn+A", "A B A B A B A", id="more decorations"),
        pytest.param('">slow"A"<ah"B"^x"c"_y"d"@1,2 z"e', "A B C D E", id="annotations"),
        pytest.param('"Am7"A"D/F#"B"no chord"c', "A B C", id="chord symbols"),
        pytest.param("A x2 B", "A z2 B", id="invisible rests"),
        pytest.param("Z2|[M:3/4]Z", "z8 z3", id="bar rests"),
        pytest.param("A y3 B y C", "A B C", id="spacers"),
        pytest.param("A`B``c", "A B C", id="backticks"),
        pytest.param("(3{g}DEF G", "D2/3 E2/3 F2/3 G", id="a grace in a tuplet"),
        pytest.param("A>{g}B c", "A3/2 B1/2 C", id="a grace after >"),
        pytest.param("A>>B A<B", "A7/4 B1/4 A1/2 B3/2", id=">> and <"),
        pytest.param("A > B", "A3/2 B1/2", id="blanks around >"),
        pytest.param("(3 ABc (2 AB", "A2/3 B2/3 C2/3 A3/2 B3/2", id="a blank in a tuplet"),
        pytest.param("((3ABc)(3(def)", "A2/3 B2/3 C2/3 D2/3 E2/3 F2/3", id="tuplets and slurs"),
        pytest.param("(3:2:2A2B c", "A4/3 B2/3 C", id="tuplets with p:q:r"),
        pytest.param("(5ABcde", "A2/5 B2/5 C2/5 D2/5 E2/5", id="five in the time of two"),
        pytest.param("F[K:D]F", "F F#", id="inline K:"),
        pytest.param("Z[M:3/4]Z", "z4 z3", id="inline M:"),
        pytest.param("A[L:1/8]A", "A A1/2", id="inline L:"),
        pytest.param("A\nL:1/8\nK:G\nF", "A F#1/2", id="fields between lines"),
        pytest.param("AB!cd!\nef", "A B C D E F", id="old line ends"),
        pytest.param("A!ff!B!5!c!D.C.alfine!", "A B C", id="decorations between two !"),
        pytest.param("A B!\nc d!\ne!f g!\na", "A B C D E F G A", id="short lines between two !"),
        pytest.param("A%%no\n%%scale 0.7\nB", "A B", id="comments and directives"),
        pytest.param("A\n%%begintext\nABC DEF\n%%endtext\nB", "A B", id="typeset text"),
        pytest.param("A\n%%beginps\nABC\n%%endps\nB", "A B", id="PostScript"),
        pytest.param("A\nw:la la\nW:words\nN:note\nB", "A B", id="words and notes"),
        pytest.param("A\\\nB", "A B", id="continued lines"),
        pytest.param("A|\\\n%x\n:B:|", "A B B", id="a repeat sign cut by a line end"),
        pytest.param("[A2c2] [Ac]2 [Ac]/", "A+C2 A+C2 A+C1/2", id="lengths in chords"),
        pytest.param("A// A/4 A3/ A6/4", "A1/4 A1/4 A3/2 A3/2", id="slashes"),
        pytest.param("A|B2c2d2e2f2|g", "A B2 C2 D2 E2 F2 G", id="bars too long"),
        pytest.param("A.|B[|]c", "A B C", id="dotted and unseen bars"),
        pytest.param("A$B;C?D", "A B C D", id="reserved signs"),
    ],
)
def test_music(body: str, expected: str) -> None:
    text = music(body)
    assert played(text) == expected
    perform(read_tunes(text)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(music("F c", "D =c"), "F# C", id="K:D =c"),
        pytest.param(music("F B", "G exp _b"), "F A#", id="K:G exp _b"),
        pytest.param(music("F c g", "HP"), "F# C# G", id="K:HP"),
        pytest.param(music("F c g", "Hp"), "F# C# G", id="K:Hp"),
        pytest.param("X:1\nM:c\nL:1\nK:C\nA", "A4", id="M:c and L:1"),
        pytest.param("X:1\nM:C|\nK:C\nZ", "z4", id="M:C|"),
        pytest.param("X:abc\nK:C\nA", "A1/2", id="X:abc, neither M: nor L:"),
        pytest.param("X:1\nM:2/4\nK:C\nA", "A1/4", id="no L: in 2/4"),
        pytest.param("X:1\nQ:Allegro\nK:C\nA", "A1/2", id="Q:Allegro"),
        pytest.param("X:1\nQ:1/4=\nK:C\nA", "A1/2", id="Q: half said"),
        pytest.param("K:C\nA", "A1/2", id="no X:"),
        pytest.param("Words.\nMore: words.\n\nX:1\nK:C\nA\n\nwords", "A1/2", id="free text"),
        pytest.param("X:1\nT:x\n\nL:1/4\n\nK:C\nA", "A", id="empty lines in the header"),
        pytest.param("X:1\nN bars 1| and 2|\nL:1/4\nK:C\nA", "A", id="a colon forgotten"),
        pytest.param("X:1\nL:1/4\nP:AAB\nK:C\nP:A\nA\nP:B\nB", "A A B", id="P:AAB"),
        pytest.param("X:1\nL:1/4\nP:A2(BA)2\nK:C\nP:A\nA\nP:B\nB", "A A B A B A", id="P:A2(BA)2"),
        pytest.param("X:1\nL:1/4\nU:q=!trill!\nK:C\nqA", "A", id="U: in the header"),
        pytest.param("X:1\nL:1/4\nK:C\nU:j=!turn!\njA", "A", id="U: in the body"),
        pytest.param("X:1\nL:1/4\nK:C\nV:1\nA", "A", id="one voice"),
    ],
)
def test_headers(text: str, expected: str) -> None:
    assert played(text) == expected
    perform(read_tunes(text)[0])


@pytest.mark.parametrize(
    ("body", "column", "words"),
    [
        pytest.param("A {gB", 3, "never closed", id="an unclosed {"),
        pytest.param('A "GB|', 3, "never closed", id='an unclosed "'),
        pytest.param("A [CB|", 3, "never closed", id="an unclosed ["),
        pytest.param("A (65B", 3, "tuplet", id="(65"),
        pytest.param("A D/0", 4, "impossible length", id="D/0"),
        pytest.param("A D999999", 4, "impossible length", id="D999999"),
        pytest.param("A [1,99 B", 3, "impossible ending", id="a 99th ending"),
        pytest.param("A\n%%begintext\nABC", 1, "%%begintext without %%endtext", id="begintext"),
    ],
)
def test_errors_state_line_and_column(body: str, column: int, words: str) -> None:
    with pytest.raises(TuneError) as caught:
        read_tunes("\n" + music(body))
    assert words in caught.value.problem
    assert (caught.value.line, caught.value.column) == (7 + ("\n" in body), column)
    assert caught.value.tune == 'X:1 "Trap"'


def test_two_tunes_may_have_one_number() -> None:
    assert len(read_tunes(music("A") + "\n" + music("B"))) == 2


def test_an_unreadable_tune_does_not_affect_the_others() -> None:
    good, bad, last = split_book(music("A") + music("D/0") + music("B"))
    with pytest.raises(TuneError):
        read_tune(bad)
    assert [len(perform(read_tune(source)).sounds) for source in (good, last)] == [1, 1]


def test_an_overfull_bar_is_one_bar_in_the_tune_s_meter() -> None:
    (tune,) = read_tunes(music("A4|B4c4|d4|"))
    assert [bar.duration for bar in split_into_bars(tune)[0]] == [4, 8, 4]
    assert [turn.value for turn in perform(tune).changes].count(tune.meter) == 1


def test_u_redefines_a_sign() -> None:
    header = "X:1\nL:1/4\nM:4/4\nU:q = !trill!\nU:T = !nil!\nU:w=roll\nK:C\n"
    (tune,) = read_tunes(header + "qA TA")
    signs = [element for element in tune.music if isinstance(element, Mark) and element.meaning]
    assert [(sign.text, sign.meaning) for sign in signs] == [("q", "!trill!"), ("T", "!nil!")]
    assert len(perform(tune).sounds) == 9  # eight strokes of a trill and one plain note
    assert len(perform(read_tunes(music("TA"))[0]).sounds) > 1


def test_a_tempo_in_words_is_kept() -> None:
    (tune,) = read_tunes("X:1\nQ:Allegro\nK:C\nA")
    assert tune.tempo == Tempo("Allegro", Fraction(0), Fraction(0))
