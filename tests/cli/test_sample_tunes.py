"""`charnn sample` with models of tunes.

The models are untrained, so that everything right about their tunes comes from the grammar.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import TUNES
from charnn.checkpoints.stored_tunes import store_tunes
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tidying import tidy_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.checking.report import TuneReport, check_tune
from charnn.tunes.best_tune import candidate_seeds
from tests.cli.conftest import Ended, Program
from tests.helpers import random_checkpoint, save_run

LETTERS = "".join(map(chr, range(32, 127))) + "\n"
TRAINING_TUNE = """X:1
T:Learned
R:jig
M:6/8
L:1/8
K:D
d2e f2g|a3 b3|afd ecA|d6:|
faf ege|dfd cec|BdB AFA|d6:|
"""
SHORT = ("--length", "160")


def as_tune_model(checkpoint: Checkpoint) -> Checkpoint:
    """Mark a checkpoint as a model of tunes, and return it."""
    checkpoint.metadata["tunes"] = True
    return checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with four runs.

    `folk` is a model of tunes with one training tune, `lost` is without its training tunes,
    `damaged` has a truncated file of training tunes, and `prose` is a model of a text.
    """
    folder = tmp_path_factory.mktemp("models")
    tunes = as_tune_model(random_checkpoint(LETTERS, documents=9))
    store_tunes(save_run(folder, "folk", tunes).parent, [TRAINING_TUNE])
    save_run(folder, "lost", tunes)
    damaged = save_run(folder, "damaged", tunes).parent
    store_tunes(damaged, [TRAINING_TUNE])
    (damaged / TUNES).write_bytes((damaged / TUNES).read_bytes()[:-9])
    save_run(folder, "prose", random_checkpoint(LETTERS))
    return folder


def reports(ended: Ended) -> list[TuneReport]:
    """Return the report on every tune on stdout, after asserting that there is nothing else."""
    assert ended.returncode == 0, ended.stderr.decode()
    text = ended.stdout.decode()
    sources = split_book(text)
    assert text.startswith("X:")
    assert len(sources) == len(re.findall("^X:", text, re.MULTILINE))
    return [check_tune(read_tune(source)) for source in sources]


def usage_error(ended: Ended) -> str:
    """Return the only message of a command that refused its options."""
    assert ended.returncode == 2
    assert ended.stdout == b""
    (message,) = ended.messages
    assert "Traceback" not in message
    return message


def commands_in_comments(ended: Ended) -> list[str]:
    """Return the commands in the comments of the tunes."""
    return re.findall("^% (charnn .*)$", ended.stdout.decode(), re.MULTILINE)


def test_an_untrained_model_writes_correct_tunes(program: Program, folder: Path) -> None:
    ended = program(folder, "sample", "folk", "--num", "3", "--seed", "7", "--length", "150")
    found = reports(ended)
    assert [report.number for report in found] == ["1", "2", "3"]
    for report in found:
        assert report.ok, report.problems
        assert all(part.whole for part in report.parts)
    path = Path("checkpoints") / "folk" / "best.safetensors"
    first, *_, health = ended.messages
    assert first == f"{path}, seed 7"
    assert re.fullmatch(r"Strict bars masked \d+\.\d % of the model's probability\.", health)


def shell_arguments(command: str) -> list[str]:
    """Return the arguments that bash passes to the program for a command."""
    shell = ["bash", "-c", f"printf '%s\\0' {command}"]
    words = subprocess.run(shell, capture_output=True, check=True).stdout.decode().split("\0")
    assert (words[0], words[-1]) == ("charnn", "")
    return words[1:-1]


