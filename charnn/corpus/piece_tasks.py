"""The work on one piece of a corpus, in this process or in another: to scan it, and to encode it.

A piece arrives as the JSON of its segments, see `charnn.corpus.pieces`; the result is JSON, too.
"""

import codecs
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.byte_vocabulary import ByteVocabulary
from charnn.corpus.first_positions import FirstPositions
from charnn.corpus.text import CHUNK_BYTES, count_controls, read_blocks, read_file
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.corpus.vocabulary_kinds import vocabulary_from_json


class Range(NamedTuple):
    """A segment as its JSON describes it, see `charnn.corpus.pieces.Segment`."""

    path: str
    encoding: str | None
    line_feeds: bool
    raw: bool
    begin: int
    end: int | None
    is_last: bool

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the segment."""
        if self.end is None:
            yield from read_blocks(Path(self.path))
            return
        left = self.end - self.begin
        with Path(self.path).open("rb") as stream:
            stream.seek(self.begin)
            while block := stream.read(min(CHUNK_BYTES, left)):
                left -= len(block)
                yield block


class NotTextError(ValueError):
    """A range that contains a zero byte, or bytes that are no UTF-8."""


@dataclass
class PieceReader:
    """A reader of the segments of a piece.

    Attributes:
        crc: the checksum of all that was read.
        controls: for each block of a range, the numbers of its characters and of its controls.
        changed: the names of the files with other line ends than line feeds.
    """

    crc: int = 0
    controls: list[tuple[int, int]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def blocks(self, segment: Range) -> Iterator[bytes]:
        """Yield the bytes of a segment."""
        for block in segment.blocks():
            self.crc = zlib.crc32(block, self.crc)
            yield block

    def texts(self, segment: Range) -> Iterator[str]:
        """Yield the text of a segment in chunks.

        Raises:
            NotTextError: a range is no text.
            CorpusError: a whole file cannot be read, or is no text.
        """
        texts = self._whole(segment) if segment.end is None else self._decoded(segment)
        if not segment.line_feeds:
            yield from texts
            return
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        for text in texts:
            if converted := newlines.decode(text):
                yield converted
        if rest := newlines.decode("", final=True):
            yield rest
        if newlines.newlines not in (None, "\n"):
            self.changed.append(segment.path)

    def _whole(self, segment: Range) -> Iterator[str]:
        for text in read_file(Path(segment.path), segment.encoding):
            self.crc = zlib.crc32(text.encode("utf-8", "surrogatepass"), self.crc)
            yield text

    def _decoded(self, segment: Range) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for block in self.blocks(segment):
                text = decoder.decode(block)
                self.controls.append((len(text), count_controls(block)))
                if "\0" in text:
                    raise NotTextError
                yield text
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise NotTextError from error


class ScanTask:
    """The first pass over a piece: its length, its checksum, and where characters occur first.

    Args:
        separated: whether a separator follows each document.
    """

    def __init__(self, separated: bool) -> None:
        self._separated = separated

    def __call__(self, segments: Sequence[Any]) -> dict[str, Any]:
        """Return the numbers of `ids` of the segments of a piece, its checksum `crc`, and more.

        The result for a range that is no text has only the key `not_text`: whoever reads the whole
        file finds the reason.
        """
        reader, first, length = PieceReader(), FirstPositions(), 0
        ids: list[int] = []
        try:
            for segment in (Range(*each) for each in segments):
                begin = length
                if segment.raw:
                    length += sum(map(len, reader.blocks(segment)))
                else:
                    for text in reader.texts(segment):
                        first.add(text, length)
                        length += len(text)
                length += self._separated and segment.is_last
                ids.append(length - begin)
        except NotTextError:
            return {"not_text": True}
        return {
            "ids": ids,
            "crc": reader.crc,
            "first": list(first.positions.items()),
            "controls": reader.controls,
            "changed": reader.changed,
        }


class EncodeTask:
    """The second pass over a piece: its ids are written to their place in the file of ids.

    Args:
        vocabulary: the JSON of the vocabulary.
        separated: whether a separator follows each document.
        path: the file of ids, which has its full size.
        train_end: the place in the file after the last id of the training part.
    """

    def __init__(self, vocabulary: object, separated: bool, path: str, train_end: int) -> None:
        self._vocabulary = vocabulary_from_json(vocabulary)
        self._separated, self._path, self._train_end = separated, Path(path), train_end

    def __call__(self, piece: dict[str, Any]) -> dict[str, Any]:
        """Write the ids of a piece, unless the file contains them already.

        Args:
            piece: the `segments` as JSON, the number of `ids` and the checksum `crc` of the scan,
                the `place` of the first id in the file, and the result that an earlier process
                `stored` for this piece, or None.

        Returns:
            The checksum `crc` of the ids, and the number `unknown` of those that are `UNKNOWN` in
            the training part and in the held-out part. The result for a file that has changed since
            the scan has only the key `changed`.
        """
        size = piece["ids"] * self._vocabulary.dtype.itemsize
        with self._path.open("r+b") as file:
            if (stored := piece["stored"]) is not None:
                file.seek(piece["place"])
                if _crc_of(file, size) == stored["crc"]:
                    return dict(stored)
            file.seek(piece["place"])
            reader, crc, unknown = PieceReader(), 0, [0, 0]
            try:
                for ids in self._encoded(piece["segments"], reader):
                    if (size := size - ids.nbytes) < 0:
                        break
                    split = (self._train_end - file.tell()) // ids.itemsize
                    for part, each in enumerate(np.split(ids, [min(max(split, 0), len(ids))])):
                        unknown[part] += int(np.count_nonzero(each == UNKNOWN))
                    crc = zlib.crc32(ids.data, crc)
                    file.write(ids.data)
            except NotTextError:
                size = -1
        if size or reader.crc != piece["crc"]:
            return {"changed": True}
        return {"crc": crc, "unknown": unknown}

    def _encoded(self, segments: Sequence[Any], reader: PieceReader) -> Iterator[NDArray[Any]]:
        """Yield the ids of the segments of a piece."""
        vocabulary = self._vocabulary
        separator = np.array([SEPARATOR], vocabulary.dtype)
        for segment in (Range(*each) for each in segments):
            if isinstance(vocabulary, ByteVocabulary):
                yield from map(vocabulary.encode_bytes, reader.blocks(segment))
            else:
                yield from vocabulary.encode_chunks(reader.texts(segment))
            if self._separated and segment.is_last:
                yield separator


def _crc_of(file: BinaryIO, size: int) -> int:
    """Return the checksum of the next `size` bytes of a file."""
    crc = 0
    while size and (block := file.read(min(CHUNK_BYTES, size))):
        crc = zlib.crc32(block, crc)
        size -= len(block)
    return crc
