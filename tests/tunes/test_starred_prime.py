"""Primes with stars, filled in by an untrained model: the grammar makes them right."""

import re
from collections.abc import Iterator

import pytest

import charnn
from charnn.errors import UsageError
from charnn.music.checking.report import check_tune
from charnn.music.grammar.tune_request import make_request
from charnn.sampling.params import SamplingParams
from charnn.tunes.tune_writer import TuneWriter
from tests.tunes.models import coded_model, plain_model

MODELS = {"plain": plain_model(), "coded": coded_model()}
HEADER = {"rhythm": "jig", "meter": "6/8", "key": "D"}


def writer(prime: str, model: str = "plain", **options: str) -> TuneWriter:
    request = make_request(prime="L:1/8\n" + prime, **{**HEADER, **options}, part_bars=4)
    return TuneWriter(MODELS[model], request)


def bodies(writer: TuneWriter, seeds: range) -> Iterator[str]:
    for pieces in writer.stream_many(SamplingParams(1.0), seeds=seeds, length=200):
        text = "".join(pieces)
        (tune,) = charnn.read_tunes(text)
        assert check_tune(tune).ok
        yield re.split(r"\nK:.*\n", text)[1]


@pytest.mark.parametrize(
    ("prime", "model", "key", "expected"),
    [
        ("d2e f2g|*|a3 b3|", "plain", "D", r"d2e f2g\|[^|]+\|a3 b3\|"),
        ("A|d2e **2|f2*", "coded", "D", r"A\|d2e ?[a-gA-G][',]?[a-gA-G][',]?2\|f2[^|]+\|"),
        ("|:d3 *|d6|d6|*3 f3:|", "coded", "Bb", r"\|:d3[^|]+\|d6\|d6\|[^|]+3 f3:\|"),
        ("*|*|*|*|]", "plain", "D", r"(?:[^|]+\|){4}\]"),
        ("*|*|*|*::", "plain", "D", r"(?:[^|]+\|){3}[^|:]+::"),
    ],
)
def test_stars_are_filled_in_and_the_rest_stays(
    prime: str, model: str, key: str, expected: str
) -> None:
    starred = writer(prime, model, key=key)
    found = list(bodies(starred, range(2)))
    assert all(re.match(expected, body) for body in found), found
    assert len(set(found)) == 2
    assert list(bodies(starred, range(1, 2))) == found[1:]


@pytest.mark.parametrize(
    ("prime", "words"),
    [
        ("d2e f2g*|", "bar 1 lasts 7/8 with one note for each *, and should last 6/8"),
        ("d2e *|d8|", "(d8) lasts 8/8 in 6/8"),
        ("[*d]2 *|", r"the * in [*d belongs to another sign: a * stands between notes"),
        ("{*}d *|", "belongs to another sign"),
        ("_* *|", "belongs to another sign"),
        ("*, *|", "belongs to another sign"),
        (
            "(3d* *",
            "bar 1 lasts 2/8 with one note for each *, and should last 6/8: a * in a tuplet",
        ),
        (
            "d>* f2g|",
            "bar 1 lasts 5/8 with one note for each *, and should last 6/8: a * in a tuplet",
        ),
        ("d>*2 f2g|", "bar 1 lasts 11/16 with one note for each *"),
        (
            "d6|(3d*e f2g|",
            "or a broken pair is one note, so make the other notes of the bar add up",
        ),
        ("A|d6|(3d*e f2g|", "bar 2 lasts 5/8"),
        ("d2e *2|", "give each * a length, as in *2, or write a single * without a length"),
        ("|: *|* :|", "':' cannot follow '|:*|*': a part of 2 bars would end there"),
        ("*|* d2|d2 * d8|", "should last 6/8: shorten its notes, or leave a * out"),
        ("A|d6|d6|d6|d2 *|", "bar 4 (d2 *) ends a part of 4 bars"),
        ("GAB *99 cde|d6|", "numbers in a length must be from 1 to 64, in the bar 'GAB *99 cde'"),
        (
            "d6|*0|",
            "impossible length 0: numbers in a length must be from 1 to 64, in the bar '*0'",
        ),
        ("[d *", "--prime: this [ is never closed: add the ]"),
    ],
)
def test_a_star_that_cannot_be_filled_is_named(prime: str, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        next(bodies(writer(prime), range(1)))


def test_a_meter_and_a_key_are_needed() -> None:
    with pytest.raises(UsageError, match="the tune needs a meter and a key: add --meter and --key"):
        next(bodies(writer("*|", key=""), range(1)))
