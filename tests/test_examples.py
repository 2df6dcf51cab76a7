"""The example notebook runs to its end, and its tunes are scores with sound."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import charnn
from tests.helpers import PROJECT

NOTEBOOK = PROJECT / "examples" / "tunes_and_texts.ipynb"
DRAWN = {"jig", "reel", "varied", "tune"}


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # A fraction of the time budget of the notebook.
    monkeypatch.setattr(
        charnn, "train", partial(charnn.train, steps=2, hidden_size=4, pointer=0), raising=False
    )
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        assert not cell.get("outputs")  # two megabytes a tune
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]).replace("minutes=0.3, ", "")
            exec(compile(source, NOTEBOOK.name, "exec"), names)  # noqa: S102 - our own notebook
    assert {name for name, value in names.items() if hasattr(value, "_repr_html_")} == DRAWN
    for name in DRAWN:
        page = names[name]._repr_html_()
        assert "<svg" in page
        assert "<audio" in page
