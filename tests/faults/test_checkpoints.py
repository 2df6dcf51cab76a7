"""Damaged and malicious checkpoints: each is read correctly or refused in one line, and no command
crashes, hangs, or takes the machine's memory."""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.errors import CheckpointError
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from tests.cli.conftest import SMALL
from tests.faults.conftest import Trials
from tests.faults.outcome import assert_done_or_refused, run_limited
from tests.forks import Forks
from tests.helpers import PROJECT, environment, prose, random_weights

# Bytes for reading a checkpoint, including Python and its modules.
MAX_MEMORY = 500_000_000


@pytest.fixture(scope="module")
def folder(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two corpora, a run of characters and a run of ABC tokens."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "text.txt").write_text(prose(1500), encoding="utf-8")
    (folder / "book.abc").write_text("\n".join(map(tune, range(20))))
    for corpus, options in (("text.txt", ()), ("book.abc", ("--tokens", "abc"))):
        ended = forks(folder, "train", corpus, "--steps", "3", *options, *SMALL)
        assert ended.returncode == 0, ended.stderr.decode()
    return folder


def tune(number: int) -> str:
    notes = ["GABcde"[(number * place) % 6] + "2" for place in range(1, 25)]
    bars = "|".join(" ".join(notes[begin : begin + 3]) for begin in range(0, 24, 3))
    return f"X:{number}\nT:No {number}\nR:jig\nM:6/8\nL:1/8\nK:G\n|:{bars}:|\n"


@pytest.fixture(scope="module")
def real(folder: Path) -> list[tuple[bytes, Checkpoint]]:
    """Return the bytes and the content of checkpoints: both runs, also in half precision."""
    found = []
    for run in ("text", "book"):
        path = folder / "checkpoints" / run / "last.safetensors"
        found.append((path.read_bytes(), load_checkpoint(path, training=True)))
        half = found[-1][1].half_precision_bytes()
        (folder / "half.safetensors").write_bytes(half)
        found.append((half, load_checkpoint(folder / "half.safetensors", training=True)))
    return found


def assert_same(read: Checkpoint, whole: Checkpoint, *, training: bool) -> None:
    for name in ("config", "vocabulary", "temperature", "metadata"):
        assert getattr(read, name) == getattr(whole, name), name
    groups = [(read.weights, whole.weights)] + [(read.training, whole.training)] * training
    for mine, theirs in groups:
        assert mine.keys() == theirs.keys()
        for name, array in theirs.items():
            assert (mine[name].dtype, mine[name].shape) == (array.dtype, array.shape), name
            assert mine[name].tobytes() == array.tobytes(), name


# Random damage.


def flip(dice: random.Random, content: bytearray, at: int) -> None:
    content[at] ^= 1 << dice.randrange(8)


def cut(dice: random.Random, content: bytearray, at: int) -> None:
    del content[at:]


def insert(dice: random.Random, content: bytearray, at: int) -> None:
    content[at:at] = dice.randbytes(dice.choice((1, 1, 2, 8, 300)))


def delete(dice: random.Random, content: bytearray, at: int) -> None:
    del content[at : at + dice.choice((1, 1, 2, 8, 300))]


def blank(dice: random.Random, content: bytearray, at: int) -> None:
    end = min(len(content), at + dice.choice((1, 8, 512, 4096)))
    content[at:end] = bytes(end - at)


def scribble(dice: random.Random, content: bytearray, at: int) -> None:
    end = min(len(content), at + dice.choice((1, 2, 8, 512)))
    content[at:end] = dice.randbytes(end - at)


def swap(dice: random.Random, content: bytearray, at: int) -> None:
    size = dice.choice((1, 4, 64, 512))
    other = dice.randrange(len(content))
    one, two = content[at : at + size], content[other : other + size]
    content[at : at + size], content[other : other + size] = two[: len(one)], one[: len(two)]


# Values and texts that are difficult for a parser.
ODD_JSON = (
    *("null", "true", "-1", "0", "1.5", "1e999", "-0", "NaN", "Infinity", "1" + "0" * 400, '"x"'),
    *("1" + "0" * 5000, "[]", "{}", "[" * 900 + "]" * 900, "[" * 99_999, '"\\ud800"', '"\\u0000"'),
    *('{"a":1,"a":2}', '"' + "x" * 9999 + '"', "9223372036854775808", "18446744073709551616"),
)


def edit_header(dice: random.Random, content: bytearray, at: int) -> None:
    """Replace a value by an odd one, or repeat an entry, and correct the length of the header."""
    (length,) = struct.unpack("<Q", content[:8])
    header = content[8 : 8 + length].decode()
    inside = json.loads(header)["__metadata__"]
    name = dice.choice(list(inside))
    if dice.random() < 0.5:  # in the JSON inside the JSON
        inner = replace_value(dice, inside[name])
        header = header.replace(json.dumps(inside[name])[1:-1], json.dumps(inner)[1:-1])
        if dice.random() < 0.5:
            made = json.dumps({**json.loads(content[8 : 8 + length]), "__metadata__": inside})
            header = made.replace(json.dumps(inside[name]), json.dumps(inner))
    else:
        header = replace_value(dice, header)
    if dice.random() < 0.1:
        header = header[:-1].rstrip("} ") + f', "__metadata__": {{"{name}": "x"}}}}'
    encoded = header.encode("utf-8", "surrogatepass")
    content[: 8 + length] = struct.pack("<Q", len(encoded)) + encoded


def replace_value(dice: random.Random, text: str) -> str:
    """Return the text with the part between two of JSON's signs replaced."""
    signs = [place for place, sign in enumerate(text) if sign in ":,[]{}"]
    if len(signs) < 2:
        return dice.choice(ODD_JSON)
    first = dice.randrange(len(signs) - 1)
    begin, end = signs[first] + 1, signs[min(len(signs) - 1, first + dice.choice((1, 1, 2, 3)))]
    return text[:begin] + dice.choice(ODD_JSON) + text[end:]


DAMAGE = (flip, cut, insert, delete, blank, scribble, swap, edit_header)


def damaged(dice: random.Random, good: bytes) -> bytes:
    """Return a file after one or two accidents, half of them in the header."""
    content = bytearray(good)
    for _ in range(dice.choice((1, 1, 1, 2))):
        header = 8 + struct.unpack("<Q", good[:8])[0]
        inside = min(len(content), header if dice.random() < 0.5 else len(content))
        # The second accident may find nothing to damage.
        with suppress(ValueError, IndexError, KeyError, struct.error):
            dice.choice(DAMAGE)(dice, content, dice.randrange(max(1, inside)))
    return bytes(content)


def test_a_damaged_checkpoint_is_read_or_refused(
    trials: Trials, real: list[tuple[bytes, Checkpoint]], tmp_path: Path
) -> None:
    path = tmp_path / "file.safetensors"
    refused = 0

    def trial(dice: random.Random) -> None:
        nonlocal refused
        good, whole = dice.choice(real)
        path.write_bytes(damaged(dice, good))
        training = dice.random() < 0.5
        begin = time.perf_counter()
        try:
            read = load_checkpoint(path, training=training)
        except CheckpointError as problem:
            refused += 1
            assert str(path) in str(problem)
            assert "\n" not in str(problem)
        else:
            assert_same(read, whole, training=training)
        assert time.perf_counter() - begin < 1

    trials("a damaged checkpoint is read", trial, few=300, many=100_000)
    assert refused > 100


COMMANDS: dict[str, tuple[str, ...]] = {
    "sample": ("CKPT", "--length", "30", "--seed", "1"),
    "evaluate": ("CKPT", "text.txt"),
    "inspect": ("CKPT",),
    "export-model": ("CKPT", "-o", "out.safetensors"),
    "train": ("text.txt", "--init-from", "CKPT", "--name", "new", "--steps", "1", *SMALL[4:]),
}


def test_a_damaged_checkpoint_in_any_command(
    trials: Trials,
    forks: Forks,
    folder: Path,
    real: list[tuple[bytes, Checkpoint]],
    tmp_path: Path,
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)

    def trial(dice: random.Random) -> None:
        (tmp_path / "file").write_bytes(damaged(dice, dice.choice(real)[0]))
        try:
            load_checkpoint(tmp_path / "file")
            codes = {1, 2}  # the model is intact, but may not suit the command
        except CheckpointError:
            codes = {1}
        shutil.rmtree(tmp_path / "checkpoints" / "new", ignore_errors=True)
        name, arguments = dice.choice(list(COMMANDS.items()))
        messages = ["file" if one == "CKPT" else one for one in arguments]
        ended = run_limited(forks, tmp_path, name, *messages)
        assert_done_or_refused(ended)
        if ended.returncode:
            assert ended.returncode in codes
            errors = [line for line in ended.messages if line.startswith("error: ")]
            assert len(errors) == 1, ended.messages
            assert len(ended.messages) == 1 or codes == {1, 2}, ended.messages
            assert ended.stdout == b""

    trials("a damaged checkpoint in a command", trial, few=3, many=600)


# Files that demand too much, or are no regular files.


def with_length(length: int) -> Callable[[Path, bytes], None]:
    return lambda path, good: path.write_bytes(struct.pack("<Q", length) + good[8:]) and None


def sparse(path: Path, good: bytes) -> None:
    path.write_bytes(good)
    os.truncate(path, 1 << 40)


def sparse_header(path: Path, good: bytes) -> None:
    """Write a file with a real header of 101 MB."""
    path.write_bytes(struct.pack("<Q", 101_000_000) + b"{" + b" " * 99)
    os.truncate(path, 101_000_008)


def costly_header(sign: bytes) -> Callable[[Path, bytes], None]:
    """Return a maker of files whose header is short enough, but large once Python parses it."""

    def make(path: Path, good: bytes) -> None:
        (length,) = struct.unpack("<Q", good[:8])
        header = json.loads(good[8 : 8 + length])
        inner = sign * ((4_000_000 - length) // len(json.dumps(sign.decode())[1:-1]))
        header["__metadata__"]["header"] = "[" + inner.decode() + "1]"
        encoded = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + good[8 + length :])

    return make


def many_tensors(path: Path, good: bytes) -> None:
    entries = {f"a{number}": EMPTY for number in range(50_000)}
    encoded = json.dumps({"__metadata__": {"format": "charnn-1"}, **entries}).encode()
    path.write_bytes(struct.pack("<Q", len(encoded)) + encoded)


EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}


