"""Hostile tunes: each becomes files that other programs can read, or one line with line and column,
at once, in little memory, and only in the requested place."""

import io
import json
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path, PureWindowsPath
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import pytest
import typer

from charnn.cli import app, main
from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.score.engraving import engrave
from tests.cli.conftest import Ended
from tests.faults.conftest import Trials
from tests.helpers import charnn
from tests.music.hostile import WORDS, books, damaged_tunes, overgrown_tune, pathological_texts

SECONDS = 2.0  # CPU seconds for one tune and command
HANG_SECONDS = 60  # wall-clock seconds
MAX_GROWTH = 50_000_000  # bytes that all trials of a fault may add to the memory

# Errors of a tune name its place; the error of a text says that it contains no tune.
PLACED = re.compile(r"error: tunes\.abc: (.*, )?line \d+, column \d+: .+")
REFUSED = (PLACED, re.compile(r"error: tunes\.abc contains no tune: .*"))
COUNTED = re.compile(r"\d+ of \d+ tunes could not be exported(; the others were)?")


def run(*arguments: str | Path) -> Ended:
    """Run a command in this process, which is a hundred times as fast as a new one."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    code = 0
    before = sys.argv
    sys.argv = ["charnn", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    out.flush()
    err.flush()
    return Ended(code, out.buffer.getvalue(), err.buffer.getvalue())  # type: ignore[attr-defined]


@contextmanager
def time_limit(tunes: int, what: str) -> Iterator[None]:
    """Assert that the block takes at most `SECONDS` of computing per tune."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"{what} hangs")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANG_SECONDS + tunes)
    start = time.process_time()
    try:
        yield
    finally:
        signal.alarm(0)
    seconds = time.process_time() - start
    assert seconds < SECONDS * max(tunes, 1), f"{what} took {seconds:.1f} s"


def check_file(path: Path) -> None:
    """Assert that another program can read a file."""
    import mido

    if path.suffix == ".mid":
        assert mido.MidiFile(path).length > 0
    else:
        text = path.read_text(encoding="utf-8")
        assert len(list(ElementTree.fromstring(text).iter())) > 9  # noqa: S314 - it is our own
        assert "<script" not in text
        assert "<!ENTITY" not in text


def judge(folder: Path, text: str, commands: Sequence[Sequence[str]]) -> None:
    """Run `check` and the commands on a text, and check all results."""
    book = folder / "tunes.abc"
    content = text.encode("utf-8", "surrogatepass")
    book.write_bytes(content)
    try:
        tunes = len(split_book(content.decode()))
    except UnicodeDecodeError:  # charnn then reads Latin-1
        tunes = len(split_book(content.decode("latin-1")))
    with time_limit(tunes, "check"):
        ended = run("check", book.name, "--json")
    if tunes:
        reports = json.loads(ended.stdout)["tunes"]
        assert len(reports) == tunes
        assert ended.returncode == (not all(report["ok"] for report in reports))
        assert all(p["line"] and p["column"] for report in reports for p in report["problems"])
    else:
        check_refusal(ended, 0, 0)
    for command in commands:
        shutil.rmtree(folder / "out", ignore_errors=True)
        with time_limit(tunes, command[0]):
            ended = run(command[0], book.name, "-o", "out/", *command[1:])
        files = sorted((folder / "out").iterdir()) if (folder / "out").is_dir() else []
        check_refusal(ended, tunes, len(files))
        for path in files:
            check_file(path)
    assert {path.name for path in folder.iterdir()} <= {"tunes.abc", "out"}


def check_refusal(ended: Ended, tunes: int, written: int) -> None:
    """Assert that `written` tunes were written, and that each of the others was refused in one
    line."""
    lines = re.split("\n", ended.stderr.decode())[:-1]
    errors = [line for line in lines if line.startswith("error: ")]
    assert all(any(shape.fullmatch(line) for shape in REFUSED) for line in errors), errors
    others = [line for line in lines if not line.startswith(("error: ", "warning: ", "out/"))]
    assert all(COUNTED.fullmatch(line) for line in others), others
    assert written + len(errors) == max(tunes, 1)
    assert ended.returncode == bool(errors)
    assert all(len(line) < 400 for line in lines)


@cache
def real_tunes() -> list[str]:
    return [source.text for book in books() for source in split_book(book)]


