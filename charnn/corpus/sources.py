"""What a user names as a corpus, turned into documents: files, folders, patterns, stdin, names."""

import difflib
import glob
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from charnn.corpus.catalogue import CATALOGUE, Entry
from charnn.corpus.text import Document as Document
from charnn.corpus.text import decode, document, looks_like_text, read_file
from charnn.errors import CorpusError, UsageError
from charnn.music.folk import clean_books


@dataclass(frozen=True)
class Corpus:
    """What is learned from.

    Attributes:
        name: fit for the name of a folder.
        documents: at least one; each can be read as often as needed.
        tunes: every document is one cleaned tune in ABC notation.
        skipped: what a named folder holds that is not text, or hidden.
    """

    name: str
    documents: Sequence[Document]
    tunes: bool = False
    skipped: tuple[str, ...] = ()


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
            `books/**/*.txt`, `-` for the standard input, or a name of the catalogue; a path that
            exists goes before such a name. `.gz` files are unpacked.
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
            found.add_stdin(stdin or sys.stdin.buffer)
        elif os.path.lexists(argument):
            found.add_path(Path(argument))
        elif argument in CATALOGUE:
            found.add_entry(CATALOGUE[argument], progress)
        elif glob.has_magic(argument):
            found.add_pattern(argument)
        else:
            raise CorpusError(_missing(argument))
    return found.corpus(_name(arguments))


def named_corpus(name: str) -> Corpus:
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

    def corpus(self, name: str) -> Corpus:
        """Return all of it as a corpus.

        Raises:
            CorpusError: there are books, but no tune in them.
        """
        tunes = clean_books(book.text() for book in self.books)
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
        )

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
        elif not stat.S_ISREG(status.st_mode):
            raise CorpusError(f"{path} is a pipe or a device, not a file: feed it to - instead")
        elif not status.st_size:
            raise CorpusError(f"{path} is empty: name a file with text in it")
        else:
            self.add_file(path)

    def add_file(self, path: Path) -> None:
        """Add a file that is there and not empty."""
        kind = self.books if _stem(path.name)[1] == ".abc" else self.texts
        kind.append(Document(str(path), partial(read_file, path, self.encoding)))

    def add_folder(self, folder: Path) -> None:
        """Add every text file below a folder; empty ones bring nothing and are passed over."""
        before = len(self.texts) + len(self.books)
        for path in self.walk(folder, set()):
            if not path.is_file() or not looks_like_text(path, self.encoding):
                self.skipped.append(str(path))
            elif path.stat().st_size:
                self.add_file(path)
        if len(self.texts) + len(self.books) == before:
            raise CorpusError(f"{folder} holds no text files: name a folder that does")

    def walk(self, folder: Path, seen: set[str]) -> Iterator[Path]:
        """Yield the files below a folder, sorted, each once however many links lead there."""
        try:
            inside = sorted(folder.iterdir())
        except OSError as error:
            raise CorpusError(f"cannot read {folder}: {error.strerror or error}") from error
        seen.add(os.path.realpath(folder))
        for path in inside:
            if path.name.startswith("."):
                self.skipped.append(str(path))
            elif (real := os.path.realpath(path)) not in seen:
                seen.add(real)
                if path.is_dir():
                    yield from self.walk(path, seen)
                else:
                    yield path

    def add_pattern(self, pattern: str) -> None:
        """Add what a pattern matches, as the shell would have handed it over."""
        paths = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute ones too
        if not paths:
            raise CorpusError(f"nothing matches {pattern}: check the pattern and the folder")
        for path in paths:
            # `**` matches the folders on its way too; their files are matches of their own.
            if not ("**" in pattern and path.is_dir()):
                self.add_path(path)

    def add_stdin(self, stdin: BinaryIO) -> None:
        """Add the standard input, kept in a temporary file: a corpus is read more than once."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the document
        shutil.copyfileobj(stdin, spool)
        if not spool.tell():
            raise CorpusError("the standard input is empty: pipe a text into it")

        def chunks() -> Iterator[str]:
            spool.seek(0)
            return decode(spool, "the standard input", self.encoding)

        begins_like_book = next(chunks(), "").lstrip().startswith(("X:", "%abc"))
        kind = self.books if begins_like_book else self.texts
        kind.append(Document("stdin", chunks))


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
    elif glob.has_magic(first) and not os.path.lexists(first):
        plain = [part for part in Path(first).parts if not glob.has_magic(part)]
        name = plain[-1] if plain else ""
    else:
        path = Path(first)
        name = path.resolve().name if path.is_dir() else _stem(path.name)[0]
    if len(arguments) > 1:
        name += f"-and-{len(arguments) - 1}-more"
    return re.sub(r"[^\w.]+", "-", name.lower()).strip("-._")[:60] or "corpus"


def _title(tune: str) -> str:
    match = re.search(r"(?m)^T:(.*)", tune)
    return match[1].strip() if match else "a tune without a title"
