"""Variations of tunes by an untrained model: everything right about them comes from the grammar."""

import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import pytest

from charnn.errors import CharnnError, TuneError, UsageError
from charnn.music.checking.report import check_tune
from charnn.music.tune.tune import Note
from charnn.sampling.params import SamplingParams
from charnn.tunes.infilling import Infiller
from charnn.tunes.located_tune import LocatedTune
from charnn.tunes.variation import Variation, Varier, VaryOptions
from tests.helpers import random_checkpoint
from tests.music.tunes import book_sources, read
from tests.sampling.walks import LETTERS
from tests.tunes.models import plain_model

JIG = """X:7
T:A Jig
C:nobody
M:6/8
L:1/8
K:D
A|d2e f2g|"D"a3 b3|(3efg e2 {g}ec| d2A FDF | % a comment
d2e fed|a3 b2a|gfe edc|d3 d2:|
f|faf ege|dfd cec|BdB AFA|dAF A2f|
faf ege|dfd cec|1 BdB AFA|d3 d2:|2 BdB AFA|d3 z2||
"""
FREE = """X:1
T:Odd bars, chords and words
M:C|
L:1/8
K:Emin
[EB]4 [B,E]>F|G2"Em"GF {a}E2 !trill!D2|A-A2(B A2)|
w: not sung
[M:6/8]B3 d3|[K:D]e2f [gb]2e [L:1/16]d4c2 B6|[L:1/8]+fermata+G3- G2z|]
"""


@cache
def infiller(letters: str = LETTERS) -> Infiller:
    return Infiller(plain_model(letters))


def vary(text: str, num: int = 1, seed: int = 0, **options: object) -> list[str]:
    varier = Varier(infiller(), text, VaryOptions(**options))  # type: ignore[arg-type]
    return texts_of(varier, range(seed, seed + num))


def texts_of(varier: Varier, seeds: Sequence[int]) -> list[str]:
    found = varier.variations(seeds, SamplingParams(1.0), candidates=8)
    return [one.text for one in found]


def changed_lines(before: str, after: str) -> list[int]:
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    return [number for number, (old, new) in enumerate(pairs) if old != new]


def notes(text: str) -> list[Note]:
    return [element for element in read(text).music if isinstance(element, Note)]


def test_a_seed_writes_the_same_alone_as_among_others() -> None:
    """Seed 3 finds the variation of an earlier seed, and gives way to another seed."""
    varier = Varier(infiller(), JIG, VaryOptions(bars="8", keep=["rhythm"]))

    def write(seeds: Sequence[int]) -> list[Variation]:
        return list(varier.variations(seeds, SamplingParams(0.5), candidates=2))

    several = write(range(4))
    assert [one.seed for one in several] != [0, 1, 2, 3]
    assert several == [write([one.seed])[0] for one in several]


def test_only_the_chosen_bars_change() -> None:
    (varied,) = vary(JIG, bars="2")
    begin, end = JIG.index('"D"a3'), JIG.index("|(3efg")
    assert varied.startswith(JIG[:begin])
    assert varied.endswith(JIG[end:])
    assert varied != JIG
    assert check_tune(read(varied)).ok


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ({"bars": "1-4"}, [6]),
        ({"bars": "5-8"}, [7]),
        ({"bars": "3,12"}, [6, 8]),
        ({"part": "b"}, [8, 9]),
        ({"part": "A", "bars": "5-6"}, [7]),
        ({"part": "B", "bars": "2"}, [8]),
        ({"ending": True}, [9]),
        ({"part": "A", "ending": True}, [7]),
    ],
)
def test_bars_are_chosen_by_number_part_and_ending(
    options: dict[str, object], lines: list[int]
) -> None:
    for varied in vary(JIG, 2, **options):
        assert changed_lines(JIG, varied) == lines
        report = check_tune(read(varied))
        assert [part.bars for part in report.parts] == [8, 8]
        assert not [p for p in report.problems if "bar" in p.text]


def test_a_seed_gives_the_same_variation_alone_and_among_others() -> None:
    found = vary(JIG, 4, seed=3, bars="5-8")
    assert len(set(found)) == 4
    assert vary(JIG, 1, seed=5, bars="5-8") == found[2:3]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_all_other_bytes_stay(line_end: str) -> None:
    text = "\ufeff% a comment before\n\n" + JIG.replace("\n", line_end)
    text = text.replace("\n", line_end) if line_end == "\r" else text
    (varied,) = vary(text, bars="1-8")
    begin, end = text.index("d2e f2g"), text.index(":|")
    assert varied[:begin] == text[:begin]
    assert varied.endswith(text[end:])
    assert varied.count("% a comment") == 2


