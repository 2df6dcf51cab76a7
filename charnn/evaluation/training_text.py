"""The training text of a model and its held-out part, as ids."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import find_prepared, prepare
from charnn.corpus.scan import DEFAULT_VAL_FRACTION
from charnn.corpus.sources import Corpus
from charnn.errors import CheckpointError


def training_text_ids(
    checkpoint: Checkpoint, corpus: Corpus | None, folder: Path
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the ids of the training part and of the held-out part of a model's training text.

    Args:
        checkpoint: a model of text.
        corpus: the training corpus; it is not needed if `folder` contains it.
        folder: the folder of the prepared corpora, see `charnn.corpus.ids`.

    Raises:
        CheckpointError: the training text is not in the folder, and the corpus is not the one that
            the model was trained on.
        CorpusError: the corpus cannot be read.
    """
    fingerprint = str(checkpoint.metadata.get("fingerprint"))
    found = find_prepared(folder, fingerprint, checkpoint.vocabulary)
    if found is not None:
        return found
    if corpus is not None:
        fraction = checkpoint.metadata.get("val_fraction", DEFAULT_VAL_FRACTION)
        kind, given = checkpoint.vocabulary.kind, checkpoint.given_vocabulary
        dataset = prepare(corpus, folder, fraction, kind, vocabulary=given)
        if dataset.fingerprint == fingerprint:
            return dataset.train, dataset.val
    named = "" if corpus is None else f", and {corpus.name} is another text"
    raise CheckpointError(
        f"the text that the model was trained on is not in {folder}/{named}: name the training "
        "corpus, or run charnn in the folder in which the model was trained"
    )
