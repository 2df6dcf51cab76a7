"""Commands as text that can be pasted into a shell."""

import shlex
from collections.abc import Iterable


def join_words(words: Iterable[str]) -> str:
    """Return the words of a command, quoted for the shell, on a single line."""
    return " ".join(map(_quote, words))


def _quote(word: str) -> str:
    """Return a word for the shell.

    A word with a newline or another unprintable character is written as `$'...\\n...'`, which bash,
    zsh and ksh understand. The command must fit on one line, because it is written into a comment
    of ABC, and such a comment ends at the end of the line.
    """
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escape, word)) + "'"


def _escape(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if character.isprintable():
        return character
    if character == "\n":
        return "\\n"
    # Arguments that are not UTF-8 reach Python as surrogates: write back their original bytes.
    codes = character.encode("utf-8", "surrogateescape")
    return "".join(f"\\x{code:02x}" for code in codes)
