"""The graph of one step: ONNX Runtime computes the logits of the network, and the docs run it."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.model.cells import CELLS
from charnn.model.network import Network, import_weights
from charnn.share.onnx_graph import EMPTY, onnx_bytes, state_shapes
from tests.helpers import PROJECT, charnn, random_checkpoint, reciting_checkpoint, save_run

STEPS = 200
needs_runtime = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("onnx", "onnxruntime"))),
    reason="onnx and onnxruntime are not installed",
)


def runtime_logits(checkpoint: Checkpoint, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the logits [N, V] that ONNX Runtime computes after each token."""
    import onnxruntime  # type: ignore[import-not-found, unused-ignore]

    session: Any = onnxruntime.InferenceSession(onnx_bytes(checkpoint))
    state = {
        name: np.full(shape, EMPTY, np.int64) if name == "ids" else np.zeros(shape, np.float32)
        for name, shape in state_shapes(checkpoint.config).items()
    }
    names = [output.name for output in session.get_outputs()]
    logits = []
    for token in ids:
        values = dict(
            zip(names, session.run(None, {"token": np.array(token), **state}), strict=True)
        )
        state = {name: values[f"next_{name}"] for name in state}
        logits.append(values["logits"])
    return np.stack(logits)


@needs_runtime
@pytest.mark.parametrize(
    "shape",
    [{}, {"num_layers": 2, "embedding_size": None}, {"pointer": 50}],
    ids=["plain", "two one-hot layers", "pointer"],
)
@pytest.mark.parametrize("cell", CELLS)
def test_the_runtime_computes_the_logits_of_the_network(cell: str, shape: dict[str, Any]) -> None:
    # Larger weights would make an Elman network chaotic: it would multiply every rounding.
    shape = {"cell": cell, "hidden_size": 24, "scale": 0.15, **shape}
    checkpoint = random_checkpoint("abcdefghij\n", **shape)
    # Documents end among these ids: the memory must be emptied there.
    ids = np.random.default_rng(3).integers(1, checkpoint.config.vocab_size, STEPS)
    network = Network(checkpoint.config)
    import_weights(network, checkpoint.weights)
    with torch.no_grad():
        expected, _ = network(torch.tensor(ids)[:, None], network.initial_state(1))
    assert expected.std(dim=0).min() > 0.002  # else the test would be void
    np.testing.assert_allclose(runtime_logits(checkpoint, ids), expected[:, 0], rtol=0, atol=1e-5)


@needs_runtime
def test_the_example_of_the_docs_writes_text(tmp_path: Path) -> None:
    line = reciting_checkpoint("abc\n", separator_after="\n", documents=2)
    for checkpoint, expected in (
        (random_checkpoint("abc\n", pointer=9), r"[abc\n]{0,500}\n"),
        (line, "abc\n\n"),
    ):
        (tmp_path / "model.onnx").write_bytes(onnx_bytes(checkpoint))
        ended = subprocess.run(
            [sys.executable, "-c", example("py")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert re.fullmatch(expected, ended.stdout)
    save_run(tmp_path, "run", line)
    ended_again = charnn(tmp_path, "export-onnx", "run", "-o", "model.onnx", "--force")
    assert ended_again.returncode == 0
    before = (tmp_path / "model.onnx").read_bytes()
    ended_again = charnn(tmp_path, "export-onnx", "run", "-o", "model.onnx")
    assert (ended_again.returncode, b"exists" in ended_again.stderr) == (2, True)
    assert charnn(tmp_path, "export-onnx", "run", "-o", "-").stdout == before


@pytest.mark.parametrize(("following", "expected"), [(1, "ab"), (2, "ab" * 250)])
def test_the_example_in_javascript_ends_a_document(following: int, expected: str) -> None:
    """The runtime is a stand-in, whose network writes `ab` and then the token `following`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    config = {"first_token_id": 2, "start_token_id": 1, "vocabulary": ["a", "b"], "hidden_size": 1}
    code = example("js").replace('import * as ort from "onnxruntime-web";', "")
    stand_in = f"""
    const fetch = async () => ({{ json: async () => ({json.dumps(config)}) }});
    let last = null;
    const run = async ({{ token }}) => {{
      const next = last === null ? 2 : token.data[0] === 2n ? 3 : {following};
      last = next;
      const data = [99, 0, 0, 0].map((x, id) => x + 80 * (id === next));
      return {{ next_h0: {{}}, logits: {{ data }} }};
    }};
    const ort = {{
      Tensor: class {{ constructor(type, data) {{ Object.assign(this, {{ type, data }}); }} }},
      InferenceSession: {{ create: async () => ({{ inputNames: ["token", "h0"], run }}) }},
    }};
    """
    ended = subprocess.run(
        [node, "--input-type=module", "-e", stand_in + code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"{expected}\n"


def example(language: str) -> str:
    """Return the example of the docs in a language."""
    text = (PROJECT / "docs" / "share.md").read_text(encoding="utf-8")
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(code)


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    if importlib.util.find_spec("onnx") is not None:
        pytest.skip("onnx is installed")
    save_run(tmp_path, "run", random_checkpoint("abc\n"))
    ended = charnn(tmp_path, "export-onnx", "run")
    assert ended.returncode == 1
    assert "pip install 'charnn[onnx]'" in ended.messages[-1]
    assert not (tmp_path / "run.onnx").exists()


def test_the_state_is_described_by_its_names_and_shapes() -> None:
    config = random_checkpoint("abc", num_layers=2, pointer=5).config
    assert state_shapes(config) == {
        **dict.fromkeys(("h0", "c0", "h1", "c1"), (8,)),
        "keys": (5, 32),
        "ids": (5,),
    }
