"""Texts as many documents: lines, passages between blank lines, and whole files."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.corpus import text_documents
from charnn.corpus.document_kinds import BLANK, DOCUMENT_CHOICES, FILES, LINES
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import Corpus, open_corpus
from charnn.corpus.text import Document, document
from charnn.corpus.text_documents import (
    cut_documents,
    split_by_hash,
    text_hash,
    training_hashes,
)
from charnn.corpus.vocabulary import DOCUMENT_END, SEPARATOR
from charnn.errors import CorpusError, UsageError

NAMES = [
    f"{first}{last}" for first in ("An", "Bo", "Cla", "Dö") for last in ("na", "ris", "ra", "y")
]
# Letters, spaces, and every kind of line end.
LISTS = st.text(st.sampled_from("aé \t\r\n"))


def corpus(kind: str, *texts: str) -> Corpus:
    sources = [document(str(number), text) for number, text in enumerate(texts)]
    return Corpus("list", sources, document_kind=kind)


def documents_of(dataset: Dataset, ids: np.ndarray) -> list[str]:
    """Return the documents of a part, each of which ends with a separator."""
    ends = np.flatnonzero(ids == SEPARATOR)
    assert len(ids) == 0 or ends[-1] == len(ids) - 1
    begins = [0, *(ends[:-1] + 1)]
    return [dataset.vocabulary.decode(ids[a:b]) for a, b in zip(begins, ends, strict=True)]


def held_out_names(names: list[str]) -> list[str]:
    """Return the names that are held out of a list, in sorted order."""
    _, part = split_by_hash(corpus(LINES, "\n".join(names)).documents, LINES, 0.1)
    return sorted(part.text().split(DOCUMENT_END)[:-1])


class TestCutting:
    @given(LISTS, LISTS)
    def test_lines(self, first: str, second: str) -> None:
        expected = [
            line.rstrip()
            for text in (first, second)
            for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            if line.strip()
        ]
        sources = corpus(LINES, first, second).documents
        assert list(cut_documents(sources, LINES)) == expected

    @given(LISTS)
    def test_passages_consist_of_the_lines(self, text: str) -> None:
        passages = list(cut_documents([document("", text)], BLANK))
        lines = [line for passage in passages for line in passage.split("\n")]
        assert all(line.strip() for line in lines)
        assert [line.rstrip() for line in lines] == list(cut_documents([document("", text)], LINES))

    @given(LISTS, st.integers(1, 5), st.sampled_from([LINES, BLANK]))
    def test_chunks_change_nothing(self, text: str, size: int, kind: str) -> None:
        chunks = [text[begin : begin + size] for begin in range(0, len(text), size)]
        chunked = Document("", lambda: iter(chunks))
        assert list(cut_documents([chunked], kind)) == list(
            cut_documents([document("", text)], kind)
        )

    def test_passages(self) -> None:
        text = "  Tyger Tyger,  \nburning bright\n\n \n\nIn the forests\r\n\r\nof the night"
        expected = ["  Tyger Tyger,  \nburning bright", "In the forests", "of the night"]
        assert list(cut_documents([document("", text)], BLANK)) == expected

    @pytest.mark.parametrize(("kind", "end"), [(LINES, ""), (BLANK, "\n")])
    def test_an_endless_document_is_refused(
        self, kind: str, end: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text_documents, "MAX_DOCUMENT_CHARACTERS", 50)
        source = Document("long.txt", lambda: iter([f"0123456789{end}"] * 9))
        with pytest.raises(CorpusError, match=rf"long.txt has a .* --documents {kind}"):
            list(cut_documents([source], kind))


class TestSplitting:
    @given(st.lists(st.sampled_from(NAMES)), st.floats(0, 0.9), st.integers(60, 2000))
    def test_each_document_is_in_one_part(
        self, names: list[str], fraction: float, block: int
    ) -> None:
        sources = corpus(LINES, "\n".join(names)).documents
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_documents, "BLOCK_BYTES", block)
            parts = split_by_hash(sources, LINES, fraction)
            texts = [part.text() for part in parts]
            assert texts == [part.text() for part in parts]
            hashes = training_hashes(sources, LINES, fraction)
        training, held_out = (text.split(DOCUMENT_END)[:-1] for text in texts)
        assert Counter(training + held_out) == Counter(names)
        assert not set(training) & set(held_out)
        assert hashes.tolist() == sorted(map(text_hash, set(training)))
        if fraction > 1e-9 and len(set(names)) > 1:
            assert training
            assert held_out

    def test_the_side_of_a_document_does_not_depend_on_the_others(self) -> None:
        names = [f"{name} {number}" for name in NAMES for number in range(50)]
        held_out = held_out_names(names)
        assert held_out_names(names[::2]) == sorted({*held_out} & {*names[::2]})
        assert 0.05 < len(held_out) / len(names) < 0.15

    def test_a_sorted_list_with_repetitions_is_shuffled(self) -> None:
        names = sorted(NAMES * 20)
        part, _ = split_by_hash(corpus(LINES, "\n".join(names)).documents, LINES, 0)
        shuffled = part.text().split(DOCUMENT_END)[:-1]
        assert sorted(shuffled) == names
        pairs = list(pairwise(shuffled))
        assert sum(before == after for before, after in pairs) < len(pairs) / 4


class TestDatasets:
    def test_lines_end_with_separators(self, tmp_path: Path) -> None:
        dataset = prepare(corpus(LINES, "\n".join(NAMES)), tmp_path, 0.25)
        training, held_out = (documents_of(dataset, part) for part in (dataset.train, dataset.val))
        assert sorted(training + held_out) == sorted(NAMES)
        assert (dataset.documents, dataset.val_documents) == (len(NAMES), len(held_out))
        assert set(dataset.vocabulary.tokens) == set("".join(training))
        assert len(dataset.ids) == sum(map(len, NAMES)) + len(NAMES)
        again = prepare(corpus(LINES, "\n".join(NAMES)), tmp_path, 0.25)
        assert (again.path, again.fingerprint) == (dataset.path, dataset.fingerprint)

    def test_whole_files_are_held_out(self, tmp_path: Path) -> None:
        texts = [name * 3 + "\n" for name in NAMES]
        dataset = prepare(corpus(FILES, *texts), tmp_path, 0.25)
        training, held_out = (documents_of(dataset, part) for part in (dataset.train, dataset.val))
        assert len(held_out) == dataset.val_documents > 0
        known = set("".join(training))
        for text in texts:
            assert text in training or "".join(filter(known.__contains__, text)) in held_out

    def test_the_kind_changes_the_fingerprint(self, tmp_path: Path) -> None:
        texts = ("one\n\ntwo", "three")
        found = {prepare(corpus(kind, *texts), tmp_path).fingerprint for kind in DOCUMENT_CHOICES}
        assert len(found) == len(DOCUMENT_CHOICES)

    @pytest.mark.parametrize(
        ("kind", "unit"), [(LINES, "lines"), (BLANK, "passages"), (FILES, "files")]
    )
    def test_a_single_document_is_refused(self, tmp_path: Path, kind: str, unit: str) -> None:
        with pytest.raises(CorpusError, match=f"--documents {kind} needs several {unit}, but list"):
            prepare(corpus(kind, "a single line\n"), tmp_path)

    @pytest.mark.parametrize("kind", [LINES, BLANK])
    def test_blank_texts_are_refused(self, tmp_path: Path, kind: str) -> None:
        with pytest.raises(CorpusError, match="no text"):
            prepare(corpus(kind, "\n \n", "\t"), tmp_path)

    def test_tune_books_are_plain_text(self, tmp_path: Path) -> None:
        tune = "% a comment\nX:{0}\nT:Tune {0}\nL:1/8\nK:D\nd8|]\n"
        book = tmp_path / "tunes.abc"
        book.write_text("\n".join(tune.format(number) for number in (1, 2, 3)))
        opened = open_corpus([str(book)], document_kind=BLANK)
        assert not opened.tunes
        dataset = prepare(opened, tmp_path / "data")
        assert dataset.documents == 3
        for options in ({"tokens": "abc"}, {"keys": (-1, 1)}):
            with pytest.raises(UsageError, match="which --documents blank reads as plain text"):
                prepare(opened, tmp_path / "data", **options)
