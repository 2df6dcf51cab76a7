"""The wheel and the sdist: what they contain, and that the wheel works where nothing else is."""

import csv
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from charnn.version import __version__
from tests.helpers import PROJECT

MAX_MEGABYTES = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    (path,) = WheelBuilder(str(PROJECT)).build(directory=str(folder), versions=["standard"])
    return Path(path)


def test_the_wheel_contains_all_that_the_program_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        inside = set(file.namelist())
    sources = {
        str(path.relative_to(PROJECT))
        for path in (PROJECT / "charnn").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= inside
    assert "charnn/checkpoints/folk.safetensors" in inside
    assert any(name.endswith(".dist-info/licenses/LICENCES.md") for name in inside)
    # A package `tests` would shadow the user's own.
    roots = {name.split("/")[0] for name in inside}
    assert {root for root in roots if not root.endswith((".dist-info", ".data"))} == {"charnn"}
    for name in ("man/man1/charnn.1", "bash-completion/completions/charnn"):
        assert f"charnn-{__version__}.data/data/share/{name}" in inside
    assert wheel.stat().st_size < MAX_MEGABYTES * 1e6


def test_uninstalling_removes_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        inside = set(file.namelist())
        (record,) = (name for name in inside if name.endswith(".dist-info/RECORD"))
        recorded = {row[0] for row in csv.reader(io.StringIO(file.read(record).decode()))}
    assert recorded == inside


def test_the_sdist_contains_what_its_readme_and_its_tests_need(folder: Path) -> None:
    (path,) = SdistBuilder(str(PROJECT)).build(directory=str(folder), versions=["standard"])
    with tarfile.open(path) as file:
        inside = {name.partition("/")[2] for name in file.getnames()}
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    needed = {
        name
        for name in tracked
        if name.split("/")[0]
        in {"charnn", "tests", "docs", "benchmarks", "examples", "data", "checkpoints"}
    }
    assert needed <= inside
    assert {
        "README.md",
        "LICENSE",
        "LICENCES.md",
        "Makefile",
        "constraints.txt",
        "pyproject.toml",
    } <= inside
    assert Path(path).stat().st_size < MAX_MEGABYTES * 1e6


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("--version",), b"charnn "),
        (("sample", "folk", "--seed", "1"), b"K:"),
        (("embedding", "folk"), b"as an embedding of 64 numbers"),
    ],
)
def test_the_wheel_works_elsewhere(
    wheel: Path, tmp_path: Path, arguments: tuple[str, ...], shown: bytes
) -> None:
    target = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(target)  # noqa: S202 - our own archive
    before = {path for path in target.rglob("*") if path.suffix != ".pyc"}
    # Not as from a checkout: the folder of the repository is not on the path.
    found = subprocess.run(
        [sys.executable, "-P", "-m", "charnn", *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(target), "no_proxy": "*"},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert shown in found.stdout
    # An uninstallation removes what was installed and what Python compiled, and knows of no more.
    after = {path for path in target.rglob("*") if path.suffix != ".pyc"}
    assert {path.name for path in after - before} <= {"__pycache__"}
