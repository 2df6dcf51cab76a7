"""The facts and documents of its corpus that a run keeps: metadata, and training documents."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from charnn.checkpoints.stored_documents import store_document_hashes
from charnn.checkpoints.stored_tunes import store_tunes
from charnn.corpus.document_kinds import CUT_KINDS
from charnn.corpus.scan import split_documents
from charnn.corpus.sources import Corpus, lasting_names
from charnn.corpus.text_documents import training_hashes
from charnn.training.options import TrainOptions


def corpus_metadata(
    corpus: Corpus, names: Sequence[str], val_fraction: float, options: TrainOptions
) -> dict[str, Any]:
    """Return the facts by which a checkpoint is told from others and its corpus found again.

    Args:
        corpus: the corpus.
        names: the corpus as the user named it.
        val_fraction: the share of the corpus that is held out.
        options: the options of the run.
    """
    metadata: dict[str, Any] = {
        "corpus": corpus.name,
        "tunes": corpus.tunes,
        "document_kind": corpus.document_kind,
        "val_fraction": val_fraction,
        "keep_cr": corpus.keep_cr,
        "sources": lasting_names(names),
    }
    if (encoding := options.get("encoding")) is not None:
        metadata["encoding"] = encoding
    if corpus.tunes:
        metadata["mended"] = corpus.mended
    if (init_from := options.get("init_from")) is not None:
        metadata["init_from"] = str(init_from)
    return metadata


def store_training_documents(run: Path, corpus: Corpus, val_fraction: float) -> None:
    """Store the training tunes, or hashes of lines, for comparisons of samples with them."""
    kind = corpus.document_kind
    if corpus.tunes:
        training, _ = split_documents(corpus, val_fraction)
        store_tunes(run, (document.text() for document in training))
    elif kind in CUT_KINDS:
        store_document_hashes(run, training_hashes(corpus.documents, kind, val_fraction))
