"""The results of the jobs: hashes, tensors, and the files that keep them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = dict[str, NDArray[Any]]

FAILED = "FAILED"  # in place of the hash of a job that failed


@dataclass(frozen=True)
class Result:
    """The result that a line of the table compares.

    Attributes:
        sha256: the hash of the result, or `FAILED`.
        tensors: the numbers for which the tolerance holds; empty if the result is exact.
    """

    sha256: str
    tensors: Tensors = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """All results of a checkout, of this run or of an earlier one.

    Attributes:
        made: commit, machine, versions and date.
        inputs: the hash of the files that the jobs read.
        hashes: the SHA-256 of each line of the table.
        tensors: the tensors of each line that has some, by name.
    """

    made: str
    inputs: str
    hashes: dict[str, str]
    tensors: dict[str, Tensors]

    def save(self, path: Path) -> None:
        """Write the hashes as JSON, and the tensors beside them as `.npz`."""
        values = {"made": self.made, "inputs": self.inputs, "overall": overall(self.hashes)}
        content = json.dumps(values | {"hashes": self.hashes}, indent=1)
        path.write_text(content + "\n", encoding="utf-8")
        arrays = {
            f"{line}\t{name}": tensor
            for line, tensors in self.tensors.items()
            for name, tensor in tensors.items()
        }
        with path.with_suffix(".npz").open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read the files that `save` has written."""
        values = json.loads(path.read_text(encoding="utf-8"))
        tensors: dict[str, Tensors] = {}
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            for key in arrays.files:
                line, _, name = key.partition("\t")
                tensors.setdefault(line, {})[name] = arrays[key]
        return cls(values["made"], values["inputs"], values["hashes"], tensors)


def overall(hashes: Mapping[str, str]) -> str:
    """Return the hash of all lines and their hashes."""
    return digest(*(part.encode() for item in sorted(hashes.items()) for part in item))


def digest(*parts: bytes) -> str:
    """Return the SHA-256 of the parts and of their lengths."""
    sha256 = hashlib.sha256()
    for part in parts:
        # With the lengths, (b"ab", b"c") and (b"a", b"bc") have different hashes.
        sha256.update(f"{len(part)} ".encode())
        sha256.update(part)
    return sha256.hexdigest()
