"""charnn keeps to itself: it uses no network, and writes only where it was told, into its
documented caches, and into the temporary folder, which it leaves empty."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from unittest.mock import patch

import pytest

from charnn.music.abc.reader import read_tunes
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.score.engraving import engrave
from charnn.music.score.musicxml import to_musicxml
from charnn.music.sound.midi import midi_bytes
from charnn.music.sound.wav import wav_bytes
from tests.cli.conftest import SMALL
from tests.faults.conftest import Trials
from tests.helpers import PROJECT, command, environment, prose, random_checkpoint, save_run

# The title is an address and a path, in case anything opens it.
TUNE = """\
X:1
T:http://127.0.0.1:9/tune.abc
C:/etc/passwd
R:reel
M:4/4
L:1/8
K:D
|:"D"defg abag|"A"f2ed B2A2:|
"""

# System calls that create, change or remove files, or reach other machines.
TRACED = (
    *("open", "openat", "creat", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "truncate"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "chmod"),
    *("connect", "bind", "sendto", "sendmsg", "sendmmsg"),
)
COMMANDS = (
    "check tune.abc",
    "export-midi tune.abc --chords auto",
    "export-score tune.abc -o tune.pdf",
    "sample run --length 50 --seed 1",
    "export-score tune.abc -o tune.musicxml",
    "export-score tune.abc -o tune.svg",
    "export-score tune.abc -o tune.png",
    "export-audio tune.abc",
    "corpora",
    "sample folk --seed 1 --save saved",
    "sample folk --num 40 --seed 1 --length 300",
    "inspect run",
    "evaluate run text.txt",
    "export-model run -o shared.safetensors",
    "train text.txt --name other --steps 3 " + " ".join(SMALL),
    "train folk --name tunes --steps 3 " + " ".join(SMALL),
    "train text.txt --name other --resume --steps 6",
    "evaluate tunes --tunes 3",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `here`, where commands run, a home folder, and a folder for temporary
    files."""
    if not which("strace"):
        pytest.skip("strace shows what a process does")
    base = tmp_path_factory.mktemp("alone")
    for name in ("here", "home", "temporary"):
        (base / name).mkdir()
    (base / "here" / "tune.abc").write_text(TUNE)
    (base / "here" / "text.txt").write_text(prose(5_000))
    return base


def test_commands_keep_to_themselves(trials: Trials, place: Path) -> None:
    save_run(place / "here", "run", random_checkpoint(prose(5_000)))
    waiting = iter(COMMANDS)
    trials(
        "a command watched by strace",
        lambda _: watch(place, next(waiting)),
        few=3,
        many=len(COMMANDS),
    )


