"""`charnn step` and `charnn embedding`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.helpers import random_checkpoint, save_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("step")
    save_run(folder, "small", random_checkpoint("hello w", cell="gru", embedding_size=3))
    return folder


def test_all_steps_are_written_where_no_terminal_is(program: Program, folder: Path) -> None:
    ended = program(folder, "step", "small", "hello", "--unit", "0.2")
    assert ended.returncode == 0, ended.stderr
    shown = ended.stdout.decode()
    assert "  h' = (1 - z) · n + z · h\n" in shown
    assert shown.count("unit 0.2   x = [") == 5
    assert "step 3 of 5: reads l  (after he)" in shown
    ended = program(folder, "step", "small", "he?", "--json", "-o", "step.html")
    found = json.loads(ended.stdout)
    assert found["tokens"] == ["h", "e"]
    assert set(found["equations"]) <= set(found["values"])
    assert "left out" in ended.stderr.decode()
    assert (folder / "step.html").stat().st_size > 5000


def test_the_embedding_is_listed_and_drawn(program: Program, folder: Path) -> None:
    ended = program(folder, "embedding", "small")
    assert ended.returncode == 0, ended.stderr
    [summary, _, head, *rows] = ended.stdout.decode().splitlines()
    assert summary.startswith("6 tokens as an embedding of 3 numbers")
    assert head.split()[:2] == ["token", "length"]
    assert len(rows) == 6
    ended = program(folder, "embedding", "small", "--json", "-o", "map.png")
    assert len(json.loads(ended.stdout)["map"]) == 6
    assert (folder / "map.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["step", "small", ""], 1, "empty"),
        (["step", "small", "zzz"], 1, "knows no character"),
        (["step", "small", "he", "--unit", "3.1"], 2, "names no unit"),
        (["step", "small", "he" * 400], 2, "too many"),
        (["embedding", "none"], 1, "none"),
        (["embedding", "small", "-o", "map.jpg"], 2, ".png, .svg, .html"),
    ],
)
def test_errors_are_one_sentence(
    program: Program, folder: Path, arguments: list[str], code: int, words: str
) -> None:
    ended = program(folder, *arguments)
    assert (ended.returncode, ended.stdout) == (code, b"")
    [line] = ended.stderr.decode().splitlines()
    assert words in line
