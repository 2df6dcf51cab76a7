"""Names of files that are made of the titles of tunes."""

import re
import unicodedata

MAX_SLUG_LENGTH = 60  # leaves room for a number and a suffix in the 255 bytes of a file name

# Names that Windows reserves for devices, with or without a suffix.
_WINDOWS_DEVICES = re.compile("con|prn|aux|nul|com[0-9]|lpt[0-9]")


def slug(title: str) -> str:
    """Return a title as a file name: `"The Butterfly (slip jig)"` is `the-butterfly-slip-jig`.

    The file name contains only ASCII letters, digits and hyphens, so it is valid on every system
    and contains no path separator. It is empty if the title has no letters or digits.
    """
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", ascii_title).strip("-")[:MAX_SLUG_LENGTH].rstrip("-")
    return f"tune-{name}" if _WINDOWS_DEVICES.fullmatch(name) else name
