"""The version of charnn."""

__version__ = "0.1.0"