def claims(**config: Any) -> Callable[[Path, bytes], None]:
    """Return a maker of files whose configuration demands more than their tensors, with a valid
    checksum."""

    def make(path: Path, good: bytes) -> None:
        path.write_bytes(good)
        whole = load_checkpoint(path, training=True)
        shape = object.__new__(ModelConfig)
        for name, value in (whole.config.to_json() | config).items():
            object.__setattr__(shape, name, value)
        replace(whole, config=shape).save(path)

    return make


def loop(path: Path, good: bytes) -> None:
    path.symlink_to(path.name)


def long_loop(path: Path, good: bytes) -> None:
    other = path.with_name("other")
    other.unlink(missing_ok=True)
    other.symlink_to(path.name)
    path.symlink_to("other")


HOSTILE: dict[str, Callable[[Path, bytes], Any]] = {
    "a billion layers": claims(num_layers=10**9),
    "a trillion symbols": claims(vocab_size=10**12),
    "a billion units": claims(hidden_size=10**9),
    "vectors a billion wide": claims(embedding_size=10**9),
    "the largest model there may be": claims(num_layers=64, hidden_size=16384),
    "a header of 2^63 bytes": with_length(1 << 63),
    "a header of 2^64 - 1 bytes": with_length((1 << 64) - 1),
    "a header of 101 MB that is not there": with_length(101_000_000),
    "a header of 101 MB": sparse_header,
    "a header of lists": costly_header(b"[],"),
    "a header of objects": costly_header(b'{"":0},'),
    "a header of numbers": costly_header(b"1e1,"),
    "50,000 tensors": many_tensors,
    "1 TB with nothing in it": sparse,
    "a link to itself": loop,
    "a loop of links": long_loop,
    "a dangling link": lambda path, good: path.symlink_to("nowhere"),
    "a link to dev zero": lambda path, good: path.symlink_to("/dev/zero"),
    "a link to dev full": lambda path, good: path.symlink_to("/dev/full"),
    "a named pipe": lambda path, good: os.mkfifo(path),
    "a folder": lambda path, good: path.mkdir(),
}

