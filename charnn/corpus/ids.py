"""Documents to ids on disk, once: a corpus is numbered, split, and found again by its content.

Two passes stream over the text. The first hashes it and notes where each character comes first,
which gives the name of the folder, the split and the vocabulary; the second, left out when that
folder is already there, writes the ids. Nothing is ever held whole in memory.
"""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.sources import Corpus
from charnn.corpus.text import Document
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary, code_points
from charnn.errors import CorpusError, UsageError
from charnn.files import fsync_folder, write_bytes

# Raised whenever the same text would be prepared differently: old folders are then left alone.
FORMAT = 1

_IDS, _ABOUT = "ids.npy", "corpus.json"
_UNICODE = 0x110000


@dataclass(frozen=True)
class Prepared:
    """A corpus as numbers.

    Attributes:
        vocabulary: the characters of the training part.
        ids: all ids, the validation part last, read-only and mapped from the disk, in the
            vocabulary's dtype. With more than one document, each ends in `SEPARATOR`; in the
            validation part, `UNKNOWN` stands where the vocabulary has no id.
        train_length: how many ids are the training part.
        fingerprint: sha256 in hexadecimal of the content, its borders and the split.
        documents: how many there are in all.
        val_documents: how many of them are held out whole; 0 when a text is cut at a position.
        val_unknown: how many ids of `val` are `UNKNOWN`.
        path: the folder of the files.
    """

    vocabulary: Vocabulary
    ids: NDArray[Any]
    train_length: int
    fingerprint: str
    documents: int
    val_documents: int
    val_unknown: int
    path: Path

    @property
    def train(self) -> NDArray[Any]:
        """Ids of the training part."""
        return self.ids[: self.train_length]

    @property
    def val(self) -> NDArray[Any]:
        """Ids of the validation part."""
        return self.ids[self.train_length :]


def prepare(corpus: Corpus, folder: Path, val_fraction: float = 0.1) -> Prepared:
    """Number the characters of a corpus, and keep the ids under `folder` for the next time.

    A text gives its last `val_fraction` to the validation part. Tunes are held out whole, chosen
    by a hash of their own text: a tune stays on its side whatever else joins the corpus.

    Raises:
        CorpusError: the corpus has no characters, or the ids cannot be written.
        UsageError: `val_fraction` is not in 0 <= val_fraction < 1.
    """
    from filelock import FileLock

    if not 0 <= val_fraction < 1:
        raise UsageError(f"the validation fraction must be at least 0 and below 1: {val_fraction}")
    plan = _survey(corpus, val_fraction)
    mark = plan.fingerprint[:12]
    path = folder / f"{corpus.name}-{mark}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The same text under another name has the same ids.
        path = next(folder.glob(f"[!.]*-{mark}"), path)
        with FileLock(folder / f".{path.name}.lock"):
            return _load(path, plan) or _build(path, plan)
    except OSError as error:
        reason = error.strerror or error
        raise CorpusError(
            f"cannot write the prepared corpus to {path}: {reason}; "
            "call charnn from a folder that can be written to"
        ) from error


@dataclass(frozen=True)
class _Plan:
    """What the first pass finds out.

    Attributes:
        documents: in the order of the ids, those held out last.
        separated: a `SEPARATOR` follows each document.
        length: ids in all.
        train: how many of them come before the validation part.
    """

    documents: list[Document]
    separated: bool
    vocabulary: Vocabulary
    fingerprint: str
    length: int
    train: int
    val_documents: int


def _survey(corpus: Corpus, val_fraction: float) -> _Plan:
    documents = list(corpus.documents)
    separated = len(documents) > 1
    held_out: list[Document] = []
    if corpus.tunes and separated and val_fraction:
        documents, held_out = _hold_out(documents, val_fraction)
    kind = "tunes" if corpus.tunes else "text"
    digest = hashlib.sha256(json.dumps([FORMAT, kind, val_fraction]).encode())
    first = _FirstPositions()
    length = before_held_out = 0
    for number, document in enumerate(documents + held_out):
        if number == len(documents):
            before_held_out = length
        for chunk in document.chunks():
            digest.update(chunk.encode("utf-8", "surrogatepass"))
            first.note(chunk, length)
            length += len(chunk)
        digest.update(b"\xff")  # never a byte of UTF-8
        length += separated
    if not first.positions:
        raise CorpusError("the corpus has no text in it: name one with at least a few characters")
    train = before_held_out if held_out else max(1, int(length * (1 - val_fraction)))
    return _Plan(
        documents=documents + held_out,
        separated=separated,
        vocabulary=Vocabulary(symbol for symbol, at in first.positions.items() if at < train),
        fingerprint=digest.hexdigest(),
        length=length,
        train=train,
        val_documents=len(held_out),
    )


