"""Bytes as tokens: any file is read without loss, and what a model writes is UTF-8."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charnn
from charnn.corpus.byte_text import bytes_to_text, text_to_bytes
from charnn.corpus.byte_vocabulary import ByteVocabulary
from charnn.corpus.document_kinds import LINES
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import open_corpus
from charnn.corpus.vocabulary import DOCUMENT_END, SEPARATOR, SPECIALS
from charnn.corpus.vocabulary_kinds import BYTES, vocabulary_from_json
from charnn.errors import UsageError

VOCABULARY = ByteVocabulary()
# Random bytes are seldom UTF-8, and a zero byte is the character that ends documents.
RAW = st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "replace")))


def ids_of(raw: bytes) -> list[int]:
    return [byte + SPECIALS for byte in raw]


def bytes_of(dataset: Dataset) -> list[bytes]:
    """Return the documents of a dataset as bytes."""
    ids = dataset.ids.tolist()
    parts: list[list[int]] = [[]]
    for token in ids:
        if token == SEPARATOR:
            parts.append([])
        else:
            parts[-1].append(token - SPECIALS)
    return [bytes(part) for part in parts if part]


@given(st.lists(RAW))
def test_any_bytes_are_text_without_loss(blocks: list[bytes]) -> None:
    text = "".join(bytes_to_text(blocks))
    assert text_to_bytes(text) == b"".join(blocks)
    assert VOCABULARY.encode(text).tolist() == ids_of(b"".join(blocks))
    assert DOCUMENT_END not in text


@given(st.text(st.characters()))
def test_any_text_has_bytes(text: str) -> None:
    assert len(VOCABULARY.encode(text)) == VOCABULARY.text_length(text)


@given(RAW, st.text())
def test_the_end_of_a_document_is_no_zero_byte(raw: bytes, text: str) -> None:
    first = "".join(bytes_to_text([raw]))
    text = text.encode("utf-8", "replace").decode().replace("\0", "")
    expected = [*ids_of(raw), SEPARATOR, *ids_of(text.encode())]
    assert VOCABULARY.encode(first + DOCUMENT_END + text).tolist() == expected


@given(st.binary(), st.integers(1, 4))
def test_decoding_as_it_arrives(raw: bytes, size: int) -> None:
    expected = raw.decode("utf-8", "replace")
    assert VOCABULARY.decode(ids_of(raw)) == expected
    decoder, coded = VOCABULARY.decoder(), raw.decode("latin-1")
    arrived = [decoder.feed(coded[at : at + size]) for at in range(0, len(coded), size)]
    written = "".join(arrived) + decoder.finish()
    # Only a character that is cut off at the end is left out.
    assert written == expected or written == expected[:-1]


def test_a_vocabulary_of_bytes_is_stored_by_its_kind() -> None:
    assert vocabulary_from_json(VOCABULARY.to_json()) == VOCABULARY
    with pytest.raises(ValueError, match="nothing but its kind"):
        vocabulary_from_json({"kind": BYTES, "symbols": ["a"]})


def test_files_of_any_kind_are_read_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    contents = [bytes(range(256)), b"CR\r\nLF", "na\u00efve".encode("utf-16"), b"X:1\nK:C\nc|\n"]
    for name, content in zip(("a.bin", "b.txt", "c.txt", "d.abc"), contents, strict=True):
        (folder / name).write_bytes(content)
    corpus = open_corpus([str(folder)], tokens=BYTES)
    assert not corpus.skipped
    dataset = prepare(corpus, tmp_path / "data", 0, BYTES)
    assert bytes_of(dataset) == contents
    assert (dataset.train_characters, dataset.documents) == (sum(map(len, contents)) + 4, 4)
    # Read as text, the binary file is left out, and the last one is a tune.
    assert [Path(name).name for name in open_corpus([str(folder)]).skipped] == ["a.bin"]
    with pytest.raises(UsageError, match="leave out --encoding"):
        open_corpus([str(folder)], tokens=BYTES, encoding="latin-1")


def test_borders_of_files_change_the_fingerprint(tmp_path: Path) -> None:
    found = set()
    for number, contents in enumerate([(b"a\xff", b"b"), (b"a", b"\xffb"), (b"a\xffb",)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in enumerate(contents):
            (folder / str(name)).write_bytes(content)
        corpus = open_corpus([str(folder)], tokens=BYTES)
        found.add(prepare(corpus, tmp_path / "data", 0, BYTES).fingerprint)
    assert len(found) == 3


def test_lines_are_those_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes("Zo\u00eb\r\nAnn\n\nJos\u00e9".encode())
    corpus = open_corpus([str(tmp_path / "names.txt")], document_kind=LINES, tokens=BYTES)
    dataset = prepare(corpus, tmp_path / "data", 0, BYTES)
    assert sorted(bytes_of(dataset)) == [b"Ann", "Jos\u00e9".encode(), "Zo\u00eb".encode()]


def test_a_model_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    raw = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()
    Path("data.bin").write_bytes(raw)
    options = {"hidden_size": 8, "batch_size": 4, "seq_len": 16, "pointer": 0}
    model = charnn.train("data.bin", tokens=BYTES, steps=2, report=print, **options)
    resumed = charnn.train("data.bin", resume=True, steps=3, report=print)
    assert resumed.checkpoint.step == 3
    assert model.evaluate(model.held_out()).chars == 300
    assert model.evaluate("na\u00efve").chars == 6
    text = model.sample("\u20ac", seed=1, length=50, temperature=1.5)
    assert text.startswith("\u20ac")
    assert "\ufffd" in text
    assert model.sample(seed=1, length=500, stop="\n").count("\n") <= 1
    assert model.surprise("na\u00efve").characters == 6
