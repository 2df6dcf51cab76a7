"""The division of texts into documents: a line each, or a passage between blank lines each.

A list of names is a corpus of lines, a book of poems or recipes a corpus of passages. Such a corpus
may have millions of documents, so they are never all in memory. The training part and the held-out
part are two long texts, in which `DOCUMENT_END` follows each document; the vocabulary turns it into
`SEPARATOR`.

The hash of a document alone decides whether it is held out, as for tunes. Documents are shuffled,
because many lists are sorted: in a sorted list a model would learn to predict the first letter of
a name from the name before it, and a sample has no name before it.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.document_kinds import CUT_KINDS, LINES
from charnn.corpus.text import Document
from charnn.corpus.vocabulary import DOCUMENT_END
from charnn.errors import CorpusError

# About the memory that a block of documents takes, of which all are shuffled together. A million
# names are one block; larger corpora are shuffled block by block.
BLOCK_BYTES = 1 << 26
# Documents that are joined to one chunk of the text.
_JOINED = 10_000
# The memory of an empty text in CPython and of its place in a list.
_OVERHEAD_BYTES = 57
# A longer line or passage is a mistake: a file without line ends, for example.
MAX_DOCUMENT_CHARACTERS = 1 << 24

# 2 ** 64 divided by the golden ratio: multiples of it are spread evenly over 64 bits.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def cut_documents(sources: Iterable[Document], kind: str) -> Iterator[str]:
    """Yield the documents of some texts in order, without line ends or spaces at their ends.

    Args:
        sources: the texts; the end of a text ends a document, too.
        kind: "lines" for a document per line that is not blank, "blank" for a document per passage
            between blank lines.

    Raises:
        CorpusError: a document is longer than `MAX_DOCUMENT_CHARACTERS`.
    """
    for source in sources:
        lines = _lines(source, kind)
        if kind == LINES:
            yield from (line.rstrip() for line in lines if line and not line.isspace())
        else:
            yield from _passages(lines, source.name, kind)


def split_by_hash(
    sources: Sequence[Document], kind: str, val_fraction: float
) -> tuple[Document, Document]:
    """Return the training part and the held-out part of some texts as one text each.

    `DOCUMENT_END` follows each document. If at least two documents differ and `val_fraction` is
    above 0, both parts contain documents.
    """
    limit = _hash_limit(sources, kind, val_fraction)
    parts = (partial(_part, sources, kind, limit, held_out) for held_out in (False, True))
    training, held_out = (Document("the documents", part) for part in parts)
    return training, held_out


def training_hashes(
    sources: Sequence[Document], kind: str, val_fraction: float
) -> NDArray[np.uint64]:
    """Return the distinct hashes of the training documents, see `text_hashes`, in rising order."""
    limit = _hash_limit(sources, kind, val_fraction)
    hashes = [np.unique(_hashes(block)) for block in _blocks(cut_documents(sources, kind))]
    distinct = np.unique(np.concatenate([*hashes, np.empty(0, np.uint64)]))
    return distinct[distinct >= limit]


def text_hash(text: str) -> int:
    """Return a number below 2 ** 64 that depends only on a text."""
    # Not `hash`, which is different in each Python process.
    return int.from_bytes(_digest(text), "big")


def whole_texts(sources: Sequence[Document], kind: str) -> list[str]:
    """Return the documents of a corpus as texts in memory."""
    if kind in CUT_KINDS:
        return list(cut_documents(sources, kind))
    return [source.text() for source in sources]


def _lines(source: Document, kind: str) -> Iterator[str]:
    """Yield the lines of a text without their ends, which are \\n, \\r\\n or \\r."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    rest = ""
    for chunk in source.chunks():
        *lines, rest = (rest + newlines.decode(chunk)).split("\n")
        _check_length(len(rest), source.name, kind)
        yield from lines
    yield from (rest + newlines.decode("", final=True)).split("\n")


def _passages(lines: Iterable[str], name: str, kind: str) -> Iterator[str]:
    """Yield the passages between blank lines."""
    passage: list[str] = []
    length = 0
    for line in lines:
        if line and not line.isspace():
            passage.append(line)
            length += len(line)
            _check_length(length, name, kind)
        elif passage:
            yield "\n".join(passage).rstrip()
            passage, length = [], 0
    if passage:
        yield "\n".join(passage).rstrip()


def _check_length(length: int, name: str, kind: str) -> None:
    if length > MAX_DOCUMENT_CHARACTERS:
        unit = "line" if kind == LINES else "passage without a blank line"
        raise CorpusError(
            f"{name} has a {unit} of more than {MAX_DOCUMENT_CHARACTERS // 1_000_000} million "
            f"characters: train on it without --documents {kind}"
        )


def _blocks(texts: Iterable[str], block_bytes: int = BLOCK_BYTES) -> Iterator[list[str]]:
    """Yield lists of texts, each list of about `block_bytes`."""
    block: list[str] = []
    size = 0
    for text in texts:
        block.append(text)
        size += len(text) + _OVERHEAD_BYTES
        if size >= block_bytes:
            yield block
            block, size = [], 0
    if block:
        yield block


def _hash_limit(sources: Sequence[Document], kind: str, val_fraction: float) -> np.uint64:
    """Return the limit: documents with a hash below it are held out."""
    limit = min(int(val_fraction * 2**64), 2**64 - 1)
    if limit == 0:
        return np.uint64(0)
    lowest, highest = 2**64 - 1, 0
    for block in _blocks(cut_documents(sources, kind), 1 << 20):
        hashes = _hashes(block)
        lowest, highest = min(lowest, int(hashes.min())), max(highest, int(hashes.max()))
        # Usually after the first block: there are documents on both sides.
        if lowest < limit <= highest:
            return np.uint64(limit)
    # A small corpus: the lowest hash is held out, and the highest one is not.
    return np.uint64(min(max(limit, lowest + 1), highest))


def _part(
    sources: Sequence[Document], kind: str, limit: np.uint64, held_out: bool
) -> Iterator[str]:
    """Yield the text of one part, block by block, in an order that is random but always the same.

    Documents with the same text get different places, because a repeated name that followed itself
    would teach the model to repeat names.
    """
    for block in _blocks(cut_documents(sources, kind)):
        hashes = _hashes(block)
        (chosen,) = np.nonzero((hashes < limit) == held_out)
        places = hashes[chosen] + chosen.astype(np.uint64) * _GOLDEN  # modulo 2 ** 64
        order = chosen[np.argsort(places, kind="stable")]
        # In small parts, because several arrays are made of each.
        for begin in range(0, len(order), _JOINED):
            part = order[begin : begin + _JOINED].tolist()
            yield DOCUMENT_END.join([*(block[index] for index in part), ""])


def _hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return the `text_hash` of each text."""
    digests = b"".join(map(_digest, texts))
    return np.frombuffer(digests, ">u8").astype(np.uint64)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]
