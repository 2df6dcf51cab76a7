"""The tunes that a model has learned, and their headers.

A run keeps its tunes beside the checkpoints. A model that was exported has left them behind: it
brings along their headers, which tell how a tune is asked for, and a hash, by which those of a
corpus with a name are known to be the same.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from charnn.checkpoints.bundled import display_name
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import TUNES
from charnn.checkpoints.stored_tunes import read_stored_tunes
from charnn.errors import CheckpointError
from charnn.music.grammar.header_stats import HeaderStats

_BROUGHT = "learned"


def training_tunes_metadata(tunes: Sequence[str]) -> dict[str, Any]:
    """What an exported model tells of the tunes it has learned, for its `metadata`."""
    return {_BROUGHT: {"sha256": _hash(tunes), "headers": HeaderStats(tunes).to_json()}}


def load_training_tunes(path: Path, checkpoint: Checkpoint) -> list[str]:
    """The tunes that a model has learned: those of its run, or of the corpus that it names.

    Args:
        path: the checkpoint's file.
        checkpoint: what is in it.

    Raises:
        CheckpointError: they are not there, or are others.
        CorpusError: the corpus cannot be read.
    """
    metadata = checkpoint.metadata
    if _BROUGHT not in metadata:
        return read_stored_tunes(path.parent)
    # A tune is asked for by headers alone, and its first character should not wait for these.
    from charnn.corpus.catalogue import CATALOGUE
    from charnn.corpus.scan import DEFAULT_VAL_FRACTION, split_documents
    from charnn.corpus.sources import open_catalogue_corpus

    name = str(metadata.get("corpus"))
    if name not in CATALOGUE:
        raise CheckpointError(
            f"{display_name(path)} was exported without the tunes that it has learned, so new ones "
            "cannot be compared with them: name its run instead"
        )
    learned, _ = split_documents(
        open_catalogue_corpus(name), metadata.get("val_fraction", DEFAULT_VAL_FRACTION)
    )
    tunes = [document.text() for document in learned]
    if metadata[_BROUGHT] != {**metadata[_BROUGHT], "sha256": _hash(tunes)}:
        raise CheckpointError(
            f"the corpus {name} that is installed here is not the one that {display_name(path)} "
            "has learned, so new tunes cannot be compared with it: train a model of your own"
        )
    return tunes


def load_header_stats(path: Path, checkpoint: Checkpoint) -> HeaderStats | None:
    """The headers of those tunes; None if nothing tells of them.

    Raises:
        CheckpointError: what tells of them is damaged.
    """
    if _BROUGHT in checkpoint.metadata:
        try:
            return HeaderStats.from_json(checkpoint.metadata[_BROUGHT]["headers"])
        except (KeyError, TypeError, ValueError) as problem:
            raise CheckpointError(
                f"{display_name(path)} does not tell what it has learned: it was not exported "
                "by charnn"
            ) from problem
    if not (path.parent / TUNES).exists():
        return None
    return HeaderStats(read_stored_tunes(path.parent))


def _hash(tunes: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(tunes).encode("utf-8", "surrogatepass")).hexdigest()