def test_the_rhythm_the_contour_and_the_notes_on_beats_can_be_kept() -> None:
    old = notes(JIG)
    for keep in (["rhythm"], ["contour"], ["rhythm", "notes-on-beats"]):
        for varied in vary(JIG, 3, bars="1-8", keep=keep):
            new = notes(varied)
            assert [note.duration for note in new] == [note.duration for note in old]
            assert [bool(note.pitches) for note in new] == [bool(note.pitches) for note in old]
            if keep == ["contour"]:
                assert _rises(new) == _rises(old)
            if "notes-on-beats" in keep:
                assert [new[index].pitches for index in (1, 3)] == [
                    old[index].pitches for index in (1, 3)
                ]


def _rises(melody: Sequence[Note]) -> list[int]:
    places = [
        7 * note.pitches[0].octave + "CDEFGAB".index(note.pitches[0].letter)
        for note in melody
        if note.pitches
    ]
    return [(b > a) - (b < a) for a, b in pairwise(places)]


def test_notes_on_beats_stay_while_the_others_may_change_in_number() -> None:
    for varied in vary(JIG, 3, bars="1", keep=["notes-on-beats"]):
        bar = varied.split("\n")[6].split("|")[1]
        first, second = bar.split(" ")[0], " ".join(bar.split(" ")[1:])
        assert first.startswith("d")
        assert " f" in bar or second.startswith("f")


def test_fewer_or_more_notes_can_be_asked_for() -> None:
    busy = JIG.replace("|a3 b2a|", "|b/a/b/a/b/a/ a/b/a/b/a/b/|")
    fewer, more = vary(busy, 2, bars="6", simpler=True), vary(JIG, 2, bars="2", busier=True)
    assert all(len(notes(text)) < len(notes(busy)) for text in fewer)
    assert all(len(notes(text)) > len(notes(JIG)) for text in more)


def test_a_tune_outside_of_the_strict_grammar_is_varied_in_any_bar() -> None:
    old = LocatedTune(FREE)
    for bars in ("1", "2", "3", "4", "5", "1-5"):
        for keep in ((), ("rhythm",)):
            (varied,) = vary(FREE, bars=bars, keep=keep)
            new = LocatedTune(varied)
            assert [bar.duration for bar in new.bars] == [bar.duration for bar in old.bars]
            assert "w: not sung" in varied and "[L:1/16]" in varied


@pytest.mark.parametrize("bar", ["CDEF & C4", "[V:1]CDEF|[V:2]C4"])
def test_voices_in_one_line_are_not_varied(bar: str) -> None:
    with pytest.raises(TuneError, match=r"line 5, column .*two voices share this line"):
        vary(f"X:1\nM:2/4\nL:1/8\nK:C\n{bar}|G4|\n", bars="2")


def test_only_the_first_voice_is_varied() -> None:
    voices = "X:1\nM:2/4\nL:1/8\nK:C\nV:1\nCDEF|GABc|\nV:2\nC4|E4|\nV:1\nc2G2|C4|]\n"
    (varied,) = vary(voices, bars="3")
    assert changed_lines(voices, varied) == [9]


def test_real_tunes_stay_right() -> None:
    """Fifteen tunes of books, with random bars; a run over 500 tunes found no exception."""
    for number, source in enumerate(book_sources(300)):
        chance = random.Random(number)
        old = LocatedTune(source.text)
        keep = chance.choice([(), (), ("rhythm",), ("contour",), ("notes-on-beats",)])
        try:
            (varied,) = vary(source.text, bars=f"{chance.randint(2, 6)}", keep=keep)
        except UsageError as problem:
            assert "bar" in str(problem)
            continue
        new = LocatedTune(varied)
        assert [bar.duration for bar in new.bars] == [bar.duration for bar in old.bars]


# A star in the tune


@pytest.mark.parametrize(
    ("bar", "parts"),
    [
        ("*", ("", "")),
        ("d2e *", ("d2e ", "")),
        ("* d2", ("", " d2")),
        ("d*e *ga", None),
        ("d*2 f2g", ("d", "2 f2g")),
        ("(3*** f2 g2", None),
        ("d>* f2g*", None),
    ],
)
def test_a_star_is_filled_in(bar: str, parts: tuple[str, str] | None) -> None:
    starred = JIG.replace("d2e f2g|", f"{bar}|", 1)
    for varied in vary(starred, 2):
        new = varied.split("\n")[6].split("|")[1]
        assert changed_lines(starred, varied) == [6]
        assert "*" not in varied
        assert check_tune(read(varied)).ok == check_tune(read(JIG)).ok
        if parts is not None:
            assert new.startswith(parts[0]) and new.endswith(parts[1])


