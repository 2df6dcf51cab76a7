"""The help of the program and of each command: plain text in the form of manual pages."""

import re
from pathlib import Path

import pytest

from charnn.cli import app
from tests.cli.conftest import Program

COMMANDS = [command.name for command in app.registered_commands]


def test_commands_are_grouped(program: Program, tmp_path: Path) -> None:
    shown = program(tmp_path, "--help").stdout.decode()
    panels = re.findall(r"^(\S.*):$", shown, re.MULTILINE)
    assert panels == ["Options", "Train", "Write", "Tunes", "Look inside", "Share", "Configure"]
    for name in COMMANDS:
        assert len(re.findall(rf"^  {name} +[A-Z]", shown, re.MULTILINE)) == 1
    assert "..." not in shown.partition("Train:")[2]


def test_every_summary_fits_a_terminal_of_80_columns(program: Program, tmp_path: Path) -> None:
    shown = program(tmp_path, "--help", COLUMNS="80").stdout.decode()
    assert "Usage: charnn [OPTIONS] COMMAND ...\n" in shown.replace("python -m charnn", "charnn")
    assert max(map(len, shown.splitlines())) <= 80
    for name in COMMANDS:
        assert re.search(rf"^  {name} +[A-Z].*\.$", shown, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_plain_and_has_examples(program: Program, tmp_path: Path, name: str) -> None:
    ended = program(tmp_path, name, "--help")
    shown = ended.stdout.decode()
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "\x1b" not in shown
    assert "\b" not in shown
    assert re.search(r"^  Examples?:", shown, re.MULTILINE)
    assert not re.search(r"<(str|int|float|path|list.*)>", shown)
    # Every option has a text.
    assert not re.search(r"^  --\S+( \S+)?$\n  -", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("train", "[OPTIONS] CORPUS..."),
        ("sample", "[OPTIONS] [RUN]"),
        ("evaluate", "[OPTIONS] RUN [CORPUS...]"),
        ("inspect", "[OPTIONS] [RUN...]"),
        ("corpora", "[OPTIONS] [CORPUS]"),
        ("runs", "[OPTIONS] [ACTION...]"),
    ],
)
def test_usage(program: Program, tmp_path: Path, name: str, usage: str) -> None:
    first, *_ = program(tmp_path, name, "--help").stdout.decode().splitlines()
    assert first.endswith(f" {name} {usage}")
