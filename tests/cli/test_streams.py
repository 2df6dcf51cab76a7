"""Output to terminals: text is escaped, and bars and samples are shown to people only."""

import os
import re
import struct
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.cli.console import escape_controls
from tests.forks import shared_forks
from tests.helpers import prose, reciting_checkpoint, save_run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")

# Escape sequences that have done harm in terminals (clipboard, title, answers, hyperlinks), one of
# each kind of control character, and the marks that reverse the reading direction.
HOSTILE = (
    "\x1b[2J\x1b]52;c;Y2F0\x07\x1b]0;title\x1b\\\x1bP+q\x1b[6n\x1b]8;;x\x1b\\"
    "\x00\x01\x08\x0b\x0c\x0d\x0e\x7f\x80\x85\x8d\x90\x9b\x9d\x9e\x9f\xad"
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2028\u2029\u2066\u2069\ufeff\U000e0041"
)


def on_terminal(
    folder: Path, *arguments: str, stdout: bool = True, stderr: bool = True, **changes: str
) -> tuple[int, str]:
    """Run a command with streams on a terminal; return the exit code and what the terminal got."""
    import fcntl
    import pty
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    terminal, nowhere = Path(os.ttyname(slave)), Path(os.devnull)
    streams = {
        "stdin": terminal,
        "stdout": terminal if stdout else nowhere,
        "stderr": terminal if stderr else nowhere,
    }
    forks = shared_forks()
    process = forks.begin(folder, *arguments, **streams, **changes)

    def wait() -> int:
        ended = forks.end(process)
        os.close(slave)  # so that the loop below ends
        return ended.returncode

    with ThreadPoolExecutor(1) as waiting:
        code = waiting.submit(wait)
        sent = b""
        try:
            while part := os.read(master, 1 << 16):
                sent += part
        except OSError:
            pass  # Linux reports in this way that the other end is closed
    os.close(master)
    return code.result(), sent.decode()


def without_line_ends(sent: str) -> str:
    return sent.replace("\r\n", "\n").replace("\n", "")


def test_a_model_cannot_control_the_terminal(tmp_path: Path) -> None:
    checkpoint = reciting_checkpoint("\n" + HOSTILE)
    save_run(tmp_path, "run", checkpoint)
    count = len(set(HOSTILE))
    sample = ("sample", "run", "--temperature", "0", "--length", str(count))
    code, sent = on_terminal(tmp_path, *sample, stderr=False)
    assert code == 0
    shown = without_line_ends(sent)
    assert shown.isprintable()
    # Each of the characters can be read, so none is lost.
    assert shown == escape_controls("".join(dict.fromkeys(HOSTILE)))
    for written in (r"\x1b", r"\x07", r"\x9b", r"\u202e", r"\u2028", r"\U000e0041"):
        assert written in shown
    # JSON has its own escapes for them.
    code, sent = on_terminal(tmp_path, *sample, "--json", stderr=False)
    assert code == 0
    assert without_line_ends(sent).isprintable()


def test_names_cannot_control_the_terminal(tmp_path: Path) -> None:
    hostile = "\x1b]52;c;Y2F0\x07[red]:smile:\u202e\x9b2J"
    for name in ("sample", "train"):
        code, sent = on_terminal(tmp_path, name, hostile)
        assert code == 1
        assert sent.count("error:") == 1
        assert without_line_ends(sent).isprintable()
        assert r"\x1b]52;c;Y2F0\x07[red]:smile:\u202e\x9b2J" in sent


@pytest.mark.parametrize(
    "wrong",
    [("train", "--{}", "x"), ("config", "{}"), ("{}",), ("train", "x", "--cell", "{}")],
)
def test_mistyped_words_cannot_control_the_terminal(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    hostile = "\x1b]0;x\x07\u202e\u2028\x9b2J\U000e0001\U000e0080"
    code, sent = on_terminal(tmp_path, *(word.format(hostile) for word in wrong))
    assert code == 2
    assert without_line_ends(sent).isprintable()
    assert r"\u202e" in sent


def test_a_single_sample_on_a_terminal_gets_a_line_end(tmp_path: Path) -> None:
    save_run(tmp_path, "run", reciting_checkpoint("abc\n"))
    sample = ("sample", "run", "--temperature", "0", "--seed", "3", "--length")
    assert on_terminal(tmp_path, *sample, "3", stderr=False) == (0, "abc\r\n")
    assert on_terminal(tmp_path, *sample, "4") == (
        0,
        "checkpoints/run/best.safetensors, seed 3\r\nabc\r\n",
    )


SMALL = (
    *("--hidden-size", "16", "--embedding-size", "8", "--batch-size", "4", "--seq-len", "16"),
    *("--threads", "1", "--precision", "fp32"),
)
# Colour, weight and cursor movement: the sequences that the program itself may send.
OURS = re.compile(r"\x1b\[[\d;]*[A-Za-z]|\r")


@pytest.mark.parametrize("changes", [{}, {"NO_COLOR": "1"}], ids=str)
def test_training_on_a_terminal(tmp_path: Path, changes: dict[str, str]) -> None:
    """Training shows a progress bar, a table and samples; names and samples do no harm."""
    name = "run\x1b]0;x\x07[bold]:smile:"
    # The only sample of a short run has these characters: the text has hardly any others, and a
    # pointer, which could repeat a single one, is not used.
    text = "\u202ea\x9bb\n" * 600
    corpus = tmp_path / "a\x1b[2Jb.txt"
    corpus.write_text(text, encoding="utf-8")
    code, sent = on_terminal(
        tmp_path,
        *("train", corpus.name, "--name", name, *SMALL, "--steps", "200", "--pointer", "0"),
        **changes,
    )
    assert code == 0, sent
    shown = OURS.sub("", sent)
    assert without_line_ends(shown).isprintable()
    assert r"run\x1b]0;x\x07[bold]" in shown
    assert r"\u202e" in shown
    assert "\x1b]" not in sent
    assert "\x1b[2J" not in sent
    assert "%|" in shown
    assert re.search(r"step 200\b", shown)
    assert "bits/char" in shown
    if changes:
        assert not re.search(r"\x1b\[[\d;]*m", sent)
    # Names are shown as they are spelled.
    assert "[bold]:smile:" in shown


def test_a_pipe_gets_no_bar_and_no_colour_even_if_the_other_stream_is_a_terminal(
    tmp_path: Path,
) -> None:
    (tmp_path / "corpus.txt").write_text(prose(3000), encoding="utf-8")
    code, sent = on_terminal(
        tmp_path, "train", "corpus.txt", "--json", "--steps", "20", *SMALL, stderr=False
    )
    assert code == 0
    assert "\x1b" not in sent
    assert all(line.startswith("{") for line in sent.splitlines())


CHARACTERS = st.one_of(st.characters(), st.sampled_from(HOSTILE))


@given(st.text(CHARACTERS))
def test_control_characters_are_escaped(text: str) -> None:
    shown = escape_controls(text)
    for character in shown:
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in "\n\t\u200c\u200d"
    # Each character is escaped by itself, and harmless ones stay.
    assert shown == "".join(map(escape_controls, text))
    if all(character in shown for character in text):
        assert shown == text


@given(st.text(st.characters(whitelist_categories=["L", "M", "N", "P", "S", "Zs"])))
def test_letters_stay(text: str) -> None:
    assert escape_controls(text) == text