def watch(place: Path, line: str) -> None:
    """Run a command under strace, and check every system call of its processes."""
    log = place / "log"
    strace = ["strace", "-f", "--seccomp-bpf", "-y", "-qq", "-s", "4096"]
    strace += ["-o", str(log), "-e", f"trace={','.join(TRACED)}"]
    caches = {"NUMBA_CACHE_DIR": str(place / "home" / "numba"), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [*strace, *command(*line.split())],
        cwd=place / "here",
        env=environment(HOME=str(place / "home"), TMPDIR=str(place / "temporary"), **caches),
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    calls = list(successful(log.read_text(encoding="utf-8", errors="replace")))
    assert calls
    for name, arguments in calls:
        if name in ("connect", "bind", "sendto", "sendmsg", "sendmmsg"):
            assert is_local(arguments), arguments
        else:
            for path in changed(name, arguments, place / "here"):
                assert may_change(path, place), f"{line}: {name}({arguments})"
            assert "/m21-" not in arguments  # music21's pickle in a shared folder
    assert not list((place / "temporary").iterdir())
    assert {path.name for path in (place / "home").iterdir()} <= {".cache", "numba"}


def successful(log: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the arguments of each successful call in the log of strace.

    A call that another thread interrupts in the log ends in another line.
    """
    begun: dict[tuple[str, str], str] = {}
    for line in log.splitlines():
        thread, _, call = line.partition(" ")
        call = call.strip()
        if found := re.fullmatch(r"(\w+)\((.*) <unfinished \.\.\.>", call):
            begun[thread, found[1]] = found[2]
            continue
        if found := re.match(r"<\.\.\. (\w+) resumed>(.*)", call):
            call = f"{found[1]}({begun.pop((thread, found[1]), '')}{found[2]}"
        found = re.fullmatch(r"(\w+)\((.*)\)\s+= (-?\d+).*", call)
        if found and int(found[3]) >= 0:
            yield found[1], found[2]


def is_local(arguments: str) -> bool:
    """Return whether a network call stays on this machine."""
    if "AF_INET" not in arguments:  # local, or connected by a call that is checked
        return True
    return '"127.0.0.1"' in arguments or '"::1"' in arguments or '"::ffff:127.0.0.1"' in arguments


def changed(name: str, arguments: str, here: Path) -> list[Path]:
    """Return the paths that a file system call creates, changes or removes."""
    if name in ("open", "openat") and not re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", arguments):
        return []
    # A quoted path, and before it the folder that the path is relative to, if strace shows one.
    found = re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"', arguments)
    if name.startswith("symlink"):
        found = found[1:]  # the first path is the target of the link
    assert found, (name, arguments)
    return [Path(os.path.normpath(Path(folder or here, path))) for folder, path in found]


def may_change(path: Path, place: Path) -> bool:
    """Return whether a command may change a path."""
    system = ("/dev/null", "/dev/tty", "/proc/self")
    folders = (place / "here", place / "home" / ".cache", place / "home" / "numba")
    allowed = (*folders, place / "temporary", *map(Path, system))
    return any(path.is_relative_to(folder) for folder in allowed)


class TestTheWatch:
    """The watch finds the calls that it is made for."""

    def see(self, place: Path, program: str) -> None:
        """Watch a Python program."""
        with patch(f"{__name__}.command", lambda *_: [sys.executable, "-c", program]):
            watch(place, "x")

    def test_a_file_in_the_working_folder_is_allowed(self, place: Path) -> None:
        self.see(place, "open('a', 'w').close()")

    def test_a_call_to_another_machine_is_found(self, place: Path) -> None:
        address = "('192.0.2.1', 9)"  # reserved for documentation
        program = f"import socket; socket.socket(type=socket.SOCK_DGRAM).connect({address})"
        with pytest.raises(AssertionError, match=r"192\.0\.2\.1|unreachable"):
            self.see(place, program)

    @pytest.mark.parametrize(
        "act",
        [
            "open('{}', 'w')",
            "os.mkdir('{}')",
            "os.symlink('x', '{}')",
            "os.rename('tune.abc', '{}')",
        ],
    )
    def test_a_file_elsewhere_is_found(self, place: Path, act: str) -> None:
        with pytest.raises(AssertionError, match="elsewhere"):
            self.see(place, "import os; " + act.format(place / "elsewhere"))
        for path in place.glob("elsewhere"):
            path.rmdir() if path.is_dir() else path.unlink()
        (place / "here" / "tune.abc").write_text(TUNE)

    def test_a_file_left_in_the_temporary_folder_is_found(self, place: Path) -> None:
        with pytest.raises(AssertionError):
            self.see(place, "import tempfile; tempfile.mkstemp()")
        for path in (place / "temporary").iterdir():
            path.unlink()


def test_music21_gets_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """music21 gets notes. Its converter, which opens paths and addresses and keeps pickles in a
    shared folder, is never called."""
    from music21 import converter, corpus, freezeThaw

    def never(*_: object, **__: object) -> None:
        raise AssertionError("not for charnn")

    for name in ("parse", "parseData", "parseFile", "parseURL", "thaw", "freeze", "freezeStr"):
        monkeypatch.setattr(converter, name, never)
    for one, name in (
        *((freezeThaw, "StreamFreezer"), (freezeThaw, "StreamThawer"), (corpus, "parse")),
        *((converter, "Converter"), (converter, "PickleFilter")),
    ):
        monkeypatch.setattr(one, name, never)
    monkeypatch.setattr("socket.socket.connect", never)
    monkeypatch.setattr("urllib.request.urlopen", never)
    (tune,) = read_tunes(TUNE)
    playing = PlaybackOptions(chords="auto", instrument="flute")
    assert midi_bytes(Playback(tune, playing)).startswith(b"MThd")
    assert wav_bytes(Playback(tune, playing)).startswith(b"RIFF")
    assert "127.0.0.1:9/tune.abc" in to_musicxml(tune)
    pytest.importorskip("verovio")
    assert b"127.0.0.1:9/tune.abc" in engrave(tune, "svg")


def test_the_security_policy_names_existing_tests() -> None:
    page = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
    tests = (PROJECT / "tests").rglob("test_*.py")
    written = "\n".join(path.read_text(encoding="utf-8") for path in tests)
    for path in re.findall(r"`(tests/[^`]*\.py)`", page):
        assert (PROJECT / path).is_file(), path
    names = re.findall(r"`(test_\w+)`", page)
    assert len(names) > 8
    assert [name for name in names if f"def {name}(" not in written] == []
