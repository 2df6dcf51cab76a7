"""The checkpoint: one self-contained `.safetensors` file, which runs no code when it is read.

Tensors: the parameters (`model.*`) and, from training, the optimizer, the hidden state and the
random states (`training.*`). Metadata: the model's configuration, the vocabulary and the run's
metadata as JSON. Sampling reads and verifies only the parameters. An exported model contains only
the parameters, in half precision.

Pickle, which torch.save uses, is a program, and torch.load's `weights_only=True` was broken twice.
safetensors runs no code, but has no checksum: of 50,000 damaged files, 21 % were read with wrong
values. So two checksums are stored as well, one over the JSON and the `model.*` tensors, one over
the JSON and the `training.*` tensors (`_digest` computes them, `_read_group` compares them).
"""

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from charnn.checkpoints.checkpoint_header import (
    FORMAT,
    MAX_HEADER_BYTES,
    open_checked,
    parse_header,
)
from charnn.corpus.document_kinds import AUTO, CUT_KINDS
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.errors import CheckpointError
from charnn.files import write_bytes
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig

MODEL = "model."
# The name of `Checkpoint.starts` among the tensors of the model.
STARTS = "starts"
TRAINING = "training."

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A trained model, with the metadata and the training state of its run.

    Attributes:
        config: the shape of the model.
        vocabulary: the tokens and their ids.
        weights: the parameters by name, float32.
        metadata: the corpus, the training options, the losses and the position that the run has
            reached, as JSON values.
        training: the training tensors, which resuming needs; empty if only the model was read.
        temperature: the softmax temperature that was fitted on held-out text; 1.0 if none was.
            Losses may use it; samples are drawn without it.
        starts: [K, S, L, H] K hidden states that samples begin with, of S parts in L layers; None
            for a short training part and in old files: samples then begin with zeros.
    """

    config: ModelConfig
    vocabulary: Vocabulary
    weights: Tensors
    metadata: dict[str, Any]
    training: Tensors = field(default_factory=dict)
    temperature: float = 1.0
    starts: NDArray[np.float32] | None = None

    @property
    def has_document_ends(self) -> bool:
        """Return whether the model was trained on several documents and so predicts their ends."""
        return bool(self.metadata.get("documents", 1) != 1)

    @property
    def document_kind(self) -> str:
        """Return the kind of documents of the corpus, see `charnn.corpus.document_kinds`."""
        return str(self.metadata.get("document_kind", AUTO))

    @property
    def keep_cr(self) -> bool:
        """Return whether the corpus kept its carriage returns, as in runs of earlier versions."""
        return bool(self.metadata.get("keep_cr", True))

    @property
    def given_vocabulary(self) -> Vocabulary | None:
        """Return the vocabulary if it was given to training; None if training took its own."""
        return self.vocabulary if self.metadata.get("vocabulary_given") else None

    @property
    def corpus_options(self) -> dict[str, Any]:
        """Return the options by which `charnn.corpus.sources` reads a corpus for this model."""
        return {
            "document_kind": self.document_kind,
            "keep_cr": self.keep_cr,
            "tokens": self.vocabulary.kind,
        }

    @property
    def mean_length(self) -> float:
        """Return the mean number of characters of the documents that the model learned."""
        characters = float(self.metadata.get("characters", math.inf))
        return characters / max(1, int(self.metadata.get("documents", 1)))

    @property
    def typical_length(self) -> float:
        """Return `mean_length` for a model of lines or passages, and infinity for any other."""
        return self.mean_length if self.document_kind in CUT_KINDS else math.inf

    @property
    def step(self) -> int:
        """Return the number of training updates; -1 if the metadata lacks it."""
        try:
            return int(self.metadata["position"]["step"])
        except (KeyError, TypeError, ValueError):
            return -1

    @property
    def start_token_id(self) -> int:
        """Return the id that the model reads before the first token of a text.

        A model of several documents reads `SEPARATOR`. A model of a single text reads a line end,
        or the last id if the vocabulary has no line end.
        """
        if self.has_document_ends:
            return SEPARATOR
        newline = self.vocabulary.encode("\n")[0]
        return int(newline) if newline != UNKNOWN else len(self.vocabulary) - 1

    def save(self, path: Path, *, previous: Path | None = None) -> None:
        """Write the checkpoint atomically: `path` contains the old file or all of the new one.

        Args:
            path: the file.
            previous: the path that keeps the old checkpoint, see `charnn.files.write_bytes`.

        Raises:
            CheckpointError: the header is too long.
            OSError: the folder is missing or not writable, or the disk is full.
        """
        tensors = {MODEL + name: tensor for name, tensor in self._model_tensors().items()}
        tensors |= {TRAINING + name: tensor for name, tensor in self.training.items()}
        # safetensors writes the memory of an array and ignores the strides.
        tensors = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
        write_bytes(path, save(tensors, self._file_header(tensors)), previous=previous)

    def half_precision_bytes(self) -> bytes:
        """Return the bytes of a file with only the model, in float16; no run can resume from it.

        Raises:
            CheckpointError: a weight is outside the range of float16.
        """
        with np.errstate(over="ignore"):
            halves = {
                name: tensor.astype(np.float16) for name, tensor in self._model_tensors().items()
            }
        if not all(np.isfinite(half).all() for half in halves.values()):
            raise CheckpointError(
                "a weight is too large for half precision. Share the checkpoint itself instead."
            )
        tensors = {MODEL + name: np.asarray(half, order="C") for name, half in halves.items()}
        return _in_order(save(tensors, self._file_header(tensors)))

    def _model_tensors(self) -> Tensors:
        return self.weights if self.starts is None else self.weights | {STARTS: self.starts}

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
        # Half the limit, because safetensors escapes the JSON inside its own JSON header.
        if 2 * len(header) > MAX_HEADER_BYTES:
            raise CheckpointError(
                "the vocabulary and the metadata of the run are too long for a checkpoint. Train "
                "on a text with fewer different characters."
            )
        digests = {group: _digest(header, tensors, group) for group in (MODEL, TRAINING)}
        return {"format": FORMAT, "header": header, "sha256": json.dumps(digests)}


def load_checkpoint(path: Path, *, training: bool = False) -> Checkpoint:
    """Read and verify a checkpoint.

    Args:
        path: a `.safetensors` file that charnn wrote.
        training: also read the tensors that resuming needs.

    Raises:
        CheckpointError: the file is missing or damaged, or not a checkpoint of this version.
    """
    with open_checked(path) as file:
        stored = file.metadata() or {}
        header = parse_header(path, stored)
        _check_shapes(file, header.config, header.vocabulary)
        halves_or_floats = _read_group(path, file, stored, MODEL)
        weights = {name: array.astype(np.float32) for name, array in halves_or_floats.items()}
        # NaN is not below the limit either.
        if not all((np.abs(array) < _MAX_WEIGHT).all() for array in weights.values()):
            raise CheckpointError(
                f"{path} has weights that are infinite, NaN or larger than "
                f"{_MAX_WEIGHT:g}; the checkpoint is unusable. Train again."
            )
        starts = weights.pop(STARTS, None)
        training_tensors = _read_group(path, file, stored, TRAINING) if training else {}
    return Checkpoint(
        header.config,
        header.vocabulary,
        weights,
        header.metadata,
        training_tensors,
        header.temperature,
        starts,
    )


def _in_order(content: bytes) -> bytes:
    """Return a safetensors file with its metadata in the order of the alphabet.

    safetensors writes it in a random order, and the same model should be the same file.
    """
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    ordered += b" " * (-len(ordered) % 8)  # the tensors are aligned
    return struct.pack("<Q", len(ordered)) + ordered + content[8 + length :]


# The types of weights: float32 from training, float16 in exported models.
_WEIGHT_TYPES = ("F32", "F16")

# Far above the weights of any trained model; logits computed with smaller weights stay finite.
_MAX_WEIGHT = 1e9


def _read_group(path: Path, file: Any, stored: Mapping[str, str], group: str) -> Tensors:
    """Return the tensors of a group by name, without the group's prefix.

    Raises:
        CheckpointError: the checksum of the tensors is wrong.
    """
    names = [name for name in file.keys() if name.startswith(group)]  # noqa: SIM118 - not a dict
    tensors = {name: file.get_tensor(name) for name in names}
    if _digest(stored["header"], tensors, group) != json.loads(stored["sha256"])[group]:
        raise CheckpointError(f"{path} is damaged (sha256 differs)")
    return {name.removeprefix(group): array for name, array in tensors.items()}


def _digest(header: str, tensors: Mapping[str, NDArray[Any]], group: str) -> str:
    """Return the sha256 of the header and of a group's names, types, shapes and bytes."""
    digest = hashlib.sha256(header.encode())
    for name in sorted(name for name in tensors if name.startswith(group)):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()


