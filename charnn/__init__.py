"""charnn: a character-level recurrent language model for texts and folk tunes.

import charnn
model = charnn.train("corpus.txt", minutes=1)
print(model.sample(prime="Once ", temperature=0.7, seed=1))
charnn.load("checkpoints/corpus").evaluate("a text").nats_per_char

for tune in charnn.load("folk").tunes(3, rhythm="jig", key="D"):
    print(tune, tune.seed)
charnn.read_tunes(tune)[0]      # a notebook shows it as a score, and plays it

help(charnn.Model) describes all that a model does.
"""

from charnn.version import __version__ as __version__

# Type checkers take this name for typing.TYPE_CHECKING. Importing typing would take longer than the
# rest of this module.
TYPE_CHECKING = False

__all__ = ["CharnnError", "CharnnWarning", "Model", "load", "read_tunes", "train"]

if TYPE_CHECKING:
    from typing import Any

    from charnn.errors import CharnnError as CharnnError
    from charnn.errors import CharnnWarning as CharnnWarning
    from charnn.library import Model as Model
    from charnn.library import load as load
    from charnn.library import train as train
    from charnn.tunes.shown_tune import read_tunes as read_tunes

_HOMES = {
    "CharnnError": "charnn.errors",
    "CharnnWarning": "charnn.errors",
    "read_tunes": "charnn.tunes.shown_tune",
}


def __getattr__(name: str) -> "Any":
    """Import a public name at its first use, so that `charnn --help` starts at once."""
    if name in __all__:
        from importlib import import_module

        value = getattr(import_module(_HOMES.get(name, "charnn.library")), name)
        if name == "train":  # here, because `charnn sample` imports the library, too
            import_module("charnn.training.call_signature").show_options(value)
        return value
    raise AttributeError(f"module 'charnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names, also of what is not imported yet: completion and help read them."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
