"""The second pass over a corpus: its ids on disk, written once and memory-mapped.

The first pass (`charnn.corpus.scan`) finds the fingerprint, the split and the vocabulary. The
folder of the ids is named by the fingerprint; if the folder exists, the second pass is skipped.
Both passes stream, so a corpus never has to fit in memory. A large corpus is read in pieces, by
several processes if there are processors for them, see `charnn.corpus.pieces`.
"""

import json
import shutil
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.checksums import crc32_combine
from charnn.corpus.ids_file import write_pieces, write_stream
from charnn.corpus.own_files import IDS, METADATA
from charnn.corpus.scan import (
    DEFAULT_VAL_FRACTION,
    FORMAT,
    CorpusScan,
    choose_tokens,
    scan_corpus,
)
from charnn.corpus.sources import Corpus
from charnn.corpus.transpose_augmentation import ORIGINAL_KEY, Progress, ignore_progress
from charnn.corpus.vocabulary import Vocabulary
from charnn.corpus.vocabulary_kinds import CHAR
from charnn.errors import CorpusError, UsageError
from charnn.files import NO_SPACE, fsync_folder, write_bytes

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
        train_unknown: the same number of the training part; 0 unless the vocabulary is given.
        is_vocabulary_given: whether the vocabulary was not taken from the training part.
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
    train_unknown: int = 0
    is_vocabulary_given: bool = False

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
    *,
    workers: int = 1,
    read: Progress = ignore_progress,
    vocabulary: Vocabulary | None = None,
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
        workers: the number of processes for a large corpus; 0 to choose.
        read: called with the bytes of a large corpus that are done, and those of both passes.
        vocabulary: the vocabulary, of the kind `tokens`; None for that of the training part. Other
            characters are `UNKNOWN`.

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
        scan = scan_corpus(
            corpus, folder, val_fraction, tokens, keys, progress, workers, read, vocabulary
        )
        # By content, not by path or time: an edited corpus must never get the ids of the old one.
        short_hash = scan.fingerprint[:12]
        # The same content under another corpus name has the same ids, so its folder is reused.
        path = next(folder.glob(f"[!.]*-{short_hash}"), folder / f"{corpus.name}-{short_hash}")
        # If two processes prepare the same corpus at once, the second waits and then loads.
        with FileLock(folder / f".{path.name}.lock"):
            _remove_leftovers(folder, _temporary(path))
            return _load(path, scan) or _build(path, scan, workers, read)
    except OSError as error:
        raise CorpusError(_not_written(folder, error)) from error


def _not_written(folder: Path, error: OSError) -> str:
    advice = "Run charnn in a folder that can be written to."
    if error.errno in NO_SPACE:
        advice = (
            "Make room there, or run charnn in a folder with more of it. What is encoded of a "
            "large corpus is kept."
        )
    return f"cannot write the prepared corpus to {folder} ({error.strerror or error}). {advice}"


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


def _read(path: Path, *, verified: bool = False) -> tuple[dict[str, Any], NDArray[Any]] | None:
    """Return the metadata and the ids of the prepared corpus at `path`; None if it is damaged."""
    try:
        metadata = json.loads((path / METADATA).read_bytes())
        checksum = metadata.pop("crc32")
        if not verified:
            with (path / IDS).open("rb") as file:
                if checksum != _crc32(file, metadata):
                    return None
        return metadata, np.asarray(np.load(path / IDS, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _load(path: Path, scan: CorpusScan, *, verified: bool = False) -> Dataset | None:
    """Return the prepared corpus at `path`; None if it is missing, damaged or for other texts.

    If it is `verified` already, its checksum is not computed again.
    """
    if (stored := _read(path, verified=verified)) is None:
        return None
    metadata, ids = stored
    val_unknown = metadata.pop("val_unknown", None)
    train_unknown = metadata.pop("train_unknown", 0)
    if metadata != _metadata(scan) or val_unknown is None:
        return None
    # The checksum does not prove that this version would write the same file.
    if ids.shape != (scan.sizes.length,) or ids.dtype != scan.vocabulary.dtype:
        return None
    return Dataset(
        vocabulary=scan.vocabulary,
        ids=ids,
        train_length=scan.sizes.train_length,
        train_characters=scan.sizes.train_characters,
        val_characters=scan.sizes.characters - scan.sizes.train_characters,
        fingerprint=scan.fingerprint,
        documents=scan.original_count,
        val_documents=scan.val_documents,
        val_unknown=val_unknown,
        train_unknown=train_unknown,
        is_vocabulary_given=scan.is_vocabulary_given,
        keys=scan.keys,
        path=path,
    )


def _temporary(path: Path) -> Path:
    """Return the folder in which a corpus is prepared before it is renamed to `path`."""
    return path.with_name(f".{path.name}.tmp")


def _remove_leftovers(folder: Path, kept: Path) -> None:
    """Remove the temporary files and folders of killed processes: their locks are free.

    The folder `kept` may be continued, so it stays.
    """
    from filelock import FileLock, Timeout

    for temporary in set(folder.glob(".*.tmp")) - {kept}:
        name = temporary.name.removesuffix(".tmp")
        if not temporary.is_dir():  # a file's temporary name also has a random part
            name = name.rpartition(".")[0]
        with suppress(Timeout), FileLock(folder / f"{name}.lock", timeout=0):
            if temporary.is_dir():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)


def _build(path: Path, scan: CorpusScan, workers: int, read: Progress) -> Dataset:
    """Write the ids to a temporary folder, and rename the folder to `path` when it is complete."""
    temporary = _temporary(path)
    if scan.sizes.pieces is None and temporary.exists():
        shutil.rmtree(temporary)
    temporary.mkdir(exist_ok=True)
    try:
        if scan.sizes.pieces is None:
            ids = write_stream(temporary / IDS, scan)
        else:
            ids = write_pieces(temporary, scan, scan.sizes.pieces, workers, read)
        metadata = {**_metadata(scan), "val_unknown": ids.unknown[1]}
        if scan.is_vocabulary_given:
            metadata["train_unknown"] = ids.unknown[0]
        metadata["crc32"] = crc32_combine(_crc_of_metadata(metadata), ids.crc, ids.size)
        # ASCII, because a vocabulary may contain lone surrogates, which UTF-8 cannot encode.
        content = json.dumps(metadata, ensure_ascii=True, indent=1) + "\n"
        write_bytes(temporary / METADATA, content.encode())
        if path.exists():
            shutil.rmtree(path)  # `_load` found it damaged
        temporary.replace(path)
    except BaseException as problem:
        # Finished pieces are kept for the next call, also those that a full disk had room for.
        is_broken = isinstance(problem, OSError) and problem.errno not in NO_SPACE
        if scan.sizes.pieces is None or is_broken:
            shutil.rmtree(temporary, ignore_errors=True)
        raise
    fsync_folder(path.parent)
    # Reading gigabytes again would not reach the disk: they come from the memory of the system.
    dataset = _load(path, scan, verified=scan.sizes.pieces is not None)
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
        "ids": scan.sizes.length,
        "train_ids": scan.sizes.train_length,
    }


def _crc32(file: BinaryIO, metadata: dict[str, object]) -> int:
    """Return one checksum over the metadata and the rest of the file of ids."""
    # A checksum against damage, not against attackers: the files are the user's own.
    value = _crc_of_metadata(metadata)
    while block := file.read(1 << 20):
        value = zlib.crc32(block, value)
    return value


def _crc_of_metadata(metadata: dict[str, object]) -> int:
    return zlib.crc32(json.dumps(metadata).encode())
