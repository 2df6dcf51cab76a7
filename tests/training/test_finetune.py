"""Fine-tuning: rows are copied by token, whatever its id."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.abc_vocabulary import AbcVocabulary
from charnn.corpus.ids import Dataset
from charnn.errors import UsageError
from charnn.evaluation.sweep import evaluate
from charnn.model.network import Network, import_weights
from charnn.training.assembly import build_trainer
from charnn.training.finetune import inherit_weights, new_tokens
from charnn.training.options import TrainingOptions
from charnn.training.plan import plan_run
from charnn.training.trainer import Trainer
from tests.helpers import prepared_text, prose, random_weights
from tests.training.helpers import Run

CPU = {"device": "cpu", "precision": "fp32", "threads": 1}


@pytest.fixture(scope="module", params=[None, 6], ids=["one-hot", "embedded"])
def parent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Return a model of prose whose first two ids are characters that occur nowhere else."""
    folder = tmp_path_factory.mktemp("parent")
    dataset = prepared_text(folder, "\x01\x02" + prose(6000))
    run = Run(folder / "run", dataset, lr=0.02, hidden_size=32, embedding_size=request.param)
    run.train(300)
    return run.checkpoint()


def begin(run: Path, dataset: Dataset, parent: Checkpoint | None, **options: Any) -> Trainer:
    plan = plan_run(dataset, TrainingOptions(**CPU, **options), parent)
    run.mkdir()
    return build_trainer(dataset, plan.model, plan.training, run, metadata={}, parent=parent)


def loss_of(network: Network, ids: "np.ndarray[Any, Any]") -> float:
    return evaluate(network, ids, start=1)


def test_tokens_with_other_ids_keep_their_rows(tmp_path: Path, parent: Checkpoint) -> None:
    """Without two of the parent's characters every id differs, but the loss stays the same."""
    text = prose(6000, 7000)
    dataset = prepared_text(tmp_path, "".join(c for c in text if c in parent.vocabulary))
    assert not new_tokens(parent, dataset.vocabulary)
    assert len(dataset.vocabulary) < len(parent.vocabulary)
    # The dropped tokens were unlikely. A bias of -100 removes them from the parent's loss.
    dropped = [s for s in parent.vocabulary.tokens if s not in dataset.vocabulary]
    bias = parent.weights["head.bias"].copy()
    bias[parent.vocabulary.encode("".join(dropped))] = -100
    parent = replace(parent, weights=parent.weights | {"head.bias": bias})
    network = Network(parent.config)
    import_weights(network, parent.weights)
    theirs = loss_of(network, parent.vocabulary.encode(dataset.vocabulary.decode(dataset.ids)))
    assert theirs < 2.8
    ours = loss_of(begin(tmp_path / "run", dataset, parent, steps=1).state.network, dataset.ids)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_fine_tuning_learns_faster_than_random_weights(tmp_path: Path, parent: Checkpoint) -> None:
    dataset = prepared_text(tmp_path, prose(4000, 7000).replace("the", "thé"))
    shape = {"hidden_size": 32, "embedding_size": parent.config.embedding_size}
    shape |= {"one_hot": True} if parent.config.embedding_size is None else {}
    options = {"steps": 30, "batch_size": 4, "seq_len": 16, "lr": 0.01, **shape}
    begun = begin(tmp_path / "begun", dataset, parent, **options).run()
    fresh = begin(tmp_path / "fresh", dataset, None, **options).run()
    assert begun.best_loss is not None
    assert fresh.best_loss is not None
    assert begun.best_loss < fresh.best_loss - 0.3


def test_tokens_that_the_parent_lacks_get_random_rows_and_a_note(
    tmp_path: Path, parent: Checkpoint
) -> None:
    dataset = prepared_text(tmp_path, "señor é " + prose(3000))
    note = plan_run(dataset, TrainingOptions(**CPU), parent).notes[0]
    assert "2 tokens" in note
    assert "'é', 'ñ'" in note
    fresh = random_weights(plan_run(dataset, TrainingOptions(**CPU), parent).model)
    weights = inherit_weights(parent, dataset.vocabulary, fresh)
    new, known = dataset.vocabulary.encode("éñ"), dataset.vocabulary.encode("the ")
    for name in ("embedding.weight", "head.weight", "head.bias"):
        np.testing.assert_array_equal(weights[name][new], fresh[name][new])
        theirs = parent.weights[name][parent.vocabulary.encode("the ")]
        np.testing.assert_array_equal(weights[name][known], theirs)
        # The two special tokens have the same ids everywhere.
        np.testing.assert_array_equal(weights[name][:2], parent.weights[name][:2])


def test_abc_tokens_keep_their_rows(parent: Checkpoint) -> None:
    old, new = AbcVocabulary(["A2", "B", "|"]), AbcVocabulary(["B", "A2", "^c", "z", "|"])
    rows = {name: parent.weights[name][: len(old)] for name in parent.weights}
    fresh = {name: np.full((len(new), *rows[name].shape[1:]), 7.0) for name in rows}
    weights = inherit_weights(Checkpoint(parent.config, old, rows, {}), new, fresh)
    for token_id in new.tokens:
        row = weights["head.bias"][new.tokens.index(token_id) + 2]
        known = token_id in old.tokens
        assert row == (rows["head.bias"][old.tokens.index(token_id) + 2] if known else 7.0)


def test_the_new_model_has_the_shape_of_its_parent(tmp_path: Path, parent: Checkpoint) -> None:
    dataset = prepared_text(tmp_path, prose(3000))
    shape = {"hidden_size": 32, "num_layers": 1, "cell": "lstm"}
    plan = plan_run(dataset, TrainingOptions(**CPU, **shape, dropout=0.25), parent)
    assert plan.model.hidden_size == 32
    assert plan.model.embedding_size == parent.config.embedding_size
    assert plan.model.dropout == 0.25
    assert plan.training.lr < plan_run(dataset, TrainingOptions(**CPU)).training.lr
    assert plan_run(dataset, TrainingOptions(**CPU, lr=0.5), parent).training.lr == 0.5
    with pytest.raises(UsageError, match="--preset"):
        plan_run(dataset, TrainingOptions(**CPU, preset="large"), parent)
    for other in ({"hidden_size": 33}, {"num_layers": 2}, {"cell": "gru"}, {"embedding_size": 7}):
        (name,) = other
        with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} .* --init-from"):
            plan_run(dataset, TrainingOptions(**CPU, **other), parent)
