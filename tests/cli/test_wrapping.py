"""Lines on a terminal: broken at spaces, with commands and long words in one piece."""

import signal
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tqdm import tqdm

from charnn.cli.plain_table import text_width
from charnn.cli.stop_signal import _answer_signals
from charnn.cli.train_tables import show_table
from charnn.cli.wrapping import wrap
from tests.cli.test_streams import on_terminal

on_terminals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")
WORDS = st.lists(st.text(st.characters(categories=["L", "N", "P"]), max_size=30), max_size=20)


@given(words=WORDS, width=st.integers(1, 60), hang=st.none() | st.integers(0, 20))
def test_no_word_is_lost_or_broken(words: list[str], width: int, hang: int | None) -> None:
    text = " ".join(words)
    wrapped = wrap(text, width, hang)
    assert wrapped.split() == text.split()
    indent = " " * (hang or 0)
    lines = wrapped.split("\n")
    assert all(line.startswith(indent) for line in lines[1:])
    if all(text_width(indent + word) <= width for word in words):
        assert max(map(text_width, lines)) <= width
    if text_width(text) <= width:
        assert wrapped == text


@pytest.mark.parametrize(
    ("text", "width", "hang", "wrapped"),
    [
        ("    a line of a poem", 12, None, "    a line\n    of a\n    poem"),
        ("warning: one two three", 16, 2, "warning: one two\n  three"),
        ("Train one: charnn train CORPUS", 24, 2, "Train one:\n  charnn train CORPUS"),
        ("Train one: charnn train CORPUS", 16, 2, "Train one: charnn train CORPUS"),
        ("next    charnn sample a", 16, 8, "next    charnn sample a"),
        ("no such file: /a/long/path/to/it", 19, 2, "no such file: /a/long/path/to/it"),
        ("an unknown width", 0, 2, "an unknown width"),
        ("first line\nthe second line", 10, None, "first line\nthe second\nline"),
    ],
)
def test_lines_are_broken_at_spaces(text: str, width: int, hang: int | None, wrapped: str) -> None:
    assert wrap(text, width, hang) == wrapped


@on_terminals
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_long_message_is_broken_at_spaces(tmp_path: Path, term: str) -> None:
    arguments = ("sample", "--prime", "Once upon a time")
    code, sent = on_terminal(tmp_path, *arguments, stdout=False, TERM=term)
    lines = sent.replace("\r\n", "\n").splitlines()
    assert (code, lines[-1][:2]) == (2, "  ")  # the error goes on
    assert 90 < max(map(len, lines)) <= 100
    assert "To train a model of your own: charnn train FILE warning: " in " ".join(sent.split())


def test_a_table_is_the_same_on_every_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("charnn.cli.console.terminal_width", lambda stream: 30)
    monkeypatch.setenv("TERM", "dumb")
    show_table(
        "finished", {"steps": "300", "advice": "still learning, so go on with it"}, live=True
    )
    assert capsys.readouterr().err == (
        "finished\nsteps   300\nadvice  still learning, so go\n        on with it\n"
    )


def test_ctrl_c_is_answered_above_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    numbers, wakeup = socket.socketpair()
    with numbers, tqdm(total=2, file=sys.stderr, bar_format="BAR", disable=False):
        wakeup.send(bytes([signal.SIGINT]))
        wakeup.close()
        capsys.readouterr()
        _answer_signals(numbers)
        answer = capsys.readouterr().err
    assert answer.index("stopping: ") < answer.index("BAR")
