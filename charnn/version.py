"""The version of charnn."""

__version__ = "0.2.0"
