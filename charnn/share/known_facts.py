"""The facts that a card and a page state about a model, beyond those that it contains.

Runs do not contain those of the bundled model, which is older than the record of commands.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from charnn.checkpoints.bundled import BUNDLED, bundled_model
from charnn.corpus.catalogue import CATALOGUE, Entry

_OPTIONS = (
    *("--preset", "large", "--dropout", "0.45", "--weight-drop", "0.3"),
    *("--threads", "1", "--precision", "bf16"),
)
_MACHINE = {"system": "Linux x86_64", "processor": "Intel Xeon", "cores": 1}
# Each run began with the weights of the one before. The names are those of this list.
_RUNS = (
    ("--steps", "15000", "--name", "folk-1"),
    ("--init-from", "folk-1", "--steps", "6000", "--lr", "3e-3", "--name", "folk-2"),
    ("--init-from", "folk-2", "--steps", "6000", "--lr", "2.5e-3", "--seed", "1"),
)
# By these, copies that earlier versions exported are recognised.
_FINGERPRINT = "d6d24d271b6e56fe2b1bf9409657fb30fc4b48a7013653f0b3a48e7853359503"
_NATS_PER_CHAR = 0.8372544792108277
BUNDLED_FACTS: Mapping[str, Any] = {
    "catalogue": BUNDLED,
    "sessions": [
        {"corpus": [BUNDLED], "options": [*_OPTIONS, *run], "machine": _MACHINE} for run in _RUNS
    ],
    "trained": {"steps": 27_000, "seconds": 64 * 60.0},
    "threads": 1,
}


def public_metadata(path: Path, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a model as it means something elsewhere, without paths.

    Args:
        path: the file of the model.
        metadata: the metadata of its checkpoint.
    """
    public = {name: value for name, value in metadata.items() if name != "sources"}
    found = metadata.get("fingerprint"), metadata.get("nats_per_char")
    if path == bundled_model() or found == (_FINGERPRINT, _NATS_PER_CHAR):
        public.pop("init_from", None)
        return {**public, **BUNDLED_FACTS}
    # A file of the user may have the name of a corpus of the catalogue.
    if metadata.get("sources") in [[name] for name in CATALOGUE]:
        public["catalogue"] = metadata["sources"][0]
    if "init_from" in public:
        public["init_from"] = Path(public["init_from"]).name
    return public


def catalogue_entry(metadata: Mapping[str, Any]) -> Entry | None:
    """Return the corpus of the catalogue that a model was trained on; None if it is another one.

    Args:
        metadata: the metadata, as `public_metadata` returns it.
    """
    return CATALOGUE.get(metadata.get("catalogue", ""))
