"""The preparation of a session's corpus: its documents and its ids, in the encoding of a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.document_kinds import AUTO
from charnn.corpus.ids import DATA_FOLDER, Dataset, prepare
from charnn.corpus.sources import Corpus, Sources, find_sources
from charnn.corpus.transpose_augmentation import ORIGINAL_KEY, Progress, ignore_progress
from charnn.corpus.vocabulary import Vocabulary
from charnn.corpus.vocabulary_kinds import BYTES, vocabulary_from_json
from charnn.errors import UsageError
from charnn.training.options import TrainOptions

MAX_WORKERS = 256


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
        vocabulary: the vocabulary, of the kind `tokens`; None for that of the training part.
    """

    tokens: str = "auto"
    keys: tuple[int, int] = ORIGINAL_KEY
    documents: str = AUTO
    mended: bool = True
    keep_cr: bool = False
    vocabulary: Vocabulary | None = None

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Encoding":
        """Return the encoding that a model was trained with."""
        low, high = checkpoint.metadata.get("transpose", ORIGINAL_KEY)
        # Runs of earlier versions lack the entry.
        mended = checkpoint.metadata.get("mended", False)
        kind, documents = checkpoint.vocabulary.kind, checkpoint.document_kind
        given = checkpoint.given_vocabulary
        return cls(kind, (low, high), documents, mended, checkpoint.keep_cr, given)

    def to_json(self) -> dict[str, Any]:
        """Return the options as JSON values."""
        vocabulary = self.vocabulary and self.vocabulary.to_json()
        return vars(self) | {"vocabulary": vocabulary}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Encoding":
        """Return the encoding from the values that `to_json` returned."""
        low, high = value["keys"]
        stored = value["vocabulary"]
        vocabulary = None if stored is None else vocabulary_from_json(stored)
        return cls(**value | {"keys": (low, high), "vocabulary": vocabulary})

    def options(self) -> dict[str, Any]:
        """Return the values by the names of their options."""
        return {
            "tokens": self.tokens,
            "transpose": self.keys,
            "documents": self.documents,
            "keep_cr": self.keep_cr,
            "vocab": self.vocabulary,
        }


class Preparation:
    """The corpus of a session, which is read as soon as its encoding is known.

    Args:
        sources: the texts and tune books that the user named.
        val_fraction: the share of the corpus that is held out.
        progress, read: see `charnn.corpus.ids.prepare`.
        workers: the number of processes for a large corpus; 0 to choose.
    """

    def __init__(
        self,
        sources: Sources,
        val_fraction: float,
        progress: Progress,
        read: Progress = ignore_progress,
        workers: int = 0,
    ) -> None:
        self._sources, self._val_fraction = sources, val_fraction
        self._progress, self._read, self._workers = progress, read, workers
        # A search for the run of a corpus asks for the same encoding again and again.
        self._corpora: dict[tuple[str, bool, bool, bool], Corpus] = {}
        self._datasets: dict[Encoding, Dataset] = {}

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        options: TrainOptions,
        val_fraction: float,
        progress: Progress,
        read: Progress,
        download_bar: object | None,
    ) -> "Preparation":
        """Return the preparation of the corpus that a user names.

        Raises:
            CorpusError: there is no such corpus.
            UsageError: an option is out of range.
        """
        workers = options.get("workers")
        if workers is not None and not 1 <= workers <= MAX_WORKERS:
            raise UsageError(f"--workers must lie in 1..{MAX_WORKERS}, not {workers}")
        sources = find_sources(names, encoding=options.get("encoding"), progress=download_bar)
        return cls(sources, val_fraction, progress, read, workers or 0)

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
                workers=self._workers,
                read=self._read,
                vocabulary=encoding.vocabulary,
            )
        return self._datasets[encoding]
