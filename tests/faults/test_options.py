"""Every option of every command, with fitting, borderline and absurd values, on corpora of every
kind: the command does its work or gives the reason in one line.

The options are read from the commands themselves, so a new option is included automatically.
"""

import hashlib
import random
import shutil
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main

from charnn.cli import app
from tests.cli.conftest import SMALL
from tests.faults.conftest import Trials
from tests.faults.outcome import assert_done_or_refused, assert_readable, run_limited
from tests.forks import Ended, Forks
from tests.helpers import prose

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
# The page runs until Ctrl-C: with options that are right, it has no end.
SERVERS = {"compose"}
# The types of the parameters of each command. typer's own objects name them differently in each
# version.
TYPES = {str(one.name): typing.get_type_hints(one.callback) for one in app.registered_commands}

TUNE = "X:1\nT:One\nR:jig\nM:6/8\nL:1/8\nK:D\n|:DFA dAF|GBd gdB|1 A3 A3:|2 d3 d3||\n"
SECOND = 'X:2\nT:"Two" <b>\nM:C|\nK:Ador\nQ:1/2=90\n"Am"A2 cd|{g}~e4|(3abc [Ace]2 z2-|d8|]\n'

# Numbers as users might type them.
NUMBERS = (
    *("0", "1", "2", "3", "7", "12", "64", "100", "0.5", "0.9", "1.0", "1e-9", "-0", "-1", "-0.5"),
    *("1000", "65536", "1000001", "1000000001", "1000000000000", "2147483648", "1" + "0" * 30),
    *("1" + "0" * 5000, "1e9", "1e308", "1e999", "nan", "inf", "-inf", "", " 5", "٣", "0x10"),
    *("1_000", "abc", "1,5", "9223372036854775807", "9223372036854775808", "-9223372036854775809"),
)
WHOLE, SHARES = ("1", "2", "3", "7", "12", "64"), ("0.5", "0.1", "0.9", "0.001", "0")
TEXTS = (
    *(
        "",
        " ",
        "-",
        "a",
        "Once upon a time",
        "é🎻",
        "x" * 300,
        "x" * 70_000,
        "\x1b[31m\x07",
        "\udcff",
    ),
    *("a\nb", "\u202eabc", "@opening.txt", "@absent", "@binary.bin", "@-", "'\"$(x)", "--", "[/]"),
    *("jig", "Slip Jig", "reel", "6/8", "C|", "4/4", "0/0", "1/0", "6/8/8", "D", "A dorian", "H#"),
    *("d2e f2g|agf e3|", "X:1\nK:D\n", "K:D\nabc|", "latin-1", "utf-8", "klingon", "idna", "zlib"),
    *("fiddle", "harp", "kazoo", "auto", "all", "off", "strict", "folk", "run", "../up", "a/b"),
)
PLACES = (
    *("new", "new/", "out.mid", "out.wav", "out.svg", "out.musicxml", "out.png", "out.pdf", "-"),
    *("out.abc", "out.safetensors", "kept.mid", "kept.svg", "kept.wav", "kept.safetensors"),
    *("corpus.txt", "tune.abc", "folder", "folder/", "absent/deep/out.mid", "", ".", "/dev/null"),
    *("/dev/full", "x" * 300, "corpus.txt/in", "é\x1b[2J", "/proc/none", "checkpoints"),
)
TUNES = (
    *("tune.abc", "two.abc", "book.abc", "-", "corpus.txt", "empty.txt", "binary.bin", "one.txt"),
    *(
        "unicode.txt",
        "folder",
        "absent.abc",
        "*.abc",
        "latin.txt",
        "hostile.abc",
        "/dev/null",
        "loop",
    ),
)
CORPORA = ("corpus.txt", "book.abc", "folder", "unicode.txt", *TUNES)
MODELS = (
    *("text", "tunes", "tokens", "half.safetensors", "damaged.safetensors", "absent", "folk"),
    *("checkpoints/text/last.safetensors", "corpus.txt", "folder", "", "loop", "/dev/zero"),
)
# Values for options by name; other options get numbers or texts by their types.
FITTING = {
    "steps": ("1", "2", "3"),
    "length": ("0", "1", "40", "400"),
    "num": ("1", "2", "3"),
    "tunes": ("1", "2", "3"),
    "tune": ("1", "2"),
    "threads": ("1", "2"),
    "hidden_size": ("1", "8", "33"),
    "embedding_size": ("1", "8"),
    "num_layers": ("1", "2"),
    "tempo": ("60", "120"),
    "meter": ("6/8", "C|", "4/4"),
    "key": ("D", "Ador", "Em"),
    "rhythm": ("jig", "reel"),
    "name": ("new", "text", "tunes", "a b"),
    "encoding": ("utf-8", "latin-1"),
    "init_from": MODELS,
    "checkpoint": MODELS,
    "corpus": CORPORA,
    "tunes_argument": TUNES,
    "output": PLACES,
    "out": ("runs", "checkpoints", *PLACES),
    "save": PLACES,
    "soundfont": PLACES,
}


