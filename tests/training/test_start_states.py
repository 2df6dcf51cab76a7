"""Samples begin with states that the model reached in its training text."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.corpus.vocabulary import SEPARATOR
from charnn.model.network import Network, import_weights
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.training.start_states import COUNT, find_start_states
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run


def first_words(checkpoint: Checkpoint, seeds: range) -> list[str]:
    texts = Sampler(checkpoint).stream_many(SamplingParams(1.0), seeds=seeds, length=20)
    return ["".join(text) for text in texts]


def test_a_checkpoint_contains_states_before_line_ends(tmp_path: Path) -> None:
    dataset = prepared_text(tmp_path / "data", prose(9000))
    run = Run(tmp_path / "run", dataset, hidden_size=24, ema=0.9)
    run.train(60)
    checkpoint = run.checkpoint()
    assert checkpoint.starts is not None
    assert checkpoint.starts.shape == (COUNT, 2, 1, 24)
    network = Network(checkpoint.config)
    import_weights(network, checkpoint.weights)
    expected = find_start_states(network, dataset, checkpoint.start_token_id)
    np.testing.assert_allclose(checkpoint.starts, expected, rtol=0, atol=1e-6)
    texts = first_words(checkpoint, range(COUNT))
    assert texts != first_words(replace(checkpoint, starts=None), range(COUNT))
    # The seed chooses the state: here all texts but that of seed 3 begin with another one.
    rolled = replace(checkpoint, starts=np.repeat(checkpoint.starts[3:4], COUNT, axis=0))
    others = first_words(rolled, range(COUNT))
    assert others[3] == texts[3]
    assert others != texts


def test_the_states_of_documents_are_those_at_their_ends(tmp_path: Path) -> None:
    """A network that has read nothing but the context before a separator is in such a state."""
    documents = [prose(300, begin) for begin in range(0, 9000, 300)]
    dataset = prepared_text(tmp_path / "data", *documents)
    run = Run(tmp_path / "run", dataset)
    run.train(5)
    checkpoint = run.checkpoint()
    assert checkpoint.start_token_id == SEPARATOR
    assert checkpoint.starts is not None
    stored = replace(checkpoint, training={})
    (tmp_path / "half.safetensors").write_bytes(stored.half_precision_bytes())
    half = load_checkpoint(tmp_path / "half.safetensors").starts
    np.testing.assert_allclose(half, checkpoint.starts, rtol=0, atol=1e-3)


def test_a_short_text_has_no_such_states(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", prepared_text(tmp_path / "data", prose(500)))
    run.train(5)
    assert run.checkpoint().starts is None
    assert len(first_words(run.checkpoint(), range(3))) == 3
