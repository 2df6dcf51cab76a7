"""Engraving a tune: MusicXML made here, drawn by verovio, made a PNG or PDF by typst.

Both are optional (`pip install 'charnn[score]'`) and run in a process of their own with limits of
time and memory, so that a crash of theirs, or an endless loop, is one clear sentence here.
"""

import importlib.util
import json
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from charnn.errors import CharnnError, TuneError
from charnn.music.score.engraver import MOST_SECONDS
from charnn.music.score.layout import display_title
from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.musicxml_elements import legal
from charnn.music.tune.tune import Tune

Picture = Literal["svg", "png", "pdf"]

SECONDS = 120  # by the clock; of computing, `engraver.MOST_SECONDS`

_NEEDS = {"svg": ("verovio",), "png": ("verovio", "typst"), "pdf": ("verovio", "typst")}
_PROGRAM = Path(__file__).with_name("engraver.py")


def engrave(tune: Tune, kind: Picture) -> bytes:
    """A tune as a picture: SVG or PNG of one page as high as the tune, or a PDF of A4 pages.

    Raises:
        TuneError: it has no notes, too many bars, or a note that no written value can say; or
            verovio or typst failed.
        CharnnError: verovio or typst is not installed.
    """
    missing = [name for name in _NEEDS[kind] if importlib.util.find_spec(name) is None]
    if missing:
        raise CharnnError(
            f"{' and '.join(missing)} must be installed to engrave as {kind.upper()}: "
            "pip install 'charnn[score]' (MusicXML needs neither)"
        )
    score = to_draw(tune)
    with tempfile.TemporaryDirectory(prefix="charnn-") as name:
        folder = Path(name)
        (folder / "score.json").write_text(json.dumps(score), encoding="utf-8")
        try:
            ended = subprocess.run(  # noqa: S603 - this Python, our own program
                # -P: no module that lies in the user's folder is taken for verovio.
                [sys.executable, "-P", str(_PROGRAM), str(folder), kind],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _failure(tune, f"took over {SECONDS} s") from None
        result = folder / f"score.{kind}"
        if ended.returncode or not result.is_file():
            raise _failure(tune, _reason(ended))
        return result.read_bytes()


def to_draw(tune: Tune) -> dict[str, object]:
    """What the engraver draws: `musicxml`, and the words of the heading.

    Raises:
        TuneError: as `musicxml.to_musicxml`.
    """
    # Verovio prints the degrees of a chord behind the symbol that has them already.
    musicxml = re.sub("<degree .*?</degree>", "", to_musicxml(tune), flags=re.DOTALL)
    titles = [legal(display_title(title)) for title in tune.titles if title.strip()]
    composers = [legal(text) for letter, text in tune.fields if letter == "C" and text]
    return {
        "musicxml": musicxml,
        "title": titles[0] if titles else "",
        "subtitles": titles[1:4],
        "left": legal(tune.rhythm),
        "right": ", ".join(composers),
    }


def _failure(tune: Tune, reason: str) -> TuneError:
    problem = f"it cannot be engraved, the engraver {reason}; write it as MusicXML instead"
    return TuneError(problem, tune.line, 1, tune.name)


def _reason(ended: "subprocess.CompletedProcess[bytes]") -> str:
    if ended.returncode == -getattr(signal, "SIGXCPU", 0) < 0:
        return f"took over {MOST_SECONDS} s"
    if ended.returncode < 0:
        return "crashed"
    said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"failed ({said[-1].strip()})" if said else "failed"
