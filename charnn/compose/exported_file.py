"""A file that the page downloads."""

from typing import NamedTuple


class ExportedFile(NamedTuple):
    """A file to download.

    Attributes:
        content: its bytes.
        media_type: its type.
        suffix: the end of its name.
        messages: what the file does not contain.
    """

    content: bytes
    media_type: str
    suffix: str
    messages: tuple[str, ...] = ()
