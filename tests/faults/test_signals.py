"""SIGINT and SIGTERM at any moment: nothing is lost or damaged, and no traceback is shown."""

import json
import os
import random
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.run_files import CHECKPOINTS, LAST
from tests.cli.conftest import Program
from tests.cli.conftest import program as program
from tests.faults.conftest import Trials
from tests.helpers import command, environment, prose, random_checkpoint, save_run
from tests.training.helpers import assert_same_run

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
termios = pytest.importorskip("termios")

OPTIONS = (
    *("--steps", "250", "--hidden-size", "48", "--embedding-size", "16", "--batch-size", "8"),
    *("--seq-len", "32", "--dropout", "0.2", "--precision", "fp32", "--device", "cpu"),
    *("--save-every", "25"),
)
TRAIN = ("train", "corpus.txt", *OPTIONS)
# Seconds until a program ends after one signal and after two, on an idle machine.
SOON, AT_ONCE = 2.0, 0.5


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._screen, self._line = pty.openpty()
        self._before = termios.tcgetattr(self._line)
        self.shown = b""
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env=environment(),
            stdin=self._line,
            stdout=self._line,
            stderr=self._line,
            start_new_session=True,
        )

    def watch(self, seconds: float) -> float:
        """Read for `seconds`, or until the program has ended; return the elapsed time."""
        begin = time.monotonic()
        while (left := begin + seconds - time.monotonic()) > 0:
            if select.select([self._screen], [], [], min(left, 0.01))[0]:
                self.shown += os.read(self._screen, 65536)
            elif self.process.poll() is not None:
                break
        return time.monotonic() - begin

    def close(self) -> None:
        """Assert that the settings of the terminal are restored and the cursor is at the start of a
        line."""
        self.process.kill()
        self.process.wait()
        after = termios.tcgetattr(self._line)
        os.close(self._line)
        os.close(self._screen)
        assert after == self._before
        assert self.shown.rfind(b"\x1b[?25h") >= self.shown.rfind(b"\x1b[?25l")
        line = self.shown.rpartition(b"\n")[2].rpartition(b"\r")[2]
        assert not line.strip(), self.shown[-300:]


def ended_by(number: int) -> tuple[int, int]:
    """Return two exit codes that a shell cannot distinguish.

    While Python shuts down, a signal, such as a second one, has the system's own effect again.
    """
    return 128 + number, -number


def assert_ended_within(limit: float, waited: float, trials: Trials) -> None:
    """Assert that a program ended in time.

    The limit grows with the load of the machine, and is ten times as long in the usual run of the
    tests, which does not test time.
    """
    busy = max(1.0, os.getloadavg()[0]) * (1 if trials.whole else 10)
    assert waited < limit * busy, f"{waited:.2f} s"


def assert_quiet(shown: bytes) -> None:
    for word in (b"Traceback", b"ignored", b"Error", b"Interrupt"):
        assert word not in shown, shown.decode()[-3000:]


@pytest.fixture(scope="module")
def whole(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a corpus and an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "corpus.txt").write_text(prose(30_000), encoding="utf-8")
    ended = program(folder, *TRAIN, "--name", "run", "--threads", "1")
    assert ended.returncode == 0, ended.stderr.decode()
    return folder


