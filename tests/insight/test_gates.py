"""The gates of a model: how far they open, and how long a unit remembers."""

import json
from pathlib import Path

import numpy as np
import pytest

from charnn.errors import UsageError
from charnn.insight.text_sample import sample_texts
from charnn.library import Model
from charnn.model.cells import CELLS
from tests.helpers import PROJECT, charnn, prose, random_checkpoint, save_run

TEXT = prose(400)


def model_of(cell: str) -> Model:
    return Model(PROJECT / "none.safetensors", random_checkpoint(TEXT, cell=cell, num_layers=2))


@pytest.mark.parametrize("cell", [name for name, cell in CELLS.items() if cell.memory_gate])
def test_the_statistics_are_those_of_the_trace(cell: str) -> None:
    model = model_of(cell)
    gates, trace = model.gates(TEXT), model.trace(TEXT)
    assert gates.tokens == len(trace)
    assert CELLS[cell].candidate not in gates.mean
    for name in gates.mean:
        values_TLH = trace.gates[name]
        assert np.allclose(gates.mean[name], values_TLH.mean(0), atol=1e-6)
        assert np.allclose(gates.right[name], (values_TLH > 0.9).mean(0))
        assert np.allclose(gates.left[name], (values_TLH < 0.1).mean(0))
    kept_LH = gates.mean["update" if cell == "gru" else "forget"]
    assert np.allclose(gates.time_scale, 1 / (1 - kept_LH))
    unit, scale = gates.longest(1)[0]
    assert scale == gates.time_scale.max() == gates.time_scale[unit]


def test_a_cell_without_gates_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no gates, because its cell is rnn: .*lstm, gru"):
        model_of("rnn").gates(TEXT)


def test_the_command_writes_a_table_an_object_pictures_and_a_page(tmp_path: Path) -> None:
    save_run(tmp_path, "run", random_checkpoint(TEXT, cell="gru"))
    (tmp_path / "text.txt").write_text(TEXT)
    arguments = ("gates", "run", "text.txt")
    assert b"longest memories\n  0." in charnn(tmp_path, *arguments).stdout
    done = charnn(tmp_path, *arguments, "--json", "-o", "page.html")
    found = json.loads(done.stdout)
    assert found["memory_gate"] == "update"
    assert np.shape(found["gates"]["reset"]["right_saturated"]) == np.shape(found["time_scale"])
    assert "<h1>Gates of checkpoints/run/" in (tmp_path / "page.html").read_text("utf-8")
    charnn(tmp_path, *arguments, "-o", "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    for wrong, message in {
        "picture.gif": "name a file that ends in .png, .svg, .html",
        "none/picture.png": "there is no folder none",
    }.items():
        failed = charnn(tmp_path, *arguments, "-o", wrong)
        assert failed.returncode == 2
        assert message.encode() in failed.stderr


def test_the_sample_of_a_long_text_is_spread_evenly() -> None:
    lines = [f"line {number}\n" for number in range(40_000)]
    sample = sample_texts(["".join(lines)], 100_000)
    assert 80_000 <= sum(map(len, sample)) <= 120_000
    numbers = [int(line.split()[1]) for line in "".join(sample).splitlines()]
    assert numbers == sorted(set(numbers))
    assert abs(np.mean(numbers) - 20_000) < 3_000
    tunes = [line * 100 for line in lines]
    assert all(tune in tunes for tune in sample_texts(tunes, 10_000))
    assert sample_texts(tunes[:3], 10_000) == tunes[:3]


def test_a_text_in_another_encoding_and_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    save_run(tmp_path, "run", random_checkpoint("abcdé \n", cell="gru"))
    (tmp_path / "old.txt").write_bytes(("abc dé\n" * 200).encode("cp1252"))
    found = charnn(tmp_path, "gates", "run", "old.txt", "--encoding", "cp1252", "--json")
    assert found.returncode == 0
    assert json.loads(found.stdout)
    ended = charnn(tmp_path, "gates", "run", "old.txt", "-o", "/proc/none/x.png")
    assert ended.returncode in (1, 2)
    assert len(ended.messages) == 1
    assert "/proc/none" in ended.messages[0]
