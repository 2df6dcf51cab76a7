"""The grammar of tunes: whatever it lets through is right, and what books have gets through.

The judge is `charnn.music.checking`, which shares nothing with the grammar. What it finds in tunes
written by chance, and is no mistake: ties between notes of unlike pitch, and tunes wider than three
octaves; the grammar does not look at pitches.

Of 3,628 right tunes of music21's books the grammar takes 74 %, asked for parts of their length.
What it leaves out, by its design: parts of unlike length (8 %) or with unlike pick-ups (5 %);
changes of key and meter, P: and the pipes' key (2.6 %); chords with lengths in them (1.4 %); a
tune's one part longer than the wish can tell (1.4 %). Of the rest it takes 89 %; the others have
`:||` (0.9 %), a blank behind graces or before the fermata on a bar line (1 %), an ending or a plain
bar line on a line of its own (0.7 %), a number that would not fit without the slash behind it
(`B3/` at a bar's end, 0.5 %), slurs in slurs, closed behind graces or twice (0.5 %), `>` behind a
slur's end or before a tie (0.7 %), lengths among graces (0.2 %), `|]` for a double bar in mid-line
(0.4 %).
"""

import random
import re
from functools import cache

import pytest

from charnn.corpus.tokens import PieceCounts
from charnn.errors import UsageError
from charnn.music.checking import check_tune
from charnn.music.folk import clean_books
from charnn.music.grammar import KEYS, METERS, UNITS, Grammar, State, Wish
from charnn.sampling.constraint import Constraint
from tests.music.tunes import book_sources, read
from tests.sampling.walks import LETTERS, POOR, STYLES, any_wish, texts, walk

NO_MISTAKE = {
    "the tie leads to no note of its pitch",
    "the tune is wider than three octaves",
}


@cache
def real_tunes() -> list[str]:
    """Some tunes of books, cleaned, that are right."""
    tunes = clean_books(source.text for source in book_sources(12))
    return [tune for tune in tunes if check_tune(read(tune)).ok]


@cache
def pieces_of_tunes() -> list[str]:
    counts = PieceCounts()
    for tune in real_tunes()[:60]:
        counts.add(tune)
    return list(counts.tokens(5).symbols)


def end_of(text: str, wish: Wish) -> State | None:
    """Where the grammar stands behind a whole text; `None` where it refuses a character."""
    grammar = Grammar(wish, LETTERS)
    state: State | None = grammar.start
    for character in text:
        state = state and grammar.step(state, character)
    return state


def takes(body: str, meter: str = "4/4", part_bars: int = 2) -> bool:
    """Whether a tune in eighths goes through, to its end."""
    wish = Wish("x", "reel", meter, "1/8", "D", part_bars)
    text = f"X:1\nT:x\nR:reel\nM:{meter}\nL:1/8\nK:D\n{body}"
    state = end_of(text, wish)
    right = state is not None and Grammar(wish, LETTERS).may_end(state)
    if right:
        assert check_tune(read(text)).ok
    return right


# Walks


@pytest.mark.parametrize("symbols", ["letters", "poor", "tokens"])
@pytest.mark.parametrize("seed", range(14))
def test_every_walk_is_a_right_tune(symbols: str, seed: int) -> None:
    """For any wish, by any symbols that are not wrong, however short it is to be."""
    chance = random.Random(f"{symbols} {seed}")
    tokens = pieces_of_tunes() if symbols == "tokens" else []
    characters = "".join(tokens) or (POOR if symbols == "poor" else LETTERS)
    wish, grammar = any_wish(chance, characters)
    constraint = Constraint(grammar, texts(tokens or characters))
    length = chance.choice((0, 1, 40, 80, 150, 300, 500))
    text = walk(constraint, chance, list(STYLES)[seed % len(STYLES)], length)

    tune = read(text)
    report = check_tune(tune)
    assert report.ok, (wish, text, report.problems)
    assert {problem.text for problem in report.problems} <= NO_MISTAKE, (wish, text)
    assert all(part.whole for part in report.parts), (wish, text)
    if wish.part_bars:
        assert {part.bars for part in report.parts} == {wish.part_bars}, (wish, text)
    body = text.partition("\nK:")[2].partition("\n")[2]
    assert body.startswith(wish.opening)
    assert not wish.title or report.title == wish.title
    assert report.rhythm == wish.rhythm or not wish.rhythm or "R" not in wish.fields
    assert report.meter == (wish.meter or report.meter)
    assert report.key == (wish.key or report.key)
    assert (report.meter in METERS or wish.meter) and (report.key in KEYS)
    assert re.search("^L:(.*)$", text, re.M)[1] in (wish.unit, *UNITS)


