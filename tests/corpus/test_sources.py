"""The corpora that a user may name."""

import errno
import gzip
import io
import os
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.checkpoints import run_files
from charnn.corpus import own_files, sources
from charnn.corpus.ids import prepare
from charnn.corpus.line_ends import LineFeeds
from charnn.corpus.sources import Corpus, open_corpus
from charnn.corpus.text import Document
from charnn.errors import CorpusError, UsageError
from charnn.share.shared_model import CONFIG

TUNE = "X:1\nT:One\nR:reel\nM:C|\nL:1/8\nK:D\nDFAd dAFD|d8|]\n"
OTHER = TUNE.replace("One", "Two").replace("DFAd", "dAFD")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(corpus: Corpus) -> list[str]:
    # Read twice, as the two passes over a corpus do.
    first = [document.text() for document in corpus.documents]
    assert first == ["".join(document.chunks()) for document in corpus.documents]
    return first


def test_a_file(here: Path) -> None:
    (here / "My Novel.txt").write_bytes(b"one\r\ntwo")
    corpus = open_corpus(["My Novel.txt"])
    assert texts(corpus) == ["one\ntwo"]
    assert corpus.changed == ["My Novel.txt"]
    assert texts(open_corpus(["My Novel.txt"], keep_cr=True)) == ["one\r\ntwo"]
    assert (corpus.name, corpus.tunes, corpus.skipped) == ("my-novel", False, ())


@given(st.lists(st.text("a\r\n", max_size=3)))
def test_line_ends_become_line_feeds(chunks: list[str]) -> None:
    text, feeds = "".join(chunks), LineFeeds()
    converted = feeds.convert(Document("text", lambda: iter(chunks))).text()
    assert converted == text.replace("\r\n", "\n").replace("\r", "\n")
    assert feeds.changed == ["text"] * ("\r" in text)


def test_several_files_keep_their_order(here: Path) -> None:
    for name in "ba":
        (here / name).write_text(name)
    (here / "c.txt.gz").write_bytes(gzip.compress(b"c"))
    corpus = open_corpus(["b", "a", "c.txt.gz"])
    assert texts(corpus) == ["b", "a", "c"]
    assert corpus.name == "b-and-2-more"


def test_a_folder_gives_its_text_files_sorted(here: Path) -> None:
    for name, content in {
        "b/z.txt": b"2",
        "a.md": b"1",
        "c": b"3",
        "empty": b"",
        "logo.png": bytes(range(256)),
        ".hidden": b"x",
        ".git/config": b"x",
    }.items():
        path = here / "Books" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    corpus = open_corpus(["Books"])
    assert texts(corpus) == ["1", "2", "3"]
    assert {Path(name).name for name in corpus.skipped} == {"logo.png", ".hidden", ".git"}
    assert corpus.name == "books"


def test_what_charnn_wrote_is_never_corpus(here: Path) -> None:
    """`charnn train .` would learn the metrics of its first run otherwise."""
    for name in (
        *("novel.txt", "data/mine.txt", "data/novel-0/corpus.json", "data/novel-0/ids.npy"),
        *("data/keys-0123456789ab.json.gz", "checkpoints/novel/metrics.jsonl"),
        *("checkpoints/novel/best.safetensors", "checkpoints/cut/metrics.jsonl"),
        *("checkpoints/cut/.lock", "data/.novel-0123456789ab.lock"),
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name)
    own = {"novel-0", "keys-0123456789ab.json.gz", "novel", "cut"}
    for arguments in (["."], ["novel.txt", "data", "checkpoints"], ["*"], ["**/*"]):
        corpus = open_corpus(arguments)
        assert sorted(texts(corpus)) == ["data/mine.txt", "novel.txt"]
        if arguments != ["**/*"]:
            assert {Path(name).name for name in corpus.own} == own
        assert not corpus.skipped
    for folder in ("checkpoints", "checkpoints/novel", "checkpoints/*/*.jsonl"):
        with pytest.raises(CorpusError, match="contains only runs and prepared corpora"):
            open_corpus([folder])
    # A file that the user names is a wish.
    assert texts(open_corpus(["checkpoints/cut/metrics.jsonl"])) == [
        "checkpoints/cut/metrics.jsonl"
    ]


