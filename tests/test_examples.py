"""The example notebooks run to their ends: tunes with score and sound, figures of a model."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import charnn
from charnn.insight.plot_style import picture_bytes
from tests.helpers import PROJECT, prose, random_checkpoint

EXAMPLES = PROJECT / "examples"
DRAWN = {"jig", "reel", "varied", "tune"}


def run_notebook(name: str, left_out: str = "") -> dict[str, Any]:
    """Run the cells of a notebook, with some words left out, and return the variables."""
    notebook = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        assert not cell.get("outputs")  # two megabytes a tune
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]).replace(left_out, "")
            exec(compile(source, name, "exec"), names)  # noqa: S102 - our own notebook
    return names


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # A fraction of the time budget of the notebook.
    monkeypatch.setattr(
        charnn, "train", partial(charnn.train, steps=2, hidden_size=4, pointer=0), raising=False
    )
    names = run_notebook("tunes_and_texts.ipynb", "minutes=0.3, ")
    assert {name for name, value in names.items() if hasattr(value, "_repr_html_")} == DRAWN
    for name in DRAWN:
        page = names[name]._repr_html_()
        assert "<svg" in page
        assert "<audio" in page


def test_the_notebook_of_figures_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    text = prose(900)
    # The bundled model takes half a minute.
    model = charnn.Model(PROJECT / "small.safetensors", random_checkpoint(text))
    monkeypatch.setattr(charnn, "load", lambda name: model, raising=False)
    monkeypatch.setattr(charnn.Model, "learned_tunes", lambda model: [text])
    names = run_notebook("look_inside.ipynb")
    figures = [name for name in names if name.endswith("_figure")]
    assert len(figures) == 4
    for name in figures:
        assert len(picture_bytes(names[name], "svg")) > 5_000, name
