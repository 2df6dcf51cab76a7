"""The bundled model, in a clone of the repository and in an installed package."""

import json
import shutil
from pathlib import Path

import pytest

from charnn.tunes.training_tunes import training_tunes_metadata
from tests.cli.conftest import Ended
from tests.cli.test_sample_tunes import LETTERS, TRAINING_TUNE, as_tune_model
from tests.helpers import PROJECT, charnn_process, random_checkpoint, save_run

SHORT = ("--seed", "3", "--length", "160")


@pytest.fixture(scope="module", params=["clone", "package"])
def charnn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that charnn is imported from; its bundled model is untrained."""
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "clone":
        (root / "charnn").symlink_to(PROJECT / "charnn")
        bundled = root / "checkpoints"
    else:
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "charnn", root / "charnn", ignore=unwanted)
        bundled = root / "charnn" / "checkpoints"
    bundled.mkdir(exist_ok=True)
    model = as_tune_model(random_checkpoint(LETTERS, documents=9))
    model.metadata.update(
        corpus="folk", val_fraction=0.1, **training_tunes_metadata([TRAINING_TUNE])
    )
    (bundled / "folk.safetensors").write_bytes(model.half_precision_bytes())
    return root


def run(charnn: Path, folder: Path, *arguments: str) -> Ended:
    return charnn_process(folder, *arguments, PYTHONPATH=str(charnn))


def test_it_writes_without_a_run_and_is_named(charnn: Path, tmp_path: Path) -> None:
    ended = run(charnn, tmp_path, "sample", *SHORT)
    assert ended.returncode == 0
    text = ended.stdout.decode()
    assert text.startswith("X:1\n% charnn sample folk --length 160 --seed 3\nT:")
    assert ended.messages[:2] == [
        f"no runs in {tmp_path}/checkpoints, so the bundled model folk is used. It knows tunes, "
        "not prose. To train a model of your own: charnn train FILE",
        "folk, seed 3",
    ]
    assert list(tmp_path.iterdir()) == []
    options = ("--key", "D", "--meter", "6/8", "--prime", "d2e f2g|", "--num", "2", "--json")
    ended = run(charnn, tmp_path, "sample", "folk", *SHORT, *options)
    samples = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [sample["seed"] for sample in samples] == [3, 4]
    assert all("\nM:6/8\nL:1/8\nK:D\nd2e f2g|" in sample["text"] for sample in samples)
    assert Path(samples[0]["checkpoint"]).name == "folk.safetensors"


def test_prose_as_prime_without_a_run_names_the_model_that_was_used(
    charnn: Path, tmp_path: Path
) -> None:
    hint = f"no runs in {tmp_path}/checkpoints, so the bundled model folk is used."
    ended = run(charnn, tmp_path, "sample", "--prime", "ROMEO: But soft")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.messages[0].startswith(hint)
    assert run(charnn, tmp_path, "inspect").messages[0].startswith(hint)
    # No hint is needed where the user named the model.
    ended = run(charnn, tmp_path, "sample", "folk", "--prime", "ROMEO: But soft")
    assert ended.returncode == 2
    assert hint not in ended.messages[0]


def test_runs_go_before_the_bundled_model(charnn: Path, tmp_path: Path) -> None:
    save_run(tmp_path, "mine", random_checkpoint(LETTERS))
    ended = run(charnn, tmp_path, "sample", "--length", "20")
    assert "mine" in ended.messages[0]
    assert "bundled" not in ended.messages[0]
