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

# Runs one token through the compiled stepper and through NumPy, and prints the logits of both.
PROGRAM = """
import json
import numpy as np
from charnn.inference.numba_stepper import CompiledStepper, feed
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
logits = []
for stepper in (plain, CompiledStepper(plain)):
    state = stepper.initial_state(1)
    stepper.feed(np.array([1]), state)
    logits.append(stepper.feed(np.array([2]), state).tolist())
print(json.dumps({"logits": logits, "hits": sum(feed.stats.cache_hits.values())}))
"""


def run_copy(folder: Path, **changes: str) -> Any:
    """Run the program with the package in `folder`, and return what it printed."""
    kept = {name: value for name, value in environment().items() if name != "NUMBA_CACHE_DIR"}
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
    first = run_copy(tmp_path)
    assert first["hits"] == 0
    again = run_copy(tmp_path)
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
        edited = run_copy(tmp_path)
        assert edited["hits"] == 0
        plain, fast = edited["logits"]
        assert plain == fast
        assert plain != first["logits"][0]
    # The files of the version before are gone.
    names = [path.name for path in (tmp_path / "charnn").rglob("*.nbi")]
    functions = [name.rpartition("-")[0] for name in names]
    assert functions
    assert len(functions) == len(set(functions))


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
