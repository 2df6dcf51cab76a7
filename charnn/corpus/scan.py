"""The first pass over a corpus: its fingerprint, its split, its vocabulary, and how long it is.

A text is cut near its end. Tunes are held out whole, chosen by a hash of their own text: a tune
stays on its side whatever else joins the corpus. The vocabulary is that of the training part alone.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charnn.corpus.abc_vocabulary import TokenCounts
from charnn.corpus.char_vocabulary import CharVocabulary, code_points, latin_1
from charnn.corpus.sources import Corpus
from charnn.corpus.text import Document
from charnn.corpus.transpose_augmentation import (
    ORIGINAL_KEY,
    Progress,
    augment_tunes,
    ignore_progress,
)
from charnn.corpus.vocabulary import Vocabulary
from charnn.corpus.vocabulary_kinds import ABC, AUTO, CHAR, TOKEN_CHOICES
from charnn.errors import CorpusError, UsageError

# Raised whenever the same text would be prepared differently: old folders are then left alone.
FORMAT = 1

DEFAULT_VAL_FRACTION = 0.1  # held out, unless something else is said

# A piece that is rarer teaches nothing as a symbol of its own, and is spelled in characters.
LEAST_COUNT = 10

_UNICODE = 0x110000


@dataclass(frozen=True)
class CorpusScan:
    """What the first pass finds out.

    Attributes:
        documents: in the order of the ids, those held out last.
        different: how many there are besides copies in other keys.
        separated: a separator follows each document.
        vocabulary: of the training part.
        settings: how it is prepared, as the digest of the content begins.
        fingerprint: sha256 in hexadecimal of the settings, the content and its borders.
        length: ids in all.
        train: how many of them come before the validation part.
        characters: how many characters there are, separators included.
        train_characters: how many of them come before the validation part.
        val_documents: how many documents are held out.
        keys: as given.
    """

    documents: list[Document]
    different: int
    separated: bool
    vocabulary: Vocabulary
    settings: bytes
    fingerprint: str
    length: int
    train: int
    characters: int
    train_characters: int
    val_documents: int
    keys: tuple[int, int]


def choose_tokens(corpus: Corpus, wanted: str = "auto") -> str:
    """Return the kind of symbols to learn a corpus in: `CHAR` or `ABC`.

    Raises:
        UsageError: there is no such kind, or it does not suit the corpus.
    """
    if wanted not in TOKEN_CHOICES:
        raise UsageError(f"--tokens {wanted} is unknown: choose one of {', '.join(TOKEN_CHOICES)}")
    if wanted == ABC and not is_tune_book(corpus):
        raise UsageError(
            f"--tokens {ABC} is for books of tunes in ABC notation, which {corpus.name} is not: "
            f"say {CHAR}, or leave it out"
        )
    # In equal time characters predict held-out tunes a little better than tokens do, and tokens
    # that hold more, such as a note with its length, do worse than those that hold less.
    return CHAR if wanted == AUTO else wanted


def scan_corpus(
    corpus: Corpus,
    folder: Path,
    val_fraction: float,
    tokens: str,
    keys: tuple[int, int] = ORIGINAL_KEY,
    progress: Progress = ignore_progress,
) -> CorpusScan:
    """Read a corpus once.

    Args:
        corpus: what is learned.
        folder: where copies in other keys are kept; it exists.
        val_fraction: share that is held out.
        tokens: `CHAR` or `ABC`.
        keys: semitones down and up that the tunes to learn from are transposed by.
        progress: is told how many tunes have been transposed.

    Raises:
        CorpusError: the corpus has no characters.
        UsageError: it can't be transposed, being no book of tunes.
    """
    if keys != ORIGINAL_KEY and not is_tune_book(corpus):
        raise UsageError(
            f"--transpose is for books of tunes in ABC notation, which {corpus.name} is not: "
            "leave it out"
        )
    learned, held_out = split_documents(corpus, val_fraction)
    learned = augment_tunes(learned, keys, folder, progress)
    settings: list[object] = [FORMAT, "tunes" if corpus.tunes else "text", val_fraction]
    least = LEAST_COUNT * (keys[1] - keys[0] + 1)
    if tokens != CHAR:
        settings += [tokens, least]
    if keys != ORIGINAL_KEY:
        settings.append(keys)
    begin = json.dumps(settings).encode()
    digest = hashlib.sha256(begin)
    if tokens == ABC:
        sizes = _count_pieces(learned, held_out, least, digest)
    else:
        sizes = _count_characters(learned, held_out, val_fraction, digest)
    return CorpusScan(
        documents=learned + held_out,
        different=len(corpus.documents),
        separated=len(corpus.documents) > 1,
        settings=begin,
        fingerprint=digest.hexdigest(),
        val_documents=len(held_out),
        keys=keys,
        **vars(sizes),
    )


def is_tune_book(corpus: Corpus) -> bool:
    """Whether a corpus is one of tunes, which may be cut in tokens and written in other keys."""
    return corpus.tunes and len(corpus.documents) > 1


def split_documents(corpus: Corpus, val_fraction: float) -> tuple[list[Document], list[Document]]:
    """Return the documents to learn from and those held out whole: tunes, if there are several."""
    documents = list(corpus.documents)
    if corpus.tunes and len(documents) > 1 and val_fraction:
        return _hold_out(documents, val_fraction)
    return documents, []


@dataclass(frozen=True)
class _Sizes:
    """The part of a `CorpusScan` that hangs on the kind of symbols."""

    vocabulary: Vocabulary
    length: int
    train: int
    characters: int
    train_characters: int


def _count_characters(
    learned: list[Document], held_out: list[Document], val_fraction: float, digest: "hashlib._Hash"
) -> _Sizes:
    separated = len(learned) + len(held_out) > 1
    first = _FirstPositions()
    length = before_held_out = 0
    for number, document in enumerate(learned + held_out):
        if number == len(learned):
            before_held_out = length
        for chunk in hashed(document, digest):
            first.note(chunk, length)
            length += len(chunk)
        length += separated
    if not first.positions:
        raise CorpusError("the corpus has no text in it: name one with at least a few characters")
    train = before_held_out if held_out else max(1, int(length * (1 - val_fraction)))
    vocabulary = CharVocabulary(symbol for symbol, at in first.positions.items() if at < train)
    return _Sizes(vocabulary, length, train, length, train)


def _count_pieces(
    learned: list[Document], held_out: list[Document], least: int, digest: "hashlib._Hash"
) -> _Sizes:
    """Tunes are many, each of them short: a text at a time is held in memory."""
    train, val = TokenCounts(), TokenCounts()
    for counts, documents in ((train, learned), (val, held_out)):
        for document in documents:
            counts.add("".join(hashed(document, digest)))
    tokens = train.vocabulary(least)
    # Each document ends in a separator.
    train_length = train.count_ids(tokens) + len(learned)
    train_characters = train.characters + len(learned)
    return _Sizes(
        tokens,
        train_length + val.count_ids(tokens) + len(held_out),
        train_length,
        train_characters + val.characters + len(held_out),
        train_characters,
    )


def hashed(document: Document, digest: "hashlib._Hash") -> Iterator[str]:
    """Yield the text of a document, which goes into the digest on the way."""
    for chunk in document.chunks():
        digest.update(chunk.encode("utf-8", "surrogatepass"))
        yield chunk
    digest.update(b"\xff")  # never a byte of UTF-8


def _hold_out(
    documents: list[Document], val_fraction: float
) -> tuple[list[Document], list[Document]]:
    """Split two or more documents by a hash of each one's text; neither side is left empty."""
    scores = [_score(document) for document in documents]
    # However the hashes fall, the lowest is held out and the highest is learned from.
    limit = min(max(val_fraction * 2**64, min(scores) + 1), max(scores))
    kept = [document for document, score in zip(documents, scores, strict=True) if score >= limit]
    held = [document for document, score in zip(documents, scores, strict=True) if score < limit]
    return kept, held


def _score(document: Document) -> int:
    """Return a number below 2 ** 64 that the text alone decides."""
    digest = hashlib.sha256()
    for chunk in document.chunks():
        digest.update(chunk.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:8], "big")


class _FirstPositions:
    """At which id each character is met first."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self._met = np.zeros(_UNICODE, bool)
        self._met_latin_1 = b""

    def note(self, text: str, offset: int) -> None:
        """Note the characters of a text that begins at the id `offset`."""
        raw = latin_1(text)
        if raw is not None and not raw.translate(None, self._met_latin_1):
            return  # nothing new, as in most of a long text
        points = code_points(text)
        new = np.flatnonzero(~self._met.take(points, mode="clip"))
        if new.size:
            symbols, at = np.unique(points[new], return_index=True)
            self._met[symbols] = True
            first = (offset + new[at]).tolist()
            self.positions.update(zip(map(chr, symbols), first, strict=True))
            self._met_latin_1 = np.flatnonzero(self._met[:256]).astype(np.uint8).tobytes()