READER = """
import json, resource, sys, time
from pathlib import Path
from charnn.errors import CheckpointError
from charnn.checkpoints.checkpoint import load_checkpoint
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
status = Path("/proc/self/status")  # getrusage would include the parent process
for name in sys.argv[1:]:
    begin, said = time.perf_counter(), []
    for training in (False, True):
        try:
            load_checkpoint(Path(name), training=training)
        except CheckpointError as problem:
            said.append(str(problem))
    memory = 1024 * int(status.read_text().partition("VmHWM:")[2].split()[0])
    print(json.dumps([said, memory, time.perf_counter() - begin]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the memory as Linux does")
def test_files_that_demand_too_much_are_refused(
    trials: Trials, real: list[tuple[bytes, Checkpoint]], tmp_path: Path
) -> None:
    for name, make in HOSTILE.items():
        make(tmp_path / name, real[0][0])
    ended = subprocess.run(
        [sys.executable, "-c", READER, *(tmp_path / name for name in HOSTILE)],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    (tmp_path / "1 TB with nothing in it").unlink()
    assert ended.returncode == 0, ended.stderr.decode()
    left = list(zip(HOSTILE, map(json.loads, ended.stdout.splitlines()), strict=True))

    def trial(dice: random.Random) -> None:
        name, (messages, memory, seconds) = left.pop(0)
        assert len(messages) == 2, f"{name} was read"
        assert not any("\n" in message for message in messages)
        assert memory < MAX_MEMORY, f"{name}: {memory:,} bytes"
        assert seconds < 5, f"{name}: {seconds} s"

    trials("a file that asks for too much", trial, few=len(left), many=len(left))


# Intact files with a valid checksum and strange content.

ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 2, 7, 1.5, 10**30, 2**63 - 1, 1e308, 1e-308, -1e9, "", "x", "7"),
    *("\x1b[2J\x1b]52;c;eA==\x07", "a\nb\u202e", "\ud800", "é🎻", "x" * 5000, "../../etc/passwd"),
    *([], {}, [[]], [0, 0], [1, -1], {"x": 1}, [None], "cuda", "bf16", "char", "abc", "folk"),
    *(
        [["jig", "6/8", "1/8", "D", 1]],
        [["", "0/0", "x", "\x1b", -5]],
        {"headers": [], "sha256": 1},
    ),
)
SYMBOLS = (
    *"\n \x00\x1b\x7f\x9b\u202e\ud800\udfff\U0010ffffabcdefgABCDEFG|:[]0123456789/^_=,'~(){}<>-",
    *("|:", ":|", "A2", "K:D\n", "\nT:", "X:1\n", "\x1b[2J", "a" * 3000, "\ud800\udc00", "  "),
)


class Forged:
    """A vocabulary whose JSON is any value."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def to_json(self) -> Any:
        return self.value