def assert_resumes_to_the_same(program: Program, whole: Path, folder: Path) -> None:
    """Resume the run of `folder`, if it was saved, and assert that it equals the run of `whole`."""
    if not (folder / "checkpoints" / "run" / LAST).exists():
        return
    resume = ("train", "corpus.txt", "--resume", "--name", "run", "--threads", "1")
    ended = program(folder, *resume, "--save-every", "100")
    assert ended.returncode == 0, ended.stderr.decode()
    runs = (one / "checkpoints" / "run" / LAST for one in (whole, folder))
    assert_same_run(*(load_checkpoint(run, training=True) for run in runs))


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_at_any_moment_of_training(
    program: Program, whole: Path, tmp_path: Path, trials: Trials, name: str
) -> None:
    """The moments reach from the start of the program to its end. The resumed run equals the
    uninterrupted one."""
    number = signal.Signals[name]
    folder = tmp_path / "trial"

    def begun() -> Terminal:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(whole / "corpus.txt", folder)
        return Terminal(folder, *TRAIN, "--name", "run")

    def trial(random: random.Random) -> None:
        terminal = begun()
        terminal.watch(0.05 + random.random() * lasts)  # before that, Python itself starts
        over = terminal.process.poll() is not None
        terminal.process.send_signal(number)
        waited = terminal.watch(60)
        code = terminal.process.poll()
        terminal.close()
        assert code in ((0,) if over else ended_by(number)), terminal.shown.decode()[-2000:]
        assert_quiet(terminal.shown)
        assert_ended_within(SOON, waited, trials)
        if b"stopping: the run is saved" in terminal.shown:
            assert (folder / "checkpoints" / "run" / LAST).exists()
        assert_resumes_to_the_same(program, whole, folder)

    lasts = 3.0
    if trials.whole:
        undisturbed = begun()
        lasts = undisturbed.watch(120)
        undisturbed.close()
    trials(f"{name} at any moment of `charnn train`", trial, few=1, many=50)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_two_signals_end_the_program_at_once(
    program: Program, whole: Path, tmp_path: Path, trials: Trials, name: str
) -> None:
    """During a step, a validation or a save: every file can be read and resumed."""
    number = signal.Signals[name]
    folder = tmp_path / "trial"

    def trial(random: random.Random) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(whole / "corpus.txt", folder)
        process = subprocess.Popen(
            command(*TRAIN, "--name", "run", "--save-every", "1", "--json"),
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "step"
        time.sleep(random.random())
        process.send_signal(number)
        time.sleep(random.choice([0, 0.001, 0.01, 0.1]) * random.random())
        process.send_signal(number)
        begin = time.monotonic()
        _, shown = process.communicate(timeout=60)
        waited = time.monotonic() - begin
        assert process.returncode == 128 + number, shown.decode()[-2000:]
        assert_quiet(shown)
        assert_ended_within(AT_ONCE, waited, trials)
        run = folder / "checkpoints" / "run"
        for checkpoint in (run / name for name in CHECKPOINTS):
            assert not checkpoint.exists() or load_checkpoint(checkpoint, training=True)
        assert (run / LAST).exists()
        assert_resumes_to_the_same(program, whole, folder)

    trials(f"{name} twice while `charnn train` trains", trial, few=1, many=20)


TUNE = "X:1\nT:Tune\nM:6/8\nL:1/8\nK:D\n|:d2e f2g|a2f d3|e2f g2e|f2d d3:|\n"
COMMANDS = (
    ("train", "corpus.txt", "--steps", "100000"),
    ("sample", "model", "--length", "1000000"),
    ("check", "tunes.abc"),
    ("evaluate", "model", "corpus.txt"),
    ("export-midi", "tunes.abc", "-o", "tunes.mid"),
    ("export-audio", "tunes.abc", "-o", "tunes.wav"),
    ("export-score", "tunes.abc", "-o", "tunes.musicxml"),
    ("export-model", "model", "-o", "model.safetensors"),
    ("corpora",),
)


def ready(process: "subprocess.Popen[bytes]") -> bool:
    """Return whether the program, and not only Python, has begun: it then catches SIGTERM."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_in_the_first_moments_of_a_command(
    tmp_path: Path, trials: Trials, name: str
) -> None:
    """During imports, or in a short command, a signal produces no output."""
    number = signal.Signals[name]
    (tmp_path / "corpus.txt").write_text(prose(30_000), encoding="utf-8")
    (tmp_path / "tunes.abc").write_text("\n".join(TUNE for _ in range(20)), encoding="utf-8")
    save_run(tmp_path, "model", random_checkpoint(prose(30_000)))
    present = set(tmp_path.rglob("*"))

    def trial(random: random.Random) -> None:
        arguments = random.choice(COMMANDS)
        process = subprocess.Popen(
            command(*arguments),
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        while not ready(process):
            time.sleep(0.0002)
        # Log-uniform, because most imports come at the very start.
        time.sleep(0.001 * 2000 ** random.random())
        process.send_signal(number)
        _, shown = process.communicate(timeout=60)
        codes = (*ended_by(number), 0)
        assert process.returncode in codes, (arguments, process.returncode, shown)
        assert_quiet(shown)
        if process.returncode:
            made = {path.name for path in set(tmp_path.rglob("*")) - present if path.is_file()}
            assert not [name for name in made if name.endswith(".tmp")], made

    trials(f"{name} in the first two seconds of any command", trial, few=3, many=100)


def test_ignored_signals_stay_ignored(whole: Path, tmp_path: Path) -> None:
    """nohup ignores SIGHUP; a shell ignores SIGINT for commands in the background."""
    shutil.copy(whole / "corpus.txt", tmp_path)

    def ignore() -> None:
        for number in (signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    process = subprocess.Popen(
        command(*TRAIN, "--steps", "100000", "--json"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=ignore,
    )
    assert process.stdout is not None
    steps = map(json.loads, iter(process.stdout.readline, b""))
    next(steps)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
    assert [next(steps)["event"] for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
