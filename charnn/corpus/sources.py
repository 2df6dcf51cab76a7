"""The corpora that a user names: files, folders, patterns, stdin, and names of the catalogue."""

import difflib
import glob
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from charnn.corpus.byte_text import bytes_to_text
from charnn.corpus.catalogue import CATALOGUE
from charnn.corpus.document_kinds import AUTO, CUT_KINDS
from charnn.corpus.line_ends import LineFeeds
from charnn.corpus.source_collector import SourceCollector, split_file_name
from charnn.corpus.text import Document, document
from charnn.corpus.vocabulary_kinds import AUTO as AUTO_TOKENS
from charnn.corpus.vocabulary_kinds import BYTES
from charnn.errors import CorpusError, UsageError, shorten
from charnn.files import is_text_itself
from charnn.music.abc.cleaning import CleanTune, clean_books

# Larger than any collection of tunes that exists; books are cleaned in memory.
MAX_BOOK_CHARACTERS = 256_000_000
# A shell may expand a pattern to any number of files.
MAX_NAMES_LENGTH = 20_000
_MAX_NEIGHBOURS = 1000  # names that are compared with the name of a missing file


@dataclass(frozen=True)
class Corpus:
    """The texts or tunes that a model is trained on.

    Attributes:
        name: a name that is fit for a folder.
        documents: the documents, at least one; each can be read several times. If the kind of
            documents is lines or passages: the texts that contain them.
        tunes: whether each document is one cleaned tune in ABC notation.
        mended: whether the mistakes of tune books are mended, as in all new runs.
        document_kind: the kind of documents, see `charnn.corpus.document_kinds`.
        keep_cr: whether texts keep their carriage returns, as in the runs of earlier versions.
        changed: the names of the texts whose line ends are converted, as far as they were read.
            Reading a document adds its name.
        skipped: the paths in a named folder that are hidden, unreadable or not text.
        own: the files and folders there that charnn itself wrote: runs and prepared corpora.
        repeated: the sources that were named more than once; each is read once.
    """

    name: str
    documents: Sequence[Document]
    tunes: bool = False
    mended: bool = True
    document_kind: str = AUTO
    keep_cr: bool = False
    changed: list[str] = field(default_factory=list)
    skipped: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sources:
    """The sources that a user names, before they are divided into documents.

    Attributes:
        name: a name that is fit for a folder.
        collector: the texts and tune books, in the order in which the user names them.
    """

    name: str
    collector: SourceCollector

    def corpus(
        self,
        document_kind: str = AUTO,
        mended: bool = True,
        keep_cr: bool = False,
        tokens: str = AUTO_TOKENS,
    ) -> Corpus:
        """Return the corpus of the sources, texts first, then tunes.

        Tune books (`.abc`, or an input that starts like one) are read, cleaned and split into tunes
        here, unless the user names a kind of documents. All other texts are read later, whenever
        their document is iterated.

        Args:
            document_kind: one of `charnn.corpus.document_kinds.DOCUMENT_CHOICES`.
            mended: whether to mend the mistakes of tune books. Runs of earlier versions continue
                with the tunes as their books have them.
            keep_cr: whether CRLF and CR stay in texts; else they become line feeds.
            tokens: the kind of tokens. For bytes, every file is read as it is, and also those files
                in folders that are no text; but lines and passages are those of texts.

        Raises:
            CorpusError: the books contain no tunes, or a folder contains no text.
            UsageError: the bytes of the files are wanted, and an encoding is set.
        """
        collector = self.collector
        if tokens == BYTES and document_kind not in CUT_KINDS:
            return self._raw_corpus(document_kind)
        binaries = set(collector.binaries)
        books = collector.books if document_kind == AUTO else []
        # All books in one call: a tune that occurs in two of them is kept once.
        tunes = clean_books(map(_book_text, books))
        if books and not tunes:
            names = ", ".join(book.name for book in books[:3])
            raise CorpusError(
                f"no tune in {names}: a tune in ABC notation has X: and K: lines and notes"
            )
        texts = collector.texts if document_kind == AUTO else collector.texts + collector.books
        texts = [text for text in texts if text.name not in binaries]
        line_feeds = LineFeeds()
        if not keep_cr:
            texts = [line_feeds.convert(text) for text in texts]
        return Corpus(
            name=self.name,
            documents=(
                *texts,
                *(_tune_document(tune, mended) for tune in tunes),
            ),
            tunes=not texts,
            mended=mended,
            document_kind=document_kind,
            keep_cr=keep_cr,
            changed=line_feeds.changed,
            skipped=(*collector.skipped, *collector.binaries),
            own=tuple(collector.own),
            repeated=tuple(name for name in collector.repeated if name not in binaries),
        )

    def _raw_corpus(self, document_kind: str) -> Corpus:
        """Return the bytes of all sources, texts and other files first, then tune books."""
        collector = self.collector
        if collector.encoding is not None:
            raise UsageError(
                "--tokens bytes reads the bytes of the files as they are: leave out --encoding"
            )
        return Corpus(
            name=self.name,
            documents=tuple(map(_raw_document, collector.texts + collector.books)),
            document_kind=document_kind,
            skipped=tuple(collector.skipped),
            own=tuple(collector.own),
            repeated=tuple(collector.repeated),
        )