def forged_vocabulary(dice: random.Random, whole: Checkpoint) -> Any:
    kind = dice.randrange(6)
    if kind == 0:
        return sorted(set(dice.sample([one for one in SYMBOLS if len(one) == 1], 20)))
    if kind == 1:
        chosen = set(dice.sample(SYMBOLS, 20))
        chosen |= {character for symbol in chosen for character in symbol}
        return {"kind": "abc", "symbols": sorted(chosen, key=lambda one: (len(one) > 1, one))}
    if kind == 2:
        return dice.choice(ODD)
    if kind == 3:
        return [dice.choice(ODD) for _ in range(10)]
    if kind == 4:
        return {"kind": dice.choice(ODD), "symbols": ["a", "a", ""]}
    return [] if dice.random() < 0.5 else {"kind": "abc", "symbols": []}


def change_inside(dice: random.Random, value: Any) -> Any:
    """Return a value with an odd value somewhere inside."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(list(value))
        if dice.random() < 0.2:
            return {key: one for key, one in value.items() if key != name}
        return {**value, name: change_inside(dice, value[name])}
    if isinstance(value, list) and value and dice.random() < 0.7:
        place = dice.randrange(len(value))
        return [*value[:place], change_inside(dice, value[place]), *value[place + 1 :]]
    if type(value) in (int, float) and dice.random() < 0.5:
        return dice.choice((value + 1, -value, value * 10**6, 0, 1e-9, 1e15, 0.5))
    return dice.choice(ODD)


def forged(dice: random.Random, whole: Checkpoint) -> Checkpoint:
    """Return a checkpoint with one to three strange changes."""
    made = whole
    for _ in range(dice.choice((1, 1, 2, 3))):
        what = dice.choice(("about", "about", "vocabulary", "shape", "weights", "training", "t"))
        if what == "about":
            metadata = change_inside(dice, made.metadata)
            if isinstance(metadata, dict) and dice.random() < 0.2:
                metadata = {**metadata, "learned": change_inside(dice, LEARNED)}
            made = replace(made, metadata=metadata)
        elif what == "vocabulary":
            value = forged_vocabulary(dice, made)
            symbols = value.get("symbols", ()) if isinstance(value, dict) else value
            size = len(symbols) + 2 if isinstance(symbols, list) else made.config.vocab_size
            config = replace(made.config, vocab_size=size)
            made = replace(
                made,
                vocabulary=Forged(value),  # type: ignore[arg-type]
                config=config,
                weights=random_weights(config),
                training={} if dice.random() < 0.5 else made.training,
            )
        elif what == "shape":
            config = replace(
                made.config,
                cell=dice.choice(list(CELLS)),
                num_layers=dice.randint(1, 3),
                hidden_size=dice.choice((1, 2, 7, 64)),
                embedding_size=dice.choice((None, 1, 5)),
                dropout=dice.choice((0.0, 0.999999)),
                weight_drop=dice.choice((0.0, 0.999999)),
            )
            made = replace(made, config=config, weights=random_weights(config))
        elif what == "weights":
            scale = np.float32(dice.choice((0.0, 1e38, -1e38, 1e-42, 60.0)))
            name = dice.choice(list(made.weights))
            weights = {**made.weights, name: np.full_like(made.weights[name], scale)}
            made = replace(made, weights=weights)
        elif what == "training" and made.training:
            name = dice.choice(list(made.training))
            made = replace(made, training=forged_tensor(dice, made.training, name))
        else:
            made = replace(made, temperature=dice.choice((1e-300, 1e300, 5e-324, 1e38, 0.001)))
    return made


LEARNED = {
    "sha256": "0" * 64,
    "headers": [["jig", "6/8", "1/8", "G", 20], ["", "C|", "1/4", "Em", 1]],
}


def forged_tensor(dice: random.Random, tensors: dict[str, Any], name: str) -> dict[str, Any]:
    array = tensors[name]
    changed = (
        None,
        array[:-1] if array.ndim else array.reshape(1),
        np.zeros((), array.dtype),
        np.zeros((0,), array.dtype),
        array.astype(np.float64),
        array.astype(np.uint16),
        array.astype(bool),
        np.full_like(array, 255 if array.dtype == np.uint8 else np.nan),
        np.zeros_like(array),
        np.frombuffer(dice.randbytes(array.nbytes), array.dtype).reshape(array.shape),
    )
    found = changed[dice.randrange(len(changed))]
    kept = {other: one for other, one in tensors.items() if other != name}
    return kept if found is None else kept | {name: found}


def test_strange_checkpoints_in_any_command(
    trials: Trials,
    forks: Forks,
    folder: Path,
    real: list[tuple[bytes, Checkpoint]],
    tmp_path: Path,
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    run = tmp_path / "checkpoints" / "evil"

    def trial(dice: random.Random) -> None:
        for left in ("evil", "new"):
            shutil.rmtree(tmp_path / "checkpoints" / left, ignore_errors=True)
        run.mkdir()
        number = dice.choice((0, 2))
        corpus = ("text.txt", "", "book.abc")[number]
        made = forged(dice, real[number][1])
        try:
            made.save(run / "last.safetensors")
        except (UnicodeEncodeError, CheckpointError):
            return  # a file with this content cannot be written
        shutil.copy(run / "last.safetensors", run / "best.safetensors")
        arguments = dice.choice(
            (
                ("sample", "evil", "--length", "60", "--seed", "1"),
                ("sample", "evil", "--length", "900", "--seed", "1", "--temperature", "0"),
                ("sample", "evil", "--bars", "off", "--num", "2"),
                ("sample", "evil", "--rhythm", "jig", "--key", "G", "--length", "900"),
                ("sample", "evil", "--prime", "K:G\nGAB|", "--stop", "x", "--reject-copies"),
                ("evaluate", "evil", corpus),
                ("evaluate", "evil", corpus, "--held-out"),
                ("evaluate", "evil", "--tunes", "1"),
                ("train", corpus, "--resume", "--name", "evil", "--steps", "5"),
                ("train", corpus, "--resume", "--steps", "5"),
                ("train", corpus, "--init-from", "evil", "--name", "new", "--steps", "1"),
                ("export-model", "evil", "-o", "out.safetensors"),
                ("inspect", "evil"),
                ("inspect", "evil", "--json"),
                ("inspect", "evil", "--verify"),
            )
        )
        ended = run_limited(forks, tmp_path, *arguments)
        try:
            assert_done_or_refused(ended)
        except AssertionError as problem:
            raise AssertionError(f"{arguments}: {problem}") from problem

    trials("a checkpoint of somebody else in a command", trial, few=4, many=2000)
