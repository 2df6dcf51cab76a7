"""The grammar of tunes: whatever it lets through is right, and what books have gets through.

The judge is `charnn.music.checking.report`, which shares nothing with the grammar. What it finds in
tunes written by chance, and is no mistake: ties between notes of unlike pitch, and tunes wider than
three octaves; the grammar does not look at pitches.

Of 3,614 right tunes of music21's books the grammar takes 57 %, asked for parts of their length.
What it leaves out, by its design: parts of unlike length (11 %); a tune of one part (4.7 %) or of
more than four (0.7 %); fermatas (4.7 %); decorations before a slur, graces or a chord symbol (5 %)
or behind `>` (1 %); ends of lines within a bar (5 %); other fields in the body (1.4 %). The others
(9 %) have parts with unlike pick-ups, an ending or a plain bar line on a line of its own, blanks
before a bar line or behind graces, lengths among graces, a slur in a slur or closed behind graces,
numbers that would not fit without the slash behind them (`B3/` at a bar's end), and the like.
"""

import random
import re
from dataclasses import replace
from functools import cache

import pytest

from charnn.corpus.abc_vocabulary import TokenCounts
from charnn.errors import UsageError
from charnn.music.abc.cleaning import clean_books
from charnn.music.checking.report import check_tune
from charnn.music.grammar.grammar_state import GrammarState
from charnn.music.grammar.header_grammar import KEYS, METERS, UNITS
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from charnn.sampling.constraint import Constraint
from tests.music.tunes import book_sources, read
from tests.sampling.walks import LETTERS, POOR, STYLES, any_request, texts, walk

NO_MISTAKE = {
    "no note of the same pitch follows this tie",
    "the range is wider than three octaves",
}


@cache
def real_tunes() -> list[str]:
    """Some tunes of books, cleaned, that are right."""
    tunes = clean_books(source.text for source in book_sources(12))
    return [tune for tune in tunes if check_tune(read(tune)).ok]


@cache
def pieces_of_tunes() -> list[str]:
    counts = TokenCounts()
    for tune in real_tunes()[:60]:
        counts.add(tune)
    return list(counts.vocabulary(5).tokens)


@cache
def grammar_of(wanted: TuneRequest) -> TuneGrammar:
    return TuneGrammar(wanted, LETTERS)


def end_of(text: str, wanted: TuneRequest) -> GrammarState | None:
    """Where the grammar stands behind a whole text; `None` where it refuses a character."""
    grammar = grammar_of(wanted)
    state: GrammarState | None = grammar.start
    for character in text:
        state = state and grammar.step(state, character)
    return state


HEAD = "X:1\nT:x\nR:reel\nM:4/4\nL:1/8\nK:D\n"
TWO_BARS = TuneRequest("x", "reel", "4/4", "1/8", "D", 2)


def takes(body: str) -> bool:
    """Whether a tune of parts of two bars goes through, to its end."""
    state = end_of(HEAD + body, TWO_BARS)
    right = state is not None and grammar_of(TWO_BARS).may_end(state)
    if right:
        report = check_tune(read(HEAD + body))
        assert report.ok, (body, report.problems)
    return right


def begins(body: str) -> bool:
    """Whether it is a tune, alone or with another part behind it: a tune has two at least."""
    return any(takes(body + another) for another in ("", "d8|c8|]\n", "GA|d8|c6|]\n"))


# Walks


@pytest.mark.parametrize("symbols", ["letters", "poor", "tokens"])
@pytest.mark.parametrize("seed", range(14))
def test_every_walk_is_a_right_tune(symbols: str, seed: int) -> None:
    """For any wish, by any symbols that are not wrong, however short it is to be."""
    chance = random.Random(f"{symbols} {seed}")
    tokens = pieces_of_tunes() if symbols == "tokens" else []
    characters = "".join(tokens) or (POOR if symbols == "poor" else LETTERS)
    wanted, grammar = any_request(chance, characters)
    constraint = Constraint(grammar, texts(tokens or characters))
    length = chance.choice((0, 1, 40, 80, 150, 300, 500))
    text = walk(constraint, chance, list(STYLES)[seed % len(STYLES)], length)

    tune = read(text)
    report = check_tune(tune)
    assert report.ok, (wanted, text, report.problems)
    assert {problem.text for problem in report.problems} <= NO_MISTAKE, (wanted, text)
    assert all(part.whole for part in report.parts), (wanted, text)
    assert 2 <= len(report.parts) <= 4, (wanted, text)
    if wanted.part_bars:
        assert {part.bars for part in report.parts} == {wanted.part_bars}, (wanted, text)
    body = text.partition("\nK:")[2].partition("\n")[2]
    assert body.startswith(wanted.opening)
    assert not wanted.title or report.title == wanted.title
    assert "H" not in body
    assert report.rhythm == wanted.rhythm or not wanted.rhythm or "R" not in wanted.fields
    assert report.meter == (wanted.meter or report.meter)
    assert report.key == (wanted.key or report.key)
    assert (report.meter in METERS or wanted.meter) and (report.key in KEYS)
    (unit,) = re.findall("^L:(.*)$", text, re.M)
    assert unit in (wanted.unit, *UNITS)
    if wanted.headers and not (wanted.meter or wanted.unit or wanted.key or wanted.opening):
        words = (report.rhythm, report.meter, unit, report.key)
        given = (wanted.rhythm, "", "", "")
        assert (
            any(
                all(
                    own in ("", word, asked)
                    for own, word, asked in zip(row, words, given, strict=True)
                )
                for row in wanted.headers
            )
            or "R" not in wanted.fields
        ), (wanted, text)


