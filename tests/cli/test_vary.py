"""`charnn vary` and `charnn continue` with an untrained model of tunes."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.helpers import random_checkpoint, save_run
from tests.music.tunes import read
from tests.sampling.walks import LETTERS

TUNE = "X:{}\r\nT:Tune\r\nM:2/4\r\nL:1/8\r\nK:D\r\nd2ef|gfed|faec|d4:|\r\n"
BOOK = TUNE.format(1) + "\r\n" + TUNE.format(2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a tune, a book, a model of tunes and a model of text."""
    folder = tmp_path_factory.mktemp("vary")
    (folder / "tune.abc").write_bytes(TUNE.format(1).encode())
    (folder / "book.abc").write_bytes(BOOK.encode())
    model = random_checkpoint(LETTERS, documents=9)
    save_run(folder, "prose", model)
    model.metadata["tunes"] = True
    model.weights["head.bias"][model.vocabulary.encode("ABCDEFGabcdefg23/")] += 6
    save_run(folder, "folk", model)
    return folder


def test_a_variation_goes_to_stdout_and_its_seed_to_stderr(program: Program, folder: Path) -> None:
    ended = program(folder, "vary", "tune.abc", "folk", "--bars", "2", "--seed", "5")
    assert ended.returncode == 0, ended.stderr
    text = ended.stdout.decode()
    begin, end = TUNE.format(1).split("gfed")
    assert text.startswith(begin) and text.endswith(end) and text != TUNE.format(1)
    assert ended.messages == ["checkpoints/folk/best.safetensors, seed 5"]
    stdin = TUNE.format(1).encode()
    again = program(folder, "vary", "-", "folk", "--bars", "2", "--seed", "5", stdin=stdin)
    assert again.stdout == ended.stdout


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_the_command_of_the_old_tune_is_left_out(program: Program, folder: Path, end: str) -> None:
    plain = TUNE.format(1).replace("\r\n", end)
    command = f"% charnn sample folk --seed 3{end}"
    stdin = plain.replace(f"T:Tune{end}", f"{command}% kept{end}T:Tune{end}").encode()
    kept = plain.replace(f"T:Tune{end}", f"% kept{end}T:Tune{end}")
    varied = program(folder, "vary", "-", "folk", "--bars", "4", "--seed", "5", stdin=stdin)
    assert varied.stdout.decode().startswith(kept.partition("d4")[0])
    longer = program(folder, "continue", "-", "folk", "--seed", "5", stdin=stdin)
    assert longer.stdout.decode().startswith(kept)


def test_several_variations_make_a_book_or_json_lines(program: Program, folder: Path) -> None:
    options = ("--tune", "2", "--part", "A", "--num", "2", "--seed", "1")
    ended = program(folder, "vary", "book.abc", "folk", *options)
    first, second = ended.stdout.decode().split("\r\n\n")
    assert first.startswith("X:2\r\n") and second.startswith("X:3\r\n")
    assert second.endswith(":|\r\n")
    lines = program(folder, "vary", "book.abc", "folk", *options, "--json").stdout.splitlines()
    samples = [json.loads(line) for line in lines]
    assert [sample["text"] for sample in samples] == [first + "\r\n", second]
    assert [sample["seed"] for sample in samples] == [1, 2]


def test_what_new_bars_lose_is_said(program: Program, folder: Path) -> None:
    chords = TUNE.replace("d2ef", 'd2"G"ef').replace("gfed", '!p!gf"^slow"ed"F"').format(1)
    voices = chords.replace("K:D\r\n", "K:D\r\nV:1\r\n") + 'V:2\r\n"D"D8|\r\n'
    options = ("vary", "-", "folk", "--seed", "5", "--bars")
    messages = program(folder, *options, "1-2", stdin=voices.encode()).messages
    assert messages[:2] == [
        "warning: only the first voice (V:1) is varied",
        'warning: left out with the old notes: "G", !p!, "^slow", "F"',
    ]
    for kept in (("3",), ("2", "--keep", "rhythm")):
        assert len(program(folder, *options, *kept, stdin=chords.encode()).messages) == 1