def _check_shapes(file: Any, config: ModelConfig, vocabulary: Vocabulary) -> None:
    """Compare the names, shapes and types of the tensors with the configuration in the same file.

    No tensor is read yet, so a file with wrong shapes takes no memory.

    Raises:
        ValueError: the tensors differ from the configuration.
    """
    if config.vocab_size != len(vocabulary):
        raise ValueError("the vocabulary has another size than the model")
    expected = {MODEL + name: shape for name, shape in config.parameter_shapes().items()}
    # The two checksums cover only the two groups, so a tensor outside of them is rejected.
    present = {name for name in file.keys() if not name.startswith(TRAINING)}  # noqa: SIM118
    if present - {MODEL + STARTS} != set(expected):
        raise ValueError("parameters are missing or unknown")
    if MODEL + STARTS in present:
        count, parts = file.get_slice(MODEL + STARTS).get_shape()[0], len(CELLS[config.cell].state)
        expected[MODEL + STARTS] = (count, parts, config.num_layers, config.hidden_size)
        if count < 1:
            raise ValueError("there is no state to start from")
    for name, shape in expected.items():
        tensor = file.get_slice(name)
        if tuple(tensor.get_shape()) != shape or tensor.get_dtype() not in _WEIGHT_TYPES:
            raise ValueError(f"{name} has the wrong shape or type")
