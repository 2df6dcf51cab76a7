"""The card of an earlier export, in the place of a new one."""

import re
from pathlib import Path

from charnn.share.licence_name import is_licence_name

_MAX_BYTES = 100_000
_HEADER = re.compile(r"---\n(.*?\n)---\n", re.DOTALL)
_BY_CHARNN = re.compile(r"^library_name: \"?charnn\"?$", re.MULTILINE)
_LICENCE = re.compile(r"^license(?:_name)?: \"?([^\"\n]*)", re.MULTILINE)


def licence_of_card(path: Path) -> str | None:
    """Return the licence that a card of charnn states, "" if it states none.

    Returns:
        The licence; None if the file is missing, or is not a card of charnn.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        text = file.read(_MAX_BYTES).decode("utf-8", errors="replace").replace("\r\n", "\n")
    header = _HEADER.match(text)
    if header is None or not _BY_CHARNN.search(header[1]):
        return None
    # Of `license: "other"` and `license_name: "my-licence"`, the second one is the name.
    licence = (_LICENCE.findall(header[1]) or [""])[-1]
    return licence if licence != "unknown" and is_licence_name(licence) else ""
