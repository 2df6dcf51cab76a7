"""What a user names as a corpus, turned into documents: files, folders, patterns, stdin, names."""

import difflib
import glob
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from charnn.corpus.catalogue import CATALOGUE, Entry
from charnn.corpus.text import CHUNK_BYTES, decode, document, looks_like_text, read_file
from charnn.corpus.text import Document as Document
from charnn.errors import CorpusError, UsageError
from charnn.music.abc.cleaning import clean_books

# Characters; the largest collections of tunes that are to be had are smaller.
MOST_OF_A_BOOK = 256_000_000


@dataclass(frozen=True)
class Corpus:
    """What is learned from.

    Attributes:
        name: fit for the name of a folder.
        documents: at least one; each can be read as often as needed.
        tunes: every document is one cleaned tune in ABC notation.
        skipped: what a named folder holds that is hidden, unreadable or not text.
        repeated: what was named more than once, and is read once.
    """

    name: str
    documents: Sequence[Document]
    tunes: bool = False
    skipped: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


def open_corpus(
    arguments: Sequence[str],
    *,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
    progress: object | None = None,
) -> Corpus:
    """Find the documents that `arguments` name, texts first, then tunes.

    Books of tunes (`.abc`, or an input that begins like one) are read, cleaned and cut into tunes
    here; all other text is read when a document is.

    Args:
        arguments: each a file, a folder (with all text files below it), a pattern such as
            `books/**/*.txt`, `-` for the standard input, a named pipe, or a name of the catalogue;
            a path that exists goes before such a name. `.gz` files are unpacked. What is named
            twice is read once.
        encoding: the codec of files without a byte order mark; `None` means strict UTF-8.
        stdin: what `-` reads, when it is not the standard input.
        progress: shows a download, see `catalogue.Entry.open`.

    Raises:
        CorpusError: nothing is there, or it is empty, binary, unreadable or without tunes.
        UsageError: no argument, `-` twice, or an unknown codec.
    """
    if not arguments:
        raise UsageError("name a corpus: a file, a folder, - or one of " + ", ".join(CATALOGUE))
    if list(arguments).count("-") > 1:
        raise UsageError("the standard input (-) can be read only once: name it once")
    found = _Found(encoding)
    for argument in arguments:
        if argument == "-":
            found.add_stream(stdin or sys.stdin.buffer, "the standard input")
        elif os.path.lexists(argument):
            found.add_path(Path(argument))
        elif argument in CATALOGUE:
            if found.is_new(argument, argument):
                found.add_entry(CATALOGUE[argument], progress)
        elif glob.has_magic(argument):
            found.add_pattern(argument)
        else:
            raise CorpusError(_missing(argument))
    return found.corpus(_name(arguments))


def open_catalogue_corpus(name: str) -> Corpus:
    """The corpus of the catalogue that has this name, whatever files have it, too.

    Raises:
        CorpusError: it cannot be read.
    """
    found = _Found(None)
    found.add_entry(CATALOGUE[name], None)
    return found.corpus(name)


