"""The steps of a cell: the equations, computed with the shown numbers, give the shown values."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from charnn.cli.step_view import bar, moved
from charnn.errors import UsageError
from charnn.insight.cell_steps import MAX_TOKENS
from charnn.library import Model
from charnn.model.cells import CELLS
from tests.helpers import PROJECT, random_checkpoint

TEXT = "the <b>cat\n"


def model_of(cell: str) -> Model:
    checkpoint = random_checkpoint(TEXT, cell=cell, num_layers=2, embedding_size=5)
    return Model(PROJECT / "none.safetensors", checkpoint)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_equations_give_the_values(cell: str) -> None:
    model = model_of(cell)
    steps, traced = model.step(TEXT, ["0.3", "1.5"]), model.trace(TEXT)
    assert len(steps.equations) == len(steps.equations.keys() & steps.values.keys())
    for unit, (layer, index) in enumerate(steps.units):
        for name in CELLS[cell].state:
            shown = steps.values[f"{name}'"][:, unit]
            assert np.abs(shown - traced.states[name][:, layer, index]).max() < 1e-6
            before = steps.values[name][1:, unit]
            assert np.abs(before - shown[:-1]).max() < 1e-6
        for step in range(len(TEXT)):
            # A prime is no part of a name in Python.
            numbers = {
                symbol.replace("'", "_new"): float(values[step, unit])
                for symbol, values in steps.values.items()
            }
            for symbol, term in steps.equations.items():
                code = term.replace("·", "*").replace("'", "_new")
                functions = {"sigmoid": sigmoid, "tanh": math.tanh}
                result = eval(code, functions, numbers)  # noqa: S307
                assert abs(result - steps.values[symbol][step, unit]) < 1e-5
                filled = steps.with_numbers(symbol, step, unit).replace("·", "*")
                assert abs(eval(filled, functions) - result) < 5e-3  # noqa: S307


def test_the_unit_that_varies_most_is_shown_by_default() -> None:
    model = model_of("gru")
    [unit] = model.step(TEXT).units
    spread = model.trace(TEXT).states["h"][:, 1].std(axis=0)
    assert (unit.layer, unit.unit) == (1, int(spread.argmax()))


def test_the_page_has_every_step(tmp_path: Path) -> None:
    steps = model_of("peephole").step(TEXT, ["0.1", "0.2"])
    page = steps.page("Steps").decode()
    assert "<b>" not in page
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert len(data["filled"]) == len(data["vectors"]) == len(TEXT)
    assert data["vectors"][0][0]["x"].endswith("5 numbers")
    assert data["largest"]["i"] == 1


def test_too_much_is_refused() -> None:
    model = model_of("rnn")
    with pytest.raises(UsageError, match="too many"):
        model.step("a" * (MAX_TOKENS + 1))
    with pytest.raises(UsageError, match="at most 8"):
        model.step("cat", [f"0.{n}" for n in range(8)] + ["1.0"])
    with pytest.raises(UsageError, match="names no unit"):
        model.step("cat", ["2.0"])


def test_keys_move_and_bars_point() -> None:
    assert moved(0, "\x1b[C", 3) == moved(0, " ", 3) == 1
    assert moved(2, "\x1b[C", 3) == moved(0, "\x1b[F", 3) == 2
    assert moved(0, "\x1b[D", 3) == moved(2, "\x1b[H", 3) == 0
    assert moved(1, "x", 3) == 1
    assert bar(0.5) == "[          |#####     ]"
    assert bar(-3) == "[##########|          ]"
