"""Assert the outcome of a command with any input: it does its work, or refuses in one line."""

import json
import os
import re
import signal
import threading
import wave
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mido

from charnn.checkpoints.checkpoint import load_checkpoint
from tests.forks import Ended, Forks

REFUSED = {1, 2}
# Control characters except newline, tab, and the carriage return of a progress bar.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


# A command gets SIGINT after the first time, and SIGKILL after the second.
INTERRUPT_SECONDS, KILL_SECONDS = 120, 150
LIMIT_MEMORY = """
import resource
with open("/proc/self/statm") as file:
    own = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (own + (3 << 30),) * 2)
""" * os.path.exists("/proc/self/statm")  # noqa: PTH110


def run_limited(forks: Forks, folder: Path, *arguments: str | Path, **options: Any) -> Ended:
    """Run a command with a limit of memory and of time."""
    child = forks.begin(folder, *arguments, first=LIMIT_MEMORY, **options)
    ends = [
        threading.Timer(seconds, os.kill, (child, number))
        for seconds, number in ((INTERRUPT_SECONDS, signal.SIGINT), (KILL_SECONDS, signal.SIGKILL))
    ]
    for end in ends:
        end.start()
    ended = forks.end(child)
    for end in ends:
        end.cancel()
    return ended


def assert_done_or_refused(ended: Ended, *also: int) -> None:
    """Assert that a command ended without a traceback and with a documented code or one of `also`.

    If the command failed, a line of stderr must give the reason.
    """
    messages = ended.stderr.decode()
    shown = messages[-3000:]
    assert "Traceback" not in messages, shown
    assert ended.returncode in {0, *REFUSED, *also}, f"{ended.returncode}: {shown}"
    assert not CONTROL.search(messages), repr(shown)
    assert not re.search(r"\w+Warning: ", messages), shown  # Python's own warnings show a path
    if ended.returncode in REFUSED:
        errors = [line for line in ended.messages if line.lower().startswith("error: ")]
        assert errors or ended.stdout, shown
        assert len({*errors}) == len(errors), shown


def assert_readable(path: Path) -> None:
    """Assert that a file of a kind that charnn writes is complete."""
    content = path.read_bytes()
    match path.suffix:
        case ".mid":
            assert mido.MidiFile(path).tracks
        case ".wav":
            with wave.open(str(path)) as sound:
                assert sound.getnframes() * sound.getnchannels() * sound.getsampwidth() > 0
                assert len(sound.readframes(sound.getnframes())) % 2 == 0
        case ".svg" | ".musicxml":
            ElementTree.fromstring(content)  # noqa: S314
        case ".png":
            assert content.startswith(b"\x89PNG")
            assert content.endswith(b"IEND\xaeB`\x82")
        case ".pdf":
            assert content.startswith(b"%PDF")
            assert b"%%EOF" in content[-1024:]
        case ".safetensors":
            load_checkpoint(path, training=True)
        case ".abc":
            assert content.decode()  # a text of a model, which may be anything
        case ".jsonl":
            for line in content.decode().splitlines():
                json.loads(line)