@dataclass
class _Found:
    """What has been found so far, each kind in the order of the arguments."""

    encoding: str | None
    texts: list[Document] = field(default_factory=list)
    books: list[Document] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def corpus(self, name: str) -> Corpus:
        """Return all of it as a corpus.

        Raises:
            CorpusError: there are books, but no tune in them.
        """
        tunes = clean_books(map(_whole, self.books))
        if self.books and not tunes:
            names = ", ".join(book.name for book in self.books[:3])
            raise CorpusError(
                f"no tune in {names}: a tune in ABC notation has X: and K: lines and notes"
            )
        return Corpus(
            name=name,
            documents=(*self.texts, *(document(_title(tune), tune) for tune in tunes)),
            tunes=not self.texts,
            skipped=tuple(self.skipped),
            repeated=tuple(self.repeated),
        )

    def is_new(self, real: str, name: str) -> bool:
        """Note what is to be read, by what tells it from all else; whether it was not before."""
        if real in self.seen:
            self.repeated.append(name)
            return False
        self.seen.add(real)
        return True

    def add_entry(self, entry: Entry, progress: object | None) -> None:
        """Add a corpus of the catalogue."""
        (self.books if entry.tunes else self.texts).extend(entry.open(progress))

    def add_path(self, path: Path) -> None:
        """Add a file or a folder that the user named."""
        try:
            status = path.stat()
        except OSError as error:
            raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error
        if stat.S_ISDIR(status.st_mode):
            self.add_folder(path)
            return
        pipe = stat.S_ISFIFO(status.st_mode)
        if not (pipe or stat.S_ISREG(status.st_mode)):
            raise CorpusError(f"{path} is a device or a socket, not a file: feed it to - instead")
        if not (pipe or status.st_size):
            raise CorpusError(f"{path} is empty: name a file with text in it")
        if self.is_new(os.path.realpath(path), str(path)):
            (self.add_pipe if pipe else self.add_file)(path)

    def add_file(self, path: Path) -> None:
        """Add a file that is there and not empty."""
        kind = self.books if _stem(path.name)[1] == ".abc" else self.texts
        kind.append(Document(str(path), partial(read_file, path, self.encoding)))

    def add_folder(self, folder: Path) -> None:
        """Add every text file below a folder; empty ones bring nothing and are passed over."""
        texts = 0
        for path, real in _walk(folder, self.skipped):
            if not path.is_file() or not looks_like_text(path, self.encoding):
                self.skipped.append(str(path))
            elif path.stat().st_size:
                texts += 1
                if self.is_new(real, str(path)):
                    self.add_file(path)
        if not texts:
            raise CorpusError(f"{folder} holds no text files: name a folder that does")

    def add_pattern(self, pattern: str) -> None:
        """Add what a pattern matches, as the shell would have handed it over."""
        paths = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute ones too
        if not paths:
            raise CorpusError(f"nothing matches {pattern}: check the pattern and the folder")
        for path in paths:
            # `**` matches the folders on its way too; their files are matches of their own.
            if not ("**" in pattern and path.is_dir()):
                self.add_path(path)

    def add_pipe(self, path: Path) -> None:
        """Add what a named pipe gives, or a process that the shell puts in its place: `<(...)`."""
        with path.open("rb") as pipe:
            self.add_stream(pipe, str(path))

    def add_stream(self, stream: BinaryIO, name: str) -> None:
        """Add what can be read but once: it is kept in a temporary file."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the document
        try:
            for block in _blocks(stream, name):
                spool.write(block)
            spool.flush()
        except OSError as error:
            raise CorpusError(
                f"cannot keep {name} in {tempfile.gettempdir()} ({error.strerror or error}): "
                "name a folder with more room by TMPDIR, or save it as a file and name that"
            ) from error
        if not spool.tell():
            raise CorpusError(f"{name} is empty: pipe a text into it")

        def chunks() -> Iterator[str]:
            spool.seek(0)
            return decode(spool, name, self.encoding)

        begins_like_book = next(chunks(), "").lstrip().startswith(("X:", "%abc"))
        kind = self.books if begins_like_book else self.texts
        kind.append(Document(name, chunks))


def _blocks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while block := stream.read(CHUNK_BYTES):
            yield block
    except OSError as error:
        raise CorpusError(f"cannot read {name}: {error.strerror or error}") from error


def _walk(folder: Path, skipped: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield the files below a folder and where they really are, sorted, each once however many
    links lead there; what is hidden is put among the skipped."""
    seen: set[str] = set()
    found = [(folder, os.path.realpath(folder))]
    while found:
        path, real = found.pop()
        if path.is_symlink():
            real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        if not path.is_dir():
            yield path, real
            continue
        try:
            inside = sorted(path.iterdir(), reverse=True)
        except OSError as error:
            raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error
        for one in inside:
            if one.name.startswith("."):
                skipped.append(str(one))
            else:
                found.append((one, os.path.join(real, one.name)))  # noqa: PTH118 - a string


def _whole(book: Document) -> str:
    """The text of a book of tunes, which is cleaned in memory.

    Raises:
        CorpusError: it is larger than any book is.
    """
    chunks: list[str] = []
    length = 0
    for chunk in book.chunks():
        chunks.append(chunk)
        length += len(chunk)
        if length > MOST_OF_A_BOOK:
            most = f"{MOST_OF_A_BOOK // 1_000_000} million characters"
            raise CorpusError(
                f"{book.name} is a book of tunes of more than {most}: give it in parts"
            )
    return "".join(chunks)


def _missing(argument: str) -> str:
    close = difflib.get_close_matches(argument, CATALOGUE, n=1)
    hint = f"did you mean {close[0]}?" if close else "the names are " + ", ".join(CATALOGUE)
    return f"there is no file, folder or built-in corpus named {argument}: {hint}"


def _stem(name: str) -> tuple[str, str]:
    """Split a file's name into stem and lower-case suffix, `.gz` left aside."""
    path = Path(name)
    if path.suffix.lower() == ".gz":
        path = Path(path.stem)
    return path.stem, path.suffix.lower()


def _name(arguments: Sequence[str]) -> str:
    first = arguments[0]
    if first == "-":
        name = "stdin"
    elif Path(first).is_fifo():
        name = "pipe"
    elif glob.has_magic(first) and not os.path.lexists(first):
        plain = [part for part in Path(first).parts if not glob.has_magic(part)]
        name = plain[-1] if plain else ""
    else:
        path = Path(first)
        name = path.resolve().name if path.is_dir() else _stem(path.name)[0]
    if len(arguments) > 1:
        name += f"-and-{len(arguments) - 1}-more"
    slug = re.sub(r"[^\w.]+", "-", name.lower()).strip("-._")[:60]
    # A folder's name may have 255 bytes, and longer ones are made of this.
    return slug.encode()[:180].decode(errors="ignore") or "corpus"


def _title(tune: str) -> str:
    match = re.search(r"(?m)^T:(.*)", tune)
    return match[1].strip() if match else "a tune without a title"
