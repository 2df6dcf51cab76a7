"""The collection of documents from files, folders, patterns, pipes and streams."""

import glob
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO

from charnn.corpus.abc_charset import leading_lines
from charnn.corpus.catalogue import Entry
from charnn.corpus.own_files import PREPARATION_LOCK, is_own_file, is_own_folder, own_files
from charnn.corpus.text import (
    CHUNK_BYTES,
    Document,
    SourceFile,
    decode,
    looks_like_text,
    read_blocks,
    read_file,
)
from charnn.errors import CorpusError, shorten


@dataclass
class SourceCollector:
    """A collector of documents, which keeps texts and tune books in the order of addition.

    Attributes:
        encoding: the codec of files without a byte order mark; None means UTF-8.
        texts: the documents that are texts, or files in folders that may be no text.
        books: the documents that are tune books.
        folders: the folders that the user named, and the files in them by name.
        folders_with_own: those of the folders that also contain what charnn itself wrote.
        skipped: the paths in folders that are hidden or unreadable.
        own: the files and folders that charnn itself wrote.
        repeated: the names of sources that were added before.
        seen: the real paths and the catalogue names that were added.
    """

    encoding: str | None
    texts: list[Document] = field(default_factory=list)
    books: list[Document] = field(default_factory=list)
    folders: dict[Path, dict[str, Path]] = field(default_factory=dict)
    folders_with_own: set[Path] = field(default_factory=set)
    skipped: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def is_new(self, identity: str, name: str) -> bool:
        """Return whether a source is new, and remember it; record a known source as repeated.

        Args:
            identity: a real path, or a name of the catalogue.
            name: the source as the user named it.
        """
        if identity in self.seen:
            self.repeated.append(name)
            return False
        self.seen.add(identity)
        return True

    def add_entry(self, entry: Entry, progress: object | None) -> None:
        """Add the documents of a catalogue entry."""
        (self.books if entry.tunes else self.texts).extend(entry.open(progress))

    def add_path(self, path: Path) -> None:
        """Add a file, folder or named pipe that the user named.

        Raises:
            CorpusError: the path is empty, unreadable, a device or a socket.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error
        if stat.S_ISDIR(status.st_mode):
            self.add_folder(path)
            return
        is_pipe = stat.S_ISFIFO(status.st_mode)
        if not (is_pipe or stat.S_ISREG(status.st_mode)):
            raise CorpusError(
                f"{path} is a device or a socket, not a file: pipe its content into `-` instead"
            )
        if not (is_pipe or status.st_size):
            raise CorpusError(f"{path} is empty: name a file with text in it")
        if self.is_new(os.path.realpath(path), str(path)):
            (self.add_pipe if is_pipe else self.add_file)(path)

    def add_file(self, path: Path) -> None:
        """Add an existing file."""
        documents = self.books if split_file_name(path.name)[1] == ".abc" else self.texts
        chunks, blocks = partial(read_file, path, self.encoding), partial(read_blocks, path)
        file = SourceFile(str(path), self.encoding)
        documents.append(Document(str(path), chunks, blocks=blocks, file=file))

    def add_folder(self, folder: Path) -> None:
        """Add every file below a folder, except empty files and those that charnn wrote.

        Raises:
            CorpusError: there is no file, and nothing that charnn wrote either.
        """
        # Skipped paths are listed for the user, who would not notice a gap in the corpus otherwise.
        files, own_before = {}, len(self.own)
        for path, real in _walk(folder, self.skipped, self.own):
            if not path.is_file() or not os.access(path, os.R_OK):
                self.skipped.append(str(path))
            elif path.stat().st_size:
                files[str(path)] = path
                if self.is_new(real, str(path)):
                    self.add_file(path)
        # A shell expands `*` to the folders of the runs as well.
        has_own = len(self.own) > own_before
        if not (files or has_own):
            raise CorpusError(_no_texts(folder))
        self.folders[folder] = files
        if has_own:
            self.folders_with_own.add(folder)

    @cached_property
    def binaries(self) -> list[str]:
        """Return the names of the files in folders that are not text.

        Raises:
            CorpusError: a folder contains no text.
        """
        found: list[str] = []
        for folder, files in self.folders.items():
            binaries = [
                name for name, path in files.items() if not looks_like_text(path, self.encoding)
            ]
            if len(binaries) == len(files) and folder not in self.folders_with_own:
                raise CorpusError(_no_texts(folder))
            found += binaries
        return found

    def add_pattern(self, pattern: str) -> None:
        """Add the paths that match a pattern, in the order in which a shell lists them.

        Raises:
            CorpusError: nothing matches.
        """
        paths = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - Path.glob rejects absolute patterns
        if not paths:
            raise CorpusError(
                f"nothing matches {shorten(pattern, 200)}: check the pattern and the folder"
            )
        own = own_files(path for path in paths if not path.is_dir())
        self.own += map(str, sorted(own))
        for path in paths:
            # `**` also matches the folders, whose files are matches themselves.
            if not (path in own or ("**" in pattern and path.is_dir())):
                self.add_path(path)

    def add_pipe(self, path: Path) -> None:
        """Add the content of a named pipe, such as a shell makes for `<(...)`."""
        with path.open("rb") as pipe:
            self.add_stream(pipe, str(path))

    def add_stream(self, stream: BinaryIO, name: str) -> None:
        """Add the content of a stream that can be read only once.

        A corpus is read twice (`charnn.corpus.scan`, `charnn.corpus.ids`), so the content is kept
        in a temporary file.

        Raises:
            CorpusError: the stream is empty or unreadable, or the disk is full.
        """
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the document
        try:
            for block in _blocks(stream, name):
                spool.write(block)
            spool.flush()
        except OSError as error:
            raise CorpusError(
                f"cannot keep {name} in {tempfile.gettempdir()} ({error.strerror or error}). "
                "Set TMPDIR to a folder with more room, or save the text in a file and train on it."
            ) from error
        if not spool.tell():
            raise CorpusError(f"{name} is empty: pipe a text into it")

        def chunks() -> Iterator[str]:
            """Return the chunks of the text, from its beginning at each call."""
            spool.seek(0)
            return decode(spool, name, self.encoding)

        def blocks() -> Iterator[bytes]:
            """Return the blocks of the bytes, from the beginning at each call."""
            spool.seek(0)
            return _blocks(spool, name)

        head = ""
        with suppress(CorpusError):  # a stream that is no text, which a model of bytes can read
            head = next(chunks(), "")
        documents = self.books if _starts_like_book(head) else self.texts
        documents.append(Document(name, chunks, blocks=blocks))


def _no_texts(folder: Path) -> str:
    return f"{folder} contains no text files: name a folder that does"


def _starts_like_book(text: str) -> bool:
    """Return whether a text starts like a tune book: a stream has no suffix that tells it."""
    if text.lstrip().startswith(("X:", "%abc")):
        return True
    letters = [line[0].lstrip()[:2] for line in leading_lines(text)]
    return "X:" in letters and "K:" in letters


def split_file_name(name: str) -> tuple[str, str]:
    """Remove `.gz` from a file's name, and return its stem and its suffix in lower case."""
    path = Path(name)
    if path.suffix.lower() == ".gz":
        path = Path(path.stem)
    return path.stem, path.suffix.lower()


