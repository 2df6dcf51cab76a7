"""Transposed copies of training tunes: their keys, their order, their cache."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from charnn.corpus import transpose_augmentation as keys_module
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import Corpus
from charnn.corpus.text import Document, document
from charnn.corpus.transpose_augmentation import (
    ALL_KEYS,
    ORIGINAL_KEY,
    augment_tunes,
    parse_key_range,
)
from charnn.corpus.vocabulary import SEPARATOR
from charnn.errors import UsageError
from charnn.music.abc.reader import read_tunes
from charnn.music.abc.transpose import transpose
from charnn.music.abc.writer import write_tune

BROKEN = "X:1\nT:Broken\nM:6/8\nL:1/8\nK:D\nD2 >|\n"


def tune(number: int) -> str:
    return f"X:1\nT:No {number}\nM:6/8\nL:1/8\nK:G\n" + "GAB d2e|" * (number % 5 + 1) + "g6|]\n"


def tunes(count: int, *more: str) -> list[Document]:
    texts = [*(tune(number) for number in range(count)), *more]
    return [document(str(number), text) for number, text in enumerate(texts)]


def key(text: str) -> str:
    return text.split("K:")[1].split("\n")[0]


def title(text: str) -> str:
    return text.split("T:")[1].split("\n")[0]


def held_out(dataset: Dataset) -> list[str]:
    parts = np.split(dataset.val, np.flatnonzero(dataset.val == SEPARATOR))
    return [dataset.vocabulary.decode(part) for part in parts]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [("all", ALL_KEYS), ("0", ORIGINAL_KEY), (0, ORIGINAL_KEY), ("2", (-2, 2)), (6, (-6, 6))],
)
def test_values_of_transpose(wanted: str | int, keys: tuple[int, int]) -> None:
    assert parse_key_range(wanted) == keys


@pytest.mark.parametrize("wanted", ["7", -1, "some", ""])
def test_other_values_are_refused(wanted: str | int) -> None:
    with pytest.raises(
        UsageError, match="--transpose must be all, or one number of semitones from 0 to 6"
    ):
        parse_key_range(wanted)


def test_a_pass_has_each_tune_once_and_all_passes_have_each_key(tmp_path: Path) -> None:
    texts = [copy.text() for copy in augment_tunes(tunes(30), ALL_KEYS, tmp_path)]
    assert len(texts) == 30 * 12
    passes = [texts[begin : begin + 30] for begin in range(0, len(texts), 30)]
    for one in passes:
        assert len({title(text) for text in one}) == 30
        assert set(Counter(map(key, one)).values()) <= {2, 3}
    for before, after in pairwise(passes):
        assert list(map(title, before)) != list(map(title, after))
    for number in range(30):
        mine = [text for text in texts if title(text) == f"No {number}"]
        assert tune(number) in mine
        assert len(set(map(key, mine))) == 12


def test_a_copy_is_the_tune_transposed(tmp_path: Path) -> None:
    copies = {copy.text() for copy in augment_tunes(tunes(1), (-2, 2), tmp_path)}
    (own,) = read_tunes(tune(0))
    others = {write_tune(transpose(own, by)) for by in (-2, -1, 1, 2)}
    assert copies == others | {tune(0)}


def test_a_tune_that_cannot_be_read_stays_in_its_original_key(tmp_path: Path) -> None:
    texts = [copy.text() for copy in augment_tunes(tunes(3, BROKEN), (-1, 1), tmp_path)]
    assert len(texts) == 12
    assert texts.count(BROKEN) == 3


def test_copies_are_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    progress: list[tuple[int, int]] = []
    first = augment_tunes(tunes(5), ALL_KEYS, tmp_path, lambda *done: progress.append(done))
    assert progress == [(number, 5) for number in range(6)]
    assert augment_tunes(tunes(5), ORIGINAL_KEY, tmp_path)[0].text() == tune(0)
    (cache,) = tmp_path.glob("[!.]*")
    leftover = tmp_path / f".{cache.name}.1.tmp"  # of a killed process
    leftover.touch()
    with monkeypatch.context() as patch:
        patch.setattr(keys_module, "_transposed_copies", lambda *_: pytest.fail("written again"))
        again = augment_tunes(tunes(5), ALL_KEYS, tmp_path)
    assert [copy.text() for copy in again] == [copy.text() for copy in first]
    assert not leftover.exists()
    for damage in (b"", cache.read_bytes()[:-9], b"[1]"):
        cache.write_bytes(damage)
        again = augment_tunes(tunes(5), ALL_KEYS, tmp_path)
        assert [copy.text() for copy in again] == [copy.text() for copy in first]


@pytest.mark.parametrize("tokens", ["char", "abc"])
def test_the_validation_part_is_never_transposed(tmp_path: Path, tokens: str) -> None:
    corpus = Corpus("tunes", tunes(60), tunes=True)
    own = prepare(corpus, tmp_path, 0.2, tokens)
    moved = prepare(corpus, tmp_path, 0.2, tokens, ALL_KEYS)
    assert moved.fingerprint != own.fingerprint
    assert (moved.keys, moved.documents, moved.val_documents) == (
        ALL_KEYS,
        own.documents,
        own.val_documents,
    )
    assert held_out(moved) == held_out(own)
    assert moved.val_characters == own.val_characters
    assert np.count_nonzero(moved.train == SEPARATOR) == 12 * (60 - own.val_documents)
    assert moved.train_characters > 11 * own.train_characters
    again = prepare(corpus, tmp_path, 0.2, tokens, ALL_KEYS)
    assert (again.path, again.fingerprint) == (moved.path, moved.fingerprint)


def test_a_text_cannot_be_transposed(tmp_path: Path) -> None:
    text = Corpus("essay", [document("a", "some text"), document("b", "more")])
    with pytest.raises(UsageError, match="--transpose is for tune books"):
        prepare(text, tmp_path, keys=ALL_KEYS)