@pytest.fixture(scope="module")
def base(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with corpora and models of every kind; each trial copies it."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "corpus.txt").write_text(prose(2500), encoding="utf-8")
    (folder / "opening.txt").write_text("The ", encoding="utf-8")
    (folder / "tune.abc").write_text(TUNE)
    (folder / "two.abc").write_text(f"{TUNE}\n{SECOND}")
    (folder / "hostile.abc").write_text(
        "X:1\nM:99/0\nK:Q\n((((abc\n\nX:2\nK:C\n" + "[" * 500 + "\n"
    )
    (folder / "empty.txt").touch()
    (folder / "binary.bin").write_bytes(random.Random(1).randbytes(3000))
    (folder / "one.txt").write_text("a" * 1000)
    (folder / "unicode.txt").write_text("Ünïcödé 🎻 \u202e שלום\r\n" * 60, encoding="utf-8")
    (folder / "latin.txt").write_bytes("Übermut tut selten gut.\n".encode("latin-1") * 40)
    (folder / "loop").symlink_to("loop")
    (folder / "folder").mkdir()
    (folder / "folder" / "a.txt").write_text(prose(600), encoding="utf-8")
    (folder / "folder" / "b.txt").write_text(prose(600, 600), encoding="utf-8")
    for suffix in ("mid", "svg", "wav", "safetensors"):
        (folder / f"kept.{suffix}").write_text("what was there")
    book = "\n".join(tune(number) for number in range(24))
    (folder / "book.abc").write_text(book)
    for name, corpus, *options in (
        ("text", "corpus.txt"),
        ("tunes", "book.abc"),
        ("tokens", "book.abc", "--tokens", "abc"),
    ):
        ended = forks(folder, "train", corpus, "--name", name, "--steps", "3", *options, *SMALL)
        assert ended.returncode == 0, ended.stderr.decode()
    assert forks(folder, "export-model", "tunes", "-o", "half.safetensors").returncode == 0
    content = bytearray((folder / "half.safetensors").read_bytes())
    content[-9] ^= 1
    (folder / "damaged.safetensors").write_bytes(content)
    return folder


def tune(number: int) -> str:
    notes = ["GABcde"[(number * place) % 6] + "2" for place in range(1, 25)]
    bars = "|".join(" ".join(notes[begin : begin + 3]) for begin in range(0, 24, 3))
    return f"X:{number}\nT:No {number}\nR:jig\nM:6/8\nL:1/8\nK:G\n|:{bars}:|\n"


class RandomArguments:
    """Random arguments for a command: all fit, or some or many are absurd."""

    def __init__(self, dice: random.Random, command: str) -> None:
        self.dice = dice
        self.types = TYPES[command]
        self.arguments: list[str] = []
        self.absurd = dice.choice((0.0, 0.05, 0.3))
        parameters = [one for one in COMMANDS[command].params if one.name in self.types]
        options = [one for one in parameters if one.param_type_name == "option"]
        often = min(0.5, dice.choice((1, 3, 6)) / max(1, len(options)))
        for option in options:
            while dice.random() < often:
                self.arguments.append(dice.choice([*option.opts, *option.secondary_opts]))
                if not option.is_flag:
                    self.arguments.append(self.value(option.name))
        for argument in parameters:
            if argument.param_type_name == "option":
                continue
            min_count = int(argument.required or dice.random() < 0.6)
            for _ in range(dice.randint(min_count, 3 if argument.nargs == -1 else 1)):
                hint = "tunes_argument" if argument.name == "tunes" else argument.name
                value = self.value(argument.name, hint)
                place = 0 if value.startswith("-") and value != "-" else len(self.arguments)
                self.arguments.insert(place, value)
        if dice.random() < 0.02:
            dice.shuffle(self.arguments)

    def value(self, name: str, hint: str = "") -> str:
        choices, number = choices_and_number(self.types[name])
        if self.dice.random() < self.absurd:
            return self.dice.choice(NUMBERS if number else TEXTS)
        usual = WHOLE if number is int else SHARES if number else TEXTS
        fitting = choices or FITTING.get(hint or name, usual)
        # The first values of each list fit best.
        best = not choices and self.dice.random() > 2 * self.absurd
        return self.dice.choice(fitting[:4] if best else fitting)


def choices_and_number(kind: Any) -> tuple[Sequence[str], type | None]:
    """Return the choices that a type allows, and its type of number, if any."""
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind), None
    parts = [choices_and_number(part) for part in typing.get_args(kind)]
    numbers = [kind, *(number for _, number in parts)]
    found = next((number for number in numbers if number in (int, float)), None)
    return [choice for choices, _ in parts for choice in choices], found


