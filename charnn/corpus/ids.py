"""Documents to ids on disk, once: a corpus is numbered, split, and found again by its content.

Two passes stream over the text. The first (`charnn.corpus.scan`) finds out the folder's name, the
split and the vocabulary; the second, left out when that folder is already there, writes the ids.
Nothing is ever held whole in memory.
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

from charnn.corpus.scan import (
    DEFAULT_VAL_FRACTION,
    FORMAT,
    CorpusScan,
    choose_tokens,
    hashed,
    scan_corpus,
)
from charnn.corpus.sources import Corpus
from charnn.corpus.text import Document
from charnn.corpus.transpose_augmentation import ORIGINAL_KEY, Progress, ignore_progress
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.corpus.vocabulary_kinds import CHAR
from charnn.errors import CorpusError, UsageError
from charnn.files import fsync_folder, write_bytes

# Where `charnn train` keeps prepared corpora.
DATA_FOLDER = Path("data")

_IDS, _METADATA = "ids.npy", "corpus.json"


@dataclass(frozen=True)
class Dataset:
    """A corpus as numbers.

    Attributes:
        vocabulary: the symbols of the training part, characters or ABC tokens.
        ids: all ids, the validation part last, read-only and mapped from the disk, in the
            vocabulary's dtype. With more than one document, each ends in `SEPARATOR`; in the
            validation part, `UNKNOWN` stands where the vocabulary has no id.
        train_length: how many ids are the training part.
        train_characters: how many characters those stand for, one for each separator.
        val_characters: the same of the validation part.
        fingerprint: sha256 in hexadecimal of the content, its borders and how it is prepared.
        documents: how many there are in all, without copies in other keys.
        val_documents: how many of them are held out whole; 0 when a text is cut at a position.
        val_unknown: how many ids of `val` are `UNKNOWN`.
        keys: how many semitones down and up the training part is transposed.
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
        """Ids of the training part."""
        return self.ids[: self.train_length]

    @property
    def val(self) -> NDArray[Any]:
        """Ids of the validation part."""
        return self.ids[self.train_length :]


def prepare(
    corpus: Corpus,
    folder: Path,
    val_fraction: float = DEFAULT_VAL_FRACTION,
    tokens: str = CHAR,
    keys: tuple[int, int] = ORIGINAL_KEY,
    progress: Progress = ignore_progress,
) -> Dataset:
    """Number the symbols of a corpus, and keep the ids under `folder` for the next time.

    A text gives its last `val_fraction` to the validation part. Tunes are held out whole, chosen
    by a hash of their own text: a tune stays on its side whatever else joins the corpus.

    Args:
        corpus: what is learned.
        folder: for the ids.
        val_fraction: share that is held out.
        tokens: what a symbol is: "char", or "abc" for a musical piece of a tune; "auto" chooses.
        keys: how many semitones down and up the training part is transposed, see
            `charnn.corpus.transpose_augmentation`; the validation part is the same whatever the
            keys.
        progress: is told how many tunes have been transposed, and how many there are.

    Raises:
        CorpusError: the corpus has no characters, or the ids cannot be written.
        UsageError: `val_fraction` is not in 0 <= val_fraction < 1, or the tokens do not suit.
    """
    from filelock import FileLock

    if not 0 <= val_fraction < 1:
        raise UsageError(f"the validation fraction must be at least 0 and below 1: {val_fraction}")
    tokens = choose_tokens(corpus, tokens)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        plan = scan_corpus(corpus, folder, val_fraction, tokens, keys, progress)
        mark = plan.fingerprint[:12]
        # The same text under another name has the same ids.
        path = next(folder.glob(f"[!.]*-{mark}"), folder / f"{corpus.name}-{mark}")
        with FileLock(folder / f".{path.name}.lock"):
            return _load(path, plan) or _build(path, plan)
    except OSError as error:
        reason = error.strerror or error
        raise CorpusError(
            f"cannot write the prepared corpus to {folder}: {reason}; "
            "call charnn from a folder that can be written to"
        ) from error


