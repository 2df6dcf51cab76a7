"""`charnn train`: its files, its messages, and that no run is ever lost."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.cli.commands import train
from charnn.training.options import CELL_CHOICES, described_options
from tests.cli.conftest import Ended, Program
from tests.forks import Forks
from tests.helpers import command, environment, prose
from tests.training.helpers import assert_same_run

RUN = Path("checkpoints") / "my-corpus"


@pytest.fixture
def workspace(trained: tuple[Path, Ended], tmp_path: Path) -> Path:
    """Return a copy of the folder with one run, which a test may change."""
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_command_takes_every_option_of_the_library() -> None:
    described = {name: option for name, _, option in described_options()}
    hints = get_type_hints(train.command)
    assert hints.keys() == described.keys() | {"context", "corpus", "as_json"}
    assert set(get_args(get_args(hints["cell"])[0])) == set(CELL_CHOICES)


def test_an_unknown_choice_is_answered_with_the_nearest_one(
    program: Program, tmp_path: Path
) -> None:
    ended = program(tmp_path, "train", "absent.txt", "--cell", "lstmm")
    assert ended.returncode == 2
    assert ended.messages == [
        "error: --cell lstmm is unknown. Did you mean lstm? (lstm, gru, rnn, peephole, coupled)"
    ]


def test_the_events_are_json_lines(trained: tuple[Path, Ended]) -> None:
    folder, ended = trained
    events = [json.loads(line) for line in ended.stdout.decode().splitlines()]
    assert {event["event"] for event in events} == {"step", "validation", "done"}
    assert [event["step"] for event in events if event["event"] == "step"] == [10, 20]
    done = events[-1]
    assert done["event"] == "done"
    assert Path(done["checkpoint"]) == RUN / "best.safetensors"
    assert (folder / done["checkpoint"]).is_file()
    assert done["steps"] == 20
    assert done["seconds"] > 0
    assert done["chars_per_second"] > 0
    validations = [event for event in events if event["event"] == "validation"]
    assert done["val_nats_per_char"] == min(event["val_nats_per_char"] for event in validations)
    assert 0 < done["val_nats_per_char"] < 5
    assert done["advice"].startswith("still learning: ")
    assert any(line.strip() == f"advice: {done['advice']}" for line in ended.messages)


def test_the_messages_are_plain_lines(trained: tuple[Path, Ended]) -> None:
    _, ended = trained
    assert b"\x1b" not in ended.stderr
    assert b"\r" not in ended.stderr
    assert b"%|" not in ended.stderr
    shown = ended.stderr.decode()
    # The protocol of every figure is shown, and the next command.
    assert "whole sweep, every character once, state carried" in shown
    assert "charnn sample checkpoints/my-corpus" in shown


def test_a_run_leaves_its_files_and_nothing_else(trained: tuple[Path, Ended]) -> None:
    folder, _ = trained
    names = {path.name for path in (folder / RUN).iterdir()} - {".lock"}
    assert names == {"best.safetensors", "last.safetensors", "metrics.jsonl"}
    assert {path.name for path in folder.iterdir()} == {"my corpus.txt", "data", "checkpoints"}
    metadata = load_checkpoint(folder / RUN / "best.safetensors").metadata
    assert metadata["position"]["step"] == 20
    lines = (folder / RUN / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["event"] for line in lines} == {"step", "validation"}


def test_an_existing_run_is_not_overwritten(
    program: Program, workspace: Path, small: tuple[str, ...]
) -> None:
    before = content(workspace)
    named = ("--name", "my-corpus", "--steps", "2")
    ended = program(workspace, "train", "my corpus.txt", *named, *small)
    assert ended.returncode == 1
    assert "--resume" in ended.messages[-1]
    assert content(workspace) == before


def test_a_run_without_a_name_is_numbered(
    program: Program, workspace: Path, small: tuple[str, ...]
) -> None:
    before = content(workspace / RUN)
    for name in ("my-corpus-2", "my-corpus-3"):
        ended = program(workspace, "train", "my corpus.txt", "--steps", "2", *small)
        assert ended.returncode == 0
        assert ended.stdout == b""
        assert (workspace / "checkpoints" / name / "best.safetensors").is_file()
        assert f"charnn sample checkpoints/{name}" in ended.stderr.decode()
        assert (
            f"warning: {RUN} exists, so this new run is checkpoints/{name}. To continue the "
            "earlier run instead: --resume --name my-corpus. To choose a name: --name NAME"
        ) in ended.messages
    assert content(workspace / RUN) == before


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0"}, "mpirun started 2 processes"),
        ({"WORLD_SIZE": "2", "RANK": "0"}, "no place where the processes meet ('MASTER_ADDR')"),
    ],
)
def test_several_processes_need_torchrun(
    program: Program, workspace: Path, variables: dict[str, str], words: str
) -> None:
    before = content(workspace)
    ended = program(workspace, "train", "my corpus.txt", **variables)
    assert ended.returncode == 2
    assert words in ended.messages[-1]
    assert "torchrun --standalone" in ended.messages[-1]
    assert content(workspace) == before


def test_names_in_the_advice_can_be_pasted_into_a_shell(
    program: Program, workspace: Path, small: tuple[str, ...]
) -> None:
    name = "it's a name; $HOME"
    ended = program(workspace, "train", "my corpus.txt", "--name", name, "--steps", "2", *small)
    assert ended.returncode == 0
    advice = next(line for line in ended.messages if "charnn sample" in line)
    words = shlex.split(advice.partition("charnn sample ")[2])
    assert words == [f"checkpoints/{name}"]


def test_resuming_by_name_and_by_corpus(
    program: Program, workspace: Path, small: tuple[str, ...]
) -> None:
    """A run with a larger budget goes on, found by its name or as the newest of its corpus."""
    (workspace / "other.txt").write_text(prose(3000, 5000), encoding="utf-8")
    assert program(workspace, "train", "other.txt", "--steps", "2", *small).returncode == 0
    last = workspace / RUN / "last.safetensors"
    resume = ("train", "my corpus.txt", "--resume")
    ended = program(workspace, *resume, "--steps", "30", "--json")
    assert ended.returncode == 0, ended.stderr.decode()
    done = json.loads(ended.stdout.splitlines()[-1])
    assert (done["steps"], Path(done["checkpoint"]).parent) == (30, RUN)
    assert load_checkpoint(last).metadata["position"]["step"] == 30
    ended = program(workspace, *resume, "--name", "my-corpus", "--steps", "40")
    assert ended.returncode == 0, ended.stderr.decode()
    assert load_checkpoint(last).metadata["position"]["step"] == 40


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        (("--hidden-size", "17"), "--hidden-size"),
        (("--cell", "gru"), "--cell"),
        (("--clip", "2"), "--clip"),
        (("--seed", "5"), "--seed"),
        (("--one-hot",), "--one-hot"),
        (("--precision", "bf16"), "--precision"),
    ],
    ids=str,
)
def test_options_that_a_resumed_run_cannot_change(
    program: Program, trained: tuple[Path, Ended], options: tuple[str, ...], phrase: str
) -> None:
    folder, _ = trained
    before = content(folder)
    resume = ("train", "my corpus.txt", "--resume", "--steps", "40")
    ended = program(folder, *resume, *options)
    assert ended.returncode == 2
    assert ended.messages[-1].startswith("error: ")
    assert phrase in ended.messages[-1]
    assert content(folder) == before


def test_the_same_options_may_be_repeated(
    program: Program, workspace: Path, small: tuple[str, ...]
) -> None:
    """A user repeats the last command with `--resume`."""
    ended = program(workspace, "train", "my corpus.txt", "--steps", "20", *small, "--resume")
    assert ended.returncode == 0, ended.stderr.decode()


def test_options_that_were_reduced_may_be_repeated(
    program: Program, workspace: Path, small: tuple[str, ...]
) -> None:
    """A small corpus reduces the batch; the same command with --resume is accepted."""
    wide = ("train", "my corpus.txt", "--name", "wide", "--steps", "4", "--threads", "1")
    options = (*wide, "--batch-size", "4000", "--hidden-size", "16", "--precision", "fp32")
    ended = program(workspace, *options)
    assert ended.returncode == 0, ended.stderr.decode()
    assert any(line.startswith("warning: the corpus is small") for line in ended.messages)
    ended = program(workspace, *options, "--resume")
    assert ended.returncode == 0, ended.stderr.decode()


BOOK = "\n".join(
    f"X:{n}\nT:No {n}\nM:6/8\nL:1/8\nK:{'GDA'[n % 3]}\n" + "GAB ^c2d|" * (n + 1) + "g6|]\n"
    for n in range(40)
)


def test_tunes_in_tokens_and_other_keys(
    program: Program, tmp_path: Path, small: tuple[str, ...]
) -> None:
    (tmp_path / "book.abc").write_text(BOOK, encoding="utf-8")
    how = ("--tokens", "abc", "--transpose", "2")
    ended = program(tmp_path, "train", "book.abc", *how, "--steps", "12", *small, "--json")
    assert ended.returncode == 0, ended.stderr.decode()
    shown = ended.stderr.decode()
    assert "in 5 keys (-2 to +2 semitones)" in shown
    assert "tokens (ABC tokens, 1." in shown
    best = load_checkpoint(tmp_path / "checkpoints" / "book" / "best.safetensors")
    assert "^c" in best.vocabulary.tokens
    assert (best.metadata["tokens"], best.metadata["transpose"]) == ("abc", [-2, 2])
    done = json.loads(ended.stdout.splitlines()[-1])
    entries = [entry["val_loss"] for entry in best.metadata["history"]]
    assert done["val_nats_per_char"] == min(entries)

    sampled = program(tmp_path, "sample", "--length", "400", "--seed", "1")
    assert sampled.returncode == 0, sampled.stderr.decode()
    # A fine-tuned run has the parent's kind of tokens, which a text cannot have.
    begin = ("--init-from", "book", "--name", "begun", "--steps", "2")
    ended = program(tmp_path, "train", "book.abc", *begin)
    assert ended.returncode == 0, ended.stderr.decode()
    assert (
        load_checkpoint(tmp_path / "checkpoints/begun/best.safetensors").metadata["tokens"] == "abc"
    )
    shutil.rmtree(tmp_path / "checkpoints/begun")
    (tmp_path / "text.txt").write_text(prose(3000), encoding="utf-8")
    ended = program(tmp_path, "train", "text.txt", *begin)
    assert ended.returncode == 2
    assert "text is not a tune book" in ended.messages[-1]
    # A resumed run keeps its tokens and keys, whether they are set again or not.
    for steps, same in (("14", ()), ("16", how), ("18", ("--name", "book", *how))):
        ended = program(tmp_path, "train", "book.abc", "--resume", "--steps", steps, *same)
        assert ended.returncode == 0, ended.stderr.decode()
    for other, was in (("--tokens=char", "abc"), ("--transpose=all", "2"), ("--transpose=0", "2")):
        ended = program(tmp_path, "train", "book.abc", "--resume", "--name", "book", other)
        assert ended.returncode == 2
        assert f"cannot be changed by --resume (it was {was})" in ended.messages[-1]
        ended = program(tmp_path, "train", "book.abc", "--resume", other)
        assert ended.returncode == 1
        assert "no run in checkpoints/ was trained on this corpus" in ended.messages[-1]


def test_fine_tuning_another_run(program: Program, workspace: Path, small: tuple[str, ...]) -> None:
    (workspace / "other.txt").write_text(prose(3000, 9000) + "é", encoding="utf-8")
    begin = ("train", "other.txt", "--init-from", "my-corpus", "--steps", "4")
    ended = program(workspace, *begin, *small, "--json")
    assert ended.returncode == 0, ended.stderr.decode()
    old = load_checkpoint(workspace / RUN / "best.safetensors")
    run = workspace / "checkpoints" / "other"
    assert load_checkpoint(run / "last.safetensors").config.hidden_size == old.config.hidden_size
    # It is resumed without --init-from or with the same one, but not with another.
    for steps, said in (("6", ()), ("8", ("--init-from", "my-corpus"))):
        ended = program(workspace, "train", "other.txt", "--resume", "--steps", steps, *said)
        assert ended.returncode == 0, ended.stderr.decode()
    assert load_checkpoint(run / "last.safetensors").metadata["init_from"] == "my-corpus"
    for words, phrase in (
        (("--resume", "--init-from", "other"), "(it was my-corpus)"),
        (("--init-from", "my-corpus", "--hidden-size", "17"), "--hidden-size 17"),
        (("--init-from", "my-corpus", "--tokens", "abc"), "--tokens abc"),
    ):
        ended = program(workspace, "train", "other.txt", *words)
        assert ended.returncode == 2
        assert phrase in ended.messages[-1]


@pytest.mark.parametrize("option", ["--tokens=abc", "--transpose=all", "--transpose=1"])
def test_only_tunes_have_tokens_and_keys(
    program: Program, workspace: Path, small: tuple[str, ...], option: str
) -> None:
    ended = program(workspace, "train", "my corpus.txt", option, "--steps", "2", *small)
    assert ended.returncode == 2
    assert "is for tune books in ABC notation" in ended.messages[-1]
    # A run on tunes cannot be resumed with a text.
    (workspace / "book.abc").write_text(BOOK, encoding="utf-8")
    program(workspace, "train", "book.abc", "--name", "tunes", option, "--steps", "2", *small)
    ended = program(workspace, "train", "my corpus.txt", "--resume", "--name", "tunes")
    assert ended.returncode == 1
    assert "was trained on another corpus" in ended.messages[-1]


def test_several_texts_and_a_pipe(program: Program, tmp_path: Path, small: tuple[str, ...]) -> None:
    """Every document ends in a separator, which the model learns."""
    (tmp_path / "texts").mkdir()
    for number in range(8):
        text = prose(400, 1000 * number)
        (tmp_path / "texts" / f"{number}.txt").write_text(text, encoding="utf-8")
    ended = program(tmp_path, "train", "texts", "--steps", "4", *small)
    assert ended.returncode == 0, ended.stderr.decode()
    assert (
        load_checkpoint(tmp_path / "checkpoints/texts/last.safetensors").metadata["documents"] == 8
    )
    text = "naïve — ça va?\r\n" * 100
    piped = ("train", "-", "--steps", "4", *small)
    ended = program(tmp_path, *piped, stdin=text.encode())
    assert ended.returncode == 0, ended.stderr.decode()
    assert b"line feeds in the standard input. To keep them: --keep-cr" in ended.stderr
    learned = load_checkpoint(tmp_path / "checkpoints/stdin/last.safetensors")
    assert learned.vocabulary.tokens == tuple(sorted(set(text) - {"\r"}))
    assert learned.metadata["documents"] == 1


def start(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command("train", "my corpus.txt", *arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def begun(forks: Forks, folder: Path, *arguments: str) -> int:
    """Begin a training in `folder`, and return its process number after its first event."""
    process = forks.begin(folder, "train", "my corpus.txt", *arguments, "--json")
    begin = time.monotonic()
    while b"\n" not in forks.written(process):
        assert time.monotonic() - begin < 60
        time.sleep(0.005)
    return process


def test_an_interrupted_run_is_saved_and_its_advice_resumes_it(
    program: Program,
    forks: Forks,
    trained: tuple[Path, Ended],
    tmp_path: Path,
    small: tuple[str, ...],
) -> None:
    """After Ctrl-C, the command that was shown completes the run, bit for bit."""
    shutil.copy(trained[0] / "my corpus.txt", tmp_path)
    options = ("--steps", "300", "--val-fraction", "0.2", "--dropout", "0.2", *small)
    whole = program(tmp_path, "train", "my corpus.txt", "--name", "whole", *options)
    assert whole.returncode == 0
    process = begun(forks, tmp_path, *options, "--name", "in two parts", "--out", "my runs")
    os.kill(process, signal.SIGINT)
    ended = forks.end(process)
    events, messages = [json.loads(line) for line in ended.stdout.splitlines()], ended.messages
    assert ended.returncode == 130, messages
    assert not any("Traceback" in line for line in messages)
    assert any(line.startswith("stopping") for line in messages)
    assert events[0]["event"] == "step"
    done = events[-1]
    assert done["event"] == "done"
    assert done["reason"] == "interrupted"
    assert 0 < done["steps"] < 300
    last = tmp_path / "my runs" / "in two parts" / "last.safetensors"
    assert load_checkpoint(last).metadata["position"]["step"] == done["steps"]
    advice = next(line for line in messages if "--resume" in line)
    words = shlex.split(advice[advice.index("charnn train") :])
    assert words[0] == "charnn"
    resumed = program(tmp_path, *words[1:])
    assert resumed.returncode == 0, resumed.stderr.decode()
    assert_same_run(
        load_checkpoint(last, training=True),
        load_checkpoint(tmp_path / "checkpoints/whole/last.safetensors", training=True),
    )


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
@pytest.mark.parametrize("number", ["SIGINT", "SIGHUP"])
def test_a_stop_saves_the_run_though_nobody_reads_the_messages(
    trained: tuple[Path, Ended], tmp_path: Path, small: tuple[str, ...], number: str
) -> None:
    """With `2>&1 | tee log` Ctrl-C ends tee as well; a closed terminal reads nothing either."""
    shutil.copy(trained[0] / "my corpus.txt", tmp_path)
    process = start(tmp_path, "--steps", "100000", "--json", *small)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stderr.close()
    process.send_signal(signal.Signals[number])
    done = json.loads(process.stdout.read().splitlines()[-1])
    assert process.wait(30) == 128 + signal.Signals[number]
    last = tmp_path / RUN / "last.safetensors"
    assert load_checkpoint(last).metadata["position"]["step"] == done["steps"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_full_disk_behind_a_stream_does_not_end_the_training(
    forks: Forks, trained: tuple[Path, Ended], tmp_path: Path, small: tuple[str, ...], stream: str
) -> None:
    shutil.copy(trained[0] / "my corpus.txt", tmp_path)
    train = ("train", "my corpus.txt", "--steps", "20", "--json", *small)
    ended = forks(tmp_path, *train, **{stream: Path("/dev/full")})
    assert ended.returncode == 0
    assert b"Traceback" not in ended.stderr
    last = tmp_path / RUN / "last.safetensors"
    assert load_checkpoint(last).metadata["position"]["step"] == 20


def test_a_second_signal_ends_the_program_at_once(
    forks: Forks, trained: tuple[Path, Ended], tmp_path: Path, small: tuple[str, ...]
) -> None:
    """The second signal comes during the save, which leaves every file whole."""
    shutil.copy(trained[0] / "my corpus.txt", tmp_path)
    process = begun(forks, tmp_path, "--steps", "100000", "--save-every", "1", *small)
    os.kill(process, signal.SIGTERM)
    os.kill(process, signal.SIGTERM)
    begin = time.monotonic()
    ended = forks.end(process)
    assert time.monotonic() - begin < 5
    assert ended.returncode == 143, ended.messages
    assert b"Traceback" not in ended.stderr
    run = tmp_path / RUN
    assert (
        load_checkpoint(run / "last.safetensors", training=True).metadata["position"]["step"] >= 9
    )
    assert list(run.glob("*.tmp")) + list(run.glob(".*.tmp")) == []


def test_a_run_is_trained_by_one_process_at_a_time(
    program: Program, forks: Forks, workspace: Path
) -> None:
    process = begun(forks, workspace, "--resume", "--steps", "100000")
    ended = program(workspace, "train", "my corpus.txt", "--resume", "--steps", "40")
    os.kill(process, signal.SIGTERM)
    assert forks.end(process).returncode == 143
    assert ended.returncode == 1
    assert "another process" in ended.messages[-1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_the_files_obey_the_umask(trained: tuple[Path, Ended]) -> None:
    mask = os.umask(0)
    os.umask(mask)
    for path in (trained[0] / RUN).glob("*.safetensors"):
        assert path.stat().st_mode & 0o777 == 0o666 & ~mask
