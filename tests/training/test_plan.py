"""From options to a plan: defaults that suit the corpus, refused contradictions, resumed runs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.errors import CorpusError, UsageError
from charnn.training.options import TrainingOptions
from charnn.training.plan import plan_resume, plan_run
from charnn.training.recipe import (
    MIN_CHARACTERS,
    PRESETS,
    choose_recipe,
    default_budget,
    fit_to_corpus,
)
from charnn.training.training_config import Budget
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run

CPU = {"device": "cpu", "precision": "fp32"}


@given(st.integers(MIN_CHARACTERS, 10**7), st.integers(1, 4096), st.integers(1, 4096))
def test_a_corpus_fills_a_few_segments(characters: int, batch_size: int, seq_len: int) -> None:
    batch, window = fit_to_corpus(characters, batch_size, seq_len)
    assert 1 <= batch <= batch_size
    assert 1 <= window <= seq_len
    assert batch * window * 4 <= characters
    # A batch that fits is kept, and none is made smaller than necessary.
    if batch_size * seq_len * 4 <= characters:
        assert (batch, window) == (batch_size, seq_len)
    else:
        assert (2 * batch + 1) * (2 * window + 1) * 4 > characters


@pytest.mark.parametrize("characters", [0, 1, MIN_CHARACTERS - 1])
def test_a_corpus_that_is_too_small_is_refused(characters: int) -> None:
    with pytest.raises(CorpusError, match=f"has {characters} characters to train on"):
        fit_to_corpus(characters, 16, 64)


@given(st.integers(MIN_CHARACTERS, 10**9), st.floats(0.1, 1000))
def test_there_is_a_recipe_for_every_corpus(characters: int, minutes: float) -> None:
    for device in ("cpu", "cuda"):
        chosen = choose_recipe(characters, Budget(minutes=minutes), device)
        assert fit_to_corpus(characters, chosen.batch_size, chosen.seq_len)
        assert 0 <= chosen.dropout < 1


@pytest.mark.parametrize(
    ("options", "threads"),
    [
        ({"steps": 60}, 1),
        ({"epochs": 2}, 1),
        ({"epochs": 2, "threads": 0}, 0),
        ({"steps": 60, "threads": 3}, 3),
        ({"minutes": 1}, 0),
        ({}, 0),
    ],
    ids=str,
)
def test_only_a_budget_in_minutes_measures_the_threads(
    tmp_path: Path, options: TrainingOptions, threads: int
) -> None:
    dataset = prepared_text(tmp_path, prose(3000))
    assert plan_run(dataset, {**options, **CPU}).training.threads == threads


def preset_for(characters: int, device: str = "cpu", **budget: Any) -> str:
    chosen = choose_recipe(characters, Budget(**budget), device).preset
    return next(name for name, preset in PRESETS.items() if preset == chosen)


def test_more_text_and_more_time_choose_a_larger_model() -> None:
    order = list(PRESETS)
    by_time = [preset_for(10**6, minutes=minutes) for minutes in (5 / 60, 1, 5, 600)]
    assert by_time == order
    # The same budget in epochs or in steps chooses the same preset.
    assert preset_for(10**6, epochs=5) == preset_for(10**6, steps=5000) == "medium"
    assert preset_for(10**8, steps=100) == "tiny"
    assert preset_for(10**8, epochs=1) == "large"
    sizes = [preset_for(size, epochs=20) for size in (20_000, 200_000, 10**6)]
    assert sizes == order[:3]
    # A small text gets a small model, however long the run. A GPU trains on more in the same time.
    assert preset_for(20_000, minutes=600) == "tiny"
    assert preset_for(10**6, "cuda", minutes=4) == "large"


def test_dropout_is_for_many_epochs() -> None:
    chosen = [choose_recipe(10**6, Budget(epochs=epochs), "cpu") for epochs in (1, 10, 100)]
    assert chosen[0].dropout == 0 < chosen[1].dropout < chosen[2].dropout
    assert chosen[1].weight_drop == 0 < chosen[2].weight_drop
    # Minutes are too short to learn a large text by heart.
    assert choose_recipe(10**8, Budget(minutes=5), "cpu").dropout == 0


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared_text(tmp_path_factory.mktemp("data"), prose(20_000))


def test_options_that_are_not_set_are_chosen(dataset: Dataset) -> None:
    plan = plan_run(dataset, TrainingOptions(**CPU))
    assert plan.model.vocab_size == len(dataset.vocabulary)
    assert plan.model.cell == "lstm"
    assert plan.training.budget == default_budget()
    assert plan.notes == ()


def test_options_that_are_set_are_kept(dataset: Dataset) -> None:
    options: dict[str, Any] = {
        **{"cell": "gru", "num_layers": 3, "hidden_size": 7, "embedding_size": 5, "dropout": 0.0},
        **{"seq_len": 9, "batch_size": 3, "lr": 0.5, "clip": 2.0, "weight_decay": 0.0},
        **{"gradient_penalty": 0.5},
        **{"patience": 0, "save_every": 0, "threads": 1, "seed": 0, **CPU},
    }
    plan = plan_run(dataset, TrainingOptions(**options, steps=5))
    for name, value in options.items():
        place = plan.model if hasattr(plan.model, name) else plan.training
        assert getattr(place, name) == value, name
    assert plan.training.budget == Budget(steps=5)
    assert plan_run(dataset, TrainingOptions(one_hot=True, **CPU)).model.embedding_size is None


def test_a_gradient_is_clipped_in_one_way(dataset: Dataset) -> None:
    assert plan_run(dataset, TrainingOptions(clip_value=5.0, **CPU)).training.clip_value == 5.0
    with pytest.raises(UsageError, match="--clip and --clip-value"):
        plan_run(dataset, TrainingOptions(clip=1.0, clip_value=5.0, **CPU))


def test_a_small_corpus_gives_a_note(dataset: Dataset) -> None:
    plan = plan_run(dataset, TrainingOptions(batch_size=4096, **CPU))
    assert plan.training.batch_size < 4096
    (note,) = plan.notes
    assert "4096" in note
    assert str(plan.training.batch_size) in note


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        ({"one_hot": True, "embedding_size": 8}, "--one-hot and --embedding-size"),
        ({"device": "tpu"}, "tpu"),
        ({"precision": "fp8"}, "fp8"),
        ({"cell": "mlp"}, "mlp"),
        ({"steps": 0}, "--steps"),
    ],
    ids=str,
)
def test_contradictions_are_refused(dataset: Dataset, options: dict[str, Any], phrase: str) -> None:
    with pytest.raises(UsageError, match=phrase):
        plan_run(dataset, TrainingOptions(**{**CPU, **options}))


def test_a_size_that_is_set_overrules_the_preset(dataset: Dataset) -> None:
    plan = plan_run(dataset, TrainingOptions(preset="large", **CPU))
    large = PRESETS["large"]
    assert (plan.model.num_layers, plan.model.hidden_size) == (large.num_layers, large.hidden_size)
    assert (plan.preset, plan.training.lr) == ("large", large.lr)
    plan = plan_run(dataset, TrainingOptions(preset="large", hidden_size=9, lr=0.5, **CPU))
    assert (plan.model.num_layers, plan.model.hidden_size) == (large.num_layers, 9)
    assert (plan.preset, plan.training.lr) == (None, 0.5)
    assert plan_run(dataset, TrainingOptions(**CPU)) == plan_run(
        dataset, TrainingOptions(preset="auto", **CPU)
    )
    with pytest.raises(UsageError, match="--preset huge"):
        plan_run(dataset, TrainingOptions(preset="huge", **CPU))


@pytest.fixture(scope="module")
def checkpoint(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder: Path = tmp_path_factory.mktemp("runs") / "run"
    run = Run(folder, dataset, lr=0.01)
    run.train(2)
    return run.checkpoint()


def test_a_resumed_run_keeps_its_plan(checkpoint: Checkpoint, dataset: Dataset) -> None:
    plan = plan_resume(checkpoint, dataset, TrainingOptions())
    assert plan.model == checkpoint.config
    assert plan.training.budget == Budget(steps=2)
    assert plan.training.to_json() == checkpoint.metadata["training"]


def test_harmless_options_may_change(checkpoint: Checkpoint, dataset: Dataset) -> None:
    free = {"patience": 3, "save_every": 5, "threads": 2}
    plan = plan_resume(checkpoint, dataset, TrainingOptions(minutes=3, **free))
    assert plan.training.budget == Budget(minutes=3)
    for name, value in free.items():
        assert getattr(plan.training, name) == value
    assert plan.training.lr == 0.01


def test_the_learning_rate_may_change(checkpoint: Checkpoint, dataset: Dataset) -> None:
    """A run that diverged is resumed with a lower rate."""
    before = checkpoint.metadata["training"]
    training = plan_resume(checkpoint, dataset, TrainingOptions(lr=0.005)).training
    assert training.to_json() == before | {"lr": 0.005}


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "gru"},
        {"num_layers": 2},
        {"hidden_size": 13},
        {"embedding_size": 7},
        {"one_hot": True},
        {"dropout": 0.5},
        {"seq_len": 17},
        {"batch_size": 5},
        {"clip": 2.0},
        {"clip_value": 2.0},
        {"gradient_penalty": 2.0},
        {"weight_decay": 0.5},
        {"seed": 1},
        {"precision": "bf16"},
    ],
    ids=str,
)
def test_options_that_would_make_another_run_are_refused(
    checkpoint: Checkpoint, dataset: Dataset, options: dict[str, Any]
) -> None:
    (name,) = options
    with pytest.raises(UsageError, match="--" + name.replace("_", "-")):
        plan_resume(checkpoint, dataset, TrainingOptions(**options))
    # Setting an option to its old value is not a change.
    was = {**checkpoint.config.to_json(), **checkpoint.metadata["training"], "one_hot": None}
    plan_resume(checkpoint, dataset, TrainingOptions(**{name: was[name]}))


def test_a_preset_is_compared_by_its_sizes(checkpoint: Checkpoint, dataset: Dataset) -> None:
    same = {"hidden_size": checkpoint.config.hidden_size, "embedding_size": 6}
    assert plan_resume(checkpoint, dataset, TrainingOptions(preset="tiny", **same))
    with pytest.raises(UsageError, match="--preset"):
        plan_resume(checkpoint, dataset, TrainingOptions(preset="tiny"))


def test_auto_is_not_a_change(checkpoint: Checkpoint, dataset: Dataset) -> None:
    plan = plan_resume(
        checkpoint, dataset, TrainingOptions(preset="auto", precision="auto", device="auto")
    )
    assert plan.training.precision == "fp32"


def test_a_batch_that_was_shrunk_may_be_set_again(dataset: Dataset, tmp_path: Path) -> None:
    """The command that started a run on a small corpus may be repeated with --resume."""
    options = {"batch_size": 4096, "seq_len": 100, **CPU}
    plan = plan_run(dataset, TrainingOptions(**options, steps=2))
    shrunk = {"batch_size": plan.training.batch_size, "seq_len": plan.training.seq_len}
    assert shrunk["batch_size"] < 4096
    run = Run(tmp_path / "run", dataset, **shrunk)
    run.train(2)
    for again in (options, shrunk, {"batch_size": 4096}, {}):
        training = plan_resume(run.checkpoint(), dataset, TrainingOptions(**again)).training
        assert (training.batch_size, training.seq_len) == tuple(shrunk.values())
    with pytest.raises(UsageError, match="--batch-size"):
        plan_resume(
            run.checkpoint(), dataset, TrainingOptions(batch_size=shrunk["batch_size"] // 2)
        )
