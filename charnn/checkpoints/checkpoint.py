"""The checkpoint: one `.safetensors` file, complete in itself, that runs no code when it is read.

It holds the parameters (`model.*`) and, from training, the optimizer, the hidden state, the random
states (`training.*`) as tensors; the shape of the model, the vocabulary and the story of the run as
JSON in its metadata. safetensors checks no content, so a SHA-256 over the metadata and each group
of tensors stands beside them: a flipped bit is an error, not a strange tune. Sampling reads and
verifies the parameters alone. A model that is shared has no more than these, in half precision.
"""

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from charnn.checkpoints.metadata import check_metadata
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.corpus.vocabulary_kinds import vocabulary_from_json
from charnn.errors import CharnnError, CheckpointError
from charnn.files import write_bytes
from charnn.model.config import ModelConfig

FORMAT = "charnn-1"
# Bytes of a file's header. A vocabulary of all of Unicode's letters takes two thirds of it; what is
# made to be costly takes two dozen times the memory as Python's objects.
MOST_HEADER = 1 << 22
MODEL = "model."
TRAINING = "training."

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A model and where it came from.

    Args:
        config: the shape of the model.
        vocabulary: what its symbol ids mean.
        weights: parameters by name, float32.
        temperature: of the softmax that the weights are to be followed by, fitted on held-out text.
        about: JSON values: the corpus, the training options, the losses, the position of the run.
        training: further tensors that resuming needs; empty when only the model was read.
    """

    config: ModelConfig
    vocabulary: Vocabulary
    weights: Tensors
    metadata: dict[str, Any]
    training: Tensors = field(default_factory=dict)
    temperature: float = 1.0

    @property
    def has_document_ends(self) -> bool:
        """Whether the model has learned where documents end."""
        return bool(self.metadata.get("documents", 1) != 1)

    @property
    def step(self) -> int:
        """The updates that the model has had; -1 if it does not tell."""
        try:
            return int(self.metadata["position"]["step"])
        except (KeyError, TypeError, ValueError):
            return -1

    @property
    def start_token_id(self) -> int:
        """What a text begins after: the end of another document or, in a single one, of a line."""
        if self.has_document_ends:
            return SEPARATOR
        newline = self.vocabulary.encode("\n")[0]
        return int(newline) if newline != UNKNOWN else len(self.vocabulary) - 1

    @property
    def calibrated_weights(self) -> Tensors:
        """The weights with the temperature in those of the head: what is to be written with, and
        measured."""
        head = {
            name: self.weights[name] / self.temperature for name in ("head.weight", "head.bias")
        }
        return self.weights | head

    def save(self, path: Path, *, previous: Path | None = None) -> None:
        """Write the file atomically: `path` holds the old checkpoint or all of this one.

        Args:
            path: the file.
            previous: the name that the old one keeps, see `charnn.files.write_bytes`.

        Raises:
            OSError: the folder is missing or not writable, or the disk is full.
        """
        tensors = {MODEL + name: tensor for name, tensor in self.weights.items()}
        tensors |= {TRAINING + name: tensor for name, tensor in self.training.items()}
        # safetensors writes an array's memory as it lies.
        tensors = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
        write_bytes(path, save(tensors, self._file_header(tensors)), previous=previous)

    def half_precision_bytes(self) -> bytes:
        """The file of the model alone, weights as float16: it cannot be resumed.

        Raises:
            CheckpointError: a weight is beyond what float16 holds.
        """
        with np.errstate(over="ignore"):
            halves = {name: weight.astype(np.float16) for name, weight in self.weights.items()}
        if not all(np.isfinite(half).all() for half in halves.values()):
            raise CheckpointError("a weight is too large for half precision: share the run's own")
        tensors = {MODEL + name: np.asarray(half, order="C") for name, half in halves.items()}
        return save(tensors, self._file_header(tensors))

    def _file_header(self, tensors: Tensors) -> dict[str, str]:
        header = json.dumps(
            {
                "config": self.config.to_json(),
                "vocabulary": self.vocabulary.to_json(),
                "about": self.metadata,
                "temperature": self.temperature,
            },
            sort_keys=True,
        )
        if 2 * len(header) > MOST_HEADER:
            raise CheckpointError(
                "the vocabulary and the story of the run are too long for a checkpoint: train on "
                "less, or on other, symbols"
            )
        digests = {group: _digest(header, tensors, group) for group in (MODEL, TRAINING)}
        return {"format": FORMAT, "header": header, "sha256": json.dumps(digests)}


def load_checkpoint(path: Path, *, training: bool = False) -> Checkpoint:
    """Read and verify a checkpoint.

    Args:
        path: a `.safetensors` file that charnn wrote.
        training: read what resuming needs, too.

    Raises:
        CheckpointError: there is no such file, or it is not a checkpoint of this version, or it is
            damaged.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such checkpoint file")
    try:
        _expect_room(path)
        with safe_open(path, framework="np") as file:
            stored_header = file.metadata() or {}
            if stored_header.get("format") != FORMAT:
                raise CheckpointError(_foreign(path, stored_header.get("format")))
            header = json.loads(stored_header["header"], parse_constant=_refuse)
            metadata = check_metadata(header["about"])
            temperature = float(header.get("temperature", 1.0))
            if not _COLDEST <= temperature <= _HOTTEST:
                raise ValueError("no text has such a temperature")
            config = ModelConfig(**header["config"])
            vocabulary = vocabulary_from_json(header["vocabulary"])
            _check_shapes(file, config, vocabulary)
            groups = (MODEL, TRAINING) if training else (MODEL,)
            digests = json.loads(stored_header["sha256"])
            read: dict[str, Tensors] = {}
            for group in groups:
                names = [name for name in file.keys() if name.startswith(group)]  # noqa: SIM118
                tensors = {name: file.get_tensor(name) for name in names}
                if _digest(stored_header["header"], tensors, group) != digests[group]:
                    raise CheckpointError(f"{path} is damaged: its content and checksum differ")
                read[group] = {name.removeprefix(group): array for name, array in tensors.items()}
            weights = {name: stored.astype(np.float32) for name, stored in read[MODEL].items()}
            if not all((np.abs(array) < _LARGEST).all() for array in weights.values()):
                raise CheckpointError(
                    f"{path} holds weights that no model can be followed with: train again"
                )
    except CheckpointError:
        raise
    except _MALFORMED as error:
        hint = ": it is PyTorch's own format, which can run code" if _is_zip(path) else ""
        raise CheckpointError(f"{path} is not a checkpoint that charnn can read{hint}") from error
    training_tensors = read.get(TRAINING, {})
    return Checkpoint(config, vocabulary, weights, metadata, training_tensors, temperature)


