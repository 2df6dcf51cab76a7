"""numba's cache: machine code is loaded from disk, but never after an edit of what was compiled."""

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from charnn.model import numba_cache
from charnn.model.cells import CELLS
from charnn.model.numba_cache import COMPILED_FILES, PACKAGE, compiled
from tests.helpers import environment

# Runs two tokens through NumPy and through the compiled parts of a step, and prints the logits of
# both. The parts compile in two seconds; `feed`, which adds a pointer to them, takes ten.
PROGRAM = """
import json
import numpy as np
from charnn.inference.numba_stepper import CompiledStepper, _multiply, quantise_rows, step_rows
from charnn.inference.quantised import Int8Matrix
from charnn.inference.stepper import Stepper
from charnn.model.config import ModelConfig

config = ModelConfig(7, "rnn", 1, 8, 4)
random = np.random.default_rng(0)
weights = {
    name: random.standard_normal(shape).astype(np.float32)
    for name, shape in config.parameter_shapes().items()
}
plain = Stepper(config, weights, Int8Matrix)
peepholes, table_VG, _, recurrent, head, _ = CompiledStepper(plain).network
states = [plain.initial_state(1) for _ in range(2)]
hidden_SLBH = states[1].hidden_SLBH
quantised_BK = np.zeros((1, recurrent[0].shape[2]), np.int8)
sums_R = np.empty(max(recurrent[1].shape[1], head[1].shape[1]), np.int32)
gates_h_BG, logits_BV = np.empty((1, 8), np.float32), np.empty((1, 7), np.float32)
for token_id in (1, 2):
    expected_BV = plain.feed(np.array([token_id]), states[0])
    quantise_rows(hidden_SLBH[0, 0], quantised_BK)
    _multiply(recurrent, 0, quantised_BK[0], sums_R, gates_h_BG[0])
    step_rows(peepholes, 0, table_VG[[token_id]], gates_h_BG, hidden_SLBH)
quantise_rows(hidden_SLBH[0, 0], quantised_BK)
_multiply(head, 0, quantised_BK[0], sums_R, logits_BV[0])
logits = [expected_BV.tolist(), logits_BV.tolist()]
print(json.dumps({"logits": logits, "hits": sum(step_rows.stats.cache_hits.values())}))
"""


def run_copy(folder: Path, **changes: str) -> Any:
    """Run the program with the package in `folder`, and return what it printed."""
    kept = environment()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(folder)} | changes,
        check=True,
        capture_output=True,
    )
    return json.loads(ended.stdout)


def test_an_edited_equation_is_compiled_again(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "charnn", ignore=shutil.ignore_patterns("__pycache__"))
    cache = tmp_path / "cache"
    first = run_copy(tmp_path, NUMBA_CACHE_DIR=str(cache))
    assert first["hits"] == 0
    again = run_copy(tmp_path, NUMBA_CACHE_DIR=str(cache))
    assert again["hits"] == 1
    assert again["logits"] == first["logits"]
    for name, old, new in (
        # In a file of which numba knows nothing, and of the same length.
        ("model/cells.py", "tanh(gates_x[0] + gates_h[0])", "tanh(gates_x[0] - gates_h[0])"),
        # In the file of the compiled function, on an earlier line.
        ("inference/numba_stepper.py", "import numpy as np\n", "import numpy as np\n\n\n"),
    ):
        path = tmp_path / "charnn" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        edited = run_copy(tmp_path, NUMBA_CACHE_DIR=str(cache))
        assert edited["hits"] == 0
        plain, fast = edited["logits"]
        assert plain == fast
        assert plain != first["logits"][0]
    # The files of the version before are gone.
    names = [path.name for path in cache.rglob("*.nbi")]
    functions = [name.rpartition("-")[0] for name in names]
    assert functions
    assert len(functions) == len(set(functions))


def test_the_cache_lies_in_the_cache_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An uninstalled package leaves nothing in its folder."""

    def function(x: Any) -> None:
        x[0] = 3

    monkeypatch.setattr(numba_cache.config, "CACHE_DIR", "")
    folders = {"user": tmp_path / "user", "locked": tmp_path / "file" / "user"}
    (tmp_path / "file").touch()
    found = {}
    for name, folder in folders.items():
        monkeypatch.setattr(numba_cache, "user_cache_dir", lambda _, folder=folder: str(folder))
        found[name] = Path(compiled(function)._cache.cache_path)
    assert found["user"].is_relative_to(folders["user"] / "numba")
    assert found["locked"] == Path(__file__).parent / "__pycache__"
    assert numba_cache.config.CACHE_DIR == ""


def test_every_compiled_file_counts() -> None:
    marks = ("@compiled", "register_jitable(", "@overload", "@intrinsic", "njit(")
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(mark in path.read_text(encoding="utf-8") for mark in marks)
    }
    found |= {
        Path(inspect.getfile(cell)).relative_to(PACKAGE).as_posix() for cell in CELLS.values()
    }
    assert found <= set(COMPILED_FILES)
    assert all((PACKAGE / name).is_file() for name in COMPILED_FILES)


def test_nothing_is_cached_without_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package is imported from a zip file."""

    def fail() -> str:
        raise NotADirectoryError("charnn.zip")

    monkeypatch.setattr(numba_cache, "content_hash", fail)

    def function(x: Any) -> None:
        x[0] = 3

    dispatcher = compiled(function)
    numbers = [0, 1]
    dispatcher.py_func(numbers)
    assert numbers == [3, 1]
    assert dispatcher._cache.cache_path is None


def test_processors_without_vnni_give_the_same_logits() -> None:
    """numba is asked to compile for any processor, so the plain loop runs."""
    plain, fast = run_copy(PACKAGE.parent, NUMBA_CPU_NAME="generic")["logits"]
    assert plain == fast