def test_shared_models_and_their_cards_are_never_corpus(here: Path) -> None:
    shared = ("README.md", "config.json", "model.safetensors")
    for name in ("novel.txt", "notes.md", "play.md", *(f"shared/{name}" for name in shared)):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(name)
    (here / "play.safetensors").write_bytes(bytes(range(256)))
    corpus = open_corpus(["."])
    assert sorted(texts(corpus)) == ["notes.md", "novel.txt"]
    assert {Path(name).name for name in corpus.own} == {"shared", "play.md"}
    assert texts(open_corpus(["*.md"])) == ["notes.md"]


def test_the_names_of_own_files() -> None:
    assert set(run_files.CHECKPOINTS) == own_files.CHECKPOINTS
    assert set(run_files.RUN_FILES) == own_files.CHECKPOINTS | own_files.RECORDS
    assert run_files.LOCK == own_files.LOCK
    assert {run_files.SHARED, CONFIG} == own_files.SHARED
    assert (run_files.TENSORBOARD, run_files.EVENTS) == (own_files.TENSORBOARD, own_files.EVENTS)


def test_a_circle_of_links_to_folders_ends(here: Path) -> None:
    (here / "loop" / "inner").mkdir(parents=True)
    (here / "loop" / "text").write_text("once")
    (here / "loop" / "again").symlink_to("text")
    (here / "loop" / "inner" / "up").symlink_to("..")
    (here / "loop" / "dangling").symlink_to("nowhere")
    corpus = open_corpus(["loop"])
    assert texts(corpus) == ["once"]
    assert [Path(name).name for name in corpus.skipped] == ["dangling"]


def test_links_to_each_other_are_skipped(here: Path) -> None:
    folder = here / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("text")
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    corpus = open_corpus(["folder"])
    assert [document.text() for document in corpus.documents] == ["text"]
    assert len(corpus.skipped) == 2


@pytest.mark.parametrize("pattern", ["books/*.txt", "books/**/*.txt", "books/**"])
def test_a_pattern_that_the_shell_did_not_expand(here: Path, pattern: str) -> None:
    (here / "books").mkdir()
    for name in "ba":
        (here / "books" / f"{name}.txt").write_text(name)
    corpus = open_corpus([pattern])
    assert texts(corpus) == ["a", "b"]
    assert corpus.name == "books"


def test_a_file_whose_name_looks_like_a_pattern(here: Path) -> None:
    (here / "what[1].txt").write_text("text")
    assert texts(open_corpus(["what[1].txt"])) == ["text"]


def test_stdin_can_be_read_twice() -> None:
    corpus = open_corpus(["-"], stdin=io.BytesIO("na\u00efve".encode()))
    assert texts(corpus) == ["na\u00efve"]
    assert (corpus.name, corpus.tunes) == ("stdin", False)


@pytest.mark.parametrize(
    "head", ["", "%abc-2.1\n", "\ufeff", "\n", "M:6/8\n%%abc-charset latin-1\n\n"]
)
def test_stdin_that_starts_like_a_tune_book(head: str) -> None:
    corpus = open_corpus(["-"], stdin=io.BytesIO((head + TUNE).encode()))
    assert corpus.tunes
    assert texts(corpus) == [TUNE]


def test_each_tune_of_a_book_is_a_document(here: Path) -> None:
    (here / "a.abc").write_text(f"{TUNE}\n{OTHER}\n")
    (here / "b.ABC.gz").write_bytes(gzip.compress(OTHER.replace("Two", "Same").encode()))
    corpus = open_corpus(["a.abc", "b.ABC.gz"])
    assert corpus.tunes
    assert texts(corpus) == [TUNE, OTHER]
    assert [document.name for document in corpus.documents] == ["One", "Two"]


def test_a_corpus_of_texts_and_tunes_is_not_a_tune_book(here: Path) -> None:
    (here / "a.abc").write_text(TUNE)
    (here / "b.txt").write_text("text")
    corpus = open_corpus(["a.abc", "b.txt"])
    assert not corpus.tunes
    assert texts(corpus) == ["text", TUNE]


def test_a_path_is_preferred_to_a_catalogue_name(here: Path) -> None:
    (here / "folk").write_text("my own")
    assert texts(open_corpus(["folk"])) == ["my own"]