def test_without_strictness_only_the_header_is_kept() -> None:
    wanted = TuneRequest("x", "jig", "6/8", "1/8", "D", strict=False)
    head = "X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\n"
    state = end_of(head + "((||:::3", wanted)
    assert state is not None
    assert grammar_of(wanted).may_end(state)
    assert end_of(head[:-4] + "(", wanted) is None


# Single signs


@pytest.mark.parametrize(
    "body",
    [
        "d8|c8|]\n",
        "|:d8|c8:|\n",
        "|:\nd8|c8:|\n",
        "|:d8|c8::d8|c8:|\n",
        "d8|c8::\nd8|c8:|\n",  # a line may end behind it
        "d8|c8||\n||d8|c8||\n",  # a double bar told again
        "GA|:d8|c8:|\n",  # a pick-up before the repeat
        "GA|d8|c6:|\nGA|d8|c6:|\n",
        "|:d8|1c8:|2B8||\n",
        "|:d8|1 c8:|2 B8||\n",
        "|:d8|[1 c8:|[2 B8||\n",
        "|:d8|[1c8:| [2B8||\n",
        "|:d8|\n[1 c8:|\n[2 B8||\n",
        "d8|\n[ce]8|]\n",  # a chord, no ending
        "d>cd<cd>cd<c|c8|]\n",
        "(3ddd (3d/d/d/ d d4|c8|]\n",
        "((3ddd d2) c4|c8|]\n",
        "({c}d2 c2) c4|c8|]\n",
        "{c^d}Td4- d4-|d8|]\n",
        '"Am7"ud4 "D/F#"[DF]4|c8|]\n',
        '"D"({c}~d4 .v[DF]4)|c8|]\n',
        "(~d4 Tc4)|c8|]\n",
        "^d4 _e4|=C,4 f'4|]\n",
        "z8|d8|]\n",
        "d8|\nc8|]\n",
    ],
)
def test_everyday_writing_is_right(body: str) -> None:
    assert begins(body), body


@pytest.mark.parametrize(
    "body",
    [
        "d8|c7|]\n",
        "d8|c9|]\n",
        "d8|c8\n",  # no double bar
        "d8|c8|",
        "d8|]\n",  # one bar of two
        "d8|c8|d8|]\n",
        "|:d8|c8|]\n",  # the repeat stays open
        "d8|:c8:|\n",
        "|:|:d8|c8:|\n",
        "|:d8|1 c8|]\n",
        "d8|c8:|2 B8||\n",
        "GA|d8|c8:|\n",
        "GA|d8|c6:|\nG|d8|c7:|\n",
        "GA|:d8|c6:|\n",
        "d8|c8||\n||||d8|c8||\n",
        "d8|c6 (cc|]\n",
        "d8|c6 cc)|]\n",
        "d4- (3dd|c8|]\n",
        "d4 d4-|]\n",
        "d4- z4|c8|]\n",
        "d>c2d5|c8|]\n",
        "(3ddd/ d4|c8|]\n",
        "d8|c8~|]\n",
        "d8|~z8|]\n",
        "d8\n|c8|]\n",
        "d4\nd4|c8|]\n",  # lines end with bars
        "d8|Hc8|]\n",  # which other programs play twice
        "d8|c8H|]\n",
        "GA|d8|c6H|]\n",
        "d8|~(c4 d4)|]\n",  # which others read in other ways
        "d8|~(3ccc c6|]\n",
        "d8|T{d}c8|]\n",
        'd8|u"Am"c8|]\n',
        "d>~c d6|c8|]\n",
        'd8|"Am""D"c8|]\n',
        "d8|{d}{e}c8|]\n",
        "d8|{d} c8|]\n",
        'd8|"D"z8|]\n',
        "d8|....c8|]\n",
        "z8|z8|]\n",  # no note in all the tune
        "d8|\n\nc8|]\n",
        "A: d8|c8|]\n",
        "[d8|c8|]\n",
        '"x"d8|c8|]\n',
        "d8%|c8|]\n",
    ],
)
def test_what_is_wrong_is_refused(body: str) -> None:
    assert not begins(body), body


