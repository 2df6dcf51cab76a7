"""Each bar has the label of its place, or of the earlier bar that it repeats."""

import re

import pytest
from hypothesis import given

from charnn.music.coding.bar_labels import (
    FULL_CADENCES,
    LABELS,
    SHORT_CADENCES,
    insert_labels,
    label,
    place,
    strip_labels,
)
from charnn.music.coding.tune_coding import TuneDecoder, code_tune
from tests.music.tunes import book_sources, tune_texts

HEADER = "X:1\nT:Title\nM:6/8\nL:1/8\nK:D\n"


def shown(body: str) -> str:
    """Return a body with readable labels: `<A1>` for the first bar, `{full}` for a cadence."""
    coded = insert_labels(HEADER + body).removeprefix(HEADER)

    def show(found: "re.Match[str]") -> str:
        part, bar = place(found[0])
        return f"<{'ABCDEF'[part]}{bar + 1}>"

    coded = re.sub(f"[{min(LABELS)}-{max(LABELS)}]", show, coded)
    names = ("{full}", "{full home}", "{short}", "{short home}")
    for cadence, name in zip(FULL_CADENCES + SHORT_CADENCES, names, strict=True):
        coded = coded.replace(cadence, name)
    return coded


@pytest.mark.parametrize(
    ("body", "labelled"),
    [
        ("d3 e3|f6|d3 e3|f6|]", "<A1>d3 e3|<A2>f6|<A1>d3 e3|<A2>{full}f6|]"),
        # Spaces do not count, other signs do.
        ("d3e3|d3 e3|(d3e3)|", "<A1>d3e3|<A1>d3 e3|<A3>(d3e3)|"),
        # Pick-ups have no label; the shorter last bar has one.
        ("A|d6|e5:|\nA|f6|e5:|", "A|<A1>d6|<A2>{short}e5:|\nA|<B1>f6|<A2>{short}e5:|"),
        ("A|:d6|e5:|", "A|:<A1>d6|<A2>{short}e5:|"),
        # The tonic is D, in any octave; a rest after it does not matter.
        ("A|e6|d3D2:|", "A|<A1>e6|<A2>{short home}d3D2:|"),
        ("e6|D3z3||", "<A1>e6|<A2>{full home}D3z3||"),
        ("e6|^d6||", "<A1>e6|<A2>{full}^d6||"),
        # The second ending continues the numbers of its part.
        ("d6|1 e6:|2 f6||g6|f6|]", "<A1>d6|1 <A2>{full}e6:|2 <A3>{full}f6||<B1>g6|<A3>{full}f6|]"),
        # The beginning of a tune may end inside a bar.
        ("d6|e6|d", "<A1>d6|<A2>e6|<A3>d"),
        ("d6:|\nA>", "<A1>{full home}d6:|\n<B1>A>"),
        ("A|d6|e5:|\nA", "A|<A1>d6|<A2>{short}e5:|\nA"),
        ("A|", "A|"),
        ("", ""),
    ],
)
def test_labels(body: str, labelled: str) -> None:
    assert shown(body) == labelled


def test_long_tunes_use_the_last_label_again() -> None:
    body = "|".join(f"d{n}e{n}" for n in range(1, 31))
    assert shown(f"{body}|").endswith("<A24>d30e30|")
    assert place(label(40, 0)) == (5, 0)


@given(tune_texts())
def test_labels_change_nothing_else(text: str) -> None:
    assert strip_labels(insert_labels(text)) == text


def test_a_coded_tune_is_decoded_character_by_character() -> None:
    for source in book_sources(100):
        decoder = TuneDecoder()
        coded = code_tune(source.text)
        assert "".join(map(decoder.feed, coded)) + decoder.finish() == source.text


def test_a_tune_that_cannot_be_read_has_no_labels() -> None:
    assert insert_labels("X:1\nM:6/8\nK:D\n[d|e|]") == "X:1\nM:6/8\nK:D\n[d|e|]"
    assert insert_labels("no tune at all") == "no tune at all"
