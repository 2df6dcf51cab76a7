"""How a tune sounds: repeats, endings, parts, ties, graces, ornaments and swing."""

from fractions import Fraction
from pathlib import Path

import pytest

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.performance import Performance
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Key, Meter, Note, Tempo

DATA = Path(__file__).parent.parent / "data"
NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def play(body: str, header: str = "M:4/4\nL:1/4\n", key: str = "C", **options: bool) -> Performance:
    return perform(read_tunes(f"X:1\nT:Test\n{header}K:{key}\n{body}\n")[0], **options)


def heard(body: str, header: str = "M:4/4\nL:1/4\n", key: str = "C", **options: bool) -> str:
    """The names of the notes, in order."""
    return "".join(NAMES[s.pitch % 12] for s in play(body, header, key, **options).sounds)


def times(body: str, header: str = "M:4/4\nL:1/4\n", **options: bool) -> list[tuple[str, str]]:
    sounds = play(body, header, **options).sounds
    return [(str(sound.onset), str(sound.duration)) for sound in sounds]


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
    assert heard(parts, "P:AX\nM:4/4\nL:1/4\n") == "CDCDEF"  # no such part: as written


def test_an_exploding_tune_is_refused() -> None:
    body = "P:A\n" + "ABcd|" * 200 + "\n"
    with pytest.raises(TuneError, match="more than 3,000 notes"):
        play(body, "P:((A9)9)2\nM:4/4\nL:1/4\n")
    with pytest.raises(TuneError, match="too long"):
        play("P:A\nA" + '"G"' * 1000 + "\n", "P:A200\nM:4/4\nL:1/4\n")


def test_ties_join_notes_of_one_pitch() -> None:
    assert times("C-C2-|C D") == [("0", "4"), ("4", "1")]
    assert times("C-D") == [("0", "1"), ("1", "1")]
    assert times("C-z C") == [("0", "1"), ("2", "1")]
    assert times("[CE]-[CE] [C-E]C") == [("0", "2"), ("0", "2"), ("2", "2"), ("2", "1")]


def test_ties_hold_over_repeats() -> None:
    assert times("C-|:C D-:|D") == [("0", "2"), ("2", "1"), ("3", "1"), ("4", "2")]


def test_a_longer_chord_note_ends_when_it_is_struck_again() -> None:
    assert times("[E2C4]C") == [("0", "2"), ("0", "2"), ("2", "1")]


def test_unisons_in_a_chord_sound_once() -> None:
    assert times("[CC]") == [("0", "1")]


def test_graces_steal_from_their_note() -> None:
    assert times("A{ga}B") == [("0", "1"), ("1", "1/8"), ("9/8", "1/8"), ("5/4", "3/4")]
    assert times("{gaga}A/4B", ornaments=False)[-2:] == [("1/8", "1/8"), ("1/4", "1")]
    assert times("A{ga}B", graces=False) == [("0", "1"), ("1", "1")]
    assert times("A-{g}A") == [("0", "2")]


def test_a_roll_on_three_units_is_the_long_roll() -> None:
    roll = play("~G3A|", "M:6/8\nL:1/8\n", "G").sounds
    assert [sound.pitch for sound in roll] == [67, 69, 67, 66, 67, 69]
    assert [str(s.duration) for s in roll] == ["1/2", "1/8", "3/8", "1/8", "3/8", "1/2"]
    assert heard("~G2A|", "M:6/8\nL:1/8\n", ornaments=False) == "GA"
    assert heard("~(G2A)|", "M:6/8\nL:1/8\n") == "GA"


def test_a_trill_beats_with_the_note_above_in_the_key() -> None:
    trill = play("TB2", "M:4/4\nL:1/8\nQ:1/4=120\n", "G").sounds
    assert [sound.pitch for sound in trill] == [72, 71] * 4
    assert len(play("TB2", "M:4/4\nL:1/8\nQ:1/4=180\n").sounds) == 4


def test_hornpipes_swing() -> None:
    swung = ["2/3", "1/3"]
    header = "M:4/4\nL:1/8\nR:hornpipe\n"
    durations = [duration for _, duration in times("(C D)E>F G2 (3ABc|c<d E/F/G AB", header)]
    assert durations[:4] == swung * 2
    assert durations[4:8] == ["1", "1/3", "1/3", "1/3"]
    assert durations[8:] == ["1/3", "2/3", "1/4", "1/4", "1/2", *swung]
    assert [d for _, d in times("ABc|d4", header)] == [
        "1/2",
        *swung,
        "2",
    ]  # the pickup's end counts
    assert {d for _, d in times("CDEF", header, swing=False)} == {"1/2"}
    assert {d for _, d in times("CDEF", "M:4/4\nL:1/8\nR:reel\n")} == {"1/2"}


def test_key_meter_and_tempo_turn_where_they_change_and_on_repeats() -> None:
    turns = play("|:A|[K:D][M:3/4][Q:1/4=60]B:|", "M:4/4\nL:1/4\nQ:1/4=90\n").changes
    beats = [(turn.onset, turn.value.beats) for turn in turns if isinstance(turn.value, Tempo)]
    assert beats == [(0, 90), (1, 60), (2, 90), (3, 60)]
    assert [turn.onset for turn in turns if isinstance(turn.value, Key)] == [0, 1, 2, 3]
    assert [turn.onset for turn in turns if isinstance(turn.value, Meter)] == [0, 1, 2, 3]


def test_every_written_note_is_played_as_often_as_its_repeat_says() -> None:
    for path in sorted(DATA.glob("*.abc")):
        for tune in read_tunes(path.read_text(encoding="utf-8")):
            written = sum(len(e.pitches) for e in tune.music if isinstance(e, Note))
            played = len(perform(tune, graces=False, ornaments=False).sounds)
            assert played >= written / 2, path
            assert perform(tune).duration == perform(tune, graces=False).duration


def test_time_passes_in_rests() -> None:
    performance = play("z2 A z")
    assert performance.duration == Fraction(4)
    assert [sound.onset for sound in performance.sounds] == [2]


def test_a_roll_is_as_long_as_the_unit_in_force_says() -> None:
    inline, header = "[L:1/8]~A3 z", "M:6/8\nL:1/16\n"
    assert times(inline, header) == times("~A3 z", "M:6/8\nL:1/8\n")
    assert len(times(inline, header)) == 5


def test_a_trill_beats_at_the_written_tempo_and_not_at_a_customary_one() -> None:
    assert len(play("TB4", "M:C\nL:1/8\nQ:1/4=180\n").sounds) == 8
    assert len(play("TB4", "M:C\nL:1/8\n").sounds) == 16
    assert len(play("TB4", "M:6/8\nL:1/8\n").sounds) == 16  # a jig goes at 180, by custom


def test_a_trill_has_at_most_64_strokes() -> None:
    assert len(play("TB64", "M:4/4\nL:1/1\n").sounds) == 64
