"""The model in the box as it is shipped. (What is done with it: `tests/cli/test_box.py`.)"""

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


def test_it_is_small_and_has_a_card(bundled: Model) -> None:
    assert bundled.path.stat().st_size < 6_000_000
    assert bundled.checkpoint.training == {}
    assert bundled.path.with_suffix(".md").read_text(encoding="utf-8").startswith("# ")
    assert bundled_model() == bundled.path


def test_it_tells_nothing_of_the_machine_that_trained_it(bundled: Model) -> None:
    assert str(Path.home()) not in str(bundled.checkpoint.metadata)


def test_it_writes_a_legal_tune_as_asked_for(bundled: Model) -> None:
    (text,) = bundled.tunes(1, seed=1, rhythm="jig", meter="6/8", key="Ador")
    (tune,) = charnn.read_tunes(text)
    report = check_tune(tune)
    assert report.ok
    assert (report.rhythm, report.meter, report.key) == ("jig", "6/8", "Ador")


def test_the_tunes_that_it_has_learned_are_those_installed(bundled: Model) -> None:
    assert bundled.checkpoint.metadata["tunes"]
    assert len(bundled.learned_tunes()) > 3000
