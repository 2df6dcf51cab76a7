"""The bundled model as it is distributed. Commands with it: `tests/cli/test_bundled_model.py`."""

from pathlib import Path

import pytest

import charnn
from charnn.checkpoints.bundled import bundled_model
from charnn.library import Model
from charnn.music.checking.report import check_tune
from tests.helpers import PROJECT


@pytest.fixture(scope="module")
def bundled() -> Model:
    return charnn.load(PROJECT / "checkpoints" / "folk.safetensors")


def test_it_is_small_and_has_a_model_card(bundled: Model) -> None:
    assert bundled.path.stat().st_size < 6_000_000
    assert bundled.checkpoint.training == {}
    assert bundled.path.with_suffix(".md").read_text(encoding="utf-8").startswith("# ")
    assert bundled_model() == bundled.path


def test_its_metadata_contains_no_local_paths(bundled: Model) -> None:
    assert str(Path.home()) not in str(bundled.checkpoint.metadata)


def test_it_writes_a_valid_tune_as_requested(bundled: Model) -> None:
    (text,) = bundled.tunes(1, seed=1, rhythm="jig", meter="6/8", key="Ador")
    (tune,) = charnn.read_tunes(text)
    report = check_tune(tune)
    assert report.ok
    assert (report.rhythm, report.meter, report.key) == ("jig", "6/8", "Ador")


@pytest.mark.parametrize("temperature", [0.0, 0.05, 0.2, 0.5])
def test_it_writes_valid_tunes_at_low_temperatures(bundled: Model, temperature: float) -> None:
    """The grammar often forbids all tokens but those with next to no probability."""
    for text in bundled.tunes(3, seed=1, temperature=temperature, rhythm="polka", part_bars=5):
        (tune,) = charnn.read_tunes(text)
        assert check_tune(tune).ok


@pytest.mark.parametrize(
    ("opening", "header"),
    [
        ("d2e f2g|agf e3|", "R:jig\nM:6/8\nL:1/8\nK:D\n"),
        ("|:G3 BGB|c2A BGE|", "R:jig\nM:6/8\nL:1/8\nK:G\n"),
        ("B2e edB cBA|B2e e2f g2a|", "R:slip jig\nM:9/8\nL:1/8\nK:Em\n"),
        ("K:A\nA2eA cAeA|dBcA B2E2|", "R:reel\nM:C|\nL:1/8\nK:A\n"),
    ],
)
def test_it_finds_the_header_of_an_opening(bundled: Model, opening: str, header: str) -> None:
    tunes = list(bundled.tunes(2, seed=1, prime=opening))
    for tune in tunes:
        assert header + opening.removeprefix("K:A\n") in tune
    assert tunes[0] != tunes[1]


def test_its_training_tunes_are_the_installed_ones(bundled: Model) -> None:
    assert bundled.checkpoint.metadata["tunes"]
    assert len(bundled.learned_tunes()) > 3000