@pytest.mark.parametrize("part", ["d8|c8|]\n", "|:d8|c8:|\n", "|:d8|1c8:|2B8||\n", "GA|d8|c6|]\n"])
def test_a_tune_has_two_to_four_parts(part: str) -> None:
    assert [takes(part * parts) for parts in range(6)] == [False, False, True, True, True, False]


def test_behind_the_last_part_nothing_is_opened() -> None:
    assert takes("|:d8|c8::d8|c8::d8|c8::d8|c8:|\n")
    assert end_of(HEAD + "|:d8|c8::d8|c8::d8|c8::d8|c8::", TWO_BARS) is None
    full = end_of(HEAD + 4 * "d8|c8|]\n", TWO_BARS)
    assert full is not None
    assert full.tune_full
    grammar = grammar_of(TWO_BARS)
    assert [character for character in LETTERS if grammar.step(full, character)] == []


def test_real_tunes_are_right() -> None:
    """The share of all books is in this file's docstring."""
    tunes = real_tunes()
    taken = 0
    for tune in tunes:
        lengths = {part.bars for part in check_tune(read(tune)).parts}
        fields = "TRMLK" if "\nR:" in tune.partition("\nK:")[0] else "TMLK"
        wanted = TuneRequest(fields=fields, part_bars=lengths.pop() if len(lengths) == 1 else 0)
        try:
            state = end_of(tune, wanted)
        except UsageError:  # no meter, or a single bar
            continue
        taken += state is not None and grammar_of(wanted).may_end(state)
    assert len(tunes) > 200
    assert taken > 0.5 * len(tunes)


# Headers


ROWS = (
    ("jig", "6/8", "1/8", "D"),
    ("jig", "6/8", "1/8", "Em"),
    ("slip jig", "9/8", "1/8", "G"),
    ("reel", "C|", "1/8", "D"),
    ("reel", "4/4", "1/16", "Ador"),
)


def headers(wanted: TuneRequest) -> set[tuple[str, ...]]:
    """All that may stand behind T:, as the words of its fields."""
    grammar = TuneGrammar(wanted, LETTERS)
    found = set()
    ways = [(grammar.start, "")]
    while ways:
        state, text = ways.pop()
        if "\nK:" in text and text.endswith("\n"):
            found.add(tuple(re.findall("^[RMLK]:(.*)$", text, re.M)))
            continue
        # The title does not matter, but something else must not be free.
        free = state.header_field == "T" and not state.forced_text
        letters = ("\n" if state.partial else "x") if free else LETTERS
        for letter in letters:
            behind = grammar.step(state, letter)
            if behind is not None:
                ways.append((behind, text + letter))
    return found


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TuneRequest(), set(ROWS)),
        (TuneRequest(rhythm="jig"), set(ROWS[:2])),
        (TuneRequest(rhythm="jig", key="Em"), {ROWS[1]}),
        (TuneRequest(meter="4/4"), {ROWS[4]}),
        (TuneRequest(unit="1/16"), {ROWS[4]}),
        (TuneRequest(key="D"), {ROWS[0], ROWS[3]}),
        # Where no row has it all, the nearest are mended.
        (
            TuneRequest(rhythm="jig", key="G"),
            {("jig", "6/8", "1/8", "G"), ("jig", "9/8", "1/8", "G")},
        ),
        (TuneRequest(rhythm="reel", meter="C|", key="F"), {("reel", "C|", "1/8", "F")}),
        (TuneRequest(rhythm="reel", opening="d4 e4|"), {ROWS[3]}),
        (TuneRequest(opening="d2e f2g|"), set(ROWS[:2])),
        (TuneRequest(fields="TMLK"), {row[1:] for row in ROWS}),
    ],
)
def test_the_words_of_a_header_go_together(
    wanted: TuneRequest, expected: set[tuple[str, ...]]
) -> None:
    assert headers(replace(wanted, headers=ROWS)) == expected


def test_a_header_of_any_key() -> None:
    rows = (("jig", "6/8", "1/8", ""), ("waltz", "3/4", "1/8", "G"))
    waltz = {("waltz", "3/4", "1/8", "G")}
    jigs = {("jig", "6/8", "1/8", key) for key in KEYS}
    assert headers(TuneRequest(headers=rows)) == waltz | jigs
    assert headers(TuneRequest(key="F#m", rhythm="jig", headers=rows)) == {
        ("jig", "6/8", "1/8", "F#m")
    }


def test_an_opening_that_fits_no_learned_header() -> None:
    """It is better to write what was never learned than nothing."""
    found = headers(TuneRequest(rhythm="jig", key="D", opening="c5|d5|", headers=ROWS))
    assert {(rhythm, key) for rhythm, _, _, key in found} == {("jig", "D")}
    assert {(meter, unit) for _, meter, unit, _ in found} == {("5/4", "1/4")}


