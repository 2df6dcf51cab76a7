"""The corpus that a model was trained on, found again by the names that its run keeps."""

from collections.abc import Collection

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.catalogue import CATALOGUE
from charnn.corpus.sources import Corpus, open_corpus
from charnn.errors import CheckpointError, CorpusError

NAME_IT = "name the training corpus: charnn evaluate RUN CORPUS --held-out"


def open_training_corpus(checkpoint: Checkpoint) -> Corpus:
    """Return the training corpus of a model, divided into documents as in training.

    Raises:
        CheckpointError: the model does not contain the names of its corpus, or they are gone.
    """
    metadata = checkpoint.metadata
    names = metadata.get("sources")
    if names is None and metadata.get("corpus") in CATALOGUE:
        names = [metadata["corpus"]]
    if not names:
        raise CheckpointError(
            "the model does not contain the files of its corpus, because it was exported, trained "
            f"by an earlier version, or on stdin or very many files: {NAME_IT}"
        )
    try:
        return open_corpus(names, encoding=metadata.get("encoding"), **checkpoint.corpus_options)
    except CorpusError as problem:
        raise CheckpointError(
            f"the training corpus is not found: {problem}. If it has moved, {NAME_IT}"
        ) from problem


def expect_training_tunes(
    checkpoint: Checkpoint, corpus: Corpus, texts: Collection[str], training_tunes: Collection[str]
) -> None:
    """Refuse a corpus of tunes that has changed since a model was trained on it.

    Which tunes are held out depends on each tune, so new tunes would count as held out.

    Args:
        checkpoint: the model.
        corpus: the corpus that `open_training_corpus` returned.
        texts: the texts of its tunes.
        training_tunes: the tunes that the model was trained on.

    Raises:
        CheckpointError: the corpus has changed.
    """
    count = checkpoint.metadata.get("documents")
    if count not in (None, len(texts)) or not set(training_tunes) <= set(texts):
        raise CheckpointError(
            f"{corpus.name} has changed since the model was trained on it, so its held-out tunes "
            f"are unknown: restore it, or {NAME_IT}"
        )
