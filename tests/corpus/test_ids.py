"""Ids on disk: the split, the ids, and the folders that are used again."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from charnn.corpus import ids as ids_module
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.scan import split_documents
from charnn.corpus.sources import Corpus
from charnn.corpus.text import Document, document
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.errors import CorpusError, UsageError


def corpus(*texts: str, tunes: bool = False) -> Corpus:
    return Corpus("test", [document(str(n), text) for n, text in enumerate(texts)], tunes)


def tune(number: int) -> str:
    return f"X:1\nT:{number}\nK:D\n" + "dAFD" * (number % 7 + 1) + "|\n"


def tunes_of(dataset: Dataset, ids: NDArray[Any]) -> set[str]:
    ends = np.flatnonzero(ids == SEPARATOR)
    assert ends[-1] == len(ids) - 1
    return {dataset.vocabulary.decode(part) for part in np.split(ids, ends)} - {""}


def text_of(dataset: Dataset) -> str:
    return dataset.vocabulary.decode(np.concatenate([dataset.train, dataset.val]))


def test_a_text_is_cut_near_its_end_and_has_no_separators(tmp_path: Path) -> None:
    text = "to be or not to be, that is the question" * 100
    dataset = prepare(corpus(text), tmp_path)
    assert len(dataset.train) == 3600
    assert len(dataset.val) == 400
    assert text_of(dataset) == text
    assert dataset.train.min() >= 2
    assert (dataset.documents, dataset.val_documents, dataset.val_unknown) == (1, 0, 0)
    assert not dataset.train.flags.writeable
    assert dataset.train.dtype == np.uint8


def test_tinyshakespeare_is_cut_where_nanogpt_cuts_it(tmp_path: Path) -> None:
    dataset = prepare(corpus("a" * 1_115_394), tmp_path)
    assert len(dataset.train) == 1_003_854


def test_a_separator_follows_each_document(tmp_path: Path) -> None:
    dataset = prepare(corpus("ab", "", "c"), tmp_path, 0)
    assert dataset.train.tolist() == [2, 3, SEPARATOR, SEPARATOR, 4, SEPARATOR]
    assert dataset.val.shape == (0,)


def test_the_vocabulary_has_characters_of_the_training_part_only(tmp_path: Path) -> None:
    dataset = prepare(corpus("cab" * 3 + "x"), tmp_path)
    assert dataset.vocabulary.tokens == ("a", "b", "c")
    assert dataset.val.tolist() == [UNKNOWN]
    assert dataset.val_unknown == 1


def test_tunes_are_held_out_whole_and_stay_held_out_in_a_larger_book(tmp_path: Path) -> None:
    tunes = [tune(number) for number in range(300)]
    dataset = prepare(corpus(*tunes, tunes=True), tmp_path)
    assert 15 <= dataset.val_documents <= 45

    held_out = tunes_of(dataset, dataset.val)
    assert len(held_out) == dataset.val_documents
    assert tunes_of(dataset, dataset.train) == set(tunes) - held_out
    more = prepare(corpus(*(tune(number) for number in range(299, -50, -1)), tunes=True), tmp_path)
    assert held_out <= tunes_of(more, more.val)
    assert not tunes_of(more, more.train) & held_out


def test_a_mended_tune_stays_on_its_side_of_the_split() -> None:
    names = [str(number) for number in range(50)]
    books = [
        [document(name, f"{name} as it was") for name in names],
        [document(name, "mended", f"{name} as it was") for name in names],
    ]
    splits = [split_documents(Corpus("book", book, tunes=True), 0.3) for book in books]
    before, after = ([[tune.name for tune in side] for side in split] for split in splits)
    assert after == before
    assert all(before)


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_neither_side_is_empty_when_there_are_two_tunes(tmp_path: Path, fraction: float) -> None:
    dataset = prepare(corpus(tune(1), tune(2), tunes=True), tmp_path, fraction)
    assert dataset.val_documents == 1
    assert len(dataset.train) > 0


def test_no_tune_is_held_out_with_fraction_zero(tmp_path: Path) -> None:
    dataset = prepare(corpus(tune(1), tune(2), tunes=True), tmp_path, 0)
    assert (dataset.val_documents, len(dataset.val)) == (0, 0)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.text(st.characters(), max_size=40), max_size=4), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.1, 0.5, 0.9]),
)
def test_the_ids_are_those_of_the_vocabulary(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[list[str]], fraction: float
) -> None:
    documents = [Document("d", lambda piece=piece: iter(piece)) for piece in pieces]
    whole = Corpus("test", documents)
    folder = tmp_path_factory.mktemp("ids")
    if not any(map("".join, pieces)):
        with pytest.raises(CorpusError, match="no text"):
            prepare(whole, folder, fraction)
        return
    dataset = prepare(whole, folder, fraction)
    expected: list[int] = []
    for piece in pieces:
        expected += dataset.vocabulary.encode("".join(piece)).tolist()
        expected += [SEPARATOR] * (len(pieces) > 1)
    assert [*dataset.train.tolist(), *dataset.val.tolist()] == expected
    assert UNKNOWN not in dataset.train
    assert dataset.val_unknown == dataset.val.tolist().count(UNKNOWN)
    assert len(dataset.train) == max(1, int(len(expected) * (1 - fraction)))


def test_a_large_vocabulary_takes_two_bytes_an_id(tmp_path: Path) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 1000)))
    dataset = prepare(corpus(text), tmp_path, 0)
    assert dataset.train.dtype == np.uint16
    assert text_of(dataset) == text


def test_the_same_corpus_is_prepared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare(corpus("some text"), tmp_path)
    monkeypatch.setattr(ids_module, "_build", lambda *_: pytest.fail("built again"))
    again = prepare(corpus("some text"), tmp_path)
    assert (again.path, again.fingerprint) == (first.path, first.fingerprint)
    assert first.path.name == f"test-{first.fingerprint[:12]}"
    assert again.train.tolist() == first.train.tolist()


def test_text_borders_and_settings_change_the_fingerprint(tmp_path: Path) -> None:
    variants = [
        prepare(corpus("ab", "c"), tmp_path),
        prepare(corpus("a", "bc"), tmp_path),
        prepare(corpus("abc"), tmp_path),
        prepare(corpus("ab", "c"), tmp_path, 0.5),
        prepare(corpus("ab", "c", tunes=True), tmp_path),
    ]
    assert len({dataset.fingerprint for dataset in variants}) == len(variants)


@pytest.mark.parametrize("file", ["ids.npy", "corpus.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "changed", "empty"])
def test_a_damaged_folder_is_built_again(tmp_path: Path, file: str, damage: str) -> None:
    first = prepare(corpus("some text to be numbered"), tmp_path)
    expected = first.train.tolist()
    path = first.path / file
    raw = bytearray(path.read_bytes())
    del first
    if damage == "gone":
        path.unlink()
    else:
        raw[-3] ^= 1
        path.write_bytes({"cut": raw[:-3], "changed": raw, "empty": b""}[damage])
    again = prepare(corpus("some text to be numbered"), tmp_path)
    assert again.train.tolist() == expected
    assert json.loads((again.path / "corpus.json").read_bytes())["documents"] == 1


def test_the_checksum_covers_the_metadata(tmp_path: Path) -> None:
    text = "ab" * 50 + "xyz" * 4
    first = prepare(corpus(text), tmp_path)
    path = first.path / "corpus.json"
    metadata = json.loads(path.read_bytes())
    assert metadata["val_unknown"] == 12
    path.write_text(json.dumps(metadata | {"val_unknown": 7}))
    assert prepare(corpus(text), tmp_path).val_unknown == 12


def test_leftovers_are_removed_unless_locked(tmp_path: Path) -> None:
    leftover, locked = tmp_path / ".left-0123.tmp", tmp_path / ".held-0123.tmp"
    for folder in (leftover, locked):
        folder.mkdir()
        (folder / "ids.npy").write_bytes(b"half")
    file, locked_file = tmp_path / ".left.gz.77.tmp", tmp_path / ".held.gz.77.tmp"
    for path in (file, locked_file):
        path.touch()
    with FileLock(tmp_path / ".held-0123.lock"), FileLock(tmp_path / ".held.gz.lock"):
        prepare(corpus("some text"), tmp_path)
    assert locked.exists()
    assert locked_file.exists()
    assert not leftover.exists()
    assert not file.exists()


def test_a_killed_build_is_repeated(tmp_path: Path) -> None:
    path = prepare(corpus("some text"), tmp_path).path
    shutil.move(path, path.with_name(f".{path.name}.tmp"))
    assert text_of(prepare(corpus("some text"), tmp_path)) == "some text"
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_dir()] == [path.name]


# The last one has the same length and the same characters.
@pytest.mark.parametrize("second", ["other text", "shorter", "a longer one", "", "some texe"])
def test_a_corpus_that_changes_between_the_passes_is_refused(tmp_path: Path, second: str) -> None:
    readings = iter(["some text", second])

    def chunks() -> Iterator[str]:
        yield next(readings)

    with pytest.raises(CorpusError, match="changed while"):
        prepare(Corpus("test", [Document("d", chunks)]), tmp_path)
    assert not [entry for entry in tmp_path.iterdir() if entry.is_dir()]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match=r"cannot write the prepared corpus to .*file"):
        prepare(corpus("text"), tmp_path / "file")


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_fractions_out_of_range_are_refused(tmp_path: Path, fraction: float) -> None:
    with pytest.raises(UsageError, match="--val-fraction"):
        prepare(corpus("text"), tmp_path, fraction)


def test_the_same_text_under_another_name_uses_the_same_folder(tmp_path: Path) -> None:
    text = document("text", "one text, two names\n")
    first = prepare(Corpus("first", (text,)), tmp_path)
    second = prepare(Corpus("second", (text,)), tmp_path)
    assert first.path == second.path
