"""The preparation of a session's corpus: its documents and its ids, in the encoding of a run."""

from dataclasses import dataclass
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.document_kinds import AUTO
from charnn.corpus.ids import DATA_FOLDER, Dataset, prepare
from charnn.corpus.sources import Corpus, Sources
from charnn.corpus.transpose_augmentation import ORIGINAL_KEY, Progress
from charnn.corpus.vocabulary_kinds import BYTES


@dataclass(frozen=True)
class Encoding:
    """The options by which a run turns its corpus into ids.

    Args:
        tokens: the kind of the vocabulary; "auto" to choose.
        keys: the lowest and the highest number of semitones by which training tunes are
            transposed.
        documents: the kind of documents, see `charnn.corpus.document_kinds`.
        mended: whether the mistakes of tune books are mended, see `Sources.corpus`.
        keep_cr: whether texts keep their carriage returns.
    """

    tokens: str = "auto"
    keys: tuple[int, int] = ORIGINAL_KEY
    documents: str = AUTO
    mended: bool = True
    keep_cr: bool = False

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Encoding":
        """Return the encoding that a model was trained with."""
        low, high = checkpoint.metadata.get("transpose", ORIGINAL_KEY)
        # Runs of earlier versions lack the entry.
        mended = checkpoint.metadata.get("mended", False)
        kind, documents = checkpoint.vocabulary.kind, checkpoint.document_kind
        return cls(kind, (low, high), documents, mended, checkpoint.keep_cr)

    def options(self) -> dict[str, Any]:
        """Return the values by the names of their options."""
        return {
            "tokens": self.tokens,
            "transpose": self.keys,
            "documents": self.documents,
            "keep_cr": self.keep_cr,
        }


class Preparation:
    """The corpus of a session, which is read as soon as its encoding is known.

    Args:
        sources: the texts and tune books that the user named.
        val_fraction: the share of the corpus that is held out.
        progress: see `charnn.corpus.ids.prepare`.
    """

    def __init__(self, sources: Sources, val_fraction: float, progress: Progress) -> None:
        self._sources, self._val_fraction, self._progress = sources, val_fraction, progress
        # A search for the run of a corpus asks for the same encoding again and again.
        self._corpora: dict[tuple[str, bool, bool, bool], Corpus] = {}
        self._datasets: dict[Encoding, Dataset] = {}

    def corpus(self, encoding: Encoding) -> Corpus:
        """Return the corpus with the documents of an encoding; see `Sources.corpus`.

        Raises:
            CorpusError: the tune books contain no tunes.
        """
        shared = (encoding.documents, encoding.mended, encoding.keep_cr)
        options = (*shared, encoding.tokens == BYTES)
        if options not in self._corpora:
            self._corpora[options] = self._sources.corpus(*shared, encoding.tokens)
        return self._corpora[options]

    def dataset(self, encoding: Encoding) -> Dataset:
        """Return the corpus as ids.

        Raises:
            CorpusError: a text is unreadable, or the corpus has only one document of its kind.
            UsageError: the encoding does not suit the corpus.
        """
        if encoding not in self._datasets:
            self._datasets[encoding] = prepare(
                self.corpus(encoding),
                DATA_FOLDER,
                self._val_fraction,
                encoding.tokens,
                encoding.keys,
                self._progress,
            )
        return self._datasets[encoding]
