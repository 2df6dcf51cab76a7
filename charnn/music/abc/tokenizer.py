"""The tokenizer of `--tokens abc`: notes, lengths, bar lines and lines of the header as tokens.

The tokens of a text always join to the text again, whatever the text is. Everything that is no
music becomes single characters, except a title, which is one token.

A vocabulary stores its tokens, so a change of the pattern would make old checkpoints tokenize texts
in ways that they were not trained on.
"""

import re

from charnn.music.abc.patterns import BROKEN_RHYTHM, QUOTED

# Differences from the reader's patterns (`patterns.py`): octave marks and digits have no limit,
# since the longest run belongs together and nothing is computed from it; accidentals and bar lines
# may be such as no reader understands; an ending may follow its bar line after one space.
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
