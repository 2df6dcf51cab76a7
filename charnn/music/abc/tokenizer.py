"""The tokenizer of `--tokens abc`: notes, lengths, bar lines and lines of the header as tokens.

The tokens of any text, joined, are the text. Text that is no music becomes single characters,
except a title, which is one token.

The pattern must not change. A checkpoint stores the vocabulary but not the pattern: with another
pattern, a model would get other tokens than in training.
"""

import re

from charnn.music.abc.patterns import BROKEN_RHYTHM, QUOTED

# Differences from the reader's patterns (`patterns.py`): octave marks and digits have no limit,
# because nothing is computed from them; accidentals and bar lines may be malformed, because any
# text is tokenized; an ending may follow its bar line after one space.
_TOKEN = re.compile(
    rf"""
      \AX:1\nT:                           # the beginning of a cleaned tune
    | (?<=\nT:)[^\n]+                     # the words of a title
    | \n[RMLP]:[^\n]*                     # a field of the header, or between lines of music
    | \nK:[^\n]*\n                        # a key, after which the body begins
    | \[[A-Za-z]:[^\]\n]*\]               # an inline field
    | {QUOTED}
    | \(\d                                # a tuplet
    | (?:\[?\||:+)[|\]:]*(?:\ ?\[?\d)?    # a bar line, with the number of an ending
    | \[\d                                # an ending without a bar line
    | [_^=]*[A-Ga-gxzZ][,']*              # a note head or rest
    | \d+(?:/\d+)?|/+\d*                  # a length
    | {BROKEN_RHYTHM}
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str) -> list[str]:
    """Return the tokens of a text, which join to the text."""
    return _TOKEN.findall(text)
