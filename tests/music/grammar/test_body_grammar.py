"""The grammar of the body: everyday notation is accepted, and wrong bars and parts are refused."""

import random

import pytest

from charnn.music.checking.report import check_tune
from charnn.music.grammar.tune_request import TuneRequest
from charnn.sampling.constraint import Constraint
from tests.music.grammar.accepted import grammar_of, state_after
from tests.music.tunes import read
from tests.sampling.walks import LETTERS, texts, walk

HEAD = "X:1\nT:x\nR:reel\nM:4/4\nL:1/8\nK:D\n"
TWO_BARS = TuneRequest("x", "reel", "4/4", "1/8", "D", 2)


def is_accepted(body: str) -> bool:
    """Return whether a whole tune with parts of two bars is accepted; the checker must agree."""
    state = state_after(HEAD + body, TWO_BARS)
    accepted = state is not None and grammar_of(TWO_BARS).may_end(state)
    if accepted:
        report = check_tune(read(HEAD + body))
        assert report.ok, (body, report.problems)
    return accepted


def is_accepted_with_more_parts(body: str) -> bool:
    """Return whether a body is accepted, alone or with another part: a tune has at least two."""
    return any(is_accepted(body + another) for another in ("", "d8|c8|]\n", "GA|d8|c6|]\n"))


@pytest.mark.parametrize(
    "body",
    [
        "d8|c8|]\n",
        "|:d8|c8:|\n",
        "|:\nd8|c8:|\n",
        "|:d8|c8::d8|c8:|\n",
        "d8|c8::\nd8|c8:|\n",  # a line may end after it
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
        '"D"({c}~d4 .[DF]4)|c8|]\n',
        "(~d4 Tc4)|c8|]\n",
        "^d4 _e4|=C,4 f'4|]\n",
        "z8|d8|]\n",
        "d6 z2|c8|]\n",
        "d>z (3dzd z4|c8|]\n",
        "GA|d8|c4 z2|]\n",  # the pick-up follows the rest
        "d8-|d8|]\n",
        "d'4- d'4-|d'8|]\n",
        'D,4-D,4-|"G"D,8|]\n',
        "d4-(d2 c2)|c8|]\n",
        "^d4 d4-|d8|]\n",  # the tie carries the accidental
        "d8-|\nd8|]\n",
        "d8|\nc8|]\n",
    ],
)
def test_everyday_notation_is_accepted(body: str) -> None:
    assert is_accepted_with_more_parts(body), body


