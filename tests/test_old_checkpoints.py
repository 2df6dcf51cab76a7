"""Checkpoints of earlier versions, made by `data/old_checkpoints/make.py`: each writes the same
text as with its own version, and its training continues in the same way."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import charnn

OLD = Path(__file__).parent / "data" / "old_checkpoints"
EXPECTED: dict[str, dict[str, Any]] = json.loads((OLD / "expected.json").read_text("utf-8"))
RUNS = [name for name, expected in EXPECTED.items() if "corpus" in expected]
TEXTS = [name for name in EXPECTED if name != "tunes"]


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with copies of all stored checkpoints, and return the folder."""
    monkeypatch.chdir(tmp_path)
    for path in OLD.iterdir():
        if path.is_dir():
            shutil.copytree(path, tmp_path / "checkpoints" / path.name)
        else:
            shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", TEXTS)
def test_a_model_writes_the_same_text(old: Path, name: str) -> None:
    model = charnn.load("half.safetensors" if name == "half" else name)
    assert model.sample(seed=3, length=200) == EXPECTED[name]["sample"]


@pytest.mark.parametrize("name", ["peephole", "tunes"])
def test_the_command_writes_the_same_text(old: Path, name: str) -> None:
    words = ["sample", f"checkpoints/{name}", *EXPECTED[name]["options"].split()]
    run = subprocess.run(
        [sys.executable, "-m", "charnn", *words], cwd=old, capture_output=True, check=True
    )
    assert run.stdout.decode() == EXPECTED[name]["sample"]


@pytest.mark.parametrize("name", RUNS)
def test_training_continues_in_the_same_way(old: Path, name: str) -> None:
    expected = EXPECTED[name]
    run = Path("checkpoints", name)
    before = load_file(run / "last.safetensors")
    charnn.train(expected["corpus"], name=name, resume=True, steps=expected["steps"])
    after = load_file(run / "last.safetensors")
    assert after.keys() - {"model.starts"} == before.keys()
    then = load_file(OLD / name / "resumed.safetensors")
    assert then.keys() == {key for key in before if key.startswith("model.")}
    for key, parameter in then.items():
        assert parameter.dtype == np.float32
        assert np.allclose(after[key], parameter, rtol=0, atol=1e-5), key
    # The steps have moved the parameters much further than the tolerance.
    assert max(np.abs(after[key] - before[key]).max() for key in then) > 1e-3
