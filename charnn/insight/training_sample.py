"""The training text of a model, or as much of it as an n-gram model counts in a second or two."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import DATA_FOLDER, find_prepared
from charnn.corpus.vocabulary import SEPARATOR
from charnn.errors import CharnnError
from charnn.evaluation.ngram_counts import HISTORY

# To read all 3,733 tunes of the bundled model takes 7 seconds.
MAX_TUNES = 1000


@dataclass(frozen=True)
class TrainingText:
    """The text that a model was trained on, or a part of it.

    Attributes:
        ids: the tokens.
        text: the same tokens as text.
        name: what this is, for people.
    """

    ids: NDArray[Any]
    text: str
    name: str


def training_sample(
    checkpoint: Checkpoint, learned_tunes: Callable[[], list[str]]
) -> TrainingText | None:
    """Return the training text of a model or a part of it; None if it is not found.

    Args:
        checkpoint: the model. A model of text is found in the folder of prepared corpora.
        learned_tunes: returns the training tunes of a model of tunes.
    """
    vocabulary = checkpoint.vocabulary
    if not checkpoint.metadata.get("tunes"):
        found = find_prepared(DATA_FOLDER, str(checkpoint.metadata.get("fingerprint")), vocabulary)
        if found is None:
            return None
        ids = np.asarray(found[0][-HISTORY:])
        return TrainingText(ids, vocabulary.decode(ids), "the training text")
    try:
        learned = learned_tunes()
    except CharnnError:
        return None
    tunes = learned[:: max(1, math.ceil(len(learned) / MAX_TUNES))]
    end = np.array([SEPARATOR], vocabulary.dtype)
    ids = np.concatenate([part for tune in tunes for part in (vocabulary.encode(tune), end)])
    share = "the" if len(tunes) == len(learned) else f"{len(tunes):,} of the {len(learned):,}"
    return TrainingText(ids, "".join(tunes), f"{share} training tunes")