# Options that keep every training short.
SMALL_RUN = ("--steps", "2", "--batch-size", "4", "--seq-len", "16", "--hidden-size", "8")
INPUT = (b"", prose(900).encode(), TUNE.encode(), b"\xff\xfe\x00\x01" * 99, b"a" * 300)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - SERVERS))
def test_random_options_of_any_command(
    forks: Forks, base: Path, tmp_path: Path, trials: Trials, name: str
) -> None:
    place = tmp_path / "trial"

    def trial(dice: random.Random) -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(base, place, symlinks=True)
        arguments = RandomArguments(dice, name).arguments
        if name == "train":
            arguments = [*SMALL_RUN, *arguments]
        before = contents(place)
        ended = run_limited(forks, place, name, *arguments, stdin=dice.choice(INPUT))
        spoken = f"charnn {name} {arguments!r:.2000}"
        try:
            assert_done_or_refused(ended)
            assert_nothing_lost(place, before, ended.returncode, arguments)
            assert_result_exists(place, before, ended, name, arguments)
        except Exception as problem:
            raise AssertionError(f"{spoken}: {problem}") from problem

    trials(f"any options of `charnn {name}`", trial, few=1, many=250)


def contents(folder: Path) -> dict[Path, str]:
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def assert_nothing_lost(
    folder: Path, before: dict[Path, str], code: int, arguments: Sequence[str]
) -> None:
    """Assert that every old file is unchanged, or complete where the command may overwrite it."""
    after = contents(folder)
    assert not [path for path in after if path.name.endswith(".tmp")]
    for path, content in before.items():
        if after.get(path) == content or "data" in path.relative_to(folder).parts:
            continue
        assert path in after, f"{path.name} is gone"
        named = {Path(argument).name for argument in arguments}
        resumed = "--resume" in arguments and path.parent.parent.name == "checkpoints"
        assert resumed or (code == 0 and path.name in named), f"{path.name} is changed"
    for path in after.keys() - before.keys() | {
        path for path in before if after.get(path) != before[path]
    }:
        if path.exists():
            assert_readable(path)


def assert_result_exists(
    folder: Path, before: dict[Path, str], ended: Ended, name: str, arguments: Sequence[str]
) -> None:
    """Assert that a successful command has written its result."""
    if ended.returncode != 0 or "--help" in arguments:
        return
    changed = {path for path, content in contents(folder).items() if before.get(path) != content}
    written = [path for path in changed if "data" not in path.relative_to(folder).parts]
    outside = any(argument.startswith("/dev/") for argument in arguments)
    if name == "train":
        assert "--resume" in arguments or any(path.suffix == ".safetensors" for path in written)
    elif name.startswith("export-"):
        assert written or ended.stdout or outside, "nothing was written"
    else:
        assert ended.stdout or written or "--length" in arguments, "nothing came of it"
