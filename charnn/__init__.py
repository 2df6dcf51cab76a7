"""charnn: a character-level recurrent language model for texts and folk tunes."""

__version__ = "0.1.0"
