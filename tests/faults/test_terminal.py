"""Hostile names, tunes, models and options: a terminal gets nothing that it obeys, and a pipe gets
the exact text."""

import json
import os
import random
import re
import shlex
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.cli.conftest import program as program
from tests.cli.conftest import small as small
from tests.cli.test_streams import on_terminal
from tests.faults.conftest import Trials
from tests.helpers import prose, reciting_checkpoint, save_run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")

ESC, ST = "\x1b", "\x1b\\"
# Control sequences that terminals have obeyed with harm, by kind.
OPERATING_SYSTEM_COMMANDS = [
    f"{begin}{order}{end}"
    for begin, end in ((f"{ESC}]", "\x07"), (f"{ESC}]", ST), ("\x9d", "\x9c"))
    for order in (
        *("52;c;Y2F0", "52;c;?", "0;title", "2;rm -rf", "8;;http://x/\x1b\\text\x1b]8;;"),
        *("4;1;?", "10;?", "7;file:///", "9;note", "777;notify;a;b", "133;A", "50;font", "104"),
        *("1337;File=inline=1:AAAA", "1337;ClearScrollback", "5522;type=read"),
    )
]
STRINGS = [
    *(f"{ESC}P{order}{ST}" for order in ('$q"p', "+q544e", "q#0;2;0;0;0~-", "0;1|17/0a")),
    *(f"{ESC}P{order}{ST}" for order in ("tmux;\x1b\x1b]52;c;YQ==\x07", "\x1b]0;x\x07")),
    *(f"{ESC}_G{order}{ST}" for order in ("a=T,f=100,t=f;L2V0Yw==", "a=q;AAAA", "a=d,d=A")),
    *(
        f"{ESC}^private{ST}",
        f"{ESC}Xstart{ST}",
        "\x90q~\x9c",
        "\x98x\x9c",
        "\x9ex\x9c",
        "\x9fx\x9c",
    ),
]
SEQUENCES = [
    f"{begin}{order}"
    for begin in (f"{ESC}[", "\x9b")
    for order in (
        *("2J", "3J", "H", "6n", "c", ">c", "5n", "21t", "8;999;999t", "5i", "4i", "!p", "8m"),
        *("?1049h", "?25l", "?1000h", "?2004h", "1;2r", "4h", "20l", "31;1m", "?6h", "1;1H", "9A"),
    )
]
ESCAPES = [f"{ESC}{order}" for order in ("c", "7", "8", "(0", "#8", "Z", "n", "o", "%@", "=", "")]
UNSEEN = [
    *("\u202eesrever\u202c", "\u202aab\u202c", "\u202d1\u202c", "\u2066a\u2069", "\u2067a\u2069"),
    *("\u2068a", "\u061c", "\u200e", "\u200f", "\u200b", "\u2060", "\u2061", "\ufeff", "\u180e"),
    *("\u2028", "\u2029", "\x85", "\xad", "\ufff9a\ufffa\ufffb", "\ue000", "\U0010fffd", "\u2065"),
    *("\U000e0001", "\U000e0041\U000e007f", "\U000e0080", "\U000e0fff", "\ufff0", "\U0001d173"),
]
CONTROLS = [chr(code) for code in (*range(1, 9), *range(11, 32), *range(127, 160))]
LISTED = [*OPERATING_SYSTEM_COMMANDS, *STRINGS, *SEQUENCES, *ESCAPES, *UNSEEN, *CONTROLS]
LISTED += ["[red]x[/]", "[/]", ":smile:", "100%|", "{desc}", "%s", "é漢🎻", "👩\u200d👧"]

# Sequences of the program itself: bold, cursor up over a progress bar, return to its line.
OWN_SEQUENCES = re.compile(r"\x1b\[[01]?m|\x1b\[A|\r")

ENVIRONMENTS: Sequence[dict[str, str]] = (
    *({}, {"TERM": "dumb"}, {"NO_COLOR": "1"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}),
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONUTF8": "1"},
)


def hostile(random: random.Random, length: int = 8) -> str:
    """Return a random text of listed sequences, parts of sequences, and characters of all kinds."""
    pieces = []
    for _ in range(random.randrange(1, length)):
        kind = random.randrange(4)
        if kind == 0:
            pieces.append(random.choice(LISTED))
        elif kind == 1:
            pieces.append(random.choice(LISTED)[: random.randrange(1, 4)])
        elif kind == 2:
            pieces.append(chr(random.choice([*range(1, 0x250), *range(0x2000, 0x2070)])))
        else:
            code = random.randrange(1, 0x110000)
            pieces.append("x" if 0xD800 <= code < 0xE000 else chr(code))
    return "".join(pieces)