def test_the_command_in_the_comment_writes_the_tune_again(program: Program, folder: Path) -> None:
    options = ("--rhythm", "jig", "--meter", "6/8", "--key", "D", "--title", "Rory's $HOME")
    options += ("--prime", "d2e f2g|\nA", "--part-bars", "4", "--temperature", "1.5")
    options += ("--form", "aabb")
    ended = program(folder, "sample", "folk", "--num", "2", "--seed", "3", *options, *SHORT)
    assert all(report.ok for report in reports(ended))
    assert {part.times for report in reports(ended) for part in report.parts} == {2}
    both = ended.stdout.decode()
    commands = commands_in_comments(ended)
    assert [command.split()[-2:] for command in commands] == [["--seed", "3"], ["--seed", "4"]]
    for number, command in enumerate(commands, 1):
        again = program(folder, *shell_arguments(command)).stdout.decode()
        tune = both.split("\n\n")[number - 1].rstrip("\n") + "\n"
        assert again == tune.replace(f"X:{number}\n", "X:1\n", 1)


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("@-", b"d2e f2g|\nA"),
        ("@prime.abc", b"T:Rory's\r\nM:6/8\r\nK:D\r\nd2e f2g|\r\n"),
        ("@prime.abc", b"\xef\xbb\xbfd2e\tf2g|"),
    ],
)
def test_the_comment_contains_the_prime_text_not_its_file(
    program: Program, folder: Path, source: str, content: bytes
) -> None:
    (folder / "prime.abc").write_bytes(content)
    options = ("--prime", source, "--seed", "3", "--meter", "6/8", *SHORT)
    ended = program(folder, "sample", "folk", *options, stdin=content)
    assert all(report.ok for report in reports(ended))
    (command,) = commands_in_comments(ended)
    assert "@" not in command
    (folder / "prime.abc").unlink()
    assert program(folder, *shell_arguments(command)).stdout == ended.stdout


def test_an_unconstrained_tune_has_a_comment_too(program: Program, folder: Path) -> None:
    options = ("--bars", "off", "--prime", "X:1\nT:", "--stop", "e", "--length", "90")
    ended = program(folder, "sample", "folk", *options, "--seed", "6")
    assert ended.returncode == 0
    (command,) = commands_in_comments(ended)
    assert "--stop e" in command
    assert program(folder, *shell_arguments(command)).stdout == ended.stdout


def test_the_comment_omits_options_with_their_default_values(
    program: Program, folder: Path
) -> None:
    options = ("--temperature", "0.8", "--length", "2000", "--part-bars", "0", "--prime", "")
    ended = program(folder, "sample", "folk", *options, "--seed", "3", "--bars", "strict")
    path = Path("checkpoints") / "folk" / "best.safetensors"
    assert commands_in_comments(ended) == [f"charnn sample {path} --bars strict --seed 3"]


def test_the_seed_determines_the_tune(program: Program, folder: Path) -> None:
    def tune(seed: int, *options: str) -> bytes:
        ended = program(folder, "sample", "folk", "--seed", str(seed), *SHORT, *options)
        assert ended.returncode == 0
        return ended.stdout

    assert tune(5) == tune(5, "--no-stream")
    assert tune(5) != tune(6)
    unseeded = program(folder, "sample", "folk", *SHORT)
    (seed,) = re.findall(r"seed (\d+)", unseeded.messages[0])
    assert tune(int(seed)) == unseeded.stdout


def test_the_tune_has_what_was_requested(program: Program, folder: Path) -> None:
    request = ("--rhythm", "Double Jig", "--meter", "6/8", "--key", "d major", "--title", "My  Own")
    ended = program(folder, "sample", "folk", *request, "--part-bars", "4", "--seed", "1", *SHORT)
    (report,) = reports(ended)
    assert (report.rhythm, report.meter, report.key) == ("jig", "6/8", "D")
    assert report.title == "My Own"
    assert {part.bars for part in report.parts} == {4}
    assert report.ok
    assert "may be poor" not in ended.stderr.decode()  # a training tune has this meter


