"""The flow of the gradient: its figures, the comparison of cells, and the command."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charnn as charnn_library
from charnn.errors import UsageError
from charnn.insight.cell_comparison import compare_cells
from charnn.insight.cell_variants import cell_variants
from charnn.insight.error_norms import error_norms, exact_network
from charnn.insight.gradient_flow import ErrorWindow, GradientFlow
from charnn.insight.read_text import read_texts
from charnn.library import Model
from tests.helpers import PROJECT, charnn, prose, random_checkpoint, save_run

TEXT = prose(900)
WINDOW = ErrorWindow(np.array([2]), ("a",), ("b",), {}, np.ones((1, 1)))


def flow_of(*norms: float) -> GradientFlow:
    return GradientFlow("model", {"h": np.array([norms] * 3)}, WINDOW)


def test_an_exponential_is_its_own_bound() -> None:
    flow = flow_of(*(3 * 0.5**distance for distance in range(20)))
    assert flow.eta() == pytest.approx(0.5)
    np.testing.assert_allclose(flow.bound(), flow.norm())
    assert flow.vanishing_distance() == 10
    # Segments of one character keep the error at distance 0, half of all.
    assert flow.cut_off(1) == pytest.approx(0.5, abs=1e-5)
    assert flow.cut_off(21) is None


def test_a_flow_without_an_end_and_without_an_error() -> None:
    assert flow_of(1, 2, 4).vanishing_distance() is None
    assert flow_of(1, 0, 0).eta() == 0
    np.testing.assert_array_equal(flow_of(1, 0, 0).bound(), [1, 0, 0])
    assert flow_of(0, 0, 0).cut_off(1) is None


def test_the_bound_is_above_every_median() -> None:
    flow = Model(PROJECT / "m.safetensors", random_checkpoint(TEXT)).gradients(TEXT, distance=30)
    for state in flow.states:
        assert (flow.bound(state) >= flow.norm(state) * (1 - 1e-9)).all()


def test_the_window_ends_with_the_place_that_is_asked_for() -> None:
    checkpoint = random_checkpoint(TEXT, cell="gru")
    flow = Model(PROJECT / "m.safetensors", checkpoint).gradients(TEXT, distance=5, at=300)
    window = flow.window
    assert window.targets[-1] == TEXT[299]
    assert window.places.tolist() == list(range(201, 301))
    assert "".join(window.pieces) == TEXT[199:299]
    assert window.inputs.shape == (len(window.pieces),) * 2
    assert not np.triu(window.inputs, 1).any()
    # The last row is the error of one loss.
    read = read_texts(checkpoint, [TEXT]).with_start(checkpoint.start_token_id)
    alone = error_norms(exact_network(checkpoint), read, np.array([[150]]), np.array([[299]]))
    length = len(window.pieces)
    np.testing.assert_allclose(window.inputs[-1], alone.inputs_BT[0, -length:], rtol=1e-6)
    assert flow.states["h"].shape == (100, 6)
    assert flow._repr_html_().startswith("<img")


def test_a_place_of_a_tune_is_a_character() -> None:
    model = charnn_library.load("folk")
    tune = next(iter(model.tunes(1, seed=4)))
    read = read_texts(model.checkpoint, [tune])
    ends = read.character_ends().tolist()
    for character in (1, 30, len(tune)):
        token = read.token_at(character)
        assert ends[token] - len(read.pieces[token]) < character <= ends[token]


def test_every_combination_is_a_variant() -> None:
    variants = cell_variants(["rnn", "lstm"], forget_bias=[0, 3], clip=[0])
    assert [each.name for each in variants] == ["rnn", "lstm, forget bias 0", "lstm, forget bias 3"]
    assert {each.clip for each in variants} == {0}
    names = [each.name for each in cell_variants(["rnn"], clip=[0, 1], seq_len=[8, 16])]
    assert names[0] == "rnn, no clipping, segments of 8"
    with pytest.raises(UsageError, match="10 combinations"):
        cell_variants(["rnn"], seq_len=range(1, 11))


def test_a_forget_bias_keeps_the_error_and_a_clip_bounds_the_gradient() -> None:
    variants = cell_variants(["lstm"], forget_bias=[0, 3], clip=[0.1])
    low, high = compare_cells([TEXT], variants, steps=3, distance=20)
    assert high.start.norm()[20] > 100 * low.start.norm()[20]
    assert low.training is not None
    assert low.training.norms.max() > low.training.clipped_norms.max() == 0.1
    assert low.training.clipped_share == (low.training.norms > 0.1).mean() > 0
    again, _ = compare_cells([TEXT], variants, steps=3, distance=20)
    np.testing.assert_array_equal(again.flow.norm(), low.flow.norm())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a text and a run."""
    folder = tmp_path_factory.mktemp("gradients")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    (folder / "one.txt").write_text("x", encoding="utf-8")
    save_run(folder, "run", random_checkpoint(TEXT, cell="lstm"))
    return folder


def test_the_command_compares_cells(folder: Path) -> None:
    cells = ("--cell", "rnn", "--cell", "lstm")
    ended = charnn(folder, "gradients", "text.txt", *cells, "--steps", "0", "--json")
    found: dict[str, Any] = json.loads(ended.stdout)["cells"]
    assert list(found) == ["rnn", "lstm"]
    for figures in found.values():
        assert figures["distance"] == list(range(101))
        assert len(figures["norm"]) == 101
    assert "cell_norm" in found["lstm"]
    options = ("--steps", "2", "--distance", "10", "-o", "cells.html", "--json")
    ended = charnn(folder, "gradients", "text.txt", "--cell", "rnn", *options)
    training = json.loads(ended.stdout)["cells"]["rnn"]["training"]
    assert len(training["norm_before"]) == len(training["norm_after"]) == 2
    page = (folder / "cells.html").read_text(encoding="utf-8")
    assert 'id="characters"' in page
    assert "2 steps" in page


def test_the_command_shows_a_model(folder: Path) -> None:
    ended = charnn(folder, "gradients", "run", "text.txt", "--at", "50", "--distance", "20")
    shown = ended.stdout.decode()
    assert "run: like eta^(t - tau) with eta = " in shown
    assert f"the prediction of {TEXT[49]!r} (character 50)" in shown
    charnn(folder, "gradients", "run", "text.txt", "--distance", "20", "-o", "flow.png")
    assert (folder / "flow.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("run", 2, "name a run and a text"),
        ("run text.txt --clip 1", 2, "--clip is for fresh cells"),
        ("run text.txt --distance 900", 1, "too short for --distance 900"),
        ("run text.txt --distance 0", 2, "--distance must lie in 1..2000"),
        ("run text.txt --at 901", 2, "--at must lie in 2..900"),
        ("run one.txt", 1, "the text has one character"),
        ("text.txt --cell rnnn", 2, "Did you mean rnn?"),
        ("text.txt --cell gru --forget-bias 1", 2, "--forget-bias needs a cell with a forget gate"),
        ("text.txt --cell rnn --steps 0 --clip 1", 2, "--clip is for training"),
        ("text.txt --cell rnn --clip nan", 2, "--clip must lie in"),
        ("text.txt --cell rnn --seq-len 500", 1, "training needs at least 1,000"),
        ("text.txt --cell rnn -o flow.gif", 2, "name a file that ends in .png"),
    ],
)
def test_wrong_usage_is_one_sentence(folder: Path, arguments: str, code: int, message: str) -> None:
    ended = charnn(folder, "gradients", *arguments.split())
    assert ended.returncode == code
    assert message in ended.stderr.decode()
    assert not ended.stdout
