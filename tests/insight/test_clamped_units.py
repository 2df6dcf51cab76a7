"""Units that are held at a value while a model writes."""

from pathlib import Path

import numpy as np
import pytest

from charnn.errors import UsageError
from charnn.insight.clamped_units import unit_values
from charnn.library import Model
from charnn.model.cells import CELLS
from tests.helpers import PROJECT, charnn, prose, random_checkpoint, save_run

TEXT = prose(600)


@pytest.mark.parametrize("embedding_size", [None, 6])
@pytest.mark.parametrize("cell", CELLS)
def test_a_unit_keeps_its_value_and_nothing_else_is_touched(
    cell: str, embedding_size: int | None
) -> None:
    checkpoint = random_checkpoint(TEXT, cell=cell, num_layers=2, embedding_size=embedding_size)
    model = Model(PROJECT / "none.safetensors", checkpoint)
    held = model.clamped({"0.3": -0.6, "1.5": 0.7})
    values_TLH = unit_values(cell, held.trace(TEXT[:200]).states)[60:]
    assert np.allclose(values_TLH[:, 0, 3], -0.6, atol=1e-3)
    assert np.allclose(values_TLH[:, 1, 5], 0.7, atol=1e-3)
    assert (values_TLH.std(0) > 1e-3).sum() == 14
    assert held.sample(seed=1, length=80) != model.sample(seed=1, length=80)
    # The original is as it was.
    again = Model(
        model.path, random_checkpoint(TEXT, cell=cell, num_layers=2, embedding_size=embedding_size)
    )
    assert again.sample(seed=1, length=80) == model.sample(seed=1, length=80)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.8=1", "names no unit of this model: write LAYER.UNIT, from 0.0 to 0.7"),
        ("1.0=1", "names no unit"),
        ("-1.0=1", "names no unit"),
        ("zero=1", "names no unit"),
        ("0.1", "write LAYER.UNIT=VALUE, such as 0.5=1"),
        ("0.1=high", "is not a number"),
        ("0.1=", "is not a number"),
        ("0.1=nan", "must lie in -1..1"),
        ("0.1=1e9", "must lie in -1..1"),
    ],
)
def test_a_wrong_value_is_one_sentence(tmp_path: Path, value: str, message: str) -> None:
    save_run(tmp_path, "run", random_checkpoint(TEXT))
    failed = charnn(tmp_path, "sample", "run", "--clamp", value)
    assert (failed.returncode, failed.stdout) == (2, b"")
    assert message in failed.stderr.decode()
    assert failed.stderr.count(b"\n") == 1


def test_a_unit_is_held_once() -> None:
    model = Model(PROJECT / "none.safetensors", random_checkpoint(TEXT, cell="coupled"))
    with pytest.raises(UsageError, match="given twice"):
        model.clamped({"0.1": 0.5, "0.01": 0.5})
    with pytest.raises(UsageError, match=r"must lie in -0\.76\.\.0\.76"):
        model.clamped({"0.1": 0.9})


def test_a_tune_names_the_held_unit_in_its_comment(tmp_path: Path) -> None:
    options = ("sample", "folk", "--seed", "3", "--rhythm", "jig")
    held = charnn(tmp_path, *options, "--clamp", "0.43=1", "--clamp", "0.7=0").stdout.decode()
    assert "% charnn sample folk --rhythm jig --clamp 0.43=1 --clamp 0.7=0 --seed 3\n" in held
    plain = charnn(tmp_path, *options).stdout.decode()
    assert held.splitlines()[2:] != plain.splitlines()[2:]
