"""The first pass over a large corpus, in pieces: its fingerprint, its characters and its length.

The fingerprint is one sha256 over the whole text, which only one process can compute. This process
does nothing else, and workers beside it read the pieces. The fingerprint is the same as that of
`charnn.corpus.corpus_sizes`, so that runs resume in whichever way their corpus is read.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charnn.corpus.piece_tasks import Range
from charnn.corpus.piece_workers import PieceWorkers, choose_workers
from charnn.corpus.pieces import Piece, Pieces, Segment, changed
from charnn.corpus.text import Document, is_plain_utf_8
from charnn.corpus.transpose_augmentation import Progress
from charnn.errors import CorpusError

if TYPE_CHECKING:
    import hashlib


@dataclass(frozen=True)
class ScannedPiece:
    """A piece, the number of its ids, and the checksum of what was read."""

    piece: Piece
    ids: int
    crc: int

    @property
    def size(self) -> int:
        """Return about how many bytes are read."""
        return sum(segment.size for segment in self.piece)


@dataclass(frozen=True)
class PieceScan:
    """The result of the first pass.

    Attributes:
        pieces: the pieces, in the order of the ids.
        length: the number of ids.
        starts: the place of the first id of each document.
        positions: for each character, the place of its first occurrence.
        changed: the names of the files with other line ends than line feeds.
    """

    pieces: tuple[ScannedPiece, ...]
    length: int
    starts: tuple[int, ...]
    positions: dict[str, int]
    changed: tuple[str, ...]


def scan_in_pieces(
    documents: Sequence[Document],
    pieces: Pieces,
    separated: bool,
    digest: "hashlib._Hash",
    workers: int,
    progress: Progress,
) -> PieceScan:
    """Read a corpus once, and add it to a digest.

    Args:
        documents: the documents.
        pieces: their pieces.
        separated: whether a separator follows each document.
        digest: the hash of the settings so far.
        workers: the number of processes that read; 0 to choose.
        progress: called with the bytes that are done, and all bytes of both passes.

    Raises:
        CorpusError: a file cannot be read, is no text, or changes meanwhile.
    """
    scanned: list[ScannedPiece] = []
    starts: list[int] = []
    positions: dict[str, int] = {}
    line_ends: dict[str, None] = {}
    hasher, controls = _TextHash(digest), _Controls(documents)
    length = done = 0
    workers = choose_workers(workers, pieces.size)
    with PieceWorkers(workers, "scan", separated=separated) as pool:
        results = pool.map([[each.to_json() for each in piece] for piece in pieces.pieces])
        for piece in pieces.pieces:
            for segment in piece:
                hasher.add(segment, documents[segment.document])
            result = next(results)
            if "not_text" in result:
                _read_again(documents[piece[0].document])
                raise CorpusError(changed(documents[piece[0].document].name))
            controls.add(piece[0].document, result["controls"])
            for character, place in result["first"]:
                positions.setdefault(character, length + place)
            line_ends |= dict.fromkeys(result["changed"])
            scanned.append(ScannedPiece(piece, sum(result["ids"]), result["crc"]))
            for segment, ids in zip(piece, result["ids"], strict=True):
                starts += [length] * (len(starts) == segment.document)
                length += ids
            done += sum(segment.size for segment in piece)
            progress(done, 2 * pieces.size)
    pieces.expect_unchanged()
    return PieceScan(tuple(scanned), length, tuple(starts), positions, tuple(line_ends))


class _TextHash:
    """The hash of documents, as `hashed_chunks` and `hashed_bytes` compute it, from their bytes.

    Plain UTF-8 with line feeds is hashed as it is in the file, without decoding it.
    """

    def __init__(self, digest: "hashlib._Hash") -> None:
        self._digest = digest
        self._length = 0

    def add(self, segment: Segment, document: Document) -> None:
        """Add a segment of a document."""
        for block in self._blocks(segment, document):
            self._digest.update(block)
            self._length += len(block)
        if segment.is_last:
            end = self._length.to_bytes(8, "big") if segment.file.raw else b"\xff"
            self._digest.update(end)
            self._length = 0

    def _blocks(self, segment: Segment, document: Document) -> Iterator[bytes]:
        blocks = Range(*segment.to_json()).blocks()
        if segment.file.raw:
            return blocks
        if segment.end is None:
            head = next(blocks, b"")
            if not is_plain_utf_8(head, segment.file.encoding):
                return (chunk.encode("utf-8", "surrogatepass") for chunk in document.chunks())
            blocks = itertools.chain([head], blocks)
        return _line_feeds(blocks) if segment.file.line_feeds else blocks


def _line_feeds(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield blocks of UTF-8 with line feeds in place of CRLF and CR."""
    held = b""
    for block in blocks:
        joined = held + block
        held = b"\r" if joined.endswith(b"\r") else b""
        if b"\r" in joined:
            joined = joined.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield joined
    if held:
        yield b"\n"


class _Controls:
    """The share of control characters in each file that is read in several ranges."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._totals: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        self._accepted: set[int] = set()

    def add(self, document: int, counts: Iterable[Sequence[int]]) -> None:
        """Add the numbers of characters and of controls in each block of a range.

        Raises:
            BinaryFileError: there are too many, so that the file is no text.
        """
        totals = self._totals[document]
        for characters, controls in counts:
            totals[0] += characters
            totals[1] += controls
            # The limit of `charnn.corpus.text.decode`, which decides, because it counts in slightly
            # other blocks.
            if totals[1] * 100 > totals[0] and document not in self._accepted:
                _read_again(self._documents[document])
                self._accepted.add(document)


def _read_again(document: Document) -> None:
    """Read a whole document in this process, which raises the error that a worker met.

    Raises:
        CorpusError: the document is no text.
    """
    for _ in document.chunks():
        pass