def test_without_learned_headers_any_meter_will_do() -> None:
    timed = {("jig", meter, unit, "D") for meter in METERS for unit in UNITS}
    timed -= {("jig", "3/8", "1/4", "D")}  # a bar of less than two units
    assert headers(TuneRequest(rhythm="jig", key="D")) == timed
    keyed = {("jig", "6/8", "1/8", key) for key in KEYS}
    assert headers(TuneRequest(rhythm="jig", meter="6/8", unit="1/8")) == keyed


def test_a_first_bar_is_rather_full_than_a_pick_up() -> None:
    def meters(opening: str) -> set[str]:
        wanted = TuneRequest("x", "jig", unit="1/8", key="D", opening=opening)
        return {meter for _, meter, _, _ in headers(wanted)}

    assert meters("d2e f2g|") == {"3/4", "6/8"}
    assert meters("d4|") == {"2/4"}
    assert meters("|:d2e f2g a3|") == {"9/8"}
    assert meters("d|") == set(METERS)  # full in none


def test_an_invented_title_names_no_other_type() -> None:
    def right(title: str, wanted: TuneRequest) -> bool:
        return end_of(f"X:1\nT:{title}\n", wanted) is not None

    jig = TuneRequest(rhythm="jig")
    for title in ("The Reel", "REELS", "Maid of the mIll's hornpipe", "Ree Reel", "The Clogger"):
        assert not right(title, jig), title
        assert right(title, TuneRequest()), title  # nothing was asked for
        assert right(title, TuneRequest(title, "jig")), title  # or just this was
    for title in ("The Jig", "Jigree", "The Re", "Reeel", "Kerry Slid", "A Mar"):
        assert right(title, jig), title
    assert right("A Slip Jig", TuneRequest(rhythm="slip jig"))
    assert not right("A Jig", TuneRequest(rhythm="reel"))


# Wishes that can't be met


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (TuneRequest(part_bars=1), "--part-bars must lie in 2..32, not 1"),
        (TuneRequest(part_bars=-8), "--part-bars must lie in 2..32, not -8"),
        (TuneRequest(part_bars=33), "--part-bars must lie in 2..32, not 33"),
        (
            TuneRequest(meter="4/4", unit="1/8", opening="c9"),
            "'9' cannot follow 'c' in such a tune",
        ),
        (TuneRequest(meter="3/4", unit="1/8", opening="d4 c4|"), "'4' cannot follow 'd4 c'"),
        (TuneRequest(meter="4/4", unit="1/8", opening="Hc8|"), "'H' cannot follow '' in"),
        (TuneRequest(opening="d:|"), "':' cannot follow 'd'"),
        (TuneRequest(opening="d\n\nd"), r"'\n' cannot follow 'd'"),
        (TuneRequest(opening="d8|c8 x!"), "'!' cannot follow 'd8|c8 x'"),
        (TuneRequest(opening="d2", headers=ROWS, meter="x"), "write it as in"),
        (
            TuneRequest(meter="1/16", unit="1/1"),
            "bars of this meter cannot be filled by such notes",
        ),
        (TuneRequest(meter="1/8", unit="1/8"), "bars of this meter cannot be filled"),
        (TuneRequest(meter="33/8", unit="1/8"), "bars of this meter cannot be filled"),
        (TuneRequest(meter="9/2", headers=ROWS), "bars of this meter cannot be filled"),
        (TuneRequest(meter="none"), "bars cannot be counted"),
        (TuneRequest(meter="x"), "write it as in"),
        (TuneRequest(title="Zürich"), "'ü' is not in the vocabulary"),
        (
            TuneRequest(rhythm="żabka"),
            "'ż' is not in the vocabulary",
        ),  # which comes behind the free title
        (TuneRequest(key="F♯"), "'♯' is not in the vocabulary"),
    ],
)
def test_an_impossible_request_is_told(wanted: TuneRequest, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        TuneGrammar(wanted, LETTERS)


def test_bars_may_be_as_long_as_four_whole_notes() -> None:
    for meter, unit in (("4/1", "1/8"), ("2/8", "1/8"), ("32/8", "1/16")):
        TuneGrammar(TuneRequest(meter=meter, unit=unit), LETTERS)
    TuneGrammar(TuneRequest(part_bars=2), LETTERS)
    TuneGrammar(TuneRequest(part_bars=32), LETTERS)


@pytest.mark.parametrize("missing", ["/", "|", "X", "1"])
def test_without_these_characters_there_are_no_tunes(missing: str) -> None:
    with pytest.raises(UsageError):
        TuneGrammar(TuneRequest(), LETTERS.replace(missing, ""))
