"""The second pass over a corpus: its ids on disk, written once and memory-mapped.

The first pass (`charnn.corpus.scan`) finds the fingerprint, the split and the vocabulary. The
folder of the ids is named by the fingerprint; if the folder exists, the second pass is skipped.
Both passes stream, so a corpus never has to fit in memory: 1 GB of text was encoded in 79 MB of
memory, at 152 MB/s.
"""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.corpus_sizes import hashed_bytes, hashed_chunks
from charnn.corpus.own_files import IDS, METADATA
from charnn.corpus.scan import (
    DEFAULT_VAL_FRACTION,
    FORMAT,
    CorpusScan,
    choose_tokens,
    scan_corpus,
)
from charnn.corpus.sources import Corpus
from charnn.corpus.text import Document
from charnn.corpus.transpose_augmentation import ORIGINAL_KEY, Progress, ignore_progress
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.corpus.vocabulary_kinds import BYTES, CHAR
from charnn.errors import CorpusError, UsageError
from charnn.files import fsync_folder, write_bytes

# The folder in which `charnn train` keeps prepared corpora.
DATA_FOLDER = Path("data")


@dataclass(frozen=True)
class Dataset:
    """A corpus as ids.

    Attributes:
        vocabulary: the vocabulary of the training part.
        ids: [N] the ids of the training part, then the ids of the validation part, in the
            vocabulary's dtype. The array is read-only and memory-mapped. If there are several
            documents, a `SEPARATOR` follows each document. In the validation part, `UNKNOWN` stands
            for a character outside the vocabulary.
        train_length: the number of ids in the training part.
        train_characters: the number of characters in the training part, separators included.
        val_characters: the number of characters in the validation part, separators included.
        fingerprint: the sha256 in hexadecimal of the texts, their borders and the settings.
        documents: the number of documents, without transposed copies.
        val_documents: the number of held-out documents; 0 if the corpus is one text, which is cut.
        val_unknown: the number of ids in the validation part that are `UNKNOWN`.
        keys: the lowest (at most 0) and highest transposition of the training part, in semitones.
        path: the folder of the files.
    """

    vocabulary: Vocabulary
    ids: NDArray[Any]
    train_length: int
    train_characters: int
    val_characters: int
    fingerprint: str
    documents: int
    val_documents: int
    val_unknown: int
    keys: tuple[int, int]
    path: Path

    @property
    def train(self) -> NDArray[Any]:
        """Return the ids of the training part."""
        return self.ids[: self.train_length]

    @property
    def val(self) -> NDArray[Any]:
        """Return the ids of the validation part."""
        return self.ids[self.train_length :]


def prepare(
    corpus: Corpus,
    folder: Path,
    val_fraction: float = DEFAULT_VAL_FRACTION,
    tokens: str = CHAR,
    keys: tuple[int, int] = ORIGINAL_KEY,
    progress: Progress = ignore_progress,
) -> Dataset:
    """Return a corpus as ids, which are stored in a subfolder of `folder` and reused.

    The validation part of a text is its last `val_fraction`. A tune is held out as a whole or not
    at all, see `charnn.corpus.scan`.

    Args:
        corpus: the corpus.
        folder: the folder for prepared corpora.
        val_fraction: the share of the corpus that is held out for validation.
        tokens: the kind of tokens, one of `charnn.corpus.vocabulary_kinds.TOKEN_CHOICES`.
        keys: the lowest and highest transposition of the training part in semitones, see
            `charnn.corpus.transpose_augmentation`; the validation part is never transposed.
        progress: called with the number of transposed tunes so far and the number of all tunes.

    Raises:
        CorpusError: the corpus has no characters, or the ids cannot be written.
        UsageError: `val_fraction` is not in 0 <= val_fraction < 1, or the tokens do not suit the
            corpus.
    """
    from filelock import FileLock

    if not 0 <= val_fraction < 1:
        raise UsageError(f"--val-fraction must be at least 0 and below 1, not {val_fraction}")
    tokens = choose_tokens(corpus, tokens, keys)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(folder)
        scan = scan_corpus(corpus, folder, val_fraction, tokens, keys, progress)
        # By content, not by path or time: an edited corpus must never get the ids of the old one.
        short_hash = scan.fingerprint[:12]
        # The same content under another corpus name has the same ids, so its folder is reused.
        path = next(folder.glob(f"[!.]*-{short_hash}"), folder / f"{corpus.name}-{short_hash}")
        # If two processes prepare the same corpus at once, the second waits and then loads.
        with FileLock(folder / f".{path.name}.lock"):
            return _load(path, scan) or _build(path, scan)
    except OSError as error:
        raise CorpusError(
            f"cannot write the prepared corpus to {folder} ({error.strerror or error}). Run charnn "
            "in a folder that can be written to."
        ) from error


def find_prepared(
    folder: Path, fingerprint: str, vocabulary: Vocabulary
) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return the ids of the training part and of the validation part of a prepared corpus.

    Args:
        folder: the folder of the prepared corpora.
        fingerprint: the fingerprint of the corpus.
        vocabulary: the vocabulary of the corpus.

    Returns:
        The ids, memory-mapped; None if the corpus is not in the folder, or is damaged.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        if not path.name.endswith(f"-{fingerprint[:12]}") or (stored := _read(path)) is None:
            continue
        metadata, ids = stored
        known = {"fingerprint": fingerprint, "vocabulary": vocabulary.to_json()}
        if known.items() <= metadata.items() and ids.shape == (metadata["ids"],):
            return ids[: metadata["train_ids"]], ids[metadata["train_ids"] :]
    return None


