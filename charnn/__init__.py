"""charnn: a character-level recurrent language model for texts and folk tunes.

import charnn
model = charnn.train("corpus.txt", minutes=1)
print(model.sample(prime="Once ", temperature=0.7, seed=1))
charnn.load("checkpoints/corpus").evaluate("a text").nats_per_char
"""

from charnn.version import __version__ as __version__

# Type checkers take this name for typing.TYPE_CHECKING. Importing typing would take longer than the
# rest of this module.
TYPE_CHECKING = False

__all__ = ["load", "read_tunes", "train"]

if TYPE_CHECKING:
    from typing import Any

    from charnn.library import load as load
    from charnn.library import train as train
    from charnn.music.abc.reader import read_tunes as read_tunes


def __getattr__(name: str) -> "Any":
    """Import a public name at its first use, so that `charnn --help` starts at once."""
    if name in ("load", "train"):
        from charnn import library

        return getattr(library, name)
    if name == "read_tunes":
        from charnn.music.abc.reader import read_tunes

        return read_tunes
    raise AttributeError(f"module 'charnn' has no attribute {name!r}")
