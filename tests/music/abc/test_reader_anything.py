"""Any text is read as tunes or refused with a `TuneError`, in linear time."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.checking.bars import split_into_bars
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Note

DATA = Path(__file__).parent.parent / "data"
REAL = [path.read_text(encoding="utf-8") for path in sorted(DATA.glob("*.abc"))]
_SIGNS = [
    *"ABcd^_=zZxy0123456789/'-,<>()[]{}|:!+\"~.TuvHq&$%\\`\n\r\t \x00\ud800\u00b2\u0663\u2028é",
    *["(3", "[K:D]", "[M:none]", "|:", ":|", "|1", ":|2", "::", "[CE]", "{g}", "\nP:A\n", "\nK:"],
    *["\nL:1/8\n", "\nQ:1/4=", "\nM:", "\nV:2\n", "%%", "\nX:2\n", "\n\n", "P:(A3B)2\n", "9" * 30],
    *["q", "\u201c", "\xa0", "(11", "[(A]", "+CE+", "!a b!"],
]
_EDITS = ["", *_SIGNS]
_HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\n"
always = settings(max_examples=400, deadline=None, derandomize=True)


def check_reading(text: str) -> None:
    """Read and play all tunes of a text, and check the invariants of tunes and errors."""
    for source in split_book(text):
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        try:
            tune = read_tune(source)
            performance = perform(tune)
        except TuneError as error:
            in_file_header = error.line in [field.line for field in source.file_header]
            assert source.line <= error.line <= len(lines) or in_file_header
            assert 1 <= error.column <= len(lines[error.line - 1].removeprefix("\ufeff")) + 1
            continue
        assert all(note.duration > 0 for note in tune.music if isinstance(note, Note))
        assert sum(bar.duration for bar in split_into_bars(tune)[0]) == sum(
            note.duration for note in tune.music if isinstance(note, Note)
        )
        ends = [sound.onset + sound.duration for sound in performance.sounds]
        assert max(ends, default=0) <= max(performance.duration, *ends, 0)
        assert all(sound.duration > 0 for sound in performance.sounds)


@always
@given(st.text())
def test_any_text(text: str) -> None:
    check_reading(text)
    check_reading(_HEADER + "K:C\n" + text)
    check_reading("X:1\n" + text + "\nK:C\nABc|")


@always
@given(st.lists(st.sampled_from(_SIGNS), max_size=60).map("".join))
@example("[1[1[1[2")
@example("A|1:|2")
@example("P:A\n|1 A:|2 P:A\n")
def test_any_signs(text: str) -> None:
    check_reading(_HEADER + "K:C\n" + text)
    check_reading(_HEADER + "P:" + text + "\nK:" + text + "\nA|")


@always
@given(
    st.sampled_from(REAL),
    st.lists(
        st.tuples(st.integers(0, max(map(len, REAL))), st.integers(0, 3), st.sampled_from(_EDITS)),
        min_size=1,
        max_size=8,
    ),
)
def test_damaged_tunes(text: str, edits: list[tuple[int, int, str]]) -> None:
    for index, length, sign in edits:
        text = text[:index] + sign + text[index + length :]
    check_reading(text)


_REPEATED = [
    *'(){}[]|:!+"-<>^=_.~%\\ &zZy1\n',
    *["(3", "[1", "|1", ":|", "|:", "::", "[|]", "A-", "A>", "{g}", "!a", '"a"', "[K:C]"],
    *["qA", "! l", "[ ", '["', "G/||A:|", "+CE+", "[(A]", "^ "],
    *["[CEG]", "\nP:A\n", "=20\n", "(\n", "|\n)", "A|\n:"],
]


@pytest.mark.parametrize("sign", _REPEATED)
def test_time_is_linear(sign: str) -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        check_reading("X:1\nK:C\nA" + sign * count + "\n")
        return time.process_time() - start

    longest = 16_000 // len(sign)
    assert min(seconds(longest) for _ in range(2)) < max(0.25, 40 * seconds(longest // 10))
