"""The first pass over a corpus: its fingerprint, its split, its vocabulary and its length.

A text is cut near its end. A tune, or a document of a kind that the user named, is held out as a
whole or not at all, and only the hash of its text decides which; the text of a tune is taken before
the mistakes of its book are mended. When other tunes join the corpus,
a tune stays on its side of the split. So a model that is trained further on a larger book is still
evaluated on tunes that are new to it.

The vocabulary is taken from the training part only, so a held-out character can be unknown, as in
any new text. If a vocabulary is given, characters of the training part can be unknown as well.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from charnn.corpus.corpus_sizes import (
    Sizes,
    scan_abc,
    scan_bytes,
    scan_characters,
    scan_music,
    sizes_of_pieces,
)
from charnn.corpus.document_kinds import AUTO as AUTO_DOCUMENTS
from charnn.corpus.document_kinds import CUT_KINDS, FILES, document_plural
from charnn.corpus.piece_scan import scan_in_pieces
from charnn.corpus.pieces import cut_pieces
from charnn.corpus.sources import Corpus
from charnn.corpus.text import Document
from charnn.corpus.text_documents import split_by_hash
from charnn.corpus.transpose_augmentation import (
    ORIGINAL_KEY,
    Progress,
    augment_tunes,
    ignore_progress,
)
from charnn.corpus.vocabulary import Vocabulary
from charnn.corpus.vocabulary_kinds import (
    ABC,
    AUTO,
    BYTES,
    CHAR,
    MUSIC,
    TOKEN_CHOICES,
    VOCABULARIES,
)
from charnn.errors import CorpusError, UsageError, unknown_choice

# Part of the fingerprint. Raise this number when the same text is prepared differently, so that the
# prepared corpora of earlier versions are no longer used.
FORMAT = 1

DEFAULT_VAL_FRACTION = 0.1

# A rarer piece has too few examples to be learned as a token, so it is spelled in characters.
MIN_PIECE_COUNT = 10


@dataclass(frozen=True)
class CorpusScan:
    """The result of the first pass.

    Attributes:
        documents: the documents in the order of the ids, held-out ones last.
        original_count: the number of documents without transposed copies.
        separated: whether a separator is to follow each document. The texts of lines and passages
            already contain `DOCUMENT_END`.
        vocabulary: the vocabulary of the training part, or the one that is given.
        is_vocabulary_given: whether it is given, so that the training part may have unknown ids.
        settings: the options of the preparation as JSON. The fingerprint is a hash of the
            settings and the texts.
        fingerprint: the sha256 in hexadecimal of the settings, the texts and their borders.
        sizes: the numbers of ids and characters.
        val_documents: the number of held-out documents; 0 if the corpus is one text, which is cut.
        keys: the lowest (at most 0) and highest transposition of training tunes, in semitones.
    """

    documents: list[Document]
    original_count: int
    separated: bool
    vocabulary: Vocabulary
    is_vocabulary_given: bool
    settings: bytes
    fingerprint: str
    sizes: Sizes
    val_documents: int
    keys: tuple[int, int]


def choose_tokens(corpus: Corpus, tokens: str = AUTO, keys: tuple[int, int] = ORIGINAL_KEY) -> str:
    """Return the kind of tokens for a corpus, a key of `VOCABULARIES`.

    Args:
        corpus: the corpus.
        tokens: the value of `--tokens`.
        keys: the lowest and highest transposition of training tunes, in semitones.

    Raises:
        UsageError: there is no such kind, or it does not suit the corpus, or the corpus cannot be
            transposed, because it is no tune book.
    """
    if tokens not in TOKEN_CHOICES:
        raise unknown_choice("--tokens", tokens, TOKEN_CHOICES)
    # On folk after 2,700 updates, coded music has 0.92 nats/char and characters have 0.94, and the
    # tunes of coded music have a home and a form (benchmarks/quality.md).
    kind = tokens
    if tokens == AUTO:
        kind = MUSIC if is_tune_book(corpus) and keys == ORIGINAL_KEY else CHAR
    if kind == MUSIC and keys != ORIGINAL_KEY:
        raise UsageError(
            "--transpose adds nothing to --tokens music, in which all tunes have the same tonic: "
            "leave one of the two options out"
        )
    if VOCABULARIES[kind].requires_tunes and not is_tune_book(corpus):
        raise UsageError(_needs_tunes(f"--tokens {kind}", corpus))
    if keys != ORIGINAL_KEY and not is_tune_book(corpus):
        raise UsageError(_needs_tunes("--transpose", corpus))
    return kind


def scan_corpus(
    corpus: Corpus,
    folder: Path,
    val_fraction: float,
    tokens: str,
    keys: tuple[int, int] = ORIGINAL_KEY,
    progress: Progress = ignore_progress,
    workers: int = 1,
    read: Progress = ignore_progress,
    vocabulary: Vocabulary | None = None,
) -> CorpusScan:
    """Read a corpus once, and return its fingerprint, split, vocabulary and length.

    Args:
        corpus: the corpus.
        folder: an existing folder, in which transposed copies are cached.
        val_fraction: the share of the corpus that is held out for validation.
        tokens: the kind of tokens, a key of `VOCABULARIES`.
        keys: the lowest and highest transposition of training tunes, in semitones.
        progress: called with the number of transposed tunes so far and the number of all tunes.
        workers: the number of processes that read a large corpus; 0 to choose.
        read: called with the bytes of a large corpus that are done, and those of both passes.
        vocabulary: the vocabulary, of the kind `tokens`; None for that of the training part.

    Raises:
        CorpusError: the corpus has no characters, or only one document of the named kind.
    """
    train, held_out = split_documents(corpus, val_fraction)
    train = augment_tunes(train, keys, folder, progress)
    cut = corpus.document_kind in CUT_KINDS
    settings = _settings(corpus, val_fraction, tokens, keys, vocabulary)
    digest = hashlib.sha256(settings)
    documents, separated = train + held_out, not cut and len(corpus.documents) > 1
    pieces = cut_pieces(documents) if tokens in (CHAR, BYTES) and not cut else None
    if pieces is None:
        sizes = _stream_sizes(
            train, held_out, tokens, cut, val_fraction, _min_count(keys), digest, vocabulary
        )
    else:
        found = scan_in_pieces(documents, pieces, separated, digest, workers, read)
        corpus.changed.extend(name for name in found.changed if name not in corpus.changed)
        sizes = sizes_of_pieces(found, tokens, len(train) if held_out else None, val_fraction)
    original_count = sizes.ends if cut else len(corpus.documents)
    if corpus.document_kind != AUTO_DOCUMENTS and original_count < 2:
        raise CorpusError(_one_document(corpus))
    return CorpusScan(
        documents=documents,
        original_count=original_count,
        separated=separated,
        settings=settings,
        fingerprint=digest.hexdigest(),
        val_documents=sizes.val_ends if cut else len(held_out),
        keys=keys,
        vocabulary=vocabulary or sizes.vocabulary,
        is_vocabulary_given=vocabulary is not None,
        sizes=sizes,
    )


def _stream_sizes(
    train: list[Document],
    held_out: list[Document],
    tokens: str,
    cut: bool,
    val_fraction: float,
    min_count: int,
    digest: "hashlib._Hash",
    vocabulary: Vocabulary | None,
) -> Sizes:
    """Return the sizes of documents that are read in this process, one after the other."""
    if tokens == ABC:
        return scan_abc(train, held_out, min_count, digest, vocabulary)
    if tokens == MUSIC:
        return scan_music(train, held_out, digest)
    scan_texts = scan_bytes if tokens == BYTES else scan_characters
    return scan_texts(train, held_out, cut, val_fraction, digest)


def _min_count(keys: tuple[int, int]) -> int:
    """Return how often a piece of ABC notation must occur to be a token."""
    # With K keys each tune occurs K times, so a piece has to occur K times as often.
    return MIN_PIECE_COUNT * (keys[1] - keys[0] + 1)


def _settings(
    corpus: Corpus,
    val_fraction: float,
    tokens: str,
    keys: tuple[int, int],
    vocabulary: Vocabulary | None,
) -> bytes:
    """Return the options of the preparation as JSON, for the fingerprint."""
    settings: list[object] = [FORMAT, "tunes" if corpus.tunes else "text", val_fraction]
    # Checkpoints contain fingerprints of the first version, which had none of these options. So an
    # option is added only if it differs from what the first version did.
    if tokens == BYTES:
        settings.append(tokens)
    elif tokens != CHAR:
        settings += [tokens, _min_count(keys)]
    if keys != ORIGINAL_KEY:
        settings.append(keys)
    if corpus.document_kind != AUTO_DOCUMENTS:
        settings.append(corpus.document_kind)
    if vocabulary is not None:
        settings.append(vocabulary.to_json())
    return json.dumps(settings).encode()


def _needs_tunes(option: str, corpus: Corpus) -> str:
    if corpus.document_kind != AUTO_DOCUMENTS:
        return (
            f"{option} is for tune books, which --documents {corpus.document_kind} reads as plain "
            "text: leave one of the two options out"
        )
    return f"{option} is for tune books in ABC notation, which {corpus.name} is not: leave it out"


def _one_document(corpus: Corpus) -> str:
    unit = document_plural(corpus.document_kind, tunes=False)
    return (
        f"--documents {corpus.document_kind} needs several {unit}, but {corpus.name} has only one: "
        "leave the option out, or choose another kind of documents"
    )


def is_tune_book(corpus: Corpus) -> bool:
    """Return whether a corpus has several tunes, so that ABC tokens and transposition apply."""
    return corpus.tunes and len(corpus.documents) > 1


def split_documents(corpus: Corpus, val_fraction: float) -> tuple[list[Document], list[Document]]:
    """Return the training documents and the held-out ones (none if a text is cut).

    For lines and passages, each list has one long text, see `charnn.corpus.text_documents`.
    """
    documents = list(corpus.documents)
    if corpus.document_kind in CUT_KINDS:
        train, held_out = split_by_hash(documents, corpus.document_kind, val_fraction)
        return [train], [held_out] if val_fraction else []
    whole = corpus.tunes or corpus.document_kind == FILES
    if whole and len(documents) > 1 and val_fraction:
        return _split_by_hash(documents, val_fraction)
    return documents, []


def _split_by_hash(
    documents: list[Document], val_fraction: float
) -> tuple[list[Document], list[Document]]:
    """Return the training documents and the held-out ones, split by the hash of each text.

    If at least two texts differ, neither list is empty.
    """
    hashes = [_text_hash(document) for document in documents]
    # The lowest hash is always held out, and the highest one never.
    limit = min(max(val_fraction * 2**64, min(hashes) + 1), max(hashes))
    pairs = list(zip(documents, hashes, strict=True))
    train = [document for document, number in pairs if number >= limit]
    held_out = [document for document, number in pairs if number < limit]
    return train, held_out


def _text_hash(document: Document) -> int:
    """Return a number below 2 ** 64 that depends only on a document's text, or its `split_text`."""
    # Not `hash`, which is different in each Python process.
    digest = hashlib.sha256()
    text = document.split_text
    for chunk in document.chunks() if text is None else (text,):
        digest.update(chunk.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:8], "big")