def test_a_tune_of_stars_is_filled_in() -> None:
    starred = 'X:1\nT:A *\nM:6/8\nL:1/8\nK:D\nA|*|"*"*|*|*:|\n% *\n|:*|*|*|*:|\n'
    (varied,) = vary(starred)
    assert varied.count("*") == 3
    assert [part.bars for part in check_tune(read(varied)).parts] == [4, 4]


# What cannot be varied


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "choose bars by --bars 5-8, --part B or --ending, or write * in the tune"),
        ({"bars": "20"}, "there is no bar 20, because the tune has 18 bars"),
        ({"bars": "9", "part": "A"}, "there is no bar 9, because part A has 8 bars"),
        ({"bars": "8-5"}, "write numbers and ranges, as in 5-8"),
        ({"bars": "first"}, "write numbers and ranges"),
        ({"part": "C"}, "there is no such part. The parts of the tune are A, B"),
        ({"bars": "1", "ending": True}, "exclude each other"),
        ({"bars": "1", "simpler": True, "busier": True}, "exclude each other"),
        ({"bars": "1", "simpler": True, "keep": ["rhythm"]}, "keep the number of notes"),
        ({"bars": "1", "keep": ["tempo"]}, "--keep tempo is unknown. Choose one of rhythm"),
    ],
)
def test_bars_that_are_not_there_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        vary(JIG, **options)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("bar", "options", "words"),
    [
        ("A6>|B6|", {"bars": "3"}, "bar 3 begins inside a broken pair: choose the bar beside it"),
        ("A6>|B6|", {"bars": "2"}, "bar 2 ends inside a broken pair: choose the bar beside it"),
        ("d4 (3AB|c d4|", {"bars": "2"}, "bar 2 ends inside a tuplet"),
        ("A/5B/5|c6|", {"bars": "2"}, "bar 2 cannot be filled: no notes of this unit length last"),
        ("(AB c)(def|g)a2 b3|", {"bars": "2"}, ""),
        ("(d3 e3|f)g2 (a3|b6)|", {"bars": "3"}, "bar 3 ends one slur and begins another"),
        ("d** **g*|d6|", {}, "bar 2 lasts 7/8 with one note for each *, and should last 6/8"),
        ("d**|d6|", {}, "bar 2 lasts 3/8 with one note for each *, and should last 6/8"),
        ("d*|d6|", {"keep": ["rhythm"]}, "a * has no old notes to keep"),
    ],
)
def test_a_gap_that_no_music_fits_is_named(
    bar: str, options: dict[str, object], words: str
) -> None:
    text = f"X:1\nM:6/8\nL:1/8\nK:D\nd6|{bar}\n"
    if not words:
        assert vary(text, **options)
        return
    with pytest.raises(UsageError) as raised:
        vary(text, **options)
    assert words in str(raised.value)


def test_a_text_without_a_tune_and_unknown_characters_are_refused() -> None:
    with pytest.raises(TuneError, match="there is no tune here"):
        vary("Once upon a time", bars="1")
    with pytest.raises(TuneError, match="there are 2 tunes here"):
        vary(JIG + "\n" + JIG, bars="1")
    with pytest.raises(TuneError, match=r"line 7, column 7: the model does not know"):
        Varier(infiller(LETTERS.replace("f", "")), JIG, VaryOptions(bars="8"))
    with pytest.raises(UsageError, match="a model of text: name a model of tunes"):
        Infiller(random_checkpoint(LETTERS))


def test_variations_that_do_not_exist_are_not_repeated() -> None:
    text = "X:1\nM:2/4\nL:1/4\nK:C\nC D|C*|]\n"
    varier = Varier(infiller(text), text, VaryOptions())
    assert {one[-4] for one in texts_of(varier, [1, 2])} == {"C", "D"}
    with pytest.raises(CharnnError, match="only 2 different variations were found: choose more"):
        texts_of(varier, range(3))
    with pytest.raises(UsageError, match="use a --temperature above 0"):
        list(Varier(infiller(), JIG, VaryOptions(bars="1")).variations([0], SamplingParams(0)))
