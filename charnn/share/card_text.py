"""Text of strangers in Markdown and YAML: names and sentences of a checkpoint are never markup.

A checkpoint may come from anywhere, and its card is rendered on web pages. So every text from it
passes through `plain`, `code` or `quoted`.
"""

import json
import re

from charnn.corpus.vocabulary import Vocabulary
from charnn.errors import shorten

MAX_LENGTH = 500
# The signs that begin markup inside a line of CommonMark and of GitHub's dialect, and the signs
# that make an address: that dialect turns bare addresses into links.
_SPECIAL = re.compile(r"[\\`*_\[\]<>&|~#$@^{}!=]|(?<=:)/|(?<=[Ww]{3})\.")


def visible(text: str) -> str:
    """Return a text on one line, with escapes in place of characters that are invisible."""
    if not text.isprintable():
        text = "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
        )
    return shorten(text, MAX_LENGTH)


def plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\g<0>", visible(text))


def code(text: str) -> str:
    """Return a text as code of Markdown, in which nothing is markup. Not for cells of a table."""
    text = visible(text)
    # The fence must be longer than any row of backticks inside.
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if not text.strip() or text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}" if text else ""


def quoted(text: str) -> str:
    """Return a text as a string of YAML, which JSON's strings are."""
    return json.dumps(visible(text), ensure_ascii=False)


def count(number: int, noun: str) -> str:
    """Return a number of things, such as "1 core" or "1,200 cores"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def counted_unit(vocabulary: Vocabulary) -> str:
    """Return what lengths and losses count, as a whole word: "character" or "byte"."""
    return vocabulary.counted_one
