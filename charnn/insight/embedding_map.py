"""The vectors of the tokens: their distances, their neighbours, and a map of them in a plane.

As one-hot vectors, any two tokens have the distance sqrt(2) and the cosine 0. An embedding gives
tokens that are used alike similar vectors. A model with one-hot inputs has no embedding, but its
W_x has a column for each token, which does the same work.

Shape suffixes: V tokens, E numbers of a vector.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.insight.embedding_picture import draw_map
from charnn.insight.html_page import escape, html_page, picture, table
from charnn.insight.token_names import token_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEIGHBOURS = 4


class Neighbour(NamedTuple):
    """A token near another one, and the cosine of the angle between their vectors."""

    name: str
    cosine: float


@dataclass(frozen=True)
class Embedding:
    """The vectors of V tokens.

    Attributes:
        names: the names of the tokens.
        vectors: [V, E] their vectors.
        is_one_hot: whether the inputs are one-hot, so that the vectors are columns of W_x.
    """

    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    is_one_hot: bool

    def __repr__(self) -> str:
        """Return the number of tokens and the size of their vectors."""
        tokens, size = self.vectors.shape
        return f"<Embedding of {tokens:,} tokens in {size:,} numbers>"

    @cached_property
    def cosines(self) -> NDArray[np.float64]:
        """Return the cosine of the angle between any two vectors, [V, V]."""
        vectors = self.vectors.astype(np.float64)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = vectors / np.maximum(lengths, 1e-12)
        result: NDArray[np.float64] = unit @ unit.T
        return result

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """Return the distance of any two vectors, [V, V]."""
        vectors = self.vectors.astype(np.float64)
        squares = (vectors**2).sum(axis=1)
        squared = squares[:, None] + squares - 2 * vectors @ vectors.T
        np.fill_diagonal(squared, 0)
        result: NDArray[np.float64] = np.sqrt(squared.clip(0))
        return result

    def nearest(self, token: int, count: int = NEIGHBOURS) -> list[Neighbour]:
        """Return the tokens with the most similar vectors, the most similar one first."""
        order = np.argsort(-self.cosines[token], kind="stable")
        others = [other for other in order.tolist() if other != token][:count]
        return [Neighbour(self.names[other], float(self.cosines[token, other])) for other in others]

    @cached_property
    def plane(self) -> tuple[NDArray[np.float64], float]:
        """Return a place in a plane for each token, [V, 2], and the share of the variance there.

        The axes are the first two principal components.
        """
        centred = self.vectors.astype(np.float64)
        centred -= centred.mean(axis=0)
        left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        places = np.zeros((len(centred), 2))
        shown = min(2, len(sizes))
        places[:, :shown] = left[:, :shown] * sizes[:shown]
        # The sign of a component is free. The largest number of each becomes positive, so that the
        # same model has the same map everywhere.
        extremes = places[np.abs(places).argmax(axis=0), [0, 1]]
        places *= np.where(extremes < 0, -1, 1)
        total = float((sizes**2).sum())
        return places, float((sizes[:2] ** 2).sum()) / total if total else 1.0

    def mean_distance(self) -> float:
        """Return the mean distance of two different tokens."""
        count = len(self.names)
        return float(self.distances.sum()) / max(1, count * (count - 1))

    def summary(self) -> str:
        """Return a sentence that compares the vectors with one-hot vectors."""
        tokens, size = self.vectors.shape
        what = "columns of W_x (the inputs are one-hot)" if self.is_one_hot else "an embedding"
        return (
            f"{tokens:,} tokens as {what} of {size:,} numbers: distances from "
            f"{self._least_distance():.2f} to {self.distances.max():.2f}, "
            f"{self.mean_distance():.2f} on average. As one-hot vectors of {tokens:,} numbers, any "
            f"two have the distance {math.sqrt(2):.2f} and the cosine 0"
        )

    def _least_distance(self) -> float:
        others = self.distances + np.diag(np.full(len(self.names), np.inf))
        return float(others.min()) if len(self.names) > 1 else 0.0

    def figure(self) -> "Figure":
        """Return a map of the tokens in a plane."""
        return draw_map(self.names, *self.plane)

    def rows(self) -> list[list[str]]:
        """Return a row for each token: its name, the length of its vector, its neighbours."""
        lengths = np.linalg.norm(self.vectors, axis=1)
        return [
            [
                name,
                f"{lengths[token]:.2f}",
                "   ".join(f"{other} {cosine:.2f}" for other, cosine in self.nearest(token)),
            ]
            for token, name in enumerate(self.names)
        ]

    def page(self, title: str) -> bytes:
        """Return a page with the map and the neighbours of each token."""
        _, share = self.plane
        about = (
            f"A map of the tokens by their first two principal components, which hold "
            f"{100 * share:.0f} % of the variance. The table below names the neighbours of each."
        )
        caption = "The tokens with the most similar vectors, and the cosine of the angle"
        body = (
            f"<p>{escape(self.summary())}.</p>\n"
            + picture(self.figure(), about)
            + table(["token", "length", "nearest"], self.rows(), caption)
        )
        return html_page(title, body)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object with the vectors, the map and the neighbours."""
        places, share = self.plane
        return {
            "one_hot": self.is_one_hot,
            "tokens": list(self.names),
            "vectors": [[round(float(each), 6) for each in vector] for vector in self.vectors],
            "mean_distance": self.mean_distance(),
            "map": [[round(float(each), 6) for each in place] for place in places],
            "map_share": share,
            "nearest": [
                [[other, round(cosine, 6)] for other, cosine in self.nearest(token)]
                for token in range(len(self.names))
            ],
        }


def read_embedding(checkpoint: Checkpoint) -> Embedding:
    """Return the vectors of the tokens that a model met in training.

    It met no unknown character, and no end of a document if it was trained on a single text. The
    vectors of these two are what they were at first.
    """
    vectors = checkpoint.weights["embedding.weight"]
    unmet = {UNKNOWN} if checkpoint.has_document_ends else {UNKNOWN, SEPARATOR}
    met = [token for token in range(len(vectors)) if token not in unmet]
    names = token_names(checkpoint.vocabulary)
    is_one_hot = checkpoint.config.embedding_size is None
    return Embedding(tuple(names[token] for token in met), vectors[met], is_one_hot)
