"""File formats that users mistake for text, recognised by their first bytes.

`charnn.corpus.text` decides whether a file is text. Only for documents, which may be pure ASCII,
this file decides; for all other formats, it gives the words of the error message.
"""

_UNPACK = "Unpack it first."
_SAVE_AS_TEXT = "Save it as plain text first."
_NAME_A_TEXT = "Name a text file instead."
# The first bytes ("magic number"), the kind of file, and the advice.
_DOCUMENTS = (
    (b"%PDF-", "a PDF file", _SAVE_AS_TEXT),
    (b"{\\rtf", "an RTF file", _SAVE_AS_TEXT),
)
_KINDS = (
    *_DOCUMENTS,
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word or Office file", _SAVE_AS_TEXT),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _NAME_A_TEXT),
    (b"\xff\xd8\xff", "a JPEG image", _NAME_A_TEXT),
    (b"GIF8", "a GIF image", _NAME_A_TEXT),
    (b"MThd", "a MIDI file", "Name a book of tunes in ABC notation instead."),
    (b"\x1f\x8b", "gzip-compressed", "Give it a name that ends in .gz."),
    (b"BZh", "bzip2-compressed", _UNPACK),
    (b"\xfd7zXZ\0", "xz-compressed", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
)
_ZIP = b"PK\x03\x04"
# Office documents are zip archives, in which these names and types are stored uncompressed. The
# first match counts; b"" matches every other archive.
_ZIP_KINDS = (
    (b"word/", "a Word file", _SAVE_AS_TEXT),
    (b"opendocument.text", "an OpenDocument (LibreOffice) file", _SAVE_AS_TEXT),
    (b"application/epub+zip", "an EPUB book", _SAVE_AS_TEXT),
    (b"META-INF/container.xml", "an EPUB book", _SAVE_AS_TEXT),
    (b"xl/", "an Excel file", _SAVE_AS_TEXT),
    (b"ppt/", "a PowerPoint file", _SAVE_AS_TEXT),
    (b"Index/Document.iwa", "a Pages file", _SAVE_AS_TEXT),
    (b"", "a zip archive", _UNPACK),
)


def describe_document(head: bytes) -> str | None:
    """Return text such as "is a PDF file. ADVICE" for a document that may be pure ASCII."""
    return _describe(head, _DOCUMENTS)


def describe_binary(head: bytes) -> str | None:
    """Return text such as "is a PDF file. ADVICE" for a binary file; None if its kind is unknown.

    Args:
        head: the first bytes of the file, enough to contain the first file names of an archive.
    """
    if head.startswith(_ZIP):
        kind, advice = next((kind, advice) for mark, kind, advice in _ZIP_KINDS if mark in head)
        return f"is {kind}. {advice}"
    if head[60:68] == b"BOOKMOBI":
        return f"is a Kindle book. {_SAVE_AS_TEXT}"
    return _describe(head, _KINDS)


def _describe(head: bytes, kinds: tuple[tuple[bytes, str, str], ...]) -> str | None:
    for magic, kind, advice in kinds:
        if head.startswith(magic):
            return f"is {kind}. {advice}"
    return None
