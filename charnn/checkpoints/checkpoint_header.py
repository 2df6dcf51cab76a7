"""The header of a checkpoint: everything in the file except the tensors.

A file from elsewhere may contain anything, so its size, its format and each value are checked here.
"""

import json
import os
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from charnn.checkpoints.metadata import check_metadata
from charnn.corpus.vocabulary import Vocabulary
from charnn.corpus.vocabulary_kinds import vocabulary_from_json
from charnn.errors import CharnnError, CheckpointError
from charnn.model.config import ModelConfig

FORMAT = "charnn-1"
# A vocabulary of all letters of Unicode takes two thirds of this. Parsed JSON can take two dozen
# times its bytes of memory, so a hostile header must not be larger.
MAX_HEADER_BYTES = 1 << 22
_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.01, 100.0

# The errors that reading raises for a file that `Checkpoint.save` did not write.
_MALFORMED = (
    SafetensorError,
    CharnnError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    OverflowError,
    RecursionError,
)


@dataclass(frozen=True)
class Header:
    """The header of a checkpoint; the attributes are those of `Checkpoint`."""

    config: ModelConfig
    vocabulary: Vocabulary
    metadata: dict[str, Any]
    temperature: float


def read_header(path: Path) -> Header:
    """Return the header of a checkpoint, without reading its tensors or verifying its checksums.

    Raises:
        CheckpointError: the file is missing, or is not a checkpoint of this version.
    """
    with open_checked(path) as file:
        return parse_header(path, file.metadata() or {})


@contextmanager
def open_checked(path: Path) -> Iterator[Any]:
    """Open a checkpoint; errors of the block that mean a malformed file become a CheckpointError.

    Raises:
        CheckpointError: the file is missing, too large or malformed.
    """
    if not path.is_file():
        raise CheckpointError(f"no such file: {path}. Name a checkpoint that charnn wrote.")
    try:
        _check_size(path)
        with safe_open(path, framework="np") as file:
            yield file
    except CheckpointError:
        raise
    except _MALFORMED as error:
        hint = ": it is in PyTorch's own format, which can run code" if _is_zip(path) else ""
        raise CheckpointError(f"{path} is not a checkpoint that charnn can read{hint}") from error


def parse_header(path: Path, stored: Mapping[str, str]) -> Header:
    """Return the header from the texts that safetensors stores.

    Raises:
        CheckpointError: the file has another format.
        ValueError, LookupError, TypeError, CharnnError: the header is malformed.
    """
    if stored.get("format") != FORMAT:
        raise CheckpointError(_wrong_format(path, stored.get("format")))
    header = json.loads(stored["header"], parse_constant=_reject_constant)
    temperature = float(header.get("temperature", 1.0))
    if not _MIN_TEMPERATURE <= temperature <= _MAX_TEMPERATURE:
        raise ValueError("the softmax temperature is out of range")
    return Header(
        config=ModelConfig(**header["config"]),
        vocabulary=vocabulary_from_json(header["vocabulary"]),
        metadata=check_metadata(header["about"]),
        temperature=temperature,
    )


def _check_size(path: Path) -> None:
    """Reject a file that needs too much memory, before any memory is allocated."""
    with path.open("rb") as file:
        (header_bytes,) = struct.unpack("<Q", file.read(8))
    if header_bytes > MAX_HEADER_BYTES:
        raise ValueError("the header is too long")
    if hasattr(os, "sysconf"):  # not on Windows
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if path.stat().st_size > memory:
            raise CheckpointError(
                f"{path} is larger than the {memory / 1e9:.0f} GB of memory of this machine. Read "
                "it on a machine with more memory."
            )


def _reject_constant(constant: str) -> None:
    # Python's json accepts NaN and Infinity, which are not JSON and break comparisons.
    raise ValueError(f"{constant} is not JSON")


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _wrong_format(path: Path, version: str | None) -> str:
    if version and version.startswith("charnn-"):
        return (
            f"{path} has the checkpoint format {version}, but this charnn reads {FORMAT}. Use the "
            "charnn that wrote it, or train again."
        )
    return (
        f"{path} is a safetensors file, but not a charnn checkpoint. Name a file that charnn wrote."
    )
