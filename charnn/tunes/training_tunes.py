"""The tunes that a model was trained on, their headers and the words of their titles.

A run stores its training tunes beside the checkpoints. An exported model is a single file without
the tunes. The metadata of this file contains what requests for new tunes need, the headers and the
words of the titles, and a hash of the tunes. `load_training_tunes` then reads the tunes from the
catalogue and verifies them with the hash.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.checkpoints.bundled import display_name
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import TUNES
from charnn.checkpoints.stored_tunes import read_stored_tunes
from charnn.errors import CheckpointError
from charnn.music.grammar.form_plans import FormPlans
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.title_words import TitleWords

if TYPE_CHECKING:
    from charnn.corpus.text import Document

# Checkpoints in use contain this key, so it keeps its name.
_METADATA_KEY = "learned"


def training_tunes_metadata(tunes: Sequence[str]) -> dict[str, Any]:
    """Return the metadata entry that describes the training tunes in an exported model."""
    stats = HeaderStats(tunes)
    entry: dict[str, Any] = {"sha256": _hash(tunes), "headers": stats.to_json()}
    if stats.plans:
        entry["plans"] = stats.plans.to_json()
    if stats.title_words:
        entry["title_words"] = stats.title_words.to_json()
    return {_METADATA_KEY: entry}


def load_training_tunes(path: Path, checkpoint: Checkpoint) -> list[str]:
    """Return the training tunes of a model.

    The tunes of a run are stored with its checkpoints. The tunes of an exported model are read
    from the corpus of the model in the catalogue.

    Args:
        path: the checkpoint file.
        checkpoint: the content of the file.

    Raises:
        CheckpointError: the tunes are missing, or differ from those that the model was trained on.
        CorpusError: the corpus cannot be read.
    """
    metadata = checkpoint.metadata
    if _METADATA_KEY not in metadata:
        return read_stored_tunes(path.parent)
    # Imported here: writing a tune needs only `load_header_stats`, and its first character should
    # not wait for the code that reads corpora.
    from charnn.corpus.catalogue import CATALOGUE
    from charnn.corpus.scan import DEFAULT_VAL_FRACTION, split_documents
    from charnn.corpus.sources import open_catalogue_corpus

    name = str(metadata.get("corpus"))
    if name not in CATALOGUE:
        raise CheckpointError(
            f"{display_name(path)} was exported without the tunes that it was trained on, so new "
            "tunes cannot be compared with them: name the run that it was exported from"
        )
    val_fraction = metadata.get("val_fraction", DEFAULT_VAL_FRACTION)
    documents, _ = split_documents(open_catalogue_corpus(name), val_fraction)
    for tunes in _versions(documents):
        if metadata[_METADATA_KEY] == {**metadata[_METADATA_KEY], "sha256": _hash(tunes)}:
            return tunes
    # Another version of the package that contains the corpus may have other tunes.
    raise CheckpointError(
        f"the installed corpus {name} is not the one that {display_name(path)} was trained "
        "on, so new tunes cannot be compared with it: train a model on the installed corpus"
    )


def texts_as_learned(documents: "Iterable[Document]", training_tunes: Iterable[str]) -> list[str]:
    """Return the texts of tunes in the version that a model was trained on.

    Models of earlier versions learned the tunes with the mistakes of their books.
    """
    known = set(training_tunes)
    return max(_versions(documents), key=lambda tunes: sum(tune in known for tune in tunes))


def _versions(documents: "Iterable[Document]") -> tuple[list[str], list[str]]:
    """Return the texts of tunes, and the same texts before the mistakes of books are mended."""
    texts = [(document.text(), document.split_text) for document in documents]
    mended = [text for text, _ in texts]
    return mended, [text if spelling is None else spelling for text, spelling in texts]


def load_header_stats(path: Path, checkpoint: Checkpoint) -> HeaderStats | None:
    """Return the headers of the training tunes; `None` if neither headers nor tunes are stored.

    Raises:
        CheckpointError: the stored headers or tunes are damaged.
    """
    if _METADATA_KEY in checkpoint.metadata:
        entry = checkpoint.metadata[_METADATA_KEY]
        try:
            # Files of earlier versions contain no words and no plans.
            words = TitleWords.from_json(entry["title_words"]) if "title_words" in entry else None
            plans = FormPlans.from_json(entry["plans"]) if "plans" in entry else None
            return HeaderStats.from_json(entry["headers"], words, plans)
        except (KeyError, TypeError, ValueError) as problem:
            raise CheckpointError(
                f"{display_name(path)} does not contain the headers of its training tunes: it was "
                "not exported by charnn. Export it again: charnn export-model RUN -o FILE"
            ) from problem
    if not (path.parent / TUNES).exists():
        return None
    return HeaderStats(read_stored_tunes(path.parent))


def _hash(tunes: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(tunes).encode("utf-8", "surrogatepass")).hexdigest()
