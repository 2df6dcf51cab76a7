"""Run the commands of README.md and docs/: all of them with `--whole` (`make check-docs`).

Every command must be known with its options. With `--whole`, each block is run, one after the other
in the folder of its page, with small corpora and a short training. A block that is not run is
preceded by a comment with the reason.
"""

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer.main

from charnn.cli import app
from docs.commands import PAGES, PROJECT, Block, blocks, fences, pipe
from tests.docs_folder import (
    NEEDS_FOLK,
    SMALL_BUT_FOLK,
    SMALL_CORPORA,
    VARIABLES,
    train_runs,
    write_files,
)
from tests.docs_runs import run_block, run_pipe
from tests.forks import Ended, shared_forks

LOG = logging.getLogger(__name__)
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
BLOCKS = [block for page in PAGES for block in blocks(page)]
# The examples of these pages do not follow one another, so each block gets a new folder.
REFERENCES = {"README.md", "docs/cli.md"}
FEW = {"docs/howto/names.md"}
# The Python of the lecture is quoted from charnn.
PYTHON_PAGES = [
    page
    for page in PAGES
    if page.name != "lecture.md" and "\n```python\n" in page.read_text(encoding="utf-8")
]
# A short training, and what the pages have read before.
PRELUDE = """
import charnn
train = charnn.train
charnn.train = lambda *corpus, **options: train(*corpus, **options | {"steps": 3, "name": "short"})
text = abc = open("tune.abc").read()
"""


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_the_commands_are_known(block: Block) -> None:
    for stages in block.commands:
        for stage in stages:
            if stage.is_charnn and not stage.words[1].startswith("-"):
                name, *arguments = stage.words[1:]
                assert COMMANDS[name].make_context(name, arguments).info_name == name


def test_each_page_runs_commands_or_says_why_not() -> None:
    run = sum(len(block.commands) for block in BLOCKS if not block.reason)
    marked = sum(len(block.commands) for block in BLOCKS if block.reason)
    LOG.info("%d commands are run, %d are marked", run, marked)
    assert run > 10 * marked


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with all files that the pages name, with `--whole` also the runs."""
    if not hasattr(os, "fork"):
        pytest.skip("a fork can replace the corpora")
    folder = tmp_path_factory.mktemp("filled")
    write_files(folder)
    if request.config.getoption("--whole"):
        train_runs(folder, forked)
    return folder


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS}))
def test_the_commands_run(
    page: str, filled: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if page not in FEW and not request.config.getoption("--whole"):
        pytest.skip("with --whole")
    folder = tmp_path / "page"
    for block in BLOCKS:
        if block.page == page and not block.reason:
            if page in REFERENCES:
                shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                shutil.copytree(filled, folder)
            for seconds, command in run_block(folder, block, forked):
                LOG.info("%5.1f s  %s  %s", seconds, block, command)


def test_the_table_of_json_names_the_keys(filled: Path, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--whole"):
        pytest.skip("with --whole")
    page = (PROJECT / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(charnn [^`]+ --json)` \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) > 15
    for command, meaning in rows:
        ended = run_pipe(filled, pipe(command), forked)
        named = re.findall(r"`(\w+)`", meaning.partition(": a list")[0])
        found = json.loads(ended.stdout.splitlines()[0])
        assert set(named) <= set(found), command
        assert set(named) == set(found) or " ..." in meaning, command


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=lambda page: page.name)
def test_the_python_of_the_pages_runs(
    page: Path, filled: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    code = [text for _, language, text in fences(page.read_text("utf-8")) if language == "python"]
    compile("\n".join(code), page, "exec")
    if request.config.getoption("--whole"):
        folder = tmp_path / "page"
        shutil.copytree(filled, folder)
        shutil.copytree(folder / "checkpoints" / "play", folder / "checkpoints" / "corpus")
        program = [sys.executable, "-c", "\n".join([PRELUDE, *code])]
        done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def forked(folder: Path, arguments: tuple[str, ...], stdin: bytes) -> Ended:
    """Run a command of charnn in a fork, with small corpora."""
    if arguments[0] == "compose":
        return open_page(folder, *arguments)
    first = SMALL_BUT_FOLK if NEEDS_FOLK & set(arguments) else SMALL_CORPORA
    return shared_forks()(folder, *arguments, stdin=stdin, first=first, **VARIABLES)


def open_page(folder: Path, *arguments: str) -> Ended:
    """Start the local page, wait for its link, and end it as Ctrl-C does."""
    forks = shared_forks()
    process = forks.begin(folder, *arguments, first=SMALL_CORPORA, BROWSER="true", **VARIABLES)
    deadline = time.monotonic() + 60
    while b"http://" not in forks.written(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process, signal.SIGINT)
    ended = forks.end(process)
    assert b"http://127.0.0.1:" in ended.stdout
    return Ended(
        0 if ended.returncode in {0, 130} else ended.returncode, ended.stdout, ended.stderr
    )