def test_corpus_names_are_slugs(here: Path) -> None:
    for name, slug in {
        "Война и мир.txt": "война-и-мир",
        "$$.txt": "corpus",
        "v1.2.txt": "v1.2",
    }.items():
        (here / name).write_text("text")
        assert open_corpus([name]).name == slug
    assert open_corpus(["."]).name == here.name.lower().replace("_", "_").strip("-._")[:60]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("folc", "named folc: did you mean folk"),
        ("nowhere.txt", "named nowhere.txt: the built-in ones are folk, "),
        ("prsoe.abc", "named prsoe.abc: did you mean prose.abc?"),
        ("empty", "empty is empty"),
        ("bare", "bare contains no text files"),
        ("/dev/null", "a device or a socket"),
        ("*.nothing", "nothing matches"),
        ("dangling", "cannot read dangling"),
        ("prose.abc", "no tune in prose.abc"),
    ],
)
def test_other_sources_are_refused_with_advice(here: Path, argument: str, message: str) -> None:
    (here / "empty").touch()
    (here / "bare").mkdir()
    (here / "bare" / "picture").write_bytes(bytes(100))
    (here / "dangling").symlink_to("gone")
    (here / "prose.abc").write_text("No tune at all")
    with pytest.raises(CorpusError) as caught:
        open_corpus([argument])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pipe_is_read_once_and_kept(here: Path) -> None:
    """A shell makes such a pipe for `<(zcat old.txt.gz)`."""
    os.mkfifo(here / "fifo")
    writer = threading.Thread(target=(here / "fifo").write_bytes, args=("naïve\n".encode(),))
    writer.start()
    corpus = open_corpus(["fifo", "fifo"])
    writer.join()
    assert texts(corpus) == ["naïve\n"]
    assert (corpus.name, corpus.repeated) == ("pipe-and-1-more", ("fifo",))


def test_a_source_that_is_named_twice_is_read_once(here: Path) -> None:
    (here / "folder").mkdir()
    for name in ("a.txt", "folder/b.txt"):
        (here / name).write_text(name)
    (here / "link.txt").symlink_to("a.txt")
    corpus = open_corpus(["a.txt", "folder", "*.txt", "folder/b.txt", "./a.txt", "folder"])
    assert texts(corpus) == ["a.txt", "folder/b.txt"]
    assert corpus.repeated == ("a.txt", "link.txt", "folder/b.txt", "a.txt", "folder/b.txt")
    once = open_corpus(["prose", "prose"])
    assert len(texts(once)) == len(texts(open_corpus(["prose"])))
    assert once.repeated == ("prose",)


def test_a_long_name_leaves_room_for_a_suffix(here: Path) -> None:
    name = "\N{CJK UNIFIED IDEOGRAPH-20000}" * 60
    (here / f"{name}.txt").write_text("text")
    corpus = open_corpus([f"{name}.txt"])
    assert corpus.name == name[:45]
    assert prepare(corpus, here / "data").path.parent == here / "data"


def test_a_full_disk_names_tmpdir(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, content: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(CorpusError, match=r"cannot keep the standard input .*No space.*TMPDIR"):
        open_corpus(["-"], stdin=io.BytesIO(b"text"))


def test_an_unreadable_stream() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(CorpusError, match="cannot read the standard input: Input/output"):
        open_corpus(["-"], stdin=Broken())


def test_a_file_in_another_encoding_is_refused_when_it_is_read(here: Path) -> None:
    (here / "latin.txt").write_bytes("caf\u00e9s".encode("latin-1"))
    with pytest.raises(CorpusError, match=r"latin\.txt is not utf-8 text"):
        texts(open_corpus(["latin.txt"]))
    assert texts(open_corpus(["latin.txt"], encoding="latin-1")) == ["caf\u00e9s"]


def test_an_empty_stdin_is_refused() -> None:
    with pytest.raises(CorpusError, match="standard input is empty"):
        open_corpus(["-"], stdin=io.BytesIO())


@pytest.mark.parametrize("arguments", [[], ["-", "-"]])
def test_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        open_corpus(arguments, stdin=io.BytesIO(b"text"))


def test_a_book_that_is_too_large_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Books are cleaned in memory."""
    monkeypatch.setattr(sources, "MAX_BOOK_CHARACTERS", 5_000_000)
    (here / "bomb.abc.gz").write_bytes(gzip.compress(b"X:1\nK:C\nCDE|\n\n" * 1_000_000))
    with pytest.raises(
        CorpusError, match=r"bomb\.abc\.gz is a tune book .* 5 million .* several files"
    ):
        open_corpus(["bomb.abc.gz"])
