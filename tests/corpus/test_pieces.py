"""Large corpora in pieces: pieces, workers and interruptions change nothing in the result."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.corpus import pieces
from charnn.corpus.checksums import crc32_combine
from charnn.corpus.document_kinds import AUTO, FILES
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.piece_tasks import EncodeTask
from charnn.corpus.sources import open_corpus
from charnn.corpus.vocabulary_kinds import BYTES, CHAR
from charnn.errors import CorpusError, UsageError

# Characters of one to four bytes, line ends of every kind, and few enough to meet at every border.
TEXTS = st.text(st.sampled_from("ab\r\n\té\u20ac\U0001f600"), max_size=60)
FOLDERS = st.lists(
    st.one_of(TEXTS.map(str.encode), TEXTS.map(lambda text: text.encode("utf-16"))), min_size=1
)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 100)


def prepared(
    source: Path, folder: Path, tokens: str = CHAR, kind: str = AUTO, workers: int = 1
) -> tuple[Dataset, list[bytes], list[str]]:
    """Return a prepared corpus, its files, and the names of the texts with other line ends."""
    corpus = open_corpus([str(source)], document_kind=kind, tokens=tokens)
    dataset = prepare(corpus, folder, tokens=tokens, workers=workers)
    assert {path.name for path in dataset.path.iterdir()} == {"ids.npy", "corpus.json"}
    files = [(dataset.path / name).read_bytes() for name in ("ids.npy", "corpus.json")]
    return dataset, files, sorted(corpus.changed)


def long_text(folder: Path) -> Path:
    path = folder / "long.txt"
    path.write_text("".join(f"{number}: na\u00efve\r\n" for number in range(100)), "utf-8")
    return path


@settings(max_examples=40, deadline=None)
@given(FOLDERS, st.integers(5, 80), st.sampled_from([CHAR, BYTES]), st.sampled_from([AUTO, FILES]))
def test_pieces_change_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    contents: list[bytes],
    size: int,
    tokens: str,
    kind: str,
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    for number, content in enumerate(contents):
        (folder / f"{number:02}.txt").write_bytes(content)
    found = []
    for piece_bytes in (pieces.PIECE_BYTES, size):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pieces, "PIECE_BYTES", piece_bytes)
            try:
                dataset, *others = prepared(folder, folder / f"data{piece_bytes}", tokens, kind)
            except CorpusError as problem:
                found.append([str(problem)])
            else:
                found.append([dataset.fingerprint, dataset.val_unknown, *others])
    assert found[0] == found[1]


@pytest.mark.usefixtures("small_pieces")
def test_workers_change_nothing(tmp_path: Path) -> None:
    source = long_text(tmp_path)
    alone, together = (
        prepared(source, tmp_path / str(workers), workers=workers)[1:] for workers in (1, 2)
    )
    assert alone == together
    source.write_bytes(source.read_bytes() + b"\xff" + 200 * b"a")
    with pytest.raises(CorpusError, match="is not utf-8 text"):
        prepared(source, tmp_path / "refused", workers=2)


@pytest.mark.usefixtures("small_pieces")
def test_an_interrupted_preparation_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, folder = long_text(tmp_path), tmp_path / "data"
    _, expected, _ = prepared(source, tmp_path / "whole")
    corpus = open_corpus([str(source)])

    def stop(done: int, total: int) -> None:
        if done > 0.75 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(corpus, folder, read=stop)
    (unfinished,) = folder.glob(".*.tmp")
    journal = unfinished / "pieces.jsonl"
    finished = len(journal.read_text().splitlines()) - 1
    # A piece is damaged, and the last line is not complete: neither is trusted.
    with (unfinished / "ids.npy").open("r+b") as ids:
        ids.seek(200)
        ids.write(b"\0")
    with journal.open("a") as lines:
        lines.write('[8, {"crc": 1')
    done = []
    encoded = EncodeTask._encoded

    def counted(self: EncodeTask, *arguments: object) -> Iterator[object]:
        done.append(arguments)
        return encoded(self, *arguments)

    monkeypatch.setattr(EncodeTask, "_encoded", counted)
    assert prepared(source, folder)[1] == expected
    assert 3 <= finished < 20
    assert len(done) == -(-source.stat().st_size // 100) - finished + 1


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    ("number", "advice", "kept"), [(errno.EDQUOT, "Make room there", 4), (errno.EIO, "can be", 0)]
)
def test_a_full_disk_keeps_what_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str, kept: int
) -> None:
    corpus, encoded = open_corpus([str(long_text(tmp_path))]), EncodeTask._encoded
    calls: list[object] = []

    def fails_once(self: EncodeTask, *arguments: object) -> Iterator[object]:
        calls.append(arguments)
        if len(calls) == 5:
            raise OSError(number, "no more")
        return encoded(self, *arguments)

    monkeypatch.setattr(EncodeTask, "_encoded", fails_once)
    with pytest.raises(CorpusError, match=rf"data \(no more\)\. .*{advice}"):
        prepare(corpus, tmp_path / "data")
    assert len([*tmp_path.glob("data/.*.tmp")]) == bool(kept)
    calls[:] = [()] * 5
    prepare(corpus, tmp_path / "data")
    pieces = -(-(tmp_path / "long.txt").stat().st_size // 100)
    assert len(calls) - 5 == pieces - kept


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a" * 250 + b"\xff" + b"b" * 99, r"is not utf-8 text: byte 0xff at offset 250 "),
        (b"a" * 250 + b"\0" + b"b" * 99, "looks binary"),
        (b"a" * 250 + b"\x01" * 9, "looks binary"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "text.txt").write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        prepared(tmp_path / "text.txt", tmp_path / "data")


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("after", [0.2, 0.7])
def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path, after: float) -> None:
    source = long_text(tmp_path)
    size = source.stat().st_size

    def change(done: int, total: int) -> None:
        if after < done / total < after + 0.1:
            with source.open("r+b") as file:
                file.seek(size - 50)
                file.write(b"?")
            os.utime(source, (1, 1))  # the clock of a file system may stand still meanwhile

    with pytest.raises(CorpusError, match="has changed while it was read"):
        prepare(open_corpus([str(source)]), tmp_path / "data", read=change)


@pytest.mark.usefixtures("small_pieces")
def test_a_worker_that_ends_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charnn.corpus.piece_workers.__name__", "no_such_module")
    with pytest.raises(CorpusError, match=r"has ended.*--workers 1"):
        prepared(long_text(tmp_path), tmp_path / "data", workers=2)


@given(st.binary(), st.binary())
def test_checksums_of_parts(first: bytes, second: bytes) -> None:
    from zlib import crc32

    combined = crc32_combine(crc32(first), crc32(second), len(second))
    assert combined == crc32(first + second)


@pytest.mark.usefixtures("small_pieces")
def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    corpus = open_corpus([str(long_text(tmp_path))], encoding="nonsense")
    with pytest.raises(UsageError, match="--encoding 'nonsense'"):
        prepare(corpus, tmp_path / "data")
