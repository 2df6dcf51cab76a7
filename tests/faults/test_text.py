"""Hostile bytes, names and files: a corpus is read exactly or refused in one line, and no
incomplete data is kept."""

import codecs
import gzip
import io
import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest

from charnn.corpus import text as text_module
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import Corpus, open_corpus
from charnn.corpus.text import Document, document, read_file
from charnn.errors import CorpusError
from tests.cli.conftest import Ended, Program
from tests.cli.conftest import program as program
from tests.cli.conftest import small as small
from tests.faults.conftest import Trials
from tests.helpers import command, environment, prose

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and signals of Unix")

# Traps for a careless reader: line ends of all kinds, byte order marks, parts of one glyph.
TRAPS = (
    *("\r", "\n", "\r\n", "\n\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\t", "\xa0", "\xad"),
    *("\ufeff", "\ufffd", "\uffff", "\U0010ffff", "e\u0301\u0323", "\u0301", "\u200d", "\u200b"),
    *("👩‍👩‍👧", "🏴\U000e0067\U000e0062\U000e007f", "🇫🇷", "☺\ufe0f", "\u202e", "ﷺ", "𝄞", "İ"),
)
MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
ALPHABETS = {
    **dict.fromkeys(MARKS, "añßЖπ漢字ひكहिé🎻 "),
    **dict.fromkeys(("gb18030",), "añ漢字Ж🎻 "),
    **dict.fromkeys(("latin-1", "cp1252", "cp437"), "naïve café übers ñ "),
    **dict.fromkeys(("koi8-r", "cp1251", "mac_cyrillic"), "война и мир, Жук "),
    **dict.fromkeys(("shift_jis", "euc_jp", "iso2022_jp"), "ひらがなカタカナ漢字 a "),
    **dict.fromkeys(("big5", "euc_kr"), "漢字 a, b "),
}


def encodable(text: str, codec: str) -> str:
    """Return the part of a text that the codec can represent and restore."""
    kept = (one for one in text if one.encode(codec, "ignore").decode(codec, "ignore") == one)
    return "".join(kept)


def random_text(random: random.Random, codec: str, length: int) -> str:
    """Return a text that needs more than ASCII and contains a trap here and there."""
    alphabet = encodable(ALPHABETS[codec], codec)
    traps = [trap for trap in TRAPS if encodable(trap, codec) == trap]
    text = "".join(
        random.choice(traps) if random.random() < 0.05 else random.choice(alphabet)
        for _ in range(length)
    )
    return "a" + text.removeprefix("\ufeff") + encodable("漢é ж", codec)


def assert_refused(ended: Ended, *phrases: str) -> None:
    assert ended.returncode == 1, ended
    (message,) = ended.messages
    assert message.startswith("error: ")
    for phrase in phrases:
        assert phrase in message, message


def decoded_corpus(folder: Path) -> str:
    """Return the text of the prepared ids in `folder`."""
    (path,) = (path for path in folder.iterdir() if not path.name.startswith("."))
    symbols = json.loads((path / "corpus.json").read_bytes())["vocabulary"]
    return CharVocabulary.from_json(symbols).decode(np.load(path / "ids.npy"))


def text_of(dataset: Dataset) -> str:
    return dataset.vocabulary.decode(dataset.ids)


def prepared_folders(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_dir()] if folder.exists() else []


