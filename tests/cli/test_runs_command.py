"""`charnn runs`: the list, the comparison, and the changes of runs."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from charnn.checkpoints.run_files import BEST, LAST
from charnn.checkpoints.run_lock import RunLock
from charnn.training.options import described_options
from tests.cli.conftest import Program
from tests.forks import Ended
from tests.helpers import random_checkpoint

FACTS = {"corpus": "novel", "characters": 900, "val_fraction": 0.1, "fingerprint": "f" * 64}


def make_run(
    folder: Path, name: str, *, written: float, loss: float = 2.0, **facts: object
) -> Path:
    training = {"batch_size": 4, "budget": {"steps": 30}}
    metadata = {**FACTS, "nats_per_char": loss, "training": training, **facts}
    metadata["position"] = {"step": 1234, "seconds": 3.0}
    run = folder / "checkpoints" / name
    run.mkdir(parents=True)
    for file in (BEST, LAST):
        replace(random_checkpoint("abc"), metadata=metadata).save(run / file)
        os.utime(run / file, (written, written))
    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_run(tmp_path, "older", written=1e9)
    make_run(tmp_path, "newer", written=1.1e9, loss=1.5, training={"batch_size": 8})
    return tmp_path


def test_the_newest_run_is_listed_first(program: Program, folder: Path) -> None:
    ended = program(folder, "runs")
    header, *lines = ended.stdout.decode().splitlines()
    assert header.split() == ["run", "corpus", "size", "nats/char", "steps", "written"]
    assert [line.split()[:2] for line in lines] == [["newer", "novel"], ["older", "novel"]]
    assert [line.split()[3:5] for line in lines] == [["1.5000", "1,234"], ["2.0000", "1,234"]]
    assert "2004-11-" in lines[0]
    assert ended.stderr == b""
    found = json.loads(program(folder, "runs", "--json").stdout)["runs"]
    assert [run["name"] for run in found] == ["newer", "older"]
    assert (found[0]["nats_per_char"], found[0]["steps"]) == (1.5, 1234)
    assert found[0]["bytes"] == sum(
        path.stat().st_size for path in (folder / "checkpoints" / "newer").iterdir()
    )


def test_where_there_is_no_run(program: Program, tmp_path: Path) -> None:
    ended = program(tmp_path, "runs")
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert "charnn train" in ended.messages[0]
    assert json.loads(program(tmp_path, "runs", "--json").stdout) == {"runs": []}


def test_a_damaged_run_is_listed_with_a_warning(program: Program, folder: Path) -> None:
    for file in (BEST, LAST):
        (folder / "checkpoints" / "newer" / file).write_bytes(b"damaged")
    ended = program(folder, "runs")
    assert ended.returncode == 0
    assert [line.split()[0] for line in ended.stdout.decode().splitlines()[1:]].count("newer") == 1
    assert ended.messages[0].startswith("warning: checkpoints/newer/best.safetensors is not a")
    # The corpus that it needs is unknown, so nothing is removed.
    ended = program(folder, "runs", "clean")
    assert (ended.returncode, "charnn runs remove newer" in ended.messages[0]) == (1, True)
    assert program(folder, "runs", "remove", "newer", "--yes").returncode == 0


@pytest.mark.parametrize("action", ["compare", "--compare"])
def test_two_runs_side_by_side(program: Program, folder: Path, action: str) -> None:
    ended = program(folder, "runs", action, "older", "newer")
    rows = [line.split() for line in ended.stdout.decode().splitlines()]
    assert rows[:2] == [["older", "newer"], ["nats/char", "2.0000", "1.5000"]]
    assert ["--batch-size", "4", "8"] in rows
    assert not any(row[0] == "corpus" for row in rows)  # the same
    assert ended.stderr == b""


def test_options_have_the_names_that_are_typed(program: Program, folder: Path) -> None:
    kinds = {"document_kind": "lines", "documents": 7, "keep_cr": True, "transpose": [-5, 6]}
    training = {"batch_size": 4, "shuffle": True, "budget": {"minutes": 2.0}}
    make_run(folder, "other", written=1e9, characters=800, **kinds, training=training)
    ended = program(folder, "runs", "compare", "older", "other")
    rows = [line.split() for line in ended.stdout.decode().splitlines()]
    assert ["--transpose", "-", "all"] in rows
    assert ["--keep-cr", "-", "set"] in rows
    assert ["--minutes", "-", "2"] in rows
    options = {f"--{name.replace('_', '-')}" for name, _, _ in described_options()}
    assert {row[0] for row in rows[6:]} <= options
    found = json.loads(program(folder, "runs", "--json").stdout)["runs"]
    names = {name.replace("_", "-") for run in found for name in run["options"]}
    assert {f"--{name}" for name in names - {"corpus"}} <= options


def test_losses_of_different_texts_are_not_compared(program: Program, folder: Path) -> None:
    make_run(folder, "other", written=1e9, corpus="poems", fingerprint="e" * 64)
    ended = program(folder, "runs", "compare", "older", "other")
    assert "held-out" in ended.messages[0]
    found = json.loads(program(folder, "runs", "compare", "older", "other", "--json").stdout)
    assert (found["comparable"], found["differences"]["corpus"]) == (False, ["novel", "poems"])


def test_a_run_gets_another_name(program: Program, folder: Path) -> None:
    assert program(folder, "runs", "rename", "older", "a name").returncode == 0
    assert program(folder, "sample", "a name", "--length", "3").returncode == 0
    for name, code in (("newer", 1), ("a/b", 2), ("..", 2), ("", 2)):
        ended = program(folder, "runs", "rename", "a name", name)
        assert (ended.returncode, len(ended.messages)) == (code, 1)
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"a name", "newer"}


def test_a_run_is_removed_after_a_question(program: Program, folder: Path) -> None:
    runs = folder / "checkpoints"
    for answer in (b"", b"n\n", b"\n"):
        assert program(folder, "runs", "remove", "older", stdin=answer).returncode == 1
    assert (runs / "older").is_dir()
    ended = program(folder, "runs", "remove", "older", stdin=b"y\n")
    assert (ended.returncode, ended.stdout) == (0, b"")
    assert not (runs / "older").exists()
    # A file of the user is no file of the run.
    for name in ("notes.txt", "last.safetensors.bak", "last.safetensors.damaged-2"):
        (runs / "newer" / name).write_text("mine, or damaged")
    ended = program(folder, "runs", "remove", "newer", "checkpoints/newer", "--yes")
    assert (ended.returncode, "other files" in ended.messages[-1]) == (0, True)
    left = {path.name for path in (runs / "newer").iterdir()}
    assert left == {"notes.txt", "last.safetensors.bak"}


def test_a_mistyped_name_removes_nothing(program: Program, folder: Path) -> None:
    ended = program(folder, "runs", "remove", "older", "newr", "--yes")
    assert (ended.returncode, "Did you mean newer?" in ended.messages[0]) == (1, True)
    assert (folder / "checkpoints" / "older").is_dir()
    assert "Did you mean older?" in program(folder, "sample", "oldr").messages[0]


def test_a_run_that_is_being_trained_stays(program: Program, folder: Path) -> None:
    run = folder / "checkpoints" / "older"
    with RunLock(run):
        for words in (("remove", "older", "--yes"), ("rename", "older", "b")):
            ended = program(folder, "runs", *words)
            assert (ended.returncode, "being trained" in ended.messages[0]) == (1, True)
    assert (run / BEST).is_file()


@pytest.mark.parametrize(
    "words",
    [("foo",), ("remove",), ("compare", "a"), ("rename", "a"), ("clean", "a"), ("clean", "--json")],
)
def test_wrong_usage(program: Program, folder: Path, words: tuple[str, ...]) -> None:
    ended = program(folder, "runs", *words)
    assert (ended.returncode, ended.stdout, len(ended.messages)) == (2, b"", 1)


def test_prepared_corpora_that_no_run_needs_are_removed(
    program: Program, trained: tuple[Path, Ended], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(trained[0], folder)
    (prepared,) = (folder / "data").glob("[!.]*")
    foreign = folder / "data" / "my-book-0123456789ab"
    foreign.mkdir()
    (foreign / "corpus.json").write_text("{}")
    assert "needed" in program(folder, "runs", "--clean").messages[0]
    assert prepared.is_dir()
    shutil.rmtree(folder / "checkpoints")
    assert program(folder, "runs", "clean").messages[0].startswith(f"removed data/{prepared.name}")
    assert not prepared.exists()
    assert foreign.is_dir()
