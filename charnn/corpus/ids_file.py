"""The file of the ids of a corpus: one `.npy` file, written in a stream or in pieces.

In pieces, every worker writes the ids of a piece to their place, which the first pass has found. So
the file is the same whatever the number of workers. A journal beside it records finished pieces.
"""

import hashlib
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.checksums import crc32_combine
from charnn.corpus.corpus_sizes import hashed_bytes, hashed_chunks
from charnn.corpus.own_files import IDS
from charnn.corpus.piece_journal import PieceJournal
from charnn.corpus.piece_scan import ScannedPiece
from charnn.corpus.piece_workers import PieceWorkers, choose_workers
from charnn.corpus.pieces import changed
from charnn.corpus.scan import CorpusScan
from charnn.corpus.text import Document
from charnn.corpus.transpose_augmentation import Progress
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.corpus.vocabulary_kinds import BYTES
from charnn.errors import CorpusError

JOURNAL = "pieces.jsonl"


@dataclass
class IdsFile:
    """A file of ids that was written.

    Attributes:
        crc: the checksum of its bytes.
        size: the number of its bytes.
        unknown: the number of ids that are `UNKNOWN` in the training part and in the held-out part.
    """

    crc: int = 0
    size: int = 0
    unknown: tuple[int, int] = (0, 0)

    def add(self, content: bytes | memoryview) -> None:
        """Count bytes that were written at the end of the file."""
        self.crc = zlib.crc32(content, self.crc)
        self.size += len(content)


def write_stream(path: Path, scan: CorpusScan) -> IdsFile:
    """Write the ids of a corpus one document after the other.

    Raises:
        CorpusError: the corpus has changed since the first pass.
    """
    written = IdsFile()
    # Plain writes instead of a writable memory map, whose pages would count as memory in use.
    with path.open("wb") as file:
        header = _header(scan)
        written.add(header)
        file.write(header)
        digest = hashlib.sha256(scan.settings)
        hashed = hashed_bytes if scan.vocabulary.kind == BYTES else hashed_chunks
        documents = [
            Document(document.name, partial(hashed, document, digest))
            for document in scan.documents
        ]
        position, unknown = 0, [0, 0]
        for ids in encode_documents(scan.vocabulary, documents, scan.separated):
            written.add(ids.data.cast("B"))
            file.write(ids.data)
            split = min(max(scan.sizes.train_length - position, 0), len(ids))
            for part, each in enumerate(np.split(ids, [split])):
                unknown[part] += int(np.count_nonzero(each == UNKNOWN))
            position += len(ids)
            if position > scan.sizes.length:
                break  # a file that another process appends to may never end
        file.flush()
        os.fsync(file.fileno())
    if position != scan.sizes.length or digest.hexdigest() != scan.fingerprint:
        raise CorpusError(changed("the corpus"))
    written.unknown = (unknown[0], unknown[1])
    return written


def write_pieces(
    folder: Path,
    scan: CorpusScan,
    pieces: Sequence[ScannedPiece],
    workers: int,
    progress: Progress,
) -> IdsFile:
    """Write the ids of a corpus in pieces, except those that an earlier process has written.

    Args:
        folder: the folder of the file, and of the journal that is removed at the end.
        scan: the result of the first pass.
        pieces: its pieces.
        workers: the number of processes; 0 to choose.
        progress: called with the bytes that are done, and all bytes of both passes.

    Raises:
        CorpusError: the corpus has changed since the first pass.
        OSError: the disk is full.
    """
    path, vocabulary, header = folder / IDS, scan.vocabulary, _header(scan)
    itemsize = vocabulary.dtype.itemsize
    lengths = [itemsize * piece.ids for piece in pieces]
    places = list(accumulate(lengths, initial=len(header)))
    # Nothing that lies there already is lost.
    path.touch()
    with path.open("r+b") as file:
        file.write(header)
        file.truncate(places[-1])
    plan = [scan.fingerprint, vocabulary.to_json(), [[piece.ids, piece.crc] for piece in pieces]]
    written, unknown = IdsFile(), [0, 0]
    written.add(header)
    size = sum(piece.size for piece in pieces)
    done = size
    with (
        PieceJournal(folder / JOURNAL, plan) as journal,
        PieceWorkers(
            choose_workers(workers, size),
            "encode",
            vocabulary=vocabulary.to_json(),
            separated=scan.separated,
            path=str(path),
            train_end=len(header) + itemsize * scan.sizes.train_length,
        ) as pool,
    ):
        for number, result in enumerate(pool.map(_tasks(pieces, places, journal))):
            if "changed" in result:
                raise CorpusError(changed("the corpus"))
            if result != journal.finished.get(number):
                journal.add(number, result)
            written.crc = crc32_combine(written.crc, result["crc"], lengths[number])
            written.size += lengths[number]
            unknown = [sum(pair) for pair in zip(unknown, result["unknown"], strict=True)]
            done += pieces[number].size
            progress(done, 2 * size)
    with path.open("r+b") as file:
        os.fsync(file.fileno())
    (folder / JOURNAL).unlink()
    written.unknown = (unknown[0], unknown[1])
    return written


def _tasks(
    pieces: Sequence[ScannedPiece], places: Sequence[int], journal: PieceJournal
) -> list[dict[str, Any]]:
    """Return what `EncodeTask` needs to encode each piece."""
    return [
        {
            "segments": [segment.to_json() for segment in piece.piece],
            "ids": piece.ids,
            "crc": piece.crc,
            "place": places[number],
            "stored": journal.finished.get(number),
        }
        for number, piece in enumerate(pieces)
    ]


def _header(scan: CorpusScan) -> bytes:
    stream = io.BytesIO()
    described = {
        "descr": scan.vocabulary.dtype.str,
        "fortran_order": False,
        "shape": (scan.sizes.length,),
    }
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.getvalue()


def encode_documents(
    vocabulary: Vocabulary, documents: Sequence[Document], separated: bool
) -> Iterator[NDArray[Any]]:
    """Yield the ids of documents in chunks. If `separated`, a separator follows each document."""
    separator = np.array([SEPARATOR], vocabulary.dtype)
    for document in documents:
        yield from vocabulary.encode_chunks(document.chunks())
        if separated:
            yield separator
