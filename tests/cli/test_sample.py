"""`charnn sample`: the choice of the model, and the exact bytes in a pipe."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.helpers import (
    charnn,
    command,
    environment,
    random_checkpoint,
    reciting_checkpoint,
    save_run,
)

# A line end of two characters, letters of two, three and four bytes, and control characters: a pipe
# must receive every byte.
TEXT = "\r\nZürich, 东京 🎻\x1b[\x07\x9b\u202e\t"
ORDER = "".join(dict.fromkeys(TEXT))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four runs: three recite a text, and the weights of `random` are random."""
    folder = tmp_path_factory.mktemp("models")
    runs = {
        "old": reciting_checkpoint("abc\n"),
        "random": random_checkpoint("".join(map(chr, range(32, 127))) + "\n"),
        "tunes": reciting_checkpoint("X:1\n", separator_after="\n", documents=9),
        "new": reciting_checkpoint(TEXT),
    }
    for number, (name, checkpoint) in enumerate(runs.items()):
        path = save_run(folder, name, checkpoint)
        os.utime(path, (1e9 + number, 1e9 + number))
    return folder


def test_the_newest_model_writes_exact_bytes(program: Program, folder: Path) -> None:
    length = str(2 * len(ORDER))
    ended = program(folder, "sample", "--temperature", "0", "--length", length, "--prime", "\r")
    assert ended.returncode == 0
    # The text begins with the whole prime and continues it.
    expected = "\r" + (ORDER[1:] + ORDER + ORDER)[: 2 * len(ORDER)]
    assert ended.stdout == expected.encode()
    (message,) = ended.messages
    assert message.startswith("checkpoints/new/best.safetensors, seed ")


@pytest.mark.parametrize(
    "named", ["old", "checkpoints/old", "checkpoints/old/best.safetensors"], ids=str
)
def test_a_model_is_found_by_name_folder_or_file(
    program: Program, folder: Path, named: str
) -> None:
    for checkpoint in (named, folder / "checkpoints" / "old"):
        ended = program(folder, "sample", checkpoint, "--temperature", "0", "--length", "6")
        assert ended.stdout == b"abc\nab"


def test_the_best_checkpoint_goes_before_the_last(program: Program, tmp_path: Path) -> None:
    run = save_run(tmp_path, "run", reciting_checkpoint("ab\n")).parent
    reciting_checkpoint("xy\n").save(run / "last.safetensors")
    sample = ("sample", "run", "--temperature", "0", "--length", "3")
    assert program(tmp_path, *sample).stdout == b"ab\n"
    (run / "best.safetensors").unlink()
    assert program(tmp_path, *sample).stdout == b"xy\n"


def test_json_is_one_object_a_sample(program: Program, folder: Path) -> None:
    many = ("sample", "random", "--num", "3", "--seed", "40", "--length", "30", "--json")
    ended = program(folder, *many, "--prime", "Say ")
    samples = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [sample["seed"] for sample in samples] == [40, 41, 42]
    assert {sample["checkpoint"] for sample in samples} == {"checkpoints/random/best.safetensors"}
    texts = [sample["text"] for sample in samples]
    assert all(text.startswith("Say ") and len(text) == 34 for text in texts)
    assert len(set(texts)) == 3
    # The seed of each sample writes the same text alone, streamed or not.
    for sample in samples:
        lone = ("sample", "random", "--length", "30", "--seed", str(sample["seed"]))
        for stream in ("--stream", "--no-stream"):
            ended = program(folder, *lone, "--prime", "Say ", stream)
            assert ended.stdout.decode() == sample["text"]


def test_json_keeps_every_character(program: Program, folder: Path) -> None:
    ended = program(folder, "sample", "--temperature", "0", "--length", str(len(ORDER)), "--json")
    assert ended.stdout.count(b"\n") == 1
    written = json.loads(ended.stdout)["text"]
    assert sorted(written) == sorted(ORDER)
    assert written in ORDER * 2


def test_the_shown_seed_writes_the_same_text(program: Program, folder: Path) -> None:
    sample = ("sample", "random", "--length", "200")
    first, other = program(folder, *sample), program(folder, *sample)
    assert first.stdout != other.stdout
    seed = first.messages[0].rpartition("seed ")[2]
    again = program(folder, *sample, "--seed", seed)
    assert again.stdout == first.stdout
    assert len(first.stdout) == 200


