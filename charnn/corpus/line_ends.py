"""The line ends of a corpus: CRLF and lone CR become line feeds.

A file from Windows has CRLF. Kept, the model would learn to write carriage returns, and primes with
other line ends would be unknown to it.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from charnn.corpus.text import Document


class LineFeeds:
    """A conversion of texts, which records the ones that contained carriage returns.

    Attributes:
        changed: the names of the converted texts with carriage returns, as far as they were read.
    """

    def __init__(self) -> None:
        self.changed: list[str] = []

    def convert(self, text: Document) -> Document:
        """Return a text with line feeds in place of its other line ends."""
        file = text.file and replace(text.file, line_feeds=True)
        return Document(text.name, partial(self._chunks, text), text.split_text, file=file)

    def _chunks(self, text: Document) -> Iterator[str]:
        # A chunk may end between CR and LF.
        decoder = io.IncrementalNewlineDecoder(None, translate=True)
        for chunk in text.chunks():
            if converted := decoder.decode(chunk):
                yield converted
        if rest := decoder.decode("", final=True):
            yield rest
        if decoder.newlines not in (None, "\n") and text.name not in self.changed:
            self.changed.append(text.name)