def test_a_file_is_only_written_over_by_force(program: Program, folder: Path) -> None:
    (folder / "new.abc").write_text("old")
    options = ("--bars", "1", "--keep", "rhythm", "--keep", "contour", "-o", "new.abc")
    ended = program(folder, "vary", "tune.abc", "folk", *options)
    assert ended.returncode == 2
    assert ended.messages[-1].startswith("error: -o new.abc exists: name another file")
    assert (folder / "new.abc").read_text() == "old"
    ended = program(folder, "vary", "tune.abc", "folk", *options, "--force")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == b""
    varied = (folder / "new.abc").read_bytes().decode()
    assert varied.count("\r\n") == TUNE.count("\r\n")
    assert read(varied)
    assert (folder / "tune.abc").read_bytes() == TUNE.format(1).encode()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("tune.abc", "folk"), 2, "choose bars by --bars 5-8, --part B or --ending, or write *"),
        (("tune.abc", "folk", "--bars", "7"), 2, "there is no bar 7, because the tune has 4 bars"),
        (("tune.abc", "folk", "--part", "B"), 2, "no such part. The parts of the tune are A"),
        (("tune.abc", "prose", "--bars", "1"), 2, "this is a model of text: name a model of tunes"),
        (("book.abc", "folk", "--bars", "1"), 2, "has 2 tunes: choose one of them with --tune N"),
        (
            ("book.abc", "folk", "--tune", "1", "--bars", "1", "-o", "book.abc", "--force"),
            2,
            "-o book.abc has other tunes, which would be lost: name another file",
        ),
        (("tune.abc", "folk", "--bars", "1", "-o", "."), 2, "is a folder: name a file"),
        (("tune.abc", "folk", "--bars", "1", "--num", "0"), 2, "--num must be between 1 and"),
        (("tune.abc", "folk", "--bars", "1", "--seed", "-1"), 2, "--seed must be at least 0"),
        (("tune.abc", "folk", "--bars", "1", "--temperature", "0"), 2, "--temperature above 0"),
        (("none.abc", "folk", "--bars", "1"), 1, "no such file: none.abc"),
    ],
)
def test_mistakes_are_one_sentence(
    program: Program, folder: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ended = program(folder, "vary", *arguments)
    assert (ended.returncode, ended.stdout) == (code, b"")
    assert words in ended.messages[-1]


def test_a_tune_that_cannot_be_read_is_named_with_its_line(program: Program, folder: Path) -> None:
    stdin = (BOOK + "\r\nX:3\r\nK:D\r\nd2[e|\r\n").encode()
    ended = program(folder, "vary", "-", "folk", "--tune", "3", "--bars", "1", stdin=stdin)
    assert ended.returncode == 1
    assert ended.messages[-1].startswith("error: stdin: X:3, line 17, column 3: this [ is")


def test_a_tune_is_continued(program: Program, folder: Path) -> None:
    ended = program(folder, "continue", "tune.abc", "folk", "--seed", "5", "--num", "2", "--json")
    assert ended.returncode == 0, ended.stderr
    samples = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [sample["seed"] for sample in samples] == [5, 6]
    for number, sample in enumerate(samples, 1):
        assert sample["text"].startswith(TUNE.format(number))
        assert len(sample["text"]) > len(TUNE)
    options = ("--tune", "2", "--after", "B", "-o", "out.abc")
    ended = program(folder, "continue", "book.abc", "folk", *options)
    assert ended.returncode == 2
    assert "there is no such part. The parts of the tune are A" in ended.messages[-1]
    assert not (folder / "out.abc").exists()


def test_a_tune_takes_the_fields_of_the_file_header_with_it(program: Program, folder: Path) -> None:
    tune = "X:2\r\nT:Tune\r\nK:D\r\nd2ef|gfed|faec|d4:|\r\n"
    header = "M:2/4\r\nL:1/8\r\n"
    for text, begin, fields in (
        (f"{header}\r\n{tune}", header + "\r\n", ""),
        (f"{header}\r\n{tune}\r\n{tune}", "", header),
    ):
        own = f"\r\nT:Tune\r\n{fields}K:D\r\nd2ef|gfed|"
        options = ("--tune", "1", "--bars", "3", "--num", "2")
        ended = program(folder, "vary", "-", "folk", *options, stdin=text.encode())
        assert ended.stdout.decode().startswith(begin + "X:2" + own)
        assert ended.stdout.decode().count(own) == 2
        assert ended.stdout.decode().count(header) == (1 if begin else 2)
        (folder / "result.abc").write_bytes(ended.stdout)
        assert b"M:2/4" in program(folder, "vary", "result.abc", "folk", *options).stdout
    wrong = f"{header}\r\n{tune.replace('gfed', 'gfed/0')}\r\n{tune}"
    options = ("vary", "-", "folk", "--bars", "3", "--tune", "1")
    ended = program(folder, *options, stdin=wrong.encode())
    assert b'stdin: X:2 "Tune", line 7, column' in ended.stderr, ended.stderr