def _hold_out(
    documents: list[Document], val_fraction: float
) -> tuple[list[Document], list[Document]]:
    """Split two or more documents by a hash of each one's text; neither side is left empty."""
    scores = [_score(document) for document in documents]
    # However the hashes fall, the lowest is held out and the highest is learned from.
    limit = min(max(val_fraction * 2**64, min(scores) + 1), max(scores))
    kept = [document for document, score in zip(documents, scores, strict=True) if score >= limit]
    held = [document for document, score in zip(documents, scores, strict=True) if score < limit]
    return kept, held


def _score(document: Document) -> int:
    """Return a number below 2 ** 64 that the text alone decides."""
    digest = hashlib.sha256()
    for chunk in document.chunks():
        digest.update(chunk.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:8], "big")


class _FirstPositions:
    """At which id each character is met first."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self._met = np.zeros(_UNICODE, bool)

    def note(self, text: str, offset: int) -> None:
        """Note the characters of a text that begins at the id `offset`."""
        points = code_points(text)
        new = np.flatnonzero(~self._met.take(points, mode="clip"))
        if new.size:
            symbols, at = np.unique(points[new], return_index=True)
            self._met[symbols] = True
            first = (offset + new[at]).tolist()
            self.positions.update(zip(map(chr, symbols), first, strict=True))


def _load(path: Path, plan: _Plan) -> Prepared | None:
    """Return what lies at `path` if it is whole and of this very corpus."""
    try:
        about = json.loads((path / _ABOUT).read_bytes())
        val_unknown = int(about.pop("val_unknown"))
        checksum = about.pop("crc32")
        with (path / _IDS).open("rb") as file:
            whole = checksum == _crc32(file)
        if about != _about(plan) or not whole:
            return None
        ids = np.load(path / _IDS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if ids.shape != (plan.length,) or ids.dtype != plan.vocabulary.dtype:
        return None
    return Prepared(
        vocabulary=plan.vocabulary,
        ids=np.asarray(ids),
        train_length=plan.train,
        fingerprint=plan.fingerprint,
        documents=len(plan.documents),
        val_documents=plan.val_documents,
        val_unknown=val_unknown,
        path=path,
    )


def _build(path: Path, plan: _Plan) -> Prepared:
    """Write the ids beside `path` and put them in its place in one step."""
    temporary = path.with_name(f".{path.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)  # of a build that was killed
    temporary.mkdir()
    try:
        with (temporary / _IDS).open("w+b") as file:
            val_unknown = _write(file, plan)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            about = {**_about(plan), "val_unknown": val_unknown, "crc32": _crc32(file)}
        content = json.dumps(about, ensure_ascii=True, indent=1) + "\n"
        write_bytes(temporary / _ABOUT, content.encode())
        if path.exists():
            shutil.rmtree(path)  # `_load` has found it broken
        temporary.replace(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    fsync_folder(path.parent)
    prepared = _load(path, plan)
    if prepared is None:
        raise CorpusError(f"the prepared corpus in {path} cannot be read back: check the disk")
    return prepared


def _about(plan: _Plan) -> dict[str, object]:
    return {
        "format": FORMAT,
        "fingerprint": plan.fingerprint,
        "vocabulary": plan.vocabulary.to_json(),
        "documents": len(plan.documents),
        "val_documents": plan.val_documents,
        "ids": plan.length,
        "train_ids": plan.train,
    }


def _write(file: BinaryIO, plan: _Plan) -> int:
    """Write the ids as a `.npy` file; return how many of the validation part are unknown.

    Plain writes, not a writable map: the pages of a map would count as memory in use.
    """
    dtype = plan.vocabulary.dtype
    header = {"descr": dtype.str, "fortran_order": False, "shape": (plan.length,)}
    np.lib.format.write_array_header_1_0(file, header)
    position = unknown = 0
    for ids in _encoded(plan):
        file.write(ids.data)
        missing = np.flatnonzero(ids == UNKNOWN)
        if missing.size and position + missing[0] < plan.train:
            break
        position += len(ids)
        unknown += missing.size
    if position != plan.length:
        raise CorpusError("the corpus has changed while it was read: start again")
    return unknown


def _encoded(plan: _Plan) -> Iterator[NDArray[Any]]:
    end = np.array([SEPARATOR], plan.vocabulary.dtype)
    for document in plan.documents:
        for chunk in document.chunks():
            yield plan.vocabulary.encode(chunk)
        if plan.separated:
            yield end


def _crc32(file: BinaryIO) -> int:
    value = 0
    while block := file.read(1 << 20):
        value = zlib.crc32(block, value)
    return value
