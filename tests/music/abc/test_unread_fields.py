"""Fields with words that have no meaning: the tune plays, and each word is named with its place."""

import pytest

from charnn.music.abc.tidying import tidy_tune
from charnn.music.abc.transpose import transpose
from charnn.music.abc.writer import write_tune
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Note, Tune
from tests.music.tunes import read


def pitches(tune: Tune) -> list[int]:
    return [sound.pitch for sound in perform(tune, ornaments=False).sounds]


def problems(tune: Tune) -> list[tuple[int, int, bool]]:
    return [(problem.line, problem.column, problem.serious) for problem in tune.problems]


@pytest.mark.parametrize(
    ("key", "fcg", "serious"),
    [
        ("D clef=auto", [66, 61, 67], False),
        ("D capo=2", [66, 61, 67], False),
        ("Em foo=bar ^g", [66, 60, 68], False),
        ("D octave=x", [66, 61, 67], True),
        ("D wrong", [66, 61, 67], True),
        ("foo=bar", [65, 60, 67], False),
        ("auto", [65, 60, 67], True),
        ("H", [65, 60, 67], True),
    ],
)
def test_unknown_words_of_a_key_are_left_out(key: str, fcg: list[int], serious: bool) -> None:
    tune = read(f"X:1\nK:{key}\nFCG|\n")
    assert pitches(tune) == fcg
    assert problems(tune) == [(2, 3, serious)]
    moved = read(write_tune(transpose(tune, 2)))
    assert pitches(moved) == [pitch + 2 for pitch in fcg]


@pytest.mark.parametrize(
    ("key", "plain"),
    [
        ("E flat", "Eb"),
        ("E-flat major", "Ebmaj"),
        ("b Flat minor", "Bbm"),
        ("F sharp mixolydian", "F#mix"),
        ("Eb", "Eb"),
        ("E\u266d dorian", "Ebdor"),
        ("F #", "F#"),
        ("B b minor clef=bass", "Bbmin clef=bass"),
    ],
)
def test_the_sign_of_a_tonic_in_words(key: str, plain: str) -> None:
    tune, expected = read(f"X:1\nK:{key}\nFCG[K:{key}]FBE\n"), read(f"X:1\nK:{plain}\nFCGFBE\n")
    assert (pitches(tune), tune.problems) == (pitches(expected), ())
    assert (tune.key.tonic, tune.key.clef) == (expected.key.tonic, expected.key.clef)
    assert pitches(read(write_tune(transpose(tune, 2)))) == [each + 2 for each in pitches(tune)]
    tidied = tidy_tune(f"X:1\nK:{key}\nFCG[K:{key}]FBE\n")
    assert tidied.count(f"K:{expected.key.tonic}") == 2 and pitches(read(tidied)) == pitches(tune)


@pytest.mark.parametrize("key", ["E flatten", "E natural", "D bass"])
def test_other_words_after_a_tonic_are_no_sign(key: str) -> None:
    assert read(f"X:1\nK:{key}\nA\n").key.tonic == key[0]


@pytest.mark.parametrize(
    ("key", "enharmonic"),
    [
        ("G#", "Ab"),
        ("D# major", "Eb"),
        ("Fb", "E"),
        ("Gbm", "F#m"),
        ("E#dor", "Fdor"),
        ("Fbloc", "Eloc"),
    ],
)
def test_more_than_seven_sharps_are_read_as_the_enharmonic_key(key: str, enharmonic: str) -> None:
    tune, expected = read(f"X:1\nK:{key}\nFCG[K:{key}]B\n"), read(f"X:1\nK:{enharmonic}\nFCGB\n")
    assert (pitches(tune), tune.key.tonic) == (pitches(expected), expected.key.tonic)
    assert problems(tune) == [(2, 3, False), (3, 7, False)]
    assert f"it is read as {expected.key.tonic}" in tune.problems[0].text
    assert pitches(read(write_tune(transpose(tune, 1)))) == [each + 1 for each in pitches(tune)]
    tidied = read(tidy_tune(f"X:1\nK:{key}\nFCG[K:{key}]B\n"))
    assert (pitches(tidied), tidied.problems) == (pitches(tune), ())


def test_a_rest_of_whole_bars_in_free_meter_lasts_whole_notes() -> None:
    tune = read("X:1\nL:1/8\nK:C\nA Z2 A X[L:1/4]Z|\n")
    rests = [each.duration for each in tune.music if isinstance(each, Note) and each.rest]
    assert (rests, problems(tune)) == ([8, 4, 4], [(4, 3, True), (4, 8, True), (4, 16, True)])


@pytest.mark.parametrize("words", ["capo=2", "foo", "octave=x", "D clef=auto"])
def test_unknown_words_of_a_key_in_mid_tune_keep_the_key(words: str) -> None:
    tune = read(f"X:1\nK:D\nF[K:{words}]FC|\n")
    assert pitches(tune) == [66, 66, 61]
    assert problems(tune) == [(3, 5, words in ("foo", "octave=x"))]


@pytest.mark.parametrize("field", ["M:free", "M:4", "M:44", "M:999999999/8", "M:0/4"])
def test_a_tune_with_a_wrong_meter_plays_without_one(field: str) -> None:
    tune = read(f"X:1\n{field}\nK:D\nF2|A|\n")
    assert (tune.meter.bar, tune.unit * 2, pitches(tune)) == (0, 1, [66, 69])
    assert problems(tune) == [(2, 3, True)]
    assert read(write_tune(tune)).meter == tune.meter
    assert problems(read(f"X:1\nM:2/4\nK:D\nF2[{field}]|A|\n")) == [(4, 6, True)]


@pytest.mark.parametrize("field", ["L:auto", "L:1/0", "L:x"])
def test_a_wrong_unit_length_is_left_out(field: str) -> None:
    for text in (f"X:1\n{field}\nK:D\nA|\n", f"X:1\nL:1/8\nK:D\n{field}\nA|\n"):
        tune = read(text)
        assert [sound.duration * 2 for sound in perform(tune).sounds] == [1]
        assert problems(tune) == [(text.count("\n", 0, text.index(field)) + 1, 3, True)]


def test_a_tempo_without_a_number_is_named() -> None:
    for words in ("abc", "999999", "1/4=x"):
        assert problems(read(f"X:1\nQ:{words}\nK:D\nA[Q:{words}]B|\n")) == [
            (2, 3, False),
            (4, 5, False),
        ]
    assert not read('X:1\nQ:"Allegro"\nK:D\nA[Q:"Presto"]B|\n').problems


@pytest.mark.parametrize("field", ["M:3/4", "K:G", "L:1/16", "Q:1/4=80", "P:B", "V:2"])
def test_a_field_without_brackets_in_a_line_is_left_out(field: str) -> None:
    tune = read(f"X:1\nK:C\nF|{field} FA|\n")
    assert (pitches(tune), problems(tune)) == ([65, 65, 69], [(3, 3, True)])
    assert f"write [{field}]" in tune.problems[0].text
    assert not read("X:1\nK:C\nA|PA M:|KA:|\n").problems