# Types of weights: as they are trained, and as they are shared.
_STORED = ("F32", "F16")

# Of all weights, and far beyond those that training ends with: what is computed with them stays
# finite. What is not a number is not below it.
_LARGEST = 1e9
# Likewise of the temperatures.
_COLDEST, _HOTTEST = 0.01, 100.0

# What reading a file raises that was not written by `Checkpoint.save`.
_MALFORMED = (
    SafetensorError,
    CharnnError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    struct.error,
    OverflowError,
    RecursionError,
)


def _expect_room(path: Path) -> None:
    """Refuse a file that asks for more memory than it can be worth, before any is taken."""
    with path.open("rb") as file:
        (header,) = struct.unpack("<Q", file.read(8))
    if header > MOST_HEADER:
        raise ValueError("the header is too long")
    if hasattr(os, "sysconf"):  # not on Windows
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        if path.stat().st_size > memory:
            raise CheckpointError(
                f"{path} is larger than the {memory / 1e9:.0f} GB of memory that this machine has"
            )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _digest(header: str, tensors: Mapping[str, NDArray[Any]], group: str) -> str:
    """SHA-256 of the metadata and of the name, type, shape and bytes of a group's tensors."""
    digest = hashlib.sha256(header.encode())
    for name in sorted(name for name in tensors if name.startswith(group)):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()


def _check_shapes(file: Any, config: ModelConfig, vocabulary: Vocabulary) -> None:
    """Hold the file's tensors against its own configuration before any of them is read."""
    if config.vocab_size != len(vocabulary):
        raise ValueError("the vocabulary has another size than the model")
    expected = {MODEL + name: shape for name, shape in config.parameter_shapes().items()}
    present = {name for name in file.keys() if not name.startswith(TRAINING)}  # noqa: SIM118
    if present != set(expected):
        raise ValueError("parameters are missing or unknown")
    for name, shape in expected.items():
        tensor = file.get_slice(name)
        if tuple(tensor.get_shape()) != shape or tensor.get_dtype() not in _STORED:
            raise ValueError(f"{name} has the wrong shape or type")


def _foreign(path: Path, version: str | None) -> str:
    if version and version.startswith("charnn-"):
        return (
            f"{path} has the checkpoint format {version}, this charnn reads {FORMAT}: "
            "use the charnn that wrote it, or train again"
        )
    return f"{path} is a safetensors file, but not a charnn checkpoint"