def test_without_strictness_only_the_header_is_kept() -> None:
    wish = Wish("x", "jig", "6/8", "1/8", "D", strict=False)
    head = "X:1\nT:x\nR:jig\nM:6/8\nL:1/8\nK:D\n"
    state = end_of(head + "((||:::3", wish)
    assert state is not None
    assert Grammar(wish, LETTERS).may_end(state)
    assert end_of(head[:-4] + "(", wish) is None


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
        "d8|c8H|]\n",  # on the bar line
        "GA|d8|c6H|]\n",
        "d8|Hc8|]\n",  # on the note
        "d8|c6 Hc2|]\n",
        "d>cd<cd>cd<c|c8|]\n",
        "(3ddd (3d/d/d/ d d4|c8|]\n",
        "((3ddd d2) c4|c8|]\n",
        "({c}d2 c2) c4|c8|]\n",
        "{c^d}Td4- d4-|d8|]\n",
        'u"Am7"d4 "D/F#"[DF]4|c8|]\n',
        "^d4 _e4|=C,4 f'4|]\n",
        "z8|d8|]\n",
        "d4\nd4|c8|]\n",
    ],
)
def test_everyday_writing_is_right(body: str) -> None:
    assert takes(body), body


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
        "d8|Hz8|]\n",
        "d8H\n|c8|]\n",
        "z8|z8|]\n",  # no note in all the tune
        "d8|\n\nc8|]\n",
        "A: d8|c8|]\n",
        "[d8|c8|]\n",
        '"x"d8|c8|]\n',
        "d8%|c8|]\n",
    ],
)
def test_what_is_wrong_is_refused(body: str) -> None:
    assert not takes(body), body


def test_real_tunes_are_right() -> None:
    """The share of all books is in this file's docstring."""
    tunes = real_tunes()
    taken = 0
    for tune in tunes:
        lengths = {part.bars for part in check_tune(read(tune)).parts}
        fields = "TRMLK" if "\nR:" in tune.partition("\nK:")[0] else "TMLK"
        wish = Wish(fields=fields, part_bars=lengths.pop() if len(lengths) == 1 else 0)
        try:
            state = end_of(tune, wish)
        except UsageError:  # no meter, or a single bar
            continue
        taken += state is not None and Grammar(wish, LETTERS).may_end(state)
    assert len(tunes) > 200
    assert taken > 0.6 * len(tunes)


# Wishes that can't be met


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(part_bars=1), "at least 2 bars"),
        (Wish(part_bars=-8), "at least 2 bars"),
        (Wish(meter="4/4", unit="1/8", opening="c9"), "no right tune begins like this"),
        (Wish(meter="3/4", unit="1/8", opening="d4 c4|"), "no right tune begins like this"),
        (Wish(opening="d:|"), "no right tune begins like this"),
        (Wish(opening="d\n\nd"), "no right tune begins like this"),
        (Wish(meter="1/16", unit="1/1"), "no right tune begins like this"),
        (Wish(meter="none"), "bars cannot be counted"),
        (Wish(meter="x"), "say it as in"),
        (Wish(title="Zürich"), "never saw 'ü'"),
        (Wish(rhythm="żabka"), "never saw 'ż'"),  # which comes behind the free title
        (Wish(key="F♯"), "never saw '♯'"),
    ],
)
def test_an_impossible_wish_is_told(wish: Wish, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Grammar(wish, LETTERS)


@pytest.mark.parametrize("missing", ["/", "|", "X", "1"])
def test_without_these_characters_there_are_no_tunes(missing: str) -> None:
    with pytest.raises(UsageError):
        Grammar(Wish(), LETTERS.replace(missing, ""))