def test_a_request_beyond_the_training_tunes_gets_a_warning(program: Program, folder: Path) -> None:
    ended = program(folder, "sample", "folk", "--key", "Em", "--meter", "3/4", *SHORT)
    (report,) = reports(ended)
    assert (report.meter, report.key) == ("3/4", "Em")
    assert "no training tune has --meter 3/4: the new tune may be poor" in ended.stderr.decode()


@pytest.mark.parametrize(
    ("prime", "begins"),
    [
        ("d2e f2g|a", "d2e f2g|a"),
        ("|:d>e fed|", "|:d>e fed|"),
        ("M:6/8\nK:Ador\nA2B c2d|\ne", "A2B c2d|\ne"),
    ],
)
def test_a_prime_text_is_completed(program: Program, folder: Path, prime: str, begins: str) -> None:
    options = ("--meter", "6/8") if "M:" not in prime else ()
    ended = program(folder, "sample", "folk", "--prime", prime, "--seed", "2", *options, *SHORT)
    (report,) = reports(ended)
    assert report.ok
    body = re.split("^K:.*\n", ended.stdout.decode(), flags=re.MULTILINE)[1]
    assert body.startswith(begins)
    assert "K:Ador" not in prime or report.key == "Ador"

    piped = program(
        folder, "sample", "folk", "--prime", "@-", *options, *SHORT, stdin=prime.encode() + b"\n"
    )
    (report,) = reports(piped)
    assert report.ok


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--meter", "6/8", "--prime", "L:1/8\nd4 e4|"), "'4' cannot follow 'd4 e': bar 1 (d4 e4)"),
        (("--key", "H"), "as in G, Em or Ador"),
        (("--meter", "jig"), "as in 6/8, 4/4 or C|"),
        (
            ("--title", "50 %"),
            "made of letters and signs without % and \\, not '50 %': leave them out",
        ),
        (("--title", "Zürich"), "'ü' is not in the vocabulary"),
        (("--part-bars", "1"), "2..32, or be 0 for a usual number, not 1"),
        (("--part-bars", "-1"), "2..32, or be 0 for a usual number, not -1"),
        (("--part-bars", "33"), "2..32, or be 0 for a usual number, not 33"),
        (("--form", "AABA"), "--form AABA writes a part again, which needs a model trained with"),
        (("--form", "ABCDE"), "--form ABCDE has 5 written parts, and a tune has 2 to 4"),
        (("--form", "AABB", "--bars", "off"), "--form needs complete bars and parts"),
        (("--prime", "|:d8|", "--form", "AB"), "|: does not suit --form AB: choose"),
        (("--stop", "x"), "--stop is for texts"),
        (("--length", "-1"), "--length -1 is too short for such a tune: it needs at least "),
        (("--length", "50"), "--length 50 is too short for such a tune: it needs at least "),
        (("--seed", "-1"), "--seed must be at least 0"),
        (("--num", "0"), "--num must be between 1 and 1,000,000"),
    ],
)
def test_impossible_options_are_refused(
    program: Program, folder: Path, options: tuple[str, ...], words: str
) -> None:
    ended = program(folder, "sample", "folk", *options)
    assert ended.returncode == 2
    assert ended.stdout == b""
    assert words in ended.messages[-1]
    assert "Traceback" not in ended.stderr.decode()


@pytest.mark.parametrize(
    "option",
    [
        *(("--rhythm", "jig"), ("--meter", "6/8"), ("--key", "D"), ("--title", "x")),
        *(("--part-bars", "8"), ("--bars", "off"), ("--bars", "strict"), ("--reject-copies",)),
        *(("--form", "AABB"), ("--best-of", "2")),
        ("--save", "there"),
    ],
    ids=" ".join,
)
def test_options_for_tunes_are_refused_for_a_model_of_texts(
    program: Program, folder: Path, option: tuple[str, ...]
) -> None:
    message = usage_error(program(folder, "sample", "prose", *option))
    assert f"{option[0]} needs a model of tunes" in message
    assert not (folder / "there").exists()


