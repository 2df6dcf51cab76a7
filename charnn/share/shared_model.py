"""A model to share: its checkpoint without the paths of its author, and the files of a folder."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import CHECKPOINTS, SHARED, TUNES
from charnn.checkpoints.run_summary import summarise_run
from charnn.corpus.vocabulary import SPECIALS
from charnn.files import fsync_folder, write_bytes
from charnn.share.known_facts import public_metadata
from charnn.share.model_card import Shared, model_card
from charnn.version import __version__

CARD, CONFIG = "README.md", "config.json"


def shared_checkpoint(
    path: Path,
    checkpoint: Checkpoint,
    learned_tunes: Callable[[], Sequence[str]],
    measured: Mapping[str, Any] | None = None,
) -> Checkpoint:
    """Return a checkpoint whose metadata means something elsewhere, and contains no path.

    Args:
        path: the file of the checkpoint.
        checkpoint: the model.
        learned_tunes: a function that returns the training tunes of a model of tunes.
        measured: figures for the card, see `charnn.checkpoints.metadata`.

    Raises:
        CheckpointError: the stored training tunes are damaged.
    """
    from charnn.tunes.training_tunes import training_tunes_metadata

    metadata = public_metadata(path, checkpoint.metadata)
    if path.name in CHECKPOINTS:
        # The best checkpoint does not know how long training went on after it.
        run = summarise_run(path.parent)
        if run.steps is not None and run.seconds is not None:
            metadata["trained"] = {"steps": run.steps, "seconds": run.seconds}
    if (path.parent / TUNES).exists():
        metadata |= training_tunes_metadata(learned_tunes())
    if measured:
        metadata["measured"] = {**metadata.get("measured", {}), **measured}
    return replace(checkpoint, metadata=metadata)


def model_name(path: Path) -> str:
    """Return the name of a model: that of its run, of its folder, or of its file."""
    path = path.resolve()
    return path.parent.name if path.name in (*CHECKPOINTS, SHARED) else path.stem


def folder_files(checkpoint: Checkpoint, name: str, place: str, licence: str) -> dict[str, bytes]:
    """Return the files of a folder to upload, by name: the model, its card, its configuration.

    Args:
        checkpoint: the model, as `shared_checkpoint` returns it.
        name, place, licence: see `charnn.share.model_card.Shared`.

    Raises:
        CheckpointError: a weight is too large for half precision.
    """
    model = checkpoint.half_precision_bytes()
    card = card_bytes(checkpoint, model, name, place, licence)
    config = (json.dumps(configuration(checkpoint), indent=2) + "\n").encode()
    return {SHARED: model, CARD: card, CONFIG: config}


def card_bytes(checkpoint: Checkpoint, model: bytes, name: str, place: str, licence: str) -> bytes:
    """Return the card of a model whose file has the content `model`; see `folder_files`."""
    sha256 = hashlib.sha256(model).hexdigest()
    return model_card(Shared(checkpoint, name, place, licence, sha256)).encode()


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a folder.

    A new folder appears with all of its files at once. In an existing one, each file is replaced at
    once, and other files stay.

    Raises:
        OSError: the folder above is missing or not writable, or the disk is full.
    """
    if folder.exists():
        for name, content in files.items():
            write_bytes(folder / name, content)
        return
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    temporary.mkdir()
    try:
        for name, content in files.items():
            write_bytes(temporary / name, content)
        temporary.rename(folder)
    except BaseException as problem:
        for name in files:
            (temporary / name).unlink(missing_ok=True)
        temporary.rmdir()
        if isinstance(problem, OSError):
            problem.filename = str(folder)  # the user does not know the temporary name
        raise
    fsync_folder(folder.parent)


def configuration(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what other programs need beside the weights: the shape of the model and the tokens."""
    return {
        "model_type": "charnn",
        "charnn_version": __version__,
        **checkpoint.config.to_json(),
        "tokens": checkpoint.vocabulary.kind,
        # The ids 0 and 1 are special, see `charnn.corpus.vocabulary`.
        "first_token_id": SPECIALS,
        "start_token_id": checkpoint.start_token_id,
        "vocabulary": list(checkpoint.vocabulary.tokens),
        "temperature": checkpoint.temperature,
    }