@pytest.fixture
def fresh_folder(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """Return a function that makes empty folders."""
    count = 0

    def folder() -> Path:
        nonlocal count
        count += 1
        path = tmp_path / str(count)
        path.mkdir()
        return path

    yield folder


STEP = ("--steps", "1", "--val-fraction", "0")


def test_encodings(
    trials: Trials, fresh_folder: Callable[[], Path], program: Program, small: Sequence[str]
) -> None:
    def trial(random: random.Random) -> None:
        codec = random.choice(list(ALPHABETS))
        marking = random.choice(["marked", "bare", "named", "marked and misnamed"])
        text = random_text(random, codec, random.choice([300, 2000]))
        # A mark of another encoding is wrong, which the bytes after the mark show.
        raw = text.encode(codec)
        if marking.startswith("marked"):
            raw = MARKS.get(codec, codecs.BOM_UTF8) + raw
        folder = fresh_folder()
        (folder / "t.txt").write_bytes(raw)
        named = {"named": codec, "marked and misnamed": "cp1250"}.get(marking)
        options = ("--encoding", named) if named else ()
        ended = program(folder, "train", "t.txt", *STEP, *small, *options)
        if marking == "named" or codec == "utf-8" or (codec in MARKS and marking != "bare"):
            assert ended.returncode == 0, ended
            assert decoded_corpus(folder / "data") == text
            return
        assert not prepared_folders(folder / "data")
        if codec in MARKS or codec == "iso2022_jp":
            assert_refused(ended, "t.txt looks binary", "--encoding")
            return
        with pytest.raises(UnicodeDecodeError) as found:
            raw.decode("utf-8")
        at = found.value.start
        assert_refused(ended, "t.txt", f"byte 0x{raw[at]:02x} at offset {at} ", "--encoding")

    trials("a text in one of 17 encodings, marked, bare, named or misnamed", trial, few=2, many=240)


def test_damaged_text_is_read_exactly_or_refused(
    trials: Trials, fresh_folder: Callable[[], Path]
) -> None:
    """The size of the chunks does not matter."""

    def trial(random: random.Random) -> None:
        codec = random.choice(list(MARKS))
        raw = bytearray(random_text(random, codec, random.randrange(1, 400)).encode(codec))
        if random.random() < 0.5:
            raw[:0] = MARKS[codec]
        for _ in range(random.randrange(4)):
            at = random.randrange(len(raw))
            damage = random.randrange(4)
            if damage == 0:
                raw[at] ^= 1 << random.randrange(8)
            elif damage == 1:
                del raw[at:]
                raw += b"."
            elif damage == 2:
                raw[at:at] = random.choice(
                    [b"\0", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\x1b[2J", b"\xff"]
                )
            else:
                del raw[at]
                raw += b"."
        path = fresh_folder() / "t.txt"
        path.write_bytes(raw)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_module, "CHUNK_BYTES", random.choice([5, 7, 64, 1 << 20]))
            try:
                text = "".join(read_file(path))
            except CorpusError as problem:
                assert "\n" not in str(problem)
                assert str(path) in str(problem)
                assert "--encoding" in str(problem)
                return
        mark = next((mark for mark in reversed(MARKS.values()) if raw.startswith(mark)), b"")
        named = {mark: codec for codec, mark in MARKS.items()}.get(mark, "utf-8")
        assert mark + text.encode(named) == bytes(raw)
        assert "\0" not in text

    trials("bytes flipped, cut, put in or left out of a text", trial, few=50, many=20_000)


def test_damaged_gzip_files(trials: Trials, fresh_folder: Callable[[], Path]) -> None:
    def trial(random: random.Random) -> None:
        texts = [random_text(random, "utf-8", random.randrange(2000)) for _ in range(3)]
        members = [gzip.compress(text.encode(), random.randrange(1, 10)) for text in texts]
        raw = bytearray(b"".join(members))  # `gzip` unpacks the members to one text
        damage = random.randrange(5)
        at = random.randrange(len(raw))
        if damage == 1:
            raw[at] ^= 1 << random.randrange(8)
        elif damage == 2:
            del raw[at:]
        elif damage == 3:
            raw += random.randbytes(9) + b"."
        elif damage == 4:
            raw[at:at] = random.randbytes(3)
        path = fresh_folder() / "t.txt.gz"
        path.write_bytes(raw)
        ends = {len(members[0]), len(members[0] + members[1])}
        try:
            text = "".join(read_file(path))
        except CorpusError as problem:
            assert damage
            assert "\n" not in str(problem)
            return
        if damage == 2 and at in ends:
            assert "".join(texts).startswith(text)
        else:  # fields outside the checksum, such as the time, may change
            assert text == "".join(texts)

    trials("packed text of several members damaged", trial, few=20, many=5000)


def test_a_corpus_that_changes_while_it_is_read(
    trials: Trials, fresh_folder: Callable[[], Path]
) -> None:
    """The prepared ids belong to one text, which the fingerprint identifies, or the corpus is
    refused."""

    def change(random: random.Random, path: Path) -> None:
        text = path.read_text()
        match random.randrange(9):
            case 0:
                path.write_text(text + text)
            case 1:
                path.write_text(text[: len(text) // 2])
            case 2:
                path.write_text("")
            case 3:
                path.unlink()
            case 4:  # the same number of the same letters, in another order
                path.write_text(text[::-1])
            case 5:  # another file replaces the file of that name
                path.with_suffix(".new").write_text(text[::-1])
                path.with_suffix(".new").replace(path)
            case 6:
                path.unlink()
                path.mkdir()
            case 7:
                path.write_bytes(bytes(len(text)))
            case _:
                path.write_text(text)

    def trial(random: random.Random) -> None:
        folder = fresh_folder()
        paths = [folder / f"{number}.txt" for number in range(random.randrange(1, 4))]
        for path in paths:
            path.write_text("".join(random.choices("abcdef\n", k=random.randrange(100, 1000))))
        opened = open_corpus([str(path) for path in paths])
        pieces, at = 0, random.randrange(120)

        def watched(one: Document) -> Iterator[str]:
            nonlocal pieces
            for piece in one.chunks():
                pieces += 1
                if pieces == at:
                    change(random, random.choice(paths))
                yield piece

        documents = [Document(one.name, lambda one=one: watched(one)) for one in opened.documents]
        with pytest.MonkeyPatch.context() as patch:
            # Small chunks, so that a file can change in the middle of its text.
            patch.setattr(text_module, "CHUNK_BYTES", 32)
            try:
                found = prepare(Corpus("c", documents), folder / "data", 0)
            except CorpusError as problem:
                assert "\n" not in str(problem)
                assert not prepared_folders(folder / "data")
                return
        ends = [*np.flatnonzero(found.ids == 1), len(found.ids)] if len(paths) > 1 else []
        texts, begin = [], 0
        for end in ends[:-1] or [len(found.ids)]:
            texts.append(found.vocabulary.decode(found.ids[begin:end]))
            begin = end + 1
        clean = Corpus("c", [document("", text) for text in texts])
        assert prepare(clean, folder / "clean", 0).fingerprint == found.fingerprint

    trials("a file of a corpus changes while it is read", trial, few=20, many=2000)


def test_damaged_ids_are_prepared_again(trials: Trials, fresh_folder: Callable[[], Path]) -> None:
    def trial(random: random.Random) -> None:
        folder = fresh_folder()
        text = random_text(random, "utf-8", random.randrange(50, 1500))
        corpus = Corpus("c", [document("", text)])
        first = prepare(corpus, folder)
        ids, told = first.ids.tolist(), (first.val_unknown, first.vocabulary.tokens)
        path = first.path / random.choice(["ids.npy", "corpus.json"])
        del first
        raw = bytearray(path.read_bytes())
        for _ in range(random.choice([1, 1, 1, 5])):
            at = random.randrange(len(raw))
            damage = random.randrange(8)
            if damage < 5:
                raw[at] ^= 1 << random.randrange(8)
            elif damage == 5:
                raw[at:] = bytes(len(raw) - at)
            elif damage == 6:
                raw[at:at] = random.randbytes(random.randrange(1, 9))
            elif at:
                del raw[at:]
        path.write_bytes(raw)
        if random.random() < 0.1:
            path.unlink()
            path.mkdir()
        again = prepare(corpus, folder)
        assert again.ids.tolist() == ids
        assert (again.val_unknown, again.vocabulary.tokens) == told
        assert prepared_folders(folder) == [again.path.name]

    trials("prepared ids, or what is told of them, damaged", trial, few=20, many=500)


PREPARE = """
import sys
from pathlib import Path
from charnn.corpus.ids import prepare
from charnn.corpus.sources import open_corpus
print("begun", flush=True)
prepare(open_corpus([sys.argv[1]]), Path("data"))
"""


def test_a_kill_during_preparation(trials: Trials, fresh_folder: Callable[[], Path]) -> None:
    text = "".join(prose(60_000, begin) for begin in range(0, 180_000, 60_000)) * 20

    def trial(random: random.Random) -> None:
        folder = fresh_folder()
        (folder / "big.txt").write_text(text)
        process = subprocess.Popen(
            [sys.executable, "-c", PREPARE, "big.txt"], cwd=folder, stdout=subprocess.PIPE
        )
        with process:
            assert process.stdout
            assert process.stdout.readline() == b"begun\n"
            time.sleep(random.uniform(0, 0.15))
            process.kill()
        other = prepare(Corpus("other", [document("", "another text")]), folder / "data")
        left = {path.name for path in (folder / "data").glob("*") if path.is_dir()}
        assert not list((folder / "data").glob(".*.tmp"))
        whole = prepare(open_corpus([str(folder / "big.txt")]), folder / "data")
        assert text_of(whole) == text
        assert left <= {other.path.name, whole.path.name}
        (folder / "big.txt").unlink()
        (whole.path / "ids.npy").unlink()

    trials("killed while a corpus is prepared", trial, few=1, many=60)


PREPARE_IN_PIECES = """
import sys
from pathlib import Path
from charnn.corpus import pieces
from charnn.corpus.ids import prepare
from charnn.corpus.sources import open_corpus
pieces.PIECE_BYTES = 1 << 16
print("begun", flush=True)
prepare(open_corpus(["big.txt"]), Path("data"), workers=2)
"""


def test_a_kill_during_preparation_in_pieces(
    trials: Trials, fresh_folder: Callable[[], Path]
) -> None:
    """Killed again and again, the preparation continues, and ends with the same bytes."""
    text = "".join(prose(60_000, begin) for begin in range(0, 180_000, 60_000)) * 20

    def trial(random: random.Random) -> None:
        folder = fresh_folder()
        (folder / "big.txt").write_text(text)
        for _ in range(10):
            process = subprocess.Popen(
                [sys.executable, "-c", PREPARE_IN_PIECES], cwd=folder, stdout=subprocess.PIPE
            )
            assert process.stdout
            assert process.stdout.readline() == b"begun\n"
            time.sleep(random.uniform(0.2, 1))
            process.kill()
            process.stdout.close()
            process.wait()
        subprocess.run([sys.executable, "-c", PREPARE_IN_PIECES], cwd=folder, check=True)
        (path,) = (folder / "data").glob("[!.]*")
        assert not list((folder / "data").glob(".*.tmp"))
        whole = prepare(open_corpus([str(folder / "big.txt")]), folder / "whole")
        for name in ("ids.npy", "corpus.json"):
            assert (path / name).read_bytes() == (whole.path / name).read_bytes()

    trials("killed while a corpus is prepared in pieces", trial, few=0, many=10)


def test_folders_of_all_kinds(trials: Trials, fresh_folder: Callable[[], Path]) -> None:
    """Links, pipes, sockets, binary, empty and hidden files: each text is found once, and nothing
    blocks."""

    def trial(random: random.Random) -> None:
        top = fresh_folder() / "top"
        top.mkdir()
        folders, texts = [top], {}
        for number in range(random.randrange(1, 25)):
            folder = random.choice(folders)
            path = folder / (
                random.choice(["a", "B", "é", " ", "\udcff", "[x]", "-"]) + str(number)
            )
            match random.randrange(10):
                case 0:
                    path.mkdir()
                    folders.append(path)
                case 1:
                    os.mkfifo(path)
                case 2:
                    with socket.socket(socket.AF_UNIX) as listener:
                        listener.bind(os.path.relpath(path))
                case 3:
                    path.symlink_to(os.path.relpath(random.choice(folders), folder))
                case 4:
                    path.symlink_to(random.choice(["nowhere", path.name, "/dev/zero", "/dev/tty"]))
                case 5:
                    path.write_bytes(random.choice([b"", bytes(99), b"\x7fELF\1\1\1" * 9]))
                case 6:
                    path.with_name(f".{path.name}").write_text("hidden")
                case 7 if texts:
                    path.symlink_to(os.path.relpath(random.choice(list(texts.values())), folder))
                case _:
                    path.write_text(f"text {number}")
                    texts[f"text {number}"] = path
        try:
            corpus = open_corpus([str(top), str(top)])
        except CorpusError as problem:
            assert not texts
            assert "contains no text files" in str(problem)
            return
        assert sorted(one.text() for one in corpus.documents) == sorted(texts)
        assert len(corpus.repeated) == len(texts)

    trials("a folder of links, pipes, sockets and other files", trial, few=10, many=1000)


SIGNS = [chr(code) for code in range(1, 256) if chr(code) != "/"]
SIGNS += [f"{sign}" for sign in TRAPS] + [chr(0xDC00 + code) for code in range(0x80, 0x100)]
SIGNS += ["[red]", "\x1b]52;c;Y2F0\x07", "\x1b[2J", "{}", "%s", "$(x)", "`x`", "*", "?", "~", "漢"]


def test_hostile_names_of_files_folders_and_runs(
    trials: Trials, fresh_folder: Callable[[], Path], program: Program, small: Sequence[str]
) -> None:
    """Every name that the system allows can be used."""

    def name(random: random.Random) -> str:
        signs = "".join(random.choices(SIGNS, k=random.choice([1, 3, 10, 200])))
        raw = bytes(takewhile(bool, os.fsencode(signs)[: random.choice([20, 250])]))
        return os.fsdecode(raw.strip(b".-") or b"x")

    def trial(random: random.Random) -> None:
        folder = fresh_folder()
        inside, run = folder / f"f{name(random)}"[:60], f"r{name(random)}"
        inside.mkdir()
        (inside / f"{name(random)}").write_text(prose(500))
        corpus = (
            str(inside.relative_to(folder)) if random.random() < 0.5 else next(inside.iterdir())
        )
        ended = program(folder, "train", corpus, "--name", run, *STEP, *small, "--json")
        assert ended.returncode == 0, ended
        ended.stderr.decode()
        done = [json.loads(line) for line in ended.stdout.decode().splitlines()][-1]
        assert done["checkpoint"] == f"checkpoints/{run}/last.safetensors"
        assert (folder / done["checkpoint"]).is_file()
        named = random.choice([run, f"checkpoints/{run}"])
        ended = program(folder, "sample", named, "--length", "9", "--seed", "1", "--json")
        assert ended.returncode == 0, ended
        (line,) = ended.stdout.decode().splitlines()
        assert json.loads(line)["checkpoint"] == done["checkpoint"]

    trials("hostile names of files, folders and runs", trial, few=2, many=120)


def interrupted(folder: Path, after: float, *arguments: str) -> tuple[int, float, bytes]:
    """Feed a command endless input and interrupt it; return the exit code, the time until its end,
    and stderr."""
    temporary = folder / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        env=environment(TMPDIR=str(temporary)),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stderr
    end = time.monotonic() + after
    os.set_blocking(process.stdin.fileno(), False)
    while time.monotonic() < end:
        try:
            os.write(process.stdin.fileno(), b"y\n" * 4096)
        except BlockingIOError:
            time.sleep(0.001)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    messages = process.stderr.read()
    process.stdin.close()
    code = process.wait()
    assert not list(temporary.iterdir())
    return code, time.monotonic() - sent, messages


def test_an_endless_stdin(trials: Trials, fresh_folder: Callable[[], Path]) -> None:
    def trial(random: random.Random) -> None:
        folder = fresh_folder()
        code, _, messages = interrupted(folder, random.uniform(0.8, 2.5), "train", "-")
        assert code == 130
        assert b"Traceback" not in messages
        assert not prepared_folders(folder / "data")

    trials("Ctrl-C amid an endless standard input", trial, few=1, many=60)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Limit the size of files in the block, as a full disk does."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk(trials: Trials, fresh_folder: Callable[[], Path]) -> None:
    def trial(random: random.Random) -> None:
        folder = fresh_folder()
        content = random_text(random, "utf-8", 2000).encode()
        stream = io.BytesIO(content)
        with (
            pytest.raises(CorpusError, match=r"cannot keep .*TMPDIR") as caught,
            file_size_limit(random.randrange(len(content))),
        ):
            open_corpus(["-"], stdin=stream)
        assert "\n" not in str(caught.value)
        corpus = open_corpus(["-"], stdin=io.BytesIO(content), keep_cr=True)
        size = (prepare(corpus, folder / "elsewhere").path / "ids.npy").stat().st_size
        with (
            pytest.raises(
                CorpusError, match=r"cannot write the prepared corpus to.*Make room"
            ) as caught,
            file_size_limit(random.randrange(size)),
        ):
            prepare(corpus, folder / "data")
        assert "\n" not in str(caught.value)
        assert not prepared_folders(folder / "data")
        assert text_of(prepare(corpus, folder / "data", 0)) == content.decode()

    trials("no room for the standard input, or for the ids", trial, few=5, many=300)


def test_tiny_and_uniform_texts(tmp_path: Path, program: Program, small: Sequence[str]) -> None:
    """One character, one letter repeated, line ends only, a validation part without a character of
    the training part: each is trained on, or refused in one line."""
    for name, text, learned in (
        ("one", "a", False),
        ("letters", "a" * 2000, True),
        ("lines", "\n" * 2000, True),
        ("ends", "\r\n" * 1000, True),
        ("foreign", "ab" * 900 + "xyz" * 66, True),
        ("accents", "e" + "\u0301" * 2000, True),
    ):
        (tmp_path / f"{name}.txt").write_text(text, newline="")
        ended = program(tmp_path, "train", f"{name}.txt", "--steps", "2", *small)
        if not learned:
            assert_refused(ended, "training needs at least")
            continue
        assert ended.returncode == 0, ended
        sampled = program(tmp_path, "sample", name, "--length", "20", "--seed", "1")
        random_text = sampled.stdout.decode()
        assert len(random_text) == 20
        assert set(random_text) <= set(text)
    assert not program(tmp_path, "train", "foreign.txt", "--resume").returncode


def test_an_unusable_data_folder_is_an_error(
    tmp_path: Path, program: Program, small: Sequence[str]
) -> None:
    (tmp_path / "t.txt").write_text(prose(500))
    (tmp_path / "data").write_text("a file")
    assert_refused(program(tmp_path, "train", "t.txt", *STEP, *small), "data", "File exists")
    assert (tmp_path / "data").read_text() == "a file"
    (tmp_path / "data").unlink()
    (tmp_path / "data").symlink_to("nowhere/at/all")
    assert_refused(program(tmp_path, "train", "t.txt", *STEP, *small), "data")


def test_codecs_that_decode_to_surrogates_are_refused(
    tmp_path: Path, program: Program, small: Sequence[str]
) -> None:
    """Surrogates are no text, and a file in UTF-8 cannot contain them."""
    (tmp_path / "t.txt").write_text(r"\ud800b\udfff" * 100, "ascii")
    ended = program(tmp_path, "train", "t.txt", "--encoding", "unicode_escape", *STEP, *small)
    assert_refused(ended, "t.txt is not unicode_escape text", "surrogates")


def run_measured(folder: Path, *words: str) -> tuple[Ended, int]:
    """Run a command; return its result and its peak memory in MB."""
    with subprocess.Popen(
        words, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout
        messages = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(process.returncode, b"", messages), used.ru_maxrss // 1024


def test_a_line_of_a_gigabyte(trials: Trials, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        line = prose(100_000).replace("\n", " ").encode()
        path = tmp_path / "line.txt"
        try:
            with path.open("wb") as file:
                for _ in range(10_000):
                    file.write(line)
            ended, memory = run_measured(tmp_path, sys.executable, "-c", PREPARE, "line.txt")
            assert ended.returncode == 0, ended
            assert memory < 300, memory
            few = ("--steps", "20", "--val-fraction", "0.0001", "--threads", "1")
            ended, memory = run_measured(tmp_path, *command("train", "line.txt", *few))
            assert ended.returncode == 0, ended
            assert memory < 1000, memory
        finally:
            path.unlink()
            shutil.rmtree(tmp_path / "data", ignore_errors=True)

    trials("a line of 1 GB, prepared in 300 MB and learned in 1 GB", trial, few=0, many=1)


def test_a_folder_of_many_files(trials: Trials, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        count = 100_000
        for number in range(count):
            if number % 1000 == 0:
                inside = tmp_path / "many" / str(number)
                inside.mkdir(parents=True)
            (inside / f"{number}.txt").write_text(f"document {number}\n")
        ended, memory = run_measured(tmp_path, sys.executable, "-c", PREPARE, "many")
        assert ended.returncode == 0, ended
        assert memory < 300, memory
        assert len(decoded_corpus(tmp_path / "data")) > 1_000_000
        shutil.rmtree(tmp_path / "many")

    trials("a folder of 100,000 files, prepared in 300 MB", trial, few=0, many=1)


def test_gzip_bombs(trials: Trials, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        member = gzip.compress(bytes(100_000_000), 1)
        (tmp_path / "bomb.txt.gz").write_bytes(member * 100)
        ended, memory = run_measured(tmp_path, *command("train", "bomb.txt.gz"))
        assert_refused(ended, "looks binary")
        assert memory < 500, memory
        many = gzip.compress(b"a" * 1_000_000, 9) * 500
        (tmp_path / "letters.txt.gz").write_bytes(many)
        ended, memory = run_measured(tmp_path, sys.executable, "-c", PREPARE, "letters.txt.gz")
        assert ended.returncode == 0, ended
        assert memory < 300, memory
        shutil.rmtree(tmp_path / "data")

    trials("10 GB of packed zeros, and 500 MB of a packed letter", trial, few=0, many=1)


def test_deeply_nested_folders(trials: Trials, tmp_path: Path) -> None:
    """The nesting is deeper than Python's limit of recursion."""

    def trial(random: random.Random) -> None:
        deep = [tmp_path / "d"]
        while len(deep) < 1500:
            deep.append(deep[-1] / "d")
        for folder in deep:
            folder.mkdir()
        (deep[-1] / "a.txt").write_text("deep")
        try:
            (found,) = open_corpus([str(tmp_path)]).documents
            assert found.text() == "deep"
        finally:
            (deep[-1] / "a.txt").unlink()
            for folder in reversed(deep):
                folder.rmdir()

    trials("1,500 folders in each other", trial, few=0, many=1)


def test_a_hundred_thousand_different_characters(trials: Trials, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        signs = [chr(code) for code in range(0x20, 0x30000) if not 0xD800 <= code < 0xE000]
        text = "".join(random.sample(signs, 100_000)) * 2
        (tmp_path / "t.txt").write_text(text, "utf-8", newline="")
        few = (*STEP, "--batch-size", "4", "--seq-len", "16", "--threads", "1")
        ended, memory = run_measured(tmp_path, *command("train", "t.txt", *few))
        assert ended.returncode == 0, ended
        assert b"different characters" in ended.stderr
        assert memory < 2500, memory
        ended, memory = run_measured(tmp_path, *command("sample", "t", "--length", "50"))
        assert ended.returncode == 0, ended
        assert memory < 1000, memory

    trials("100,000 different characters", trial, few=0, many=1)


def test_process_substitution_and_pipes(
    trials: Trials, tmp_path: Path, small: Sequence[str]
) -> None:
    text = prose(3000)
    (tmp_path / "t.gz").write_bytes(gzip.compress(text.encode()))
    train = shlex.join([*command("train"), *STEP, *small])

    def trial(random: random.Random) -> None:
        line = random.choice(
            [
                f"{train} <(zcat t.gz)",
                f"zcat t.gz | {train} /dev/stdin",
                f"zcat t.gz | {train} /dev/fd/0",
                f"zcat t.gz | {train} -",
                f"mkfifo fifo; zcat t.gz > fifo & {train} fifo; rm fifo",
                f"zcat t.gz > t; {train} - < t",
                f"zcat t.gz > t; {train} /dev/stdin < t",
            ]
        )
        ended, _ = run_measured(tmp_path, "bash", "-c", line)
        assert ended.returncode == 0, ended
        assert decoded_corpus(tmp_path / "data") == text
        shutil.rmtree(tmp_path / "data")
        for device in ("/dev/zero", "/dev/urandom", "/dev/full", "/dev/tty"):
            with pytest.raises(CorpusError, match="a device or a socket"):
                open_corpus([device])

    trials("pipes that a shell puts in the place of a file", trial, few=0, many=40)