def test_bars_off_samples_without_the_grammar(program: Program, folder: Path) -> None:
    options = ("--seed", "1", "--length", "50")
    bare = program(folder, "sample", "folk", "--bars", "off", "--prime", "X:", *options)
    assert bare.returncode == 0
    (message,) = bare.messages
    assert message.endswith("seed 1")
    assert bare.stdout.decode().startswith("X:")
    assert b"charnn" not in bare.stdout
    untitled = program(folder, "sample", "folk", "--bars", "off", "--stop", "e", *options)
    assert untitled.stdout.endswith(b"e") or len(untitled.stdout) <= 50


@pytest.mark.parametrize("run", ["folk", "lost"])
def test_bars_off_fills_the_stars_of_a_whole_tune(program: Program, folder: Path, run: str) -> None:
    prime = "X:1\nT:A * star\nM:6/8\nL:1/8\nK:D\nd2e *|"
    done = program(folder, "sample", run, "--bars", "off", "--prime", prime, *SHORT)
    assert done.returncode == 0, done.messages
    head, body = done.stdout.decode().split("\nK:D\n")
    assert "\nT:A * star\n" in head
    assert re.match(r"d2e[^*|]+\|", body)
    refused = program(folder, "sample", run, "--bars", "off", "--stop", "e", "--prime", prime)
    assert refused.returncode == 2
    assert "--stop is for texts" in refused.messages[-1]


def test_bars_off_has_a_header_of_a_training_tune(program: Program, folder: Path) -> None:
    bare = program(folder, "sample", "folk", "--bars", "off", "--seed", "1", *SHORT)
    assert re.search("^R:jig\nM:6/8\nL:1/8\nK:D\n", bare.stdout.decode(), re.MULTILINE)
    primed = program(folder, "sample", "folk", "--bars", "off", "--prime", "d2e f3|", *SHORT)
    assert "R:jig\nM:6/8\nL:1/8\nK:D\nd2e f3|" in primed.stdout.decode()


def test_bars_off_keeps_the_requested_header(program: Program, folder: Path) -> None:
    ended = program(
        folder, "sample", "folk", "--bars", "off", "--key", "D", "--title", "Free", *SHORT
    )
    assert ended.returncode == 0
    assert re.search("^T:Free\n(?:R:.+\n)?M:.+\nL:.+\nK:D\n", ended.stdout.decode(), re.MULTILINE)
    assert "Strict bars" not in ended.stderr.decode()


def test_json_has_one_object_for_each_tune(program: Program, folder: Path) -> None:
    ended = program(folder, "sample", "folk", "--json", "--num", "2", "--seed", "8", *SHORT)
    first, second = map(json.loads, ended.stdout.splitlines())
    assert (first["seed"], second["seed"]) == (8, 9)
    assert second["text"].startswith("X:2\n% charnn sample ")
    for sample in (first, second):
        assert check_tune(read_tune(split_book(sample["text"])[0])).ok
    plain = program(folder, "sample", "folk", "--seed", "8", *SHORT)
    assert first["text"].encode() == plain.stdout


# With everything given except the last note, the model can only write a copy.

COPYING = ("--title", "x", "--rhythm", "jig", "--meter", "6/8", "--key", "D", "--part-bars", "4")
COPY = ("--prime", "L:1/8\n" + TRAINING_TUNE.partition("K:D\n")[2].removesuffix(":|\n"))