def _load(path: Path, plan: CorpusScan) -> Dataset | None:
    """Return what lies at `path` if it is whole and of this very corpus."""
    try:
        metadata = json.loads((path / _METADATA).read_bytes())
        checksum = metadata.pop("crc32")
        with (path / _IDS).open("rb") as file:
            whole = checksum == _crc32(file, metadata)
        val_unknown = metadata.pop("val_unknown")
        if metadata != _metadata(plan) or not whole:
            return None
        ids = np.load(path / _IDS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if ids.shape != (plan.length,) or ids.dtype != plan.vocabulary.dtype:
        return None
    return Dataset(
        vocabulary=plan.vocabulary,
        ids=np.asarray(ids),
        train_length=plan.train,
        train_characters=plan.train_characters,
        val_characters=plan.characters - plan.train_characters,
        fingerprint=plan.fingerprint,
        documents=plan.different,
        val_documents=plan.val_documents,
        val_unknown=val_unknown,
        keys=plan.keys,
        path=path,
    )


def _clear(folder: Path) -> None:
    """Remove what was killed while it was written: nobody holds its lock any more."""
    from filelock import FileLock, Timeout

    for temporary in folder.glob(".*.tmp"):
        name = temporary.name.removesuffix(".tmp")
        if not temporary.is_dir():  # a file, which has a random number in its name
            name = name.rpartition(".")[0]
        with suppress(Timeout), FileLock(folder / f"{name}.lock", timeout=0):
            if temporary.is_dir():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)


def _build(path: Path, plan: CorpusScan) -> Dataset:
    """Write the ids beside `path` and put them in its place in one step."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.mkdir()
    try:
        with (temporary / _IDS).open("w+b") as file:
            val_unknown = _write(file, plan)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            metadata = {**_metadata(plan), "val_unknown": val_unknown}
            metadata["crc32"] = _crc32(file, metadata)
        content = json.dumps(metadata, ensure_ascii=True, indent=1) + "\n"
        write_bytes(temporary / _METADATA, content.encode())
        if path.exists():
            shutil.rmtree(path)  # `_load` has found it broken
        temporary.replace(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    fsync_folder(path.parent)
    dataset = _load(path, plan)
    if dataset is None:
        raise CorpusError(f"the prepared corpus in {path} cannot be read back: check the disk")
    return dataset


def _metadata(plan: CorpusScan) -> dict[str, object]:
    return {
        "format": FORMAT,
        "fingerprint": plan.fingerprint,
        "vocabulary": plan.vocabulary.to_json(),
        "documents": plan.different,
        "val_documents": plan.val_documents,
        "ids": plan.length,
        "train_ids": plan.train,
    }


def _write(file: BinaryIO, plan: CorpusScan) -> int:
    """Write the ids as a `.npy` file; return how many of the validation part are unknown.

    Plain writes, not a writable map: the pages of a map would count as memory in use.
    """
    dtype = plan.vocabulary.dtype
    header = {"descr": dtype.str, "fortran_order": False, "shape": (plan.length,)}
    np.lib.format.write_array_header_1_0(file, header)
    position = unknown = 0
    digest = hashlib.sha256(plan.settings)
    watched = [Document(one.name, partial(hashed, one, digest)) for one in plan.documents]
    for ids in encoded(plan.vocabulary, watched, plan.separated):
        file.write(ids.data)
        position += len(ids)
        unknown += int(np.count_nonzero(ids == UNKNOWN))
        if position > plan.length:
            break  # it may be growing for ever
    if position != plan.length or digest.hexdigest() != plan.fingerprint:
        raise CorpusError(
            "the corpus has changed while it was read: start again when nothing writes to it"
        )
    return unknown


def encoded(
    vocabulary: Vocabulary, documents: Sequence[Document], separated: bool
) -> Iterator[NDArray[Any]]:
    """Yield the ids of documents piece by piece, with a separator behind each if wanted."""
    end = np.array([SEPARATOR], vocabulary.dtype)
    for document in documents:
        yield from vocabulary.encode_chunks(document.chunks())
        if separated:
            yield end


def _crc32(file: BinaryIO, metadata: dict[str, object]) -> int:
    """Return the checksum of the ids, and of what is told about them."""
    value = zlib.crc32(json.dumps(metadata).encode())
    while block := file.read(1 << 20):
        value = zlib.crc32(block, value)
    return value