def file_name(random: random.Random, length: int = 8) -> str:
    """Return a hostile name of a file."""
    raw = os.fsencode(hostile(random, length).replace("/", "")) + random.choice([b"", b"\x9b\xff"])
    return os.fsdecode(raw[:200].strip(b".-") or b"x")


def assert_only_shown(sent: str) -> None:
    """Assert that a text has no character that a terminal obeys, except line ends, tabs and
    charnn's own sequences."""
    for character in OWN_SEQUENCES.sub("", sent.replace("\r\n", "\n")):
        if character in "\n\t\u200c\u200d":
            continue
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"), f"{character!r} in {sent!r}"
        unseen = 0xE0000 <= ord(character) < 0xE1000 and category == "Cn"
        assert not unseen, f"{character!r} in {sent!r}"


def distinct(text: str) -> str:
    return "".join(dict.fromkeys(text))


def in_pieces(listed: Sequence[str], size: int) -> Iterator[str]:
    for begin in range(0, len(listed), size):
        yield "".join(listed[begin : begin + size])


def tune(number: int, random: random.Random) -> str:
    """Return a tune with a hostile title and header; most tunes can be read."""
    title = hostile(random).replace("\n", " ")
    header = "".join(
        f"{random.choice('CSROBNZHQMLKPVIwW')}:{hostile(random, 3)}\n" * (random.random() < 0.3)
        for _ in range(3)
    )
    music = f'"{hostile(random, 3)}"' * (random.random() < 0.2) + "DFAd dAFD|d8|]"
    music += hostile(random, 3) * (random.random() < 0.2) + f"\n%{'-' * 800}"
    return f"X:{number}\nT:{title}\nR:{hostile(random, 3)}\nM:C|\nL:1/8\n{header}K:D\n{music}\n\n"


def test_tunes_cannot_control_the_terminal(trials: Trials, tmp_path: Path) -> None:
    """200 tunes a trial, each with some hostile strings."""

    def trial(random: random.Random) -> None:
        path = tmp_path / f"{file_name(random)}.abc"
        book = "".join(tune(number, random) for number in range(1, 201))
        path.write_bytes(book.encode("utf-8", "surrogateescape"))
        what = random.choice(
            [
                ("check", path.name),
                ("check", path.name, "--json"),
                ("export-midi", path.name, "-o", f"{file_name(random)}.mid"),
                ("export-midi", path.name, "--chords", "written", "-o", "out/"),
                ("export-score", path.name, "-o", "out.musicxml"),
            ]
        )
        code, sent = on_terminal(tmp_path, *what, **random.choice(ENVIRONMENTS))
        assert code in (0, 1), sent
        assert sent
        assert_only_shown(sent)
        path.unlink()

    trials("commands that show tunes with hostile titles and headers", trial, few=1, many=60)


def test_models_cannot_control_the_terminal(
    trials: Trials, tmp_path: Path, program: Program
) -> None:
    """A terminal gets escaped text; a pipe gets the text itself, byte by byte."""
    number = 0

    def trial(random: random.Random) -> None:
        nonlocal number
        number += 1
        text = distinct("".join(hostile(random) for _ in range(12)) + random.choice(LISTED))
        text = text.replace("\n", "") + "\n"  # a text begins after a line end
        checkpoint = reciting_checkpoint("\n" + text)
        checkpoint.metadata.update(corpus=hostile(random), init_from=hostile(random))
        save_run(tmp_path, f"{number}", checkpoint)
        recite = ("sample", str(number), "--temperature", "0", "--seed", "1", "--length")
        length = random.randrange(1, 2 * len(text))
        variables = random.choice(ENVIRONMENTS)
        piped = program(tmp_path, *recite, str(length), **variables)
        assert piped.returncode == 0, piped
        assert piped.stdout.decode("utf-8", "surrogatepass") == (text * 2)[:length]
        as_json = program(tmp_path, *recite, str(length), "--json", **variables)
        assert json.loads(as_json.stdout.decode("ascii"))["text"] == (text * 2)[:length]
        prime = hostile(random)
        options = random.choice([(), ("--json",), (f"--prime={prime}",), (f"--stop={prime}",)])
        code, sent = on_terminal(tmp_path, *recite, str(length), *options, **variables)
        assert code == 0, sent
        assert_only_shown(sent)
        code, sent = on_terminal(tmp_path, "inspect", str(number), **variables)
        assert code == 0, sent
        assert_only_shown(sent)

    trials("models that write hostile text, to terminals and pipes", trial, few=1, many=100)


