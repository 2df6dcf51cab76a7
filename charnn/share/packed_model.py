"""A model as numbers and a description for scripts in other languages (`charnn/share/pages`).

The numbers are those that `charnn sample` computes with: whole numbers of eight bits with a scale
for each row, and the float32 table of the first layer. So the scripts write the same text.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.inference.quantised import Int8Matrix
from charnn.inference.stepper import Stepper
from charnn.music.tune.chord_kinds import KINDS
from charnn.sampling.sampler import Sampler


@dataclass(frozen=True)
class PackedModel:
    """A model for scripts.

    Attributes:
        shape: the cell, the sizes, the tokens, and the name, type and length of each array, as JSON
            values.
        content: the arrays one after the other, little-endian. Those of four bytes come first, so
            each array begins at a multiple of its type's size.
    """

    shape: dict[str, Any]
    content: bytes


def pack_model(checkpoint: Checkpoint) -> PackedModel:
    """Return a model as `charnn sample` runs it without a grammar."""
    sampler = Sampler(checkpoint)
    stepper, config = sampler.backends.decoder.stepper, checkpoint.config
    arrays = _arrays(stepper, checkpoint)
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)
    vocabulary = checkpoint.vocabulary
    shape = {
        "cell": config.cell,
        "layers": config.num_layers,
        "units": config.hidden_size,
        "parts": len(stepper.cell.state),
        "vocabSize": config.vocab_size,
        "pointer": config.pointer,
        "pointerWidth": config.pointer_width,
        "kind": vocabulary.kind,
        "tokens": list(vocabulary.tokens),
        "startId": sampler.start_id,
        "chordKinds": sorted(KINDS) if vocabulary.moves_keys and '"' in vocabulary else [],
        "arrays": [[name, str(array.dtype), array.size] for name, array in ordered],
    }
    little_endian = (array.astype(array.dtype.newbyteorder("<")) for _, array in ordered)
    return PackedModel(shape, b"".join(array.tobytes() for array in little_endian))


def _arrays(stepper: Stepper[Int8Matrix], checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    """Return the arrays of a model by the names that `charnn/share/pages/network.js` has."""
    arrays: dict[str, NDArray[Any]] = {
        "table": stepper.table_VG,
        "starts": np.zeros(0, np.float32) if checkpoint.starts is None else checkpoint.starts,
        "sharpness": np.array([stepper.sharpness], np.float32),
    }
    matrices = {f"recurrent.{layer}": matrix for layer, matrix in enumerate(stepper.recurrent)}
    # The first layer has no input matrix: its sums are in the table.
    matrices |= {f"input.{layer}": matrix for layer, matrix in enumerate(stepper.input, 1)}
    for name, matrix in {**matrices, "head": stepper.head}.items():
        arrays |= {
            name: matrix.int8_RK,
            f"{name}.scale": matrix.scale_R,
            f"{name}.bias": matrix.bias_R.astype(np.float32),
        }
    for layer, vectors_PH in enumerate(stepper.peepholes_LPH):
        arrays[f"peepholes.{layer}"] = vectors_PH
    return arrays