def test_copies_are_refused_after_20_attempts(program: Program, folder: Path) -> None:
    options = (*COPYING, *COPY, "--seed", "1", "--length")
    too_short = program(folder, "sample", "folk", *options, "0").messages[-1]
    (shortest,) = re.findall(r"--length 0 is too short .* at least (\d+)$", too_short)
    kept = program(folder, "sample", "folk", *options, shortest)
    assert "d2e f2g|a3 b3|afd ecA|d6:|\nfaf ege|dfd cec|BdB AFA|d6" in kept.stdout.decode()
    assert all(report.ok for report in reports(kept))
    without_comment = re.sub("^%.*\n", "", kept.stdout.decode(), flags=re.MULTILINE)
    assert len(without_comment) == int(shortest)
    ended = program(folder, "sample", "folk", *options, shortest, "--reject-copies")
    assert ended.returncode == 1
    assert ended.stdout == b""
    assert "seed 1 gave a copy" in ended.stderr.decode()
    assert "of Learned" in ended.stderr.decode()
    assert "20 tunes in a row were copies: use a higher --temperature" in ended.messages[-1]


def test_a_tune_that_is_not_a_copy_is_kept(program: Program, folder: Path) -> None:
    plain = program(folder, "sample", "folk", "--seed", "1", "--num", "2", *SHORT)
    ended = program(
        folder, "sample", "folk", "--seed", "1", "--num", "2", *SHORT, "--reject-copies"
    )
    assert ended.stdout == plain.stdout
    assert "copy" not in ended.stderr.decode()


def test_copies_cannot_be_refused_without_training_tunes(program: Program, folder: Path) -> None:
    ended = program(folder, "sample", "lost", "--reject-copies")
    assert ended.returncode == 1
    assert ended.stdout == b""
    assert "Traceback" not in ended.stderr.decode()


def test_damaged_training_tunes_are_a_warning_or_an_error(program: Program, folder: Path) -> None:
    """Only --reject-copies can't do without the training tunes."""
    ended = program(folder, "sample", "damaged", "--seed", "1", *SHORT)
    assert all(report.ok for report in reports(ended))
    warnings = [message for message in ended.messages if TUNES in message]
    assert len(warnings) == 1
    assert "cannot be read" in warnings[0]
    assert "--resume" in warnings[0]

    refusing = program(folder, "sample", "damaged", "--seed", "1", "--reject-copies", *SHORT)
    assert refusing.returncode == 1
    assert refusing.stdout == b""
    assert "cannot be read" in refusing.messages[-1]
    assert "Traceback" not in refusing.stderr.decode()


def test_the_best_of_several_tunes(program: Program, folder: Path) -> None:
    """It is one of the candidates, and the command in its comment writes it again."""
    options = ("sample", "folk", *SHORT, "--part-bars", "4")
    ended = program(folder, *options, "--num", "2", "--seed", "3", "--best-of", "3")
    assert len(reports(ended)) == 2
    messages = [message for message in ended.messages if message.startswith("best of 3")]
    seeds = [int(re.findall(r"seed (\d+), score 0\.\d\d \(home ", each)[0]) for each in messages]
    assert all(
        seed in candidate_seeds([first], 3) for seed, first in zip(seeds, (3, 4), strict=True)
    )
    tunes = ended.stdout.decode().split("\n\n")
    for seed, tune, command in zip(seeds, tunes, commands_in_comments(ended), strict=True):
        assert "--best-of" not in command
        assert command.endswith(f"--seed {seed}")
        again = program(folder, *command.split()[1:])
        assert again.stdout.decode().splitlines()[1:] == tune.splitlines()[1:]
    second = program(folder, *options, "--seed", "4", "--best-of", "3")
    assert second.stdout.decode().splitlines()[1:] == tunes[1].splitlines()[1:]
    one = program(folder, *options, "--seed", "3", "--best-of", "1")
    assert one.stdout == program(folder, *options, "--seed", "3").stdout
    assert "best of" not in one.stderr.decode()


def test_a_best_tune_that_is_no_copy_is_kept(program: Program, folder: Path) -> None:
    options = ("sample", "folk", *SHORT, "--seed", "3", "--best-of", "2")
    ended = program(folder, *options)
    refusing = program(folder, *options, "--reject-copies")
    assert (refusing.returncode, refusing.stdout) == (0, ended.stdout)


