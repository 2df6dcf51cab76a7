"""The kinds of documents that a corpus consists of: the values of `--documents`.

AUTO makes a document of each file, and of each tune of a tune book. The other kinds read every
source as plain text, tune books included. This file imports nothing, because the help of
`charnn train` must not wait for NumPy.
"""

AUTO, LINES, BLANK, FILES = "auto", "lines", "blank", "files"
DOCUMENT_CHOICES = (AUTO, LINES, BLANK, FILES)

# The kinds for which texts are cut into documents.
CUT_KINDS = (LINES, BLANK)

# For messages: the plural name of the documents.
PLURALS = {AUTO: "documents", LINES: "lines", BLANK: "passages", FILES: "files"}


def document_plural(kind: str, tunes: bool) -> str:
    """Return the plural name of the documents of a corpus, such as "lines"."""
    return "tunes" if tunes else PLURALS[kind]
