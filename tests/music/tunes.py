"""Tunes for tests: real ones from books, and a hypothesis strategy that makes up tunes."""

import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.tune.tune import Tune

_BOOKS = ("oneills1850/*", "ryansMammoth/*", "airdsAirs/*")


def read(text: str) -> Tune:
    """Return the first tune of a text."""
    return read_tune(split_book(text)[0])


def without_positions(tune: Tune) -> Tune:
    """Return a tune with all lines and columns set to 0, and without its problems."""
    music = tuple(replace(element, line=0, column=0) for element in tune.music)
    others = tuple(map(without_positions, tune.others))
    return replace(tune, line=0, music=music, others=others, problems=())


@cache
def book_sources(every: int) -> tuple[TuneSource, ...]:
    """Return the readable ones of every `every`-th tune in three books of the music21 package."""
    package = importlib.util.find_spec("music21")
    assert package is not None and package.submodule_search_locations
    folder = Path(package.submodule_search_locations[0]) / "corpus"
    found: list[TuneSource] = []
    for pattern in _BOOKS:
        for path in sorted(folder.glob(pattern + ".abc")):
            found += split_book(path.read_text(encoding="utf-8", errors="replace"))
    readable: list[TuneSource] = []
    for source in found[::every]:
        try:
            read_tune(source)
        except TuneError:
            continue
        readable.append(source)
    return tuple(readable)


_ACCIDENTALS = st.sampled_from(["", "", "", "", "^", "_", "=", "^^", "__"])
_LENGTHS = st.sampled_from(["", "", "", "2", "3", "/", "/2", "//", "3/2", "1", "4/2"])
_HEADS = st.builds(
    "".join,
    st.tuples(
        _ACCIDENTALS, st.sampled_from("ABCDEFGabcdefg"), st.sampled_from(["", "", "", ",", "'"])
    ),
)
_NOTES = st.builds("".join, st.tuples(_HEADS, _LENGTHS))
_TIES = st.sampled_from(["", "", "", "-"])
_CHORDS = st.builds(
    lambda heads, length: "[" + "".join(heads) + "]" + length,
    st.lists(st.builds("".join, st.tuples(_NOTES, _TIES)), min_size=1, max_size=4),
    _LENGTHS,
)
_GRACES = st.lists(_HEADS, max_size=3).map(lambda heads: "{" + "".join(heads) + "}")
_KEYS = st.sampled_from(
    [
        *[
            "C",
            "D",
            "Em",
            "Ador",
            "Bbmix",
            "F#m",
            "Gb",
            "C#",
            "Dphr",
            "Blyd",
            "E locrian",
            "D Major",
        ],
        *["none", "HP", "D exp ^f ^c", "G =f", "Am ^g", "D =c _e", "C clef=bass", "C octave=-1"],
        *["D transpose=2", "bass", "F ^^f clef=alto", "octave=1", ""],
    ]
)
_SMALL = st.sampled_from(
    [
        *[" ", " ", "  ", "|", "|", "|", "||", ":|", "|:", "::", "|]", "[|", "|1", ":|2", "[1,3"],
        *["\n", "\n", "\\\n", "!\n", "!", "-", ">", "<", ">>", "(", ")", "(3", "(5:4:2", "(3::2"],
        *["!trill!", "+fermata+", "~", ".", "u", "T", '"Am7/G"', '"Bb"', '"^slow"', '"F#dim"'],
        *[
            "z",
            "z2",
            "x/",
            "Z",
            "y",
            "y2",
            "\nP:A\n",
            "[P:B]",
            "[M:3/4]",
            "[L:1/16]",
            "|\n:",
            "|\n1",
        ],
        *["\nw:la la\n", "[r:so]", "`", "[Q:1/4=90]", "{}", "{ }", "|\n"],
    ]
)
_PIECES = st.one_of(
    _NOTES,
    _NOTES,
    _NOTES,
    _SMALL,
    _SMALL,
    _CHORDS,
    _GRACES,
    _KEYS.map(lambda key: f"[K:{key}]"),
    _KEYS.map(lambda key: f"\nK:{key}\n"),
)


@st.composite
def tune_texts(draw: st.DrawFn) -> str:
    """Draw the text of a tune; most can be read."""
    lines = ["X:" + draw(st.sampled_from(["1", "27", ""])), "T:Test"]
    lines += draw(st.lists(st.sampled_from(["R:reel", "P:AB", "Q:1/4=100", "U:W=trill", "C:me"])))
    lines += ["M:" + draw(st.sampled_from(["4/4", "C|", "6/8", "none"]))]
    lines += draw(st.sampled_from([["L:1/8"], ["L:1/16"], []]))
    lines += ["K:" + draw(_KEYS), "".join(draw(st.lists(_PIECES, min_size=1, max_size=40)))]
    return "\n".join(lines) + "\n"