def test_without_training_tunes_every_candidate_counts_as_new(
    program: Program, folder: Path
) -> None:
    ended = program(folder, "sample", "lost", *SHORT, "--seed", "1", "--best-of", "2")
    assert len(reports(ended)) == 1
    assert any("--best-of counts every tune as new" in message for message in ended.messages)
    assert "novelty 1.00" in ended.messages[-2]


@pytest.mark.parametrize("count", ["0", "1001"])
def test_a_number_of_candidates_out_of_range(program: Program, folder: Path, count: str) -> None:
    message = usage_error(program(folder, "sample", "folk", "--best-of", count))
    assert f"--best-of must be between 1 and 1,000, not {count}" in message


def test_the_header_is_one_of_a_training_tune(program: Program, folder: Path) -> None:
    for seed in ("1", "2", "3"):
        ended = program(folder, "sample", "folk", "--seed", seed, "--temperature", "2", *SHORT)
        (report,) = reports(ended)
        assert (report.rhythm, report.meter, report.key) == ("jig", "6/8", "D")
        assert "\nL:1/8\n" in ended.stdout.decode()


def test_save_writes_five_files_for_each_tune(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("verovio")
    out = tmp_path / "new" / "tunes"
    title = "../../Rory's “Jig”: a/b\\c".replace("“", '"').replace("”", '"').replace("\\", "")
    ended = program(
        *(folder, "sample", "folk", "--num", "2", "--seed", "4", "--save", out),
        *("--title", title, "--meter", "6/8", "--part-bars", "4", "--length", "150"),
    )
    assert all(report.title == title for report in reports(ended))
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert all(path.parent == Path("new", "tunes") for path in files)
    assert sorted({path.suffix for path in files}) == [".abc", ".mid", ".musicxml", ".svg", ".wav"]
    stems = sorted({path.stem for path in files})
    assert len(files) == 10
    assert [stem[:4] for stem in stems] == ["001-", "002-"]
    assert all(re.fullmatch(r"\d{3}-[A-Za-z0-9-]+", stem) for stem in stems)
    texts = [(out / f"{stem}.abc").read_text(encoding="utf-8") for stem in stems]
    assert texts == [tidy_tune(tune + "\n") for tune in ended.stdout.decode().split("\n\n")]
    assert (out / f"{stems[0]}.mid").read_bytes().startswith(b"MThd")
    assert (out / f"{stems[0]}.wav").read_bytes().startswith(b"RIFF")
    assert b"<score-partwise" in (out / f"{stems[0]}.musicxml").read_bytes()
    assert b"<svg" in (out / f"{stems[0]}.svg").read_bytes()
    assert sum(message.startswith(str(out)) for message in ended.messages) == 2


# Options with which the untrained model writes a text that is not a tune.
NO_TUNE = ("--bars", "off", "--prime", "?", "--stop", "?!?!", "--length", "20")


def test_saving_again_overwrites_no_other_tune(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    for seed in ("1", "2", "1"):
        ended = program(
            *(folder, "sample", "folk", *NO_TUNE),
            *("--seed", seed, "--save", tmp_path),
        )
        assert ended.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001-tune-2.abc", "001-tune.abc"]
    assert (tmp_path / "001-tune.abc").read_bytes() == ended.stdout


def test_text_that_is_not_a_tune_is_saved_as_abc_only(
    program: Program, folder: Path, tmp_path: Path
) -> None:
    ended = program(
        *(folder, "sample", "folk", *NO_TUNE),
        *("--seed", "1", "--save", tmp_path),
    )
    assert ended.returncode == 0
    (path,) = tmp_path.iterdir()
    assert path.name == "001-tune.abc"
    assert path.read_bytes() == ended.stdout
    assert "Traceback" not in ended.stderr.decode()


def test_saving_into_a_file_is_an_error(program: Program, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ended = program(folder, "sample", "folk", *SHORT, "--save", tmp_path / "file")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr.decode()
    assert (tmp_path / "file").read_text() == "mine"
