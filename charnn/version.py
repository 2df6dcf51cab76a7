"""The version of charnn."""

__version__ = "0.3.0"
