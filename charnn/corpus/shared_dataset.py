"""A dataset that one process has prepared and others on its machine open, without reading it."""

import json
import socket
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from charnn.corpus.ids import Dataset
from charnn.corpus.own_files import IDS, METADATA
from charnn.corpus.vocabulary_kinds import vocabulary_from_json

_HOST = "host"


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Return JSON values from which `open_dataset` makes the same dataset."""
    facts = {field.name: getattr(dataset, field.name) for field in fields(dataset)}
    del facts["ids"]
    path, vocabulary = str(dataset.path.absolute()), dataset.vocabulary.to_json()
    return {**facts, "path": path, "vocabulary": vocabulary, _HOST: socket.gethostname()}


def open_dataset(facts: dict[str, Any]) -> Dataset | None:
    """Return the dataset that `describe_dataset` described; None on another machine.

    The checksum is not computed: the process that described the dataset has just done so.
    """
    path = Path(facts["path"])
    if facts[_HOST] != socket.gethostname() or not path.is_dir():
        return None
    metadata = json.loads((path / METADATA).read_bytes())
    ids = np.load(path / IDS, mmap_mode="r", allow_pickle=False)
    if metadata["fingerprint"] != facts["fingerprint"] or ids.shape != (metadata["ids"],):
        return None
    vocabulary, keys = vocabulary_from_json(facts["vocabulary"]), tuple(facts["keys"])
    values = {**facts, "path": path, "vocabulary": vocabulary, "keys": keys, "ids": ids}
    return Dataset(**{name: value for name, value in values.items() if name != _HOST})