def open_corpus(
    arguments: Sequence[str],
    *,
    document_kind: str = AUTO,
    keep_cr: bool = False,
    tokens: str = AUTO_TOKENS,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
    progress: object | None = None,
) -> Corpus:
    """Return the corpus that `arguments` name, see `find_sources` and `Sources.corpus`."""
    sources = find_sources(arguments, encoding=encoding, stdin=stdin, progress=progress)
    return sources.corpus(document_kind, keep_cr=keep_cr, tokens=tokens)


def find_sources(
    arguments: Sequence[str],
    *,
    encoding: str | None = None,
    stdin: BinaryIO | None = None,
    progress: object | None = None,
) -> Sources:
    """Return the sources that `arguments` name.

    Args:
        arguments: each a file, a folder (with all text files below it), a pattern such as
            `books/**/*.txt`, `-` for stdin, a named pipe, or a name of the catalogue; an existing
            path is preferred to such a name. `.gz` files are unpacked. A source that is named
            twice is read once.
        encoding: the codec of files without a byte order mark; None means UTF-8.
        stdin: the stream that `-` stands for; None means the process's own stdin.
        progress: a progress bar for a download, see `charnn.corpus.catalogue.Entry.open`.

    Raises:
        CorpusError: a source is missing, empty or unreadable, or is the text itself.
        UsageError: there is no argument, `-` is given twice, or the codec is unknown.
    """
    if not arguments:
        raise UsageError("name a corpus: a file, a folder, - or one of " + ", ".join(CATALOGUE))
    if list(arguments).count("-") > 1:
        raise UsageError("the standard input (-) can be read only once: name it once")
    for argument in arguments:
        if is_text_itself(argument):
            raise CorpusError(
                f"{shorten(argument, 40)!r} is a text of {len(argument):,} characters, not the "
                "name of a file: save the text in a file and name that"
            )
    collector = SourceCollector(encoding)
    for argument in arguments:
        if argument == "-":
            collector.add_stream(stdin or sys.stdin.buffer, "the standard input")
        elif os.path.lexists(argument):
            collector.add_path(Path(argument))
        elif argument in CATALOGUE:
            if collector.is_new(argument, argument):
                collector.add_entry(CATALOGUE[argument], progress)
        elif glob.has_magic(argument):
            collector.add_pattern(argument)
        else:
            raise CorpusError(_not_found(argument))
    if collector.own and not (collector.texts or collector.books):
        raise CorpusError(
            f"{shorten(' '.join(arguments), 100)} contains only runs and prepared corpora of "
            "charnn: name a file or a folder with texts"
        )
    return Sources(_corpus_name(arguments), collector)


