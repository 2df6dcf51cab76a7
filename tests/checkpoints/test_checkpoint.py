"""The checkpoint file: a saved checkpoint survives, and every other file is refused."""

import json
import os
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.checkpoint_header import FORMAT
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.errors import CheckpointError
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from tests.helpers import random_checkpoint, random_weights


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    made = random_checkpoint("abcdefé\n\x1b🎻", cell="gru", num_layers=2, embedding_size=5)
    metadata = {
        "corpus": "x",
        "history": [{"step": 1, "seconds": 0.5, "val_loss": 2.5}],
        "documents": 1,
    }
    training = {
        "random.cpu": np.arange(40, dtype=np.uint8),
        "state.0.0": np.linspace(-1, 1, 24, dtype=np.float32).reshape(3, 8),
        "optimizer.step.head.bias": np.array(7, np.float32),
    }
    return replace(made, metadata=metadata, training=training, temperature=1.25)


@pytest.fixture(scope="module")
def good(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "good.safetensors"
    checkpoint.save(path)
    return path.read_bytes()


def same(one: Checkpoint, other: Checkpoint, *, training: bool = True) -> bool:
    groups = [(one.weights, other.weights)] + [(one.training, other.training)] * training
    return (one.config, one.vocabulary, one.metadata, one.temperature) == (
        other.config,
        other.vocabulary,
        other.metadata,
        other.temperature,
    ) and all(
        mine.keys() == theirs.keys()
        and all(
            (mine[name].dtype, mine[name].shape, mine[name].tobytes())
            == (theirs[name].dtype, theirs[name].shape, theirs[name].tobytes())
            for name in mine
        )
        for mine, theirs in groups
    )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("width", [None, 3])
def test_a_saved_checkpoint_survives(tmp_path: Path, cell: str, width: int | None) -> None:
    made = random_checkpoint("ab\ud800\x00é🎻", cell=cell, embedding_size=width, num_layers=2)
    path = tmp_path / "file.safetensors"
    made.save(path)
    assert same(load_checkpoint(path, training=True), made)


def test_training_tensors_are_read_on_request(
    tmp_path: Path, checkpoint: Checkpoint, good: bytes
) -> None:
    path = tmp_path / "file"
    path.write_bytes(good)
    assert same(load_checkpoint(path, training=True), checkpoint)
    assert load_checkpoint(path).training == {}
    assert same(load_checkpoint(path), checkpoint, training=False)


def test_arrays_in_fortran_order_are_saved_correctly(tmp_path: Path) -> None:
    made = random_checkpoint("abc")
    turned = {name: np.asfortranarray(array) for name, array in made.weights.items()}
    replace(made, weights=turned).save(tmp_path / "file")
    assert same(load_checkpoint(tmp_path / "file"), made)


class TestHalfPrecision:
    def test_the_weights_are_rounded_and_read_as_float32(
        self, tmp_path: Path, checkpoint: Checkpoint, good: bytes
    ) -> None:
        path = tmp_path / "half.safetensors"
        path.write_bytes(checkpoint.half_precision_bytes())
        read = load_checkpoint(path, training=True)
        assert read.training == {}
        rounded = {
            name: weight.astype(np.float16).astype(np.float32)
            for name, weight in checkpoint.weights.items()
        }
        assert same(read, replace(checkpoint, weights=rounded), training=False)
        bulk = sum(weight.nbytes for weight in checkpoint.weights.values())
        assert path.stat().st_size < len(good) - bulk / 2

    def test_damage_is_found(self, tmp_path: Path, checkpoint: Checkpoint) -> None:
        path = tmp_path / "half.safetensors"
        whole = checkpoint.half_precision_bytes()
        path.write_bytes(whole)
        kept = load_checkpoint(path)
        refused = 0
        for mutant in mutants(whole, 280):
            path.write_bytes(mutant)
            try:
                assert same(load_checkpoint(path), kept)
            except CheckpointError:
                refused += 1
        assert refused > 200

    @pytest.mark.parametrize("weight", [7e4, -7e4, np.nan])
    def test_a_weight_outside_the_range_of_float16_is_refused(self, weight: float) -> None:
        made = random_checkpoint("abc")
        made.weights["head.bias"][1] = weight
        with pytest.raises(CheckpointError, match="half precision"):
            made.half_precision_bytes()


def mutants(good: bytes, count: int) -> list[bytes]:
    """Return files with a few bytes changed, cut off, inserted or removed.

    Half of the changes are in the header, which is short but where most can go wrong.
    """
    random = np.random.default_rng(0)
    header = 8 + struct.unpack("<Q", good[:8])[0]
    found = []
    for number in range(count):
        place = int(random.integers(header if number % 2 else len(good)))
        length = int(random.integers(1, 9))
        junk = random.bytes(length)
        bit = bytes([good[place] ^ (1 << int(random.integers(8)))])
        found.append(
            (
                good[:place] + bit + good[place + 1 :],
                good[:place] + junk + good[place + length :],
                good[:place],
                good[:place] + junk + good[place:],
                good[:place] + good[place + length :],
                good[:place] + bytes(length) + good[place + length :],
                good + junk,
            )[number % 7]
        )
    return found


def test_damage_is_found(tmp_path: Path, checkpoint: Checkpoint, good: bytes) -> None:
    path = tmp_path / "file.safetensors"
    refused = 0
    for mutant in mutants(good, 1400):
        path.write_bytes(mutant)
        for training in (False, True):
            begin = time.perf_counter()
            try:
                read = load_checkpoint(path, training=training)
            except CheckpointError as error:
                refused += 1
                assert str(path) in str(error)
                assert "\n" not in str(error)
            else:
                # Another blank in the header's padding, or damage in a group that was not read.
                assert same(read, checkpoint, training=training)
            assert time.perf_counter() - begin < 1
    assert refused > 2000


def header_of(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_header(header: dict[str, Any] | bytes, data: bytes) -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + data


def change_header(good: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    header, data = header_of(good)
    change(header)
    return with_header(header, data)


def change_metadata(key: str, value: str | None) -> Callable[[bytes], bytes]:
    def change(header: dict[str, Any]) -> None:
        if value is None:
            del header["__metadata__"][key]
        else:
            header["__metadata__"][key] = value

    return lambda good: change_header(good, change)


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda good: b"",
    "seven bytes": lambda good: good[:7],
    "a header of 2**63 bytes": lambda good: struct.pack("<Q", 1 << 63) + good[8:],
    "a header of 101 MB": lambda good: struct.pack("<Q", 101_000_000) + good[8:],
    "text": lambda good: b"Once upon a time there was a text.\n" * 99,
    "no metadata": lambda good: change_header(good, lambda header: header.pop("__metadata__")),
    "no format": change_metadata("format", None),
    "no header": change_metadata("header", None),
    "no checksum": change_metadata("sha256", None),
    "a list for a checksum": change_metadata("sha256", "[]"),
    "a header that is not JSON": change_metadata("header", "{"),
    "a header that is a list": change_metadata("header", "[1]"),
    "a deeply nested header": change_metadata("header", "[" * 100_000),
    "a name twice": lambda good: with_header(
        json.dumps(header_of(good)[0])[:-1].encode()
        + b', "model.head.bias": {"dtype": "F32", "shape": [12], "data_offsets": [0, 48]}}',
        header_of(good)[1],
    ),
    "overlapping tensors": lambda good: change_header(
        good,
        lambda header: header["model.head.bias"].update(
            data_offsets=header["model.head.weight"]["data_offsets"]
        ),
    ),
    "a tensor beyond the end": lambda good: change_header(
        good,
        lambda header: header["model.head.bias"].update(data_offsets=[1 << 40, (1 << 40) + 48]),
    ),
    "a tensor of another type": lambda good: change_header(
        good, lambda header: header["model.head.bias"].update(dtype="I32")
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(tmp_path: Path, good: bytes, name: str) -> None:
    path = tmp_path / "file.safetensors"
    path.write_bytes(HOSTILE[name](good))
    for training in (False, True):
        with pytest.raises(CheckpointError, match=r"file\.safetensors"):
            load_checkpoint(path, training=training)


def test_another_format_version_is_named(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "file.safetensors"
    path.write_bytes(change_metadata("format", "charnn-99")(good))
    with pytest.raises(CheckpointError, match=f"charnn-99.*{FORMAT}"):
        load_checkpoint(path)


def test_files_of_other_programs(tmp_path: Path) -> None:
    save_file({"weight": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="not a charnn checkpoint"):
        load_checkpoint(tmp_path / "other.safetensors")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match=r"model\.pt"):
        load_checkpoint(tmp_path / "model.pt")


def test_other_kinds_of_paths(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to("nowhere")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "fifo", tmp_path / "dangling"):
        with pytest.raises(CheckpointError, match=path.name):
            load_checkpoint(path)


# Files with a correct checksum and an impossible model.


def saved(path: Path, checkpoint: Checkpoint, **config: Any) -> Path:
    """Save a checkpoint whose configuration contradicts its tensors, and return the path."""
    forged = object.__new__(ModelConfig)
    for name, value in (checkpoint.config.to_json() | config).items():
        object.__setattr__(forged, name, value)
    replace(checkpoint, config=forged).save(path)
    return path


@pytest.mark.parametrize(
    "config",
    [
        {"num_layers": 10**9},
        {"hidden_size": 10**9},
        {"hidden_size": 16384, "num_layers": 64, "embedding_size": 16384},
        {"hidden_size": 7},
        {"hidden_size": "8"},
        {"hidden_size": 8.0},
        {"hidden_size": None},
        {"embedding_size": None},
        {"num_layers": 3},
        {"num_layers": 1},
        {"num_layers": True},
        {"cell": "lstm"},
        {"cell": ["gru"]},
        {"vocab_size": 11},
        {"dropout": "much"},
        {"surprise": 1},
    ],
    ids=str,
)
def test_a_configuration_that_contradicts_the_tensors(
    tmp_path: Path, checkpoint: Checkpoint, config: dict[str, Any]
) -> None:
    """It is refused by the header alone, before memory is allocated."""
    import resource

    path = saved(tmp_path / "file", checkpoint, **config) if "surprise" not in config else None
    if path is None:
        path = tmp_path / "file"

        class WithMoreOptions(ModelConfig):
            def to_json(self) -> dict[str, Any]:
                return super().to_json() | config

        replace(checkpoint, config=WithMoreOptions(**checkpoint.config.to_json())).save(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match="file"):
        load_checkpoint(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_weights_that_are_missing_unknown_or_not_finite(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    weights = checkpoint.weights
    bias = weights["head.bias"]
    wrong = {
        "missing": {name: array for name, array in weights.items() if name != "head.bias"},
        "one more": weights | {"head.extra": bias},
        "another shape": weights | {"head.bias": bias[:-1].copy()},
        "another type": weights | {"head.bias": bias.astype(np.float64)},
        "not a number": weights | {"head.bias": bias * np.float32("nan")},
        "too large": weights | {"head.bias": bias + np.float32(1e38)},
        "infinite": weights | {"head.bias": bias * np.float32("inf")},
    }
    accepted = []
    for name, values in wrong.items():
        path = tmp_path / name
        replace(checkpoint, weights=values).save(path)
        try:
            load_checkpoint(path)
            accepted.append(name)
        except CheckpointError:
            pass
    assert accepted == []


def test_a_tensor_outside_the_groups_is_refused(tmp_path: Path, good: bytes) -> None:
    """No checksum covers such a tensor."""
    header, data = header_of(good)
    header["model"] = header.pop("training.random.cpu")
    (tmp_path / "file").write_bytes(with_header(header, data))
    for training in (False, True):
        with pytest.raises(CheckpointError):
            load_checkpoint(tmp_path / "file", training=training)


def test_a_header_that_could_not_be_read_is_not_written(
    tmp_path: Path, checkpoint: Checkpoint
) -> None:
    long = replace(checkpoint, metadata={"corpus": "x" * 10**7})
    with pytest.raises(CheckpointError, match="too long"):
        long.save(tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_vocabulary_of_another_size(tmp_path: Path, checkpoint: Checkpoint) -> None:
    replace(checkpoint, vocabulary=CharVocabulary("abc")).save(tmp_path / "file")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "file")


@pytest.mark.parametrize(
    "temperature", [0, 1e-300, 1e300, 10**400, -1.0, float("inf"), float("nan"), "hot", None]
)
def test_temperatures_out_of_range_are_refused(
    tmp_path: Path, checkpoint: Checkpoint, temperature: Any
) -> None:
    replace(checkpoint, temperature=temperature).save(tmp_path / "file")
    with pytest.raises(CheckpointError, match="not a checkpoint that charnn can read"):
        load_checkpoint(tmp_path / "file")


@pytest.mark.parametrize(
    "metadata",
    [
        *(None, [1, 2], "story", 7),
        {"documents": -1},
        {"documents": 10**400},
        {"corpus": 7},
        {"tunes": 1},
        {"val_fraction": 1},
        {"transpose": [0]},
        {"transpose": [5, -5]},
        {"history": [{"step": 1, "seconds": "long", "val_loss": 2}]},
        {"history": [{"step": 1}]},
        {"history": [{"step": 1, "seconds": 1, "val_loss": float("nan")}]},
        {"learned": []},
        {"training": {"lr": float("inf")}},
        {"position": {"best_loss": "low"}},
        {"unknown": [[[[[[[[[[1]]]]]]]]]]},
    ],
    ids=str,
)
def test_invalid_metadata_is_refused(tmp_path: Path, checkpoint: Checkpoint, metadata: Any) -> None:
    replace(checkpoint, metadata=metadata).save(tmp_path / "file")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "file")


def test_a_failed_save_keeps_the_old_checkpoint(tmp_path: Path, checkpoint: Checkpoint) -> None:
    """A limit on the size of files has the same effect as a full disk."""
    import resource
    import signal

    path = tmp_path / "file.safetensors"
    checkpoint.save(path)
    old = path.read_bytes()
    config = ModelConfig(len(checkpoint.vocabulary), hidden_size=256)
    large = replace(checkpoint, config=config, weights=random_weights(config))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"file\.safetensors"):
            large.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OSError, match="absent"):
        checkpoint.save(tmp_path / "absent" / "file")
