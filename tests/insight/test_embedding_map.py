"""The embedding: distances, neighbours, and a map that holds the largest part of the variance."""

from dataclasses import replace

import numpy as np

from charnn.insight.embedding_map import read_embedding
from tests.helpers import random_checkpoint


def test_neighbours_and_distances_are_those_of_the_vectors() -> None:
    checkpoint = random_checkpoint("abc$\n", embedding_size=3)
    vectors = checkpoint.weights["embedding.weight"]
    vectors[3], vectors[4] = [1, 0, 0], [2, 0.1, 0]
    embedding = read_embedding(checkpoint)
    # The vector of the unknown character was never trained, nor was that of a document's end.
    assert len(embedding.names) == len(vectors) - 2
    assert "↵" in embedding.names
    first = embedding.nearest(1)[0]
    assert first.name == embedding.names[2]
    assert abs(first.cosine - 2 / np.hypot(2, 0.1)) < 1e-6
    assert abs(embedding.distances[1, 2] - np.hypot(1, 0.1)) < 1e-6
    assert "1.41" in embedding.summary()


def test_the_map_is_a_projection() -> None:
    checkpoint = random_checkpoint("abcdefgh", embedding_size=6, documents=2)
    embedding = read_embedding(checkpoint)
    assert "(end)" in embedding.names
    places, share = embedding.plane
    assert np.abs(places.mean(axis=0)).max() < 1e-9
    assert abs(places[:, 0] @ places[:, 1]) < 1e-6
    centred = embedding.vectors - embedding.vectors.mean(axis=0)
    assert abs((places**2).sum() / (centred**2).sum() - share) < 1e-6
    flat = replace(checkpoint, weights=checkpoint.weights | {"embedding.weight": np.zeros((10, 6))})
    assert np.isfinite(read_embedding(flat).plane[0]).all()


def test_a_one_hot_model_shows_the_columns_of_its_matrix() -> None:
    embedding = read_embedding(random_checkpoint("ab<c>", embedding_size=None, cell="rnn"))
    assert embedding.vectors.shape == (5, 8)
    assert "W_x" in embedding.summary()
    assert b"&lt;" in embedding.page("One-hot")
