"""Run the commands of README.md and docs/: all of them with `--whole` (`make check-docs`).

Every command must be known with its options. With `--whole`, each block is run, one after the other
in the folder of its page, with small corpora and a short training. A block that is not run is
preceded by a comment with the reason.
"""

import json
import logging
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import typer.main

from charnn.cli import app
from docs.commands import PAGES, PROJECT, Block, Stage, blocks, pipe
from tests.docs_folder import SMALL_CORPORA, VARIABLES, train_runs, write_files
from tests.forks import Ended, shared_forks

LOG = logging.getLogger(__name__)
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
BLOCKS = [block for page in PAGES for block in blocks(page)]
# The examples of these pages do not follow one another, so each block gets a new folder.
REFERENCES = {"README.md", "docs/cli.md"}
FEW = {"docs/howto/names.md"}
EXIT_CODES = {"check": {0, 1}}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_the_commands_are_known(block: Block) -> None:
    for stages in block.commands:
        for stage in stages:
            if stage.is_charnn and not stage.words[1].startswith("-"):
                name, *arguments = stage.words[1:]
                COMMANDS[name].make_context(name, arguments)


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
        train_runs(folder)
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
            for stages in block.commands:
                begin = time.monotonic()
                run_pipe(folder, stages, f"{block}: {shown(stages)}")
                LOG.info("%5.1f s  %s  %s", time.monotonic() - begin, block, shown(stages))


def test_the_table_of_json_names_the_keys(filled: Path, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--whole"):
        pytest.skip("with --whole")
    page = (PROJECT / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(charnn [^`]+ --json)` \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) > 15
    for command, meaning in rows:
        ended = run_pipe(filled, pipe(command), command)
        named = re.findall(r"`(\w+)`", meaning.partition(": a list")[0])
        found = json.loads(ended.stdout.splitlines()[0])
        assert set(named) <= set(found), command
        assert set(named) == set(found) or " ..." in meaning, command


def run_pipe(folder: Path, stages: tuple[Stage, ...], place: str) -> Ended:
    """Run a command, assert that it succeeds, and return its output."""
    data = b""
    for stage in stages:
        if stage.words[:2] == ("charnn", "compose"):
            ended = open_page(folder, *stage.words[1:])
        elif stage.is_charnn:
            arguments = stage.words[1:]
            if arguments[0] == "train":
                forget_run(folder, arguments)
                arguments += ("--steps", "3")  # a budget of minutes overrules the variable
            ended = shared_forks()(
                folder, *arguments, stdin=data or b"y\n", first=SMALL_CORPORA, **VARIABLES
            )
        else:
            done = subprocess.run(
                stage.words, cwd=folder, input=data, capture_output=True, check=False
            )
            ended = Ended(done.returncode, done.stdout, done.stderr)
        allowed = EXIT_CODES.get(stage.words[1], {0})
        assert ended.returncode in allowed, (place, ended.stderr.decode()[-2000:])
        data = ended.stdout
        if stage.output:
            (folder / stage.output).write_bytes(data)
    return ended


def shown(stages: tuple[Stage, ...]) -> str:
    """Return a command as it is written."""
    return " | ".join(shlex.join(stage.words) for stage in stages)


def forget_run(folder: Path, arguments: tuple[str, ...]) -> None:
    """Remove the run that a page trains itself."""
    if "--name" in arguments:
        name = arguments[arguments.index("--name") + 1]
        shutil.rmtree(folder / "checkpoints" / name, ignore_errors=True)


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