def test_samples_are_separated_by_an_empty_line(program: Program, folder: Path) -> None:
    tunes = program(folder, "sample", "tunes", "--temperature", "0", "--num", "3")
    assert tunes.stdout == b"X:1\n\nX:1\n\nX:1\n"
    cut = program(folder, "sample", "old", "--temperature", "0", "--num", "2", "--length", "2")
    assert cut.stdout == b"ab\n\nab"


def test_the_text_ends_after_the_stop_text(program: Program, folder: Path) -> None:
    sample = ("sample", "old", "--temperature", "0", "--length", "50")
    assert program(folder, *sample, "--stop", "c\na").stdout == b"abc\na"
    # The stop text in the prime does not count, since the model did not write it.
    assert program(folder, *sample, "--prime", "abc", "--stop", "bc").stdout == b"abc\nabc"
    assert program(folder, *sample, "--length", "0", "--prime", "ab").stdout == b"ab"


def test_the_prime_may_be_a_file_or_stdin(program: Program, folder: Path) -> None:
    (folder / "prime.txt").write_bytes("\ufeffZür".encode())
    sample = ("sample", "new", "--temperature", "0", "--length", "4")
    ended = program(folder, *sample, "--prime", "@prime.txt")
    assert ended.stdout.decode() == "Zürich,"
    ended = program(folder, *sample, "--prime", "@none")
    assert ended.messages[-1:] == [
        "error: no such file: none. For a text that begins with @, write two: --prime @@none"
    ]
    ended = program(folder, *sample, "--prime", "@@东")
    assert "ignoring '@'" in ended.messages[0]
    assert ended.stdout.startswith("东".encode())
    ended = program(folder, *sample, "--prime", "@-", stdin="东\r\n".encode())
    assert ended.stdout.decode() == "东\r\nZüri"
    ended = program(folder, *sample, "--prime", "Zu\u0308r")
    assert (ended.stdout.decode(), len(ended.messages)) == ("Zürich,", 1)
    (folder / "prime.txt").write_bytes(b"Z\xfcr")
    ended = program(folder, *sample, "--prime", "@prime.txt")
    assert "0xfc at offset 1" in ended.messages[-1]
    assert ended.messages[-1].endswith("Convert the file to UTF-8.")


def test_unknown_characters_are_left_out_with_a_warning(program: Program, folder: Path) -> None:
    ended = program(
        folder, "sample", "old", "--temperature", "0", "--length", "2", "--prime", "a?\x1b?b"
    )
    assert ended.stdout == b"abc\n"
    warnings = [line for line in ended.messages if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert "'?' (U+003F), '\\x1b' (U+001B) in --prime: not in the" in warnings[0]
    assert b"\x1b" not in ended.stderr


def test_a_warning_lists_few_of_many_unknown_characters(program: Program, folder: Path) -> None:
    strange = "".join(map(chr, range(0x4E00, 0x4F00)))
    ended = program(folder, "sample", "old", "--length", "1", "--prime", strange, "--stop", "é")
    warnings = [line for line in ended.messages if line.startswith("warning: ")]
    assert len(warnings) == 2
    assert "and 246 more" in warnings[0]
    assert "--stop" in warnings[1]


def test_the_output_does_not_depend_on_the_locale(folder: Path) -> None:
    sample = ("sample", "new", "--temperature", "0", "--length", "9", "--prime", "\n")
    ended = charnn(folder, *sample, PYTHONIOENCODING="ascii", LC_ALL="C", NO_COLOR="1")
    assert ended.returncode == 0
    assert ended.stdout == "\nZürich, 东".encode()


@pytest.mark.parametrize("reader", [["head", "-c", "10"], ["true"]], ids=lambda reader: reader[0])
def test_a_reader_may_close_the_pipe(folder: Path, reader: list[str]) -> None:
    with subprocess.Popen(
        command("sample", "random", "--length", "100000", "--seed", "1"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        seen = subprocess.run(reader, stdin=process.stdout, capture_output=True, check=True).stdout
        assert process.stdout is not None
        process.stdout.close()
        begin = time.monotonic()
        assert process.stderr is not None
        messages = process.stderr.read().decode().splitlines()
        assert process.wait(30) == 0
        assert time.monotonic() - begin < 10
    assert len(seen) == (10 if reader[0] == "head" else 0)
    assert messages == ["checkpoints/random/best.safetensors, seed 1"]


def test_ctrl_c_ends_the_text(folder: Path) -> None:
    process = subprocess.Popen(
        command("sample", "random", "--length", "100000000", "--seed", "1"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    # The text is streamed: the first characters arrive long before the last.
    assert len(process.stdout.read(50)) == 50
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
