"""The page from the lecture to the model is true: its lines of code exist, its commands run."""

import ast
import os
import re
from pathlib import Path

import pytest

from docs.lecture_pictures import PAGE, PICTURES, commands
from tests.docs_folder import SMALL_CORPORA, VARIABLES
from tests.forks import shared_forks
from tests.helpers import PROJECT

TEXT = PAGE.read_text(encoding="utf-8")


def definition(path: str, *names: str) -> str:
    """Return the source of a function or class; of a method, after the name of its class."""
    code = (PROJECT / path).read_text(encoding="utf-8")
    node: ast.AST = ast.parse(code)
    for name in names:
        [node] = [
            each
            for each in ast.walk(node)
            if isinstance(each, ast.FunctionDef | ast.ClassDef) and each.name == name
        ]
    source = ast.get_source_segment(code, node, padded=True)  # type: ignore[arg-type]
    assert source is not None
    return source


def packed(code: str) -> str:
    """Return code without the line breaks that ruff chooses by the indentation."""
    return re.sub(r"\s|,(?=\s*[)\]])", "", code)


def test_the_quoted_lines_are_where_the_page_finds_them() -> None:
    quoted, source = 0, ""
    pattern = r"`(\w+)`(?:\s+of\s+`(\w+)`)?\s+in\s+`([\w/]+\.py)`|^```python\n(.*?)^```"
    for name, owner, path, lines in re.findall(pattern, TEXT, re.MULTILINE | re.DOTALL):
        if path:
            source = definition(path, *filter(None, (owner, name)))
        else:
            quoted += 1
            assert packed(lines) in packed(source), lines
    assert quoted >= 10


def test_each_picture_is_made_by_a_command_of_the_page_and_is_small() -> None:
    made = [arguments[-1] for arguments in commands() if "-o" in arguments]
    assert re.findall(r"!\[[^]]+\]\(lecture/(.*?)\)", TEXT) == made
    assert sorted(made) == sorted(path.name for path in PICTURES.iterdir())
    for name in made:
        assert (PICTURES / name).stat().st_size < 60_000, name


def test_the_answers_are_folded() -> None:
    questions = TEXT.count("**Predict:**")
    assert TEXT.count("<details><summary>Answer</summary>\n\n") >= questions >= 10
    assert TEXT.count("<details>") == TEXT.count("\n</details>\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a fork can replace the corpora")
def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    for arguments in commands():
        ended = shared_forks()(tmp_path, *arguments, first=SMALL_CORPORA, **VARIABLES)
        assert ended.returncode == 0, (arguments, ended.stderr.decode())
        if "-o" in arguments:
            assert (tmp_path / arguments[-1]).stat().st_size > 1000
        elif arguments[0] != "train":
            assert ended.stdout
