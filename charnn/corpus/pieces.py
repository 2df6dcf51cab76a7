"""A large corpus in pieces of about 16 MB, which several processes can read at the same time.

A piece is a range of one large file, or a few whole files. Ranges begin and end between characters
and never inside a CRLF, so that each can be decoded alone. Only a file in plain UTF-8, or one whose
bytes are the tokens, is cut: other codecs carry a state from the beginning of the file to its end.
The pieces depend on the files alone, not on the number of processes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from charnn.corpus.binary_kinds import describe_document
from charnn.corpus.text import CHUNK_BYTES, Document, SourceFile, is_plain_utf_8
from charnn.errors import CorpusError

# Large enough that starting on a piece costs nothing beside reading it; small enough that little is
# lost when a preparation is interrupted.
PIECE_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a document.

    Attributes:
        document: the index of the document.
        file: the file of the document.
        begin, end: the range of bytes of the file; an `end` of None stands for the whole document.
        size: about how many bytes are read.
        is_last: whether the document ends with this segment.
    """

    document: int
    file: SourceFile
    begin: int
    end: int | None
    size: int
    is_last: bool

    def to_json(self) -> list[Any]:
        """Return what another process needs to read the segment."""
        file = self.file
        described = (file.path, file.encoding, file.line_feeds, file.raw)
        return [*described, self.begin, self.end, self.is_last]


Piece = tuple[Segment, ...]


@dataclass(frozen=True)
class Pieces:
    """The pieces of a corpus, in the order of its ids.

    Attributes:
        pieces: the pieces.
        states: the size and the time of change of each file, to notice changes.
    """

    pieces: tuple[Piece, ...]
    states: dict[str, tuple[int, int]]

    @property
    def size(self) -> int:
        """Return about how many bytes are read."""
        return sum(segment.size for piece in self.pieces for segment in piece)

    def expect_unchanged(self) -> None:
        """Refuse files that have changed since they were cut.

        Raises:
            CorpusError: a file has changed.
        """
        for name, state in self.states.items():
            if _state(name) != state:
                raise CorpusError(changed(name))


def changed(name: str) -> str:
    """Return the message about a file, or a corpus, that changes while it is read."""
    return f"{name} has changed while it was read: start again when no program writes to it"


def cut_pieces(documents: Sequence[Document]) -> Pieces | None:
    """Return the pieces of some documents; None if they are small, or if one is not a file.

    Raises:
        CorpusError: a file cannot be read.
    """
    files = [document.file for document in documents if document.file is not None]
    if len(files) < len(documents):
        return None
    try:
        states = {file.path: _state(file.path) for file in files}
        if sum(states[file.path][0] for file in files) <= PIECE_BYTES:
            return None
        segments = (
            segment
            for number, file in enumerate(files)
            for segment in _segments(number, file, states[file.path][0])
        )
        return Pieces(tuple(_grouped(segments)), states)
    except OSError as error:
        raise CorpusError(f"cannot read {error.filename}: {error.strerror or error}") from error


def _state(name: str) -> tuple[int, int]:
    status = Path(name).stat()
    return status.st_size, status.st_mtime_ns


def _segments(number: int, file: SourceFile, size: int) -> Iterator[Segment]:
    borders = _borders(file, size) if size > PIECE_BYTES else []
    if not borders:
        yield Segment(number, file, 0, None, size, is_last=True)
        return
    begins, ends = [0, *borders], [*borders, size]
    for begin, end in zip(begins, ends, strict=True):
        yield Segment(number, file, begin, end, end - begin, is_last=end == size)


def _borders(file: SourceFile, size: int) -> list[int]:
    """Return the places between the segments of a large file; none if it cannot be cut."""
    if file.path.lower().endswith(".gz"):
        return []
    with Path(file.path).open("rb") as stream:
        head = stream.read(CHUNK_BYTES)
        if file.raw:
            return list(range(PIECE_BYTES, size, PIECE_BYTES))
        if describe_document(head) or not is_plain_utf_8(head, file.encoding):
            return []
        borders = [_border(stream, place) for place in range(PIECE_BYTES, size, PIECE_BYTES)]
        return [border for border in borders if border < size]


def _border(stream: BinaryIO, place: int) -> int:
    """Return the first place from `place` on that is between characters and not inside a CRLF."""
    stream.seek(place - 1)
    before, *after = stream.read(5)
    # The second to fourth byte of a character of UTF-8 begin with the bits 10.
    skipped = 0
    while skipped < min(3, len(after)) and after[skipped] & 0xC0 == 0x80:
        before = after[skipped]
        skipped += 1
    if before == ord("\r") and after[skipped : skipped + 1] == [ord("\n")]:
        skipped += 1
    return place + skipped


def _grouped(segments: Iterable[Segment]) -> Iterator[Piece]:
    """Yield pieces: ranges alone, whole files together up to about the size of a piece."""
    group: list[Segment] = []
    for segment in segments:
        full = sum(each.size for each in group) + segment.size > PIECE_BYTES
        if group and (full or segment.end is not None):
            yield tuple(group)
            group = []
        if segment.end is not None:
            yield (segment,)
        else:
            group.append(segment)
    if group:
        yield tuple(group)