# Commands whose messages quote a word of the user, mostly in an error; `{}` is hostile.
QUOTED = """
train {}
train {}/*.txt
train t.txt --encoding {}
train t.txt --name a/{}
train t.txt --out t.txt/{}
train t.txt --init-from {}
train t.txt --resume --name {}
train t.txt --resume --out {}
train t.txt --cell {}
train t.txt --steps {}
train t.txt --{}
train folder/
train binary/
train irish
sample {}
sample {}.safetensors
sample run --prime @{}
sample run --prime {} --length 3
sample run --stop {} --length 3
sample run --meter {}
sample folk --meter {} --length 9
sample folk --key {} --length 9
sample folk --rhythm {} --length 9
sample folk --title {} --length 99 --seed 1
sample folk --prime {} --length 9
check {}
check binary/
evaluate {} t.txt
evaluate run {}
evaluate run binary/
export-midi {}
export-midi tune.abc -o {}.xyz
export-midi tune.abc -o t.txt/{}
export-midi tune.abc --instrument {}
export-midi tune.abc --tempo {}
export-audio tune.abc --soundfont {} --synth fluidsynth
export-score tune.abc -o {}.doc
export-model {}
export-model run -o t.txt/{}
inspect {}
inspect binary/
corpora {}
{}
{} --help
""".strip().splitlines()


def test_quoted_words_cannot_control_the_terminal(trials: Trials, tmp_path: Path) -> None:
    save_run(tmp_path, "run", reciting_checkpoint("abc \n"))
    (tmp_path / "t.txt").write_text(prose(500))
    (tmp_path / "tune.abc").write_text("X:1\nT:One\nM:C|\nL:1/8\nK:D\nDFAd dAFD|d8|]\n")
    lines = iter(QUOTED * 1000)

    def trial(random: random.Random) -> None:
        line = next(lines)
        bad = file_name(random, 40)
        for folder in ("folder", "binary"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "folder" / bad).mkdir(exist_ok=True)
        (tmp_path / "binary" / bad).write_bytes(bytes(99))
        words = [word.format(bad) for word in shlex.split(line)]
        words = [f"binary/{bad}" if word == "binary/" else word for word in words]
        code, sent = on_terminal(tmp_path, *words, CHARNN_MIRROR=bad, **random.choice(ENVIRONMENTS))
        assert code in (0, 1, 2), sent
        assert "Traceback" not in sent, sent
        assert_only_shown(sent)
        (tmp_path / "folder" / bad).rmdir()
        (tmp_path / "binary" / bad).unlink()

    trials("hostile names and options that messages quote", trial, few=2, many=6 * len(QUOTED))


def test_every_control_character_and_sequence(tmp_path: Path) -> None:
    """All 256 characters of a byte and every listed string, once each, in the commands that show
    most of them."""
    strings = [*LISTED, *("".join(CONTROLS)), "".join(chr(code) for code in range(1, 256))]
    plain = f"%{'-' * 3000}\n"  # enough plain text that the file does not look binary
    tunes = "".join(
        f"X:{number}\nT:{text}\n{plain}K:D\nD8|]\n\n" for number, text in enumerate(strings, 1)
    )
    (tmp_path / "tunes.abc").write_text(tunes, newline="")
    code, sent = on_terminal(tmp_path, "check", "tunes.abc")
    assert code == 0 or "problems" in sent
    assert_only_shown(sent)
    for order in (r"\x1b]52;c;Y2F0", r"\x9b2J", r"\u202eesrever", r"\U000e0041"):
        assert order in sent
    everything = distinct("".join(strings))
    save_run(tmp_path, "run", reciting_checkpoint(everything))
    recite = ("sample", "run", "--temperature", "0", "--length", str(len(everything)))
    code, sent = on_terminal(tmp_path, *recite)
    assert code == 0
    assert_only_shown(sent)


def test_training_with_hostile_names(trials: Trials, tmp_path: Path, small: Sequence[str]) -> None:
    if not trials.whole:
        pytest.skip("takes minutes: with --whole; tests/cli/test_streams.py trains once")
    number = 0

    def trial(random: random.Random) -> None:
        nonlocal number
        number += 1
        corpus = tmp_path / f"{number} {file_name(random)}"
        corpus.mkdir()
        text = prose(3000)
        for letter in "etaoin":
            # ASCII control characters would make the file look binary, other characters do not.
            others = [one for one in hostile(random, 40) if not one.isascii()]
            text = text.replace(letter, random.choice([*others, "\u202e"]))
        (corpus / f"{file_name(random)}.txt").write_text(text, "utf-8", "replace", newline="")
        (corpus / f".{file_name(random)}").write_bytes(bytes(99))
        name = f"{number} {file_name(random)}"
        words = ("train", corpus.name, corpus.name, "--name", name, "--steps", "60")
        code, sent = on_terminal(tmp_path, *words, *small, **random.choice(ENVIRONMENTS))
        assert code == 0, sent
        assert_only_shown(sent)
        assert "\x1b]" not in sent

    trials("training on a terminal with hostile names and text", trial, few=0, many=40)
