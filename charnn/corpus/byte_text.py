"""Bytes as text and text as bytes, without loss, for models whose tokens are bytes.

A byte that belongs to no valid UTF-8 stands in the text as a lone surrogate, as it does in Python's
names of files (PEP 383). A zero byte stands there as a surrogate, too, because the character U+0000
is `DOCUMENT_END`.
"""

import codecs
from collections.abc import Iterable, Iterator

# The surrogate that PEP 383 would give to a zero byte, if that were not a valid character.
ZERO = "\udc00"


def bytes_to_text(blocks: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of some bytes, block by block."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for block in blocks:
        if text := decoder.decode(block):
            yield text.replace("\0", ZERO)
    if text := decoder.decode(b"", final=True):
        yield text


def text_to_bytes(text: str) -> bytes:
    """Return the bytes of a text that `bytes_to_text` returned; of any other text, its UTF-8."""
    text = text.replace(ZERO, "\0")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # A surrogate that stands for no byte: some codecs decode to it, and so does JSON.
        return b"".join(map(_character_bytes, text))


def _character_bytes(character: str) -> bytes:
    escaped = "\udc80" <= character <= "\udcff"
    return character.encode("utf-8", "surrogateescape" if escaped else "surrogatepass")