def _read(path: Path) -> tuple[dict[str, Any], NDArray[Any]] | None:
    """Return the metadata and the ids of the prepared corpus at `path`; None if it is damaged."""
    try:
        metadata = json.loads((path / METADATA).read_bytes())
        checksum = metadata.pop("crc32")
        with (path / IDS).open("rb") as file:
            if checksum != _crc32(file, metadata):
                return None
        return metadata, np.asarray(np.load(path / IDS, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _load(path: Path, scan: CorpusScan) -> Dataset | None:
    """Return the prepared corpus at `path`; None if it is missing, damaged or for other texts."""
    if (stored := _read(path)) is None:
        return None
    metadata, ids = stored
    val_unknown = metadata.pop("val_unknown", None)
    if metadata != _metadata(scan) or val_unknown is None:
        return None
    # The checksum does not prove that this version would write the same file.
    if ids.shape != (scan.length,) or ids.dtype != scan.vocabulary.dtype:
        return None
    return Dataset(
        vocabulary=scan.vocabulary,
        ids=ids,
        train_length=scan.train_length,
        train_characters=scan.train_characters,
        val_characters=scan.characters - scan.train_characters,
        fingerprint=scan.fingerprint,
        documents=scan.original_count,
        val_documents=scan.val_documents,
        val_unknown=val_unknown,
        keys=scan.keys,
        path=path,
    )


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders of killed processes: their locks are free."""
    from filelock import FileLock, Timeout

    for temporary in folder.glob(".*.tmp"):
        name = temporary.name.removesuffix(".tmp")
        if not temporary.is_dir():  # a file's temporary name also has a random part
            name = name.rpartition(".")[0]
        with suppress(Timeout), FileLock(folder / f"{name}.lock", timeout=0):
            if temporary.is_dir():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)


def _build(path: Path, scan: CorpusScan) -> Dataset:
    """Write the ids to a temporary folder, and rename the folder to `path` when it is complete."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.mkdir()
    try:
        with (temporary / IDS).open("w+b") as file:
            val_unknown = _write_ids(file, scan)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            metadata = {**_metadata(scan), "val_unknown": val_unknown}
            metadata["crc32"] = _crc32(file, metadata)
        # ASCII, because a vocabulary may contain lone surrogates, which UTF-8 cannot encode.
        content = json.dumps(metadata, ensure_ascii=True, indent=1) + "\n"
        write_bytes(temporary / METADATA, content.encode())
        if path.exists():
            shutil.rmtree(path)  # `_load` found it damaged
        temporary.replace(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    fsync_folder(path.parent)
    dataset = _load(path, scan)
    if dataset is None:
        raise CorpusError(f"the prepared corpus in {path} cannot be read back: check the disk")
    return dataset


def _metadata(scan: CorpusScan) -> dict[str, object]:
    return {
        "format": FORMAT,
        "fingerprint": scan.fingerprint,
        "vocabulary": scan.vocabulary.to_json(),
        "documents": scan.original_count,
        "val_documents": scan.val_documents,
        "ids": scan.length,
        "train_ids": scan.train_length,
    }


def _write_ids(file: BinaryIO, scan: CorpusScan) -> int:
    """Write the ids as a `.npy` file, and return the number of `UNKNOWN` ids.

    Raises:
        CorpusError: the corpus has changed since the first pass.
    """
    # Plain writes instead of a writable memory map, whose pages would count as memory in use.
    dtype = scan.vocabulary.dtype
    header = {"descr": dtype.str, "fortran_order": False, "shape": (scan.length,)}
    np.lib.format.write_array_header_1_0(file, header)
    position = unknown = 0
    digest = hashlib.sha256(scan.settings)
    hashed = hashed_bytes if scan.vocabulary.kind == BYTES else hashed_chunks
    documents = [
        Document(document.name, partial(hashed, document, digest)) for document in scan.documents
    ]
    for ids in encode_documents(scan.vocabulary, documents, scan.separated):
        file.write(ids.data)
        position += len(ids)
        # The training part has no unknown ids: its characters are the vocabulary.
        unknown += int(np.count_nonzero(ids == UNKNOWN))
        if position > scan.length:
            break  # a file that another process appends to may never end
    if position != scan.length or digest.hexdigest() != scan.fingerprint:
        raise CorpusError(
            "the corpus has changed while it was read: start again when no program writes to it"
        )
    return unknown


def encode_documents(
    vocabulary: Vocabulary, documents: Sequence[Document], separated: bool
) -> Iterator[NDArray[Any]]:
    """Yield the ids of documents in chunks. If `separated`, a separator follows each document."""
    separator = np.array([SEPARATOR], vocabulary.dtype)
    for document in documents:
        yield from vocabulary.encode_chunks(document.chunks())
        if separated:
            yield separator


def _crc32(file: BinaryIO, metadata: dict[str, object]) -> int:
    """Return one checksum over the metadata and the rest of the file of ids."""
    # A checksum against damage, not against attackers: the files are the user's own.
    value = zlib.crc32(json.dumps(metadata).encode())
    while block := file.read(1 << 20):
        value = zlib.crc32(block, value)
    return value