@pytest.mark.parametrize(
    "body",
    [
        "d8|c7|]\n",
        "d8|c9|]\n",
        "d8|c8\n",  # no double bar
        "d8|c8|",
        "d8|]\n",  # the part has one bar instead of two
        "d8|c8|d8|]\n",
        "|:d8|c8|]\n",  # the repeat is not closed
        "d8|:c8:|\n",
        "|:|:d8|c8:|\n",
        "|:d8|1 c8|]\n",
        "d8|c8:|2 B8||\n",
        "GA|d8|c8:|\n",
        "GA|d8|c6:|\nG|d8|c7:|\n",
        "GA|:d8|c6:|\n",
        "d8|c8||\n||d8|c8||\n",  # a second double bar
        "|:d8|c8:|||d8|c8||\n",
        "d8|c6 (cc|]\n",
        "d8|c6 cc)|]\n",
        "d4- (3dd|c8|]\n",
        "d4 d4-|]\n",
        "d8|c6z2|]\n",
        "d8|z2c6|]\n",
        "d8|c6 x2|]\n",
        "d8|c6 c>z|]\n",
        "d8|c6 (3ccz|]\n",
        "|:d8|1c6z2:|2B8||\n",
        "|:d8|1c8:|2B6z2||\n",
        "d4-e4|c8|]\n",
        "d4-D4|c8|]\n",
        "d4-d'4|c8|]\n",
        "d'4-d4|c8|]\n",
        "D,4-D4|c8|]\n",
        "d8-|c8|]\n",
        "d4-^d4|c8|]\n",
        "^d4-d4|c8|]\n",
        "d4-[df]4|c8|]\n",
        "[df]4-[df]4|c8|]\n",
        "d4-{e}d4|c8|]\n",
        "d4-~d4|c8|]\n",
        ".d4-d4|c8|]\n",
        "d4- z4|c8|]\n",
        "d>c2d5|c8|]\n",
        "(3ddd/ d4|c8|]\n",
        "d8|c8~|]\n",
        "d8|~z8|]\n",
        "d7c1|d8|]\n",
        "d8\n|c8|]\n",
        "d8|~\nc8|]\n",
        'd8|"D"\nc8|]\n',
        "d4\nd4|c8|]\n",  # lines end after bar lines
        "d8|Hc8|]\n",  # other programs play such notes longer
        "d8|c8H|]\n",
        "GA|d8|c6H|]\n",
        "d8|~(c4 d4)|]\n",  # other programs read it differently
        "d8|~(3ccc c6|]\n",
        "d8|T{d}c8|]\n",
        'd8|u"Am"c8|]\n',
        "d>~c d6|c8|]\n",
        'd8|"Am""D"c8|]\n',
        "d8|{d}{e}c8|]\n",
        "d8|{d} c8|]\n",
        'd8|"D"z8|]\n',
        "d8|....c8|]\n",
        "z8|z8|]\n",  # the tune has no note
        "d8|\n\nc8|]\n",
        "A: d8|c8|]\n",
        "[d8|c8|]\n",
        '"x"d8|c8|]\n',
        "d8%|c8|]\n",
    ],
)
def test_wrong_bodies_are_refused(body: str) -> None:
    assert not is_accepted_with_more_parts(body), body


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        ("|:d8|d8|d8|1c8:|2B8||\n", True),
        ("|:d8|d8|1d8|c8:|2B8|B8||\n", True),
        ("|:d8|1d8|d8|c8:|2B8|B8|B8||\n", False),
        ("|:d8|d8|1d8|c8:|2B8||\n", False),
        ("|:d8|d8|d8|1c8:|2B8|B8||\n", False),
    ],
)
def test_endings_have_one_or_two_bars(body: str, accepted: bool) -> None:
    wanted = TuneRequest("x", "reel", "4/4", "1/8", "D", 4)
    state = state_after(HEAD + 2 * body, wanted)
    assert (state is not None and grammar_of(wanted).may_end(state)) == accepted


@pytest.mark.parametrize(
    "opening",
    [
        "|:d8|d8|d8|c6z2:|\n",
        "|:d8|d8|d8|c6z2:|||d8|d8|d8|c8||\n||d8|",
        "|:d8|d8|d8|c6z2",
        "|:d8|1d8|d8|c8:|2B8|B8|B8||\n",
        "|:d8|1d8|d8|",
        "d4-e4|",
        "d8|{e}[df]4-",
        "d8|^d4-",
        "d4 f'4-|f'",
        "d4-",
        "d7c1|",
    ],
)
def test_an_opening_may_have_the_habits_of_real_tunes(opening: str) -> None:
    """A request for the rest of a real tune, which the grammar does not change."""
    wanted = TuneRequest("x", "reel", "4/4", "1/8", "D", 4, opening=opening)
    constraint = Constraint(grammar_of(wanted), texts(LETTERS))
    text = walk(constraint, random.Random(opening), "notes", 100)
    assert text.startswith(HEAD + opening)
    assert check_tune(read(text)).ok, text


@pytest.mark.parametrize("part", ["d8|c8|]\n", "|:d8|c8:|\n", "|:d8|1c8:|2B8||\n", "GA|d8|c6|]\n"])
def test_a_tune_has_two_to_four_parts(part: str) -> None:
    assert [is_accepted(part * parts) for parts in range(6)] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]


def test_nothing_may_follow_the_last_part() -> None:
    assert is_accepted("|:d8|c8::d8|c8::d8|c8::d8|c8:|\n")
    assert state_after(HEAD + "|:d8|c8::d8|c8::d8|c8::d8|c8::", TWO_BARS) is None
    full = state_after(HEAD + 4 * "d8|c8|]\n", TWO_BARS)
    assert full is not None
    assert full.tune_full
    grammar = grammar_of(TWO_BARS)
    assert [character for character in LETTERS if grammar.step(full, character)] == []
