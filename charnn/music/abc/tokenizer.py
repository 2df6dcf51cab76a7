"""A tune as a row of musical pieces: a note, a bar line, a line of the header, rather than letters.

Cutting loses nothing: the pieces put together again are the text, whatever text it is. What is no
music comes as single characters, a title in one piece.
"""

import re

_PIECE = re.compile(
    r"""
      \AX:1\nT:
    | (?<=\nT:)[^\n]+                     # the words of a title
    | \n[RMLP]:[^\n]*                     # a field of the header, or between lines of music
    | \nK:[^\n]*\n                        # a key, and the body begins
    | \[[A-Za-z]:[^\]\n]*\]               # a field in a line of music
    | "[^"\n]*"                           # a chord symbol
    | \(\d                                # a tuplet
    | (?:\[?\||:+)[|\]:]*(?:\ ?\[?\d)?    # a bar line, with the number of an ending
    | \[\d
    | [_^=]*[A-Ga-gxzZ][,']*              # a note's pitch
    | \d+(?:/\d+)?|/+\d*                  # its length
    | <+|>+
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str) -> list[str]:
    """Cut a text into pieces that are the text when they are joined."""
    return _PIECE.findall(text)
