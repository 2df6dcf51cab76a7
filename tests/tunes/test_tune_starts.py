"""Headers and openings of new tunes, by an untrained model of notes relative to the tonic."""

import re
from functools import cache

import pytest

import charnn
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.music_vocabulary import MusicVocabulary
from charnn.errors import UsageError
from charnn.model.config import ModelConfig
from charnn.music.checking.report import check_tune
from charnn.music.coding.bar_labels import CADENCES, LABELS
from charnn.music.coding.tune_coding import code_tune
from charnn.music.grammar.tune_request import LearnedHeader, TuneRequest, make_request
from charnn.sampling.params import SamplingParams
from charnn.tunes.tune_writer import TuneWriter
from tests.helpers import random_weights
from tests.sampling.walks import LETTERS
from tests.tunes.models import coded_model

HEADERS = (
    LearnedHeader("jig", "6/8", "1/8", "D", 30),
    LearnedHeader("jig", "6/8", "1/8", "Am", 20),
    LearnedHeader("reel", "C|", "1/8", "G", 50),
)


@cache
def model() -> Checkpoint:
    vocabulary = MusicVocabulary([*LETTERS, *LABELS, *CADENCES])
    config = ModelConfig(len(vocabulary), hidden_size=8, pointer=40, pointer_width=4)
    return Checkpoint(config, vocabulary, random_weights(config), {"documents": 9})


def tunes(
    seeds: range = range(2), headers: tuple[LearnedHeader, ...] = HEADERS, **options: str
) -> list[str]:
    request = make_request(**options, part_bars=4)
    request = TuneRequest(**{**vars(request), "headers": headers})
    writer = TuneWriter(model(), request)
    written = writer.stream_many(SamplingParams(1.0), seeds=seeds, length=400)
    return ["".join(pieces) for pieces in written]


# The last bars of parts, whose ends are not written yet.
_ENDING = "ABc d2e|fga g3|ABc d2e|1 fga g3:|2 fga g2"
_FOUR_BARS = "ABc d2e|" * 4


@pytest.mark.parametrize(
    ("opening", "key"),
    [
        ("A|^d2e f2=g|a", ""),
        ("d2e f2g|", "Bb"),
        ("|:(3ABc de f2|", "F#m"),
        ("|:", ""),
        ("c>d", ""),
        (_ENDING, "D"),
        (_FOUR_BARS, ""),
        ("A|:d2e", ""),
        ("A|:" + 3 * "d3 e3|" + "f3 d3:|\n|:d2e", "D"),
        ("G,3 A,2(B>.A)", "Bb"),
        ("d3 d3/2e/ c|d3 e3/2c3/2|", "D"),
    ],
)
def test_an_opening_is_written_as_it_was_given(opening: str, key: str) -> None:
    for text in tunes(range(1), prime=opening, key=key):
        header, _, body = text.partition("\nK:")
        found, _, body = body.partition("\n")
        assert body.startswith(opening)
        assert found == (key or found)
        assert re.search("R:jig\nM:6/8|R:reel\nM:C\\|", header)
        (tune,) = charnn.read_tunes(text)
        assert check_tune(tune).ok


def test_an_opening_has_the_letters_of_its_own_key() -> None:
    """In G, the model writes A and B as D and E."""
    vocabulary = MusicVocabulary({*LETTERS, *LABELS, *CADENCES} - {*"AB"})
    config = ModelConfig(len(vocabulary), hidden_size=8)
    small = Checkpoint(config, vocabulary, random_weights(config), {"documents": 9})
    headers = (LearnedHeader("jig", "6/8", "1/8", "G", 9),)
    writer = TuneWriter(small, TuneRequest(headers=headers, opening="GAB A3|"))
    text = "".join(writer.stream(SamplingParams(1.0), seed=0, length=300))
    assert "\nK:G\nGAB A3|" in text
    with pytest.raises(UsageError, match="'e' is not in the vocabulary"):
        TuneWriter(small, TuneRequest(headers=headers, opening="GAe d3|"))


def test_a_rare_key_is_read_as_a_common_one() -> None:
    """Only the letters move: the model has read the header of a common key."""
    common, rare = tunes(key="Am", rhythm="jig"), tunes(key="Bbm", rhythm="jig")
    for in_am, in_bbm in zip(common, rare, strict=True):
        assert code_tune(in_am).replace("K:Am", "K:Bbm") == code_tune(in_bbm)


def test_a_rare_key_that_a_seed_draws_is_read_as_a_common_one() -> None:
    rare = LearnedHeader("jig", "6/8", "1/8", "Bbm", 1)
    common = LearnedHeader("jig", "6/8", "1/8", "Am", 99)
    seeds = range(53, 55)  # the last one draws Bbm
    in_am, in_bbm = (tunes(seeds, headers)[-1] for headers in ((common,), (common, rare)))
    assert "K:Bbm" in in_bbm
    assert code_tune(in_am).replace("K:Am", "K:Bbm") == code_tune(in_bbm)


def test_an_unwritable_opening_is_refused() -> None:
    with pytest.raises(UsageError, match="'ü' is not in the vocabulary"):
        tunes(prime="ü")
    with pytest.raises(UsageError, match="cannot follow"):
        tunes(prime="d:|")
    with pytest.raises(UsageError, match="no whole bars can follow the end of the opening: end it"):
        tunes(prime="d6|{")


@pytest.mark.parametrize("strict", [True, False])
def test_a_model_of_coded_tunes_keeps_short_lengths(strict: bool) -> None:
    """Labels and cadences of an untrained model lead nowhere that has no end."""
    writer = TuneWriter(coded_model(), TuneRequest(part_bars=4, strict=strict))
    length = 300
    written = writer.stream_many(SamplingParams(), seeds=range(12), length=length)
    # A repeated bar, once begun, may lead a little beyond the length.
    assert max(len("".join(pieces)) for pieces in written) <= length + 50