def _blocks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while block := stream.read(CHUNK_BYTES):
            yield block
    except OSError as error:
        raise CorpusError(f"cannot read {name}: {error.strerror or error}") from error


def _walk(folder: Path, skipped: list[str], own: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield the path and the real path of each file below a folder, in sorted order.

    A real path is yielded only once. Hidden files and folders are added to `skipped`, files and
    folders that charnn wrote are added to `own`; neither kind of folder is entered.
    """
    # Symbolic links may form a circle. A stack instead of recursion: folders may be nested more
    # deeply than Python recurses.
    seen: set[str] = set()
    stack = [(folder, os.path.realpath(folder))]
    while stack:
        path, real = stack.pop()
        if path.is_symlink():
            real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        if not path.is_dir():
            yield path, real
            continue
        try:
            children = sorted(path.iterdir(), reverse=True)
        except OSError as error:
            raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error
        names = {child.name for child in children}
        if is_own_folder(names):
            own.append(str(path))
            continue
        for child in children:
            if PREPARATION_LOCK.fullmatch(child.name):
                continue  # empty, and beside what is added to `own`
            if child.name.startswith("."):
                skipped.append(str(child))
            elif is_own_file(child.name, names):
                own.append(str(child))
            else:
                # realpath costs a system call for each part of a path; this string does not.
                stack.append((child, os.path.join(real, child.name)))  # noqa: PTH118