def memory() -> int:
    """Return the bytes that this process holds; 0 where the system does not report them."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    return 1024 * int(found[1]) if found else 0


SCORE = ("export-score", "--format", "musicxml")
MIDI = ("export-midi", "--chords", "auto")
MIDI_SHARE = 0.1  # music21 takes ten times as long as everything else

Kept = Callable[[str, random.Random], None]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Return a function that judges a text, some also as MIDI; at the end, the memory of all texts
    is checked."""
    if not hasattr(signal, "SIGALRM"):
        pytest.skip("hangs are ended by an alarm")
    import music21.midi.translate  # noqa: F401 - a second that no tune should be charged for

    monkeypatch.chdir(tmp_path)
    # The command line is built once, not for every command.
    monkeypatch.setattr("charnn.cli.app", typer.main.get_command(app))
    sizes: list[int] = []

    def judge_one(text: str, chance: random.Random) -> None:
        judge(tmp_path, text, [SCORE, MIDI] if chance.random() < MIDI_SHARE else [SCORE])
        sizes.append(memory())

    yield judge_one
    # Python returns free memory late, so the minimum of many sizes is the memory in use. By the
    # second tenth, all modules and caches are loaded.
    tenth = len(sizes) // 10
    if tenth:
        assert min(sizes[-tenth:]) - min(sizes[tenth : 2 * tenth]) < MAX_GROWTH


def test_damaged_tunes(trials: Trials, kept: Kept) -> None:
    trials(
        "a real tune damaged",
        lambda chance: kept(
            next(damaged_tunes(real_tunes(), 1, chance.randrange(1 << 60))), chance
        ),
        few=8,
        many=25_000,
    )


def test_overgrown_tunes(trials: Trials, kept: Kept) -> None:
    trials(
        "a tune grown by the rules without measure",
        lambda chance: kept(overgrown_tune(chance), chance),
        few=8,
        many=25_000,
    )


def test_texts_made_to_take_long(trials: Trials, kept: Kept) -> None:
    texts = iter([text for text in pathological_texts() if text.count("\nK:") <= 1])
    count = sum(text.count("\nK:") <= 1 for text in pathological_texts())
    trials("a text made to be slow", lambda chance: kept(next(texts), chance), few=1, many=count)


def test_samples_of_the_model(
    trials: Trials, kept: Kept, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("samples")

    def trial(chance: random.Random) -> None:
        options = ["--bars", "off", "--temperature", f"{chance.uniform(0.5, 2):.2f}"]
        options += ["--seed", str(chance.randrange(1 << 40)), "--num", "256"]
        ended = charnn(elsewhere, "sample", *options)
        assert ended.returncode == 0
        for tune in split_book(ended.stdout.decode()):
            kept(tune.text, chance)

    trials("256 samples of the model", trial, few=0, many=20)


def test_names_of_files(trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def trial(chance: random.Random) -> None:
        titles = chance.choices((*WORDS, "The Same", "the same!"), k=chance.choice((1, 2, 9)))
        tunes = [f"X:1\nT:{title}\nM:C\nK:C\nCDEF|\n\n" for title in titles]
        (tmp_path / "tunes.abc").write_bytes("".join(tunes).encode("utf-8", "surrogatepass"))
        source = chance.choice(("tunes.abc", "-"))
        with patch("sys.stdin", io.TextIOWrapper((tmp_path / "tunes.abc").open("rb"))):
            ended = run(*SCORE[:1], source, *SCORE[1:], "-o", "deep/out/")
        assert ended.returncode == 0, ended.stderr
        files = [path.name for path in (tmp_path / "deep" / "out").iterdir()]
        assert {path.name for path in tmp_path.iterdir()} == {"tunes.abc", "deep"}
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
        assert len({name.casefold() for name in files}) == len(titles)
        for name in files:
            assert re.fullmatch(r"[a-z0-9-]{1,80}\.musicxml", name)
            assert not PureWindowsPath(name).is_reserved()
            (tmp_path / "deep" / "out" / name).unlink()

    (tmp_path / "deep").mkdir()
    trials("titles that are paths, devices or the same", trial, few=10, many=1_000)


def test_drawings_of_hostile_tunes(trials: Trials) -> None:
    def trial(chance: random.Random) -> None:
        seed = chance.randrange(1 << 60)
        text = chance.choice([overgrown_tune(chance), next(damaged_tunes(real_tunes(), 1, seed))])
        for source in split_book(text):
            try:
                tune = read_tune(source)
            except TuneError:
                continue
            for kind in ("svg", "png", "pdf") if chance.random() < 0.02 else ("svg",):
                check_drawing(tune, kind)

    trials("a hostile tune drawn", trial, few=8, many=10_000)


def check_drawing(tune: Any, kind: Any) -> None:
    """Assert that a tune is drawn, or refused in one line."""
    start = time.monotonic()
    try:
        content = engrave(tune, kind)
        magic = {"svg": b"<svg", "png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-"}[kind]
        assert content.startswith(magic)
        if kind == "svg":
            ElementTree.fromstring(content)  # noqa: S314
    except TuneError as error:
        assert len(str(error)) < 400
        assert "\n" not in str(error)
    assert time.monotonic() - start < HANG_SECONDS
