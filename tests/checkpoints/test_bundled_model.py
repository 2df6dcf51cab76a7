"""The model in the box as it is shipped. (What is done with it: `tests/cli/test_box.py`.)"""

from pathlib import Path

import pytest

import charnn
from charnn.checkpoints.runs import box_model
from charnn.library import Model
from charnn.music.checking.report import check_tune
from tests.helpers import PROJECT


@pytest.fixture(scope="module")
def box() -> Model:
    return charnn.load(PROJECT / "checkpoints" / "folk.safetensors")


def test_it_is_small_and_has_a_card(box: Model) -> None:
    assert box.path.stat().st_size < 6_000_000
    assert box.checkpoint.training == {}
    assert box.path.with_suffix(".md").read_text(encoding="utf-8").startswith("# ")
    assert box_model() == box.path


def test_it_tells_nothing_of_the_machine_that_trained_it(box: Model) -> None:
    assert str(Path.home()) not in str(box.checkpoint.about)


def test_it_writes_a_legal_tune_as_asked_for(box: Model) -> None:
    (text,) = box.tunes(1, seed=1, rhythm="jig", meter="6/8", key="Ador")
    (tune,) = charnn.read_tunes(text)
    report = check_tune(tune)
    assert report.ok
    assert (report.rhythm, report.meter, report.key) == ("jig", "6/8", "Ador")


def test_the_tunes_that_it_has_learned_are_those_installed(box: Model) -> None:
    assert box.checkpoint.about["tunes"]
    assert len(box.learned_tunes()) > 3000
