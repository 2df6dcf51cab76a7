"""The sizes of a corpus by each kind of vocabulary: the numbers of its ids and characters."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from charnn.corpus.abc_vocabulary import TokenCounts
from charnn.corpus.byte_text import text_to_bytes
from charnn.corpus.byte_vocabulary import ByteVocabulary
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.first_positions import FirstPositions
from charnn.corpus.music_vocabulary import MusicVocabulary
from charnn.corpus.piece_scan import PieceScan, ScannedPiece
from charnn.corpus.text import Document
from charnn.corpus.vocabulary import DOCUMENT_END, Vocabulary
from charnn.errors import CorpusError
from charnn.music.coding.tune_coding import code_tune

NO_TEXT = "the corpus contains no text: name a file with text in it"


@dataclass(frozen=True)
class Sizes:
    """The fields of a `CorpusScan` that depend on the kind of tokens.

    `ends` and `val_ends` are the numbers of `DOCUMENT_END` in the texts and in the held-out ones,
    `pieces` the pieces of a large corpus.
    """

    vocabulary: Vocabulary
    length: int
    train_length: int
    characters: int
    train_characters: int
    ends: int = 0
    val_ends: int = 0
    pieces: tuple[ScannedPiece, ...] | None = None


def scan_characters(
    train: list[Document],
    held_out: list[Document],
    cut: bool,
    val_fraction: float,
    digest: "hashlib._Hash",
) -> Sizes:
    """Return the sizes of documents in characters; if `cut`, `DOCUMENT_END` follows each one."""
    first = FirstPositions()

    def count(chunk: str, place: int) -> int:
        first.add(chunk, place)
        return len(chunk)

    read = partial(hashed_chunks, digest=digest)
    lengths = _lengths(train, held_out, cut, val_fraction, read, count)
    if cut:
        first.positions.pop(DOCUMENT_END, None)
    if not first.positions:
        raise CorpusError(NO_TEXT)
    return lengths.sizes(_first_characters(first.positions, lengths.train))


def scan_bytes(
    train: list[Document],
    held_out: list[Document],
    cut: bool,
    val_fraction: float,
    digest: "hashlib._Hash",
) -> Sizes:
    """Return the sizes of documents in bytes; if `cut`, `DOCUMENT_END` follows each one."""
    read = partial(hashed_bytes, digest=digest)

    def count(chunk: str, place: int) -> int:
        return len(text_to_bytes(chunk))

    lengths = _lengths(train, held_out, cut, val_fraction, read, count)
    if not lengths.whole - lengths.separators:
        raise CorpusError("the corpus contains nothing: name a file with something in it")
    return lengths.sizes(ByteVocabulary())


@dataclass(frozen=True)
class _Lengths:
    """The lengths of texts whose ids are characters or bytes.

    Attributes:
        whole: the number of ids.
        train: the number of those of the training part.
        separators: the number of separators among the ids.
        ends, val_ends: see `Sizes`.
    """

    whole: int
    train: int
    separators: int
    ends: int
    val_ends: int

    def sizes(self, vocabulary: Vocabulary) -> Sizes:
        """Return the sizes: each id counts as one character."""
        lengths = (self.whole, self.train) * 2
        return Sizes(vocabulary, *lengths, self.ends, self.val_ends)


def _lengths(
    train: list[Document],
    held_out: list[Document],
    cut: bool,
    val_fraction: float,
    read: Callable[[Document], Iterator[str]],
    count: Callable[[str, int], int],
) -> _Lengths:
    """Return the lengths of documents.

    Args:
        train, held_out: the documents of both parts.
        cut: whether `DOCUMENT_END` follows each text in the documents.
        val_fraction: the share that is held out of the end if `held_out` is empty.
        read: reads a document in chunks.
        count: returns the number of ids of a chunk; its place among the ids is given.
    """
    documents = train + held_out
    separated = not cut and len(documents) > 1
    length = held_out_start = ends = train_ends = 0
    for number, document in enumerate(documents):
        if number == len(train):
            held_out_start, train_ends = length, ends
        for chunk in read(document):
            length += count(chunk, length)
            ends += chunk.count(DOCUMENT_END) if cut else 0
        length += separated
    train_length = held_out_start if held_out else max(1, int(length * (1 - val_fraction)))
    val_ends = ends - train_ends if held_out else 0
    return _Lengths(length, train_length, separated * len(documents), ends, val_ends)


def sizes_of_pieces(
    found: PieceScan, tokens: str, held_out: int | None, val_fraction: float
) -> Sizes:
    """Return the sizes of a corpus that was read in pieces.

    Args:
        found: the result of reading it.
        tokens: the kind of tokens, characters or bytes.
        held_out: the index of the first document that is held out; None if the text is cut.
        val_fraction: the share of the text that is held out.

    Raises:
        CorpusError: there are no characters.
    """
    length = found.length
    train_length = (
        max(1, int(length * (1 - val_fraction))) if held_out is None else found.starts[held_out]
    )
    if tokens == ByteVocabulary.kind:
        vocabulary: Vocabulary = ByteVocabulary()
    elif found.positions:
        vocabulary = _first_characters(found.positions, train_length)
    else:
        raise CorpusError(NO_TEXT)
    lengths = (length, train_length) * 2
    return Sizes(vocabulary, *lengths, pieces=found.pieces)


def scan_abc(
    train: list[Document],
    held_out: list[Document],
    min_count: int,
    digest: "hashlib._Hash",
    given: Vocabulary | None = None,
) -> Sizes:
    """Return the sizes of tunes in ABC tokens; only one tune at a time is in memory.

    The lengths are those in a `given` vocabulary, or else in the one of the training part.
    """
    train_counts, val_counts = TokenCounts(), TokenCounts()
    for counts, documents in ((train_counts, train), (val_counts, held_out)):
        for document in documents:
            counts.add("".join(hashed_chunks(document, digest)))
    vocabulary = given or train_counts.vocabulary(min_count)
    # A separator follows each document: one id, which counts as one character.
    train_length = train_counts.count_ids(vocabulary) + len(train)
    train_characters = train_counts.characters + len(train)
    return Sizes(
        vocabulary,
        train_length + val_counts.count_ids(vocabulary) + len(held_out),
        train_length,
        train_characters + val_counts.characters + len(held_out),
        train_characters,
    )


def scan_music(train: list[Document], held_out: list[Document], digest: "hashlib._Hash") -> Sizes:
    """Return the sizes of coded tunes; only one tune at a time is in memory."""
    known: set[str] = set()
    coded_lengths, lengths = [0, 0], [0, 0]
    for part, documents in enumerate((train, held_out)):
        for document in documents:
            text = "".join(hashed_chunks(document, digest))
            coded = code_tune(text)
            if documents is train:
                known.update(coded)
            # A separator follows each document.
            coded_lengths[part] += len(coded) + 1
            lengths[part] += len(text) + 1
    vocabulary = MusicVocabulary(known)
    return Sizes(vocabulary, sum(coded_lengths), coded_lengths[0], sum(lengths), lengths[0])


def _first_characters(positions: Mapping[str, int], train_length: int) -> CharVocabulary:
    """Return the vocabulary of the training part."""
    # The cut depends on the length, which is known only at the end of the text. So the first
    # position of each character is collected, not just the set of characters.
    return CharVocabulary(char for char, place in positions.items() if place < train_length)


def hashed_bytes(document: Document, digest: "hashlib._Hash") -> Iterator[str]:
    """Yield the text of bytes in chunks, and add the bytes and their number to a digest."""
    length = 0
    for chunk in document.chunks():
        raw = text_to_bytes(chunk)
        digest.update(raw)
        length += len(raw)
        yield chunk
    # Any byte may occur, so the number of bytes is the mark of their end.
    digest.update(length.to_bytes(8, "big"))


def hashed_chunks(document: Document, digest: "hashlib._Hash") -> Iterator[str]:
    """Yield the text of a document in chunks, and add the text and an end mark to a digest."""
    for chunk in document.chunks():
        digest.update(chunk.encode("utf-8", "surrogatepass"))
        yield chunk
    # 0xff never occurs in UTF-8, so moving a border between documents changes the digest.
    digest.update(b"\xff")