def lasting_names(arguments: Sequence[str]) -> list[str]:
    """Return the names of a corpus in a form that finds it from any folder.

    Paths and patterns become absolute. The list is empty if the corpus cannot be found again, as on
    stdin or in a pipe, or if the names are too long for the header of a checkpoint.
    """
    names: list[str] = []
    for argument in arguments:
        if argument == "-" or Path(argument).is_fifo():
            return []
        is_name = argument in CATALOGUE and not os.path.lexists(argument)
        names.append(argument if is_name else str(Path(argument).absolute()))
    return names if sum(map(len, names)) <= MAX_NAMES_LENGTH else []


def open_catalogue_corpus(name: str) -> Corpus:
    """Return a corpus of the catalogue by its name, even if a file has the same name.

    Raises:
        CorpusError: the corpus cannot be read.
    """
    collector = SourceCollector(None)
    collector.add_entry(CATALOGUE[name], None)
    return Sources(name, collector).corpus()


def _book_text(book: Document) -> str:
    """Return the text of a tune book.

    Raises:
        CorpusError: the book is too large to be cleaned in memory; a small `.gz` file can unpack
            to any size.
    """
    chunks: list[str] = []
    length = 0
    for chunk in book.chunks():
        chunks.append(chunk)
        length += len(chunk)
        if length > MAX_BOOK_CHARACTERS:
            limit = f"{MAX_BOOK_CHARACTERS // 1_000_000} million characters"
            raise CorpusError(
                f"{book.name} is a tune book of more than {limit}: split it into several files"
            )
    return "".join(chunks)


def _not_found(argument: str) -> str:
    close = difflib.get_close_matches(argument, [*CATALOGUE, *_neighbours(argument)], n=1)
    hint = f"did you mean {close[0]}?" if close else "the built-in ones are " + ", ".join(CATALOGUE)
    return f"there is no file, folder or built-in corpus named {shorten(argument, 200)}: {hint}"


def _neighbours(argument: str) -> list[str]:
    """Return the files and folders beside a missing one, as a user would type them."""
    folder = Path(argument).parent
    with suppress(OSError, ValueError):
        names = [each.name for each in folder.iterdir() if not each.name.startswith(".")]
        return [str(folder / name) for name in names[:_MAX_NEIGHBOURS]]
    return []


def _corpus_name(arguments: Sequence[str]) -> str:
    first = arguments[0]
    if first == "-":
        name = "stdin"
    elif Path(first).is_fifo():
        name = "pipe"
    elif glob.has_magic(first) and not os.path.lexists(first):
        plain_parts = [part for part in Path(first).parts if not glob.has_magic(part)]
        name = plain_parts[-1] if plain_parts else ""
    else:
        path = Path(first)
        name = path.resolve().name if path.is_dir() else split_file_name(path.name)[0]
    if len(arguments) > 1:
        name += f"-and-{len(arguments) - 1}-more"
    slug = re.sub(r"[^\w.]+", "-", name.lower()).strip("-._")[:60]
    # Most file systems allow 255 bytes in a name, and prepared corpora and locks append to it.
    return slug.encode()[:180].decode(errors="ignore") or "corpus"


def _raw_document(source: Document) -> Document:
    """Return a source as a document of bytes; those of a text without bytes are its UTF-8."""
    blocks = source.blocks
    if blocks is None:
        return source
    file = source.file and replace(source.file, raw=True)
    return Document(source.name, lambda: bytes_to_text(blocks()), blocks=blocks, file=file)


def _tune_document(tune: CleanTune, mended: bool) -> Document:
    text = tune.text if mended else tune.spelling
    return document(_title(text), text, tune.spelling)


def _title(tune: str) -> str:
    match = re.search(r"(?m)^T:(.*)", tune)
    return match[1].strip() if match else "a tune without a title"
