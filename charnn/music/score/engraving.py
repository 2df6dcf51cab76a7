"""Engraving: the score of a tune as an SVG, PNG or PDF picture.

`to_musicxml` writes the tune as MusicXML, verovio draws it, and typst turns the drawing into a PNG
or PDF. verovio and typst are optional (`pip install 'charnn[score]'`). They run in a separate
process with limits of time and memory, because verovio has crashed on some scores and never
finished on others. If that process crashes, `engrave` raises an ordinary error.
"""

import importlib.util
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from charnn.errors import CharnnError, TuneError
from charnn.music.abc.text_escapes import decode_text
from charnn.music.score.engraver import MAX_CPU_SECONDS
from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.musicxml_elements import legal
from charnn.music.score.titles import display_title
from charnn.music.tune.tune import Tune

PictureFormat = Literal["svg", "png", "pdf"]

# Elapsed seconds, for a machine that is busy; the engraver limits its own computing time to
# `MAX_CPU_SECONDS`.
TIMEOUT_SECONDS = 120

_REQUIREMENTS = {"svg": ("verovio",), "png": ("verovio", "typst"), "pdf": ("verovio", "typst")}
_ENGRAVER = Path(__file__).with_name("engraver.py")


def engrave(tune: Tune, kind: PictureFormat, musicxml: Callable[[], str] | None = None) -> bytes:
    """Return the score of a tune as a picture.

    An SVG or PNG is one page that is as high as the tune; a PDF has A4 pages.

    Args:
        tune: the tune.
        kind: the format of the picture.
        musicxml: a function that returns the MusicXML of the tune; `to_musicxml` by default. A
            caller can pass a function that stores the text. The function is called only if verovio
            and typst are installed.

    Raises:
        TuneError: the tune has no notes, too many bars, or a duration that no note value can write;
            or verovio or typst failed.
        CharnnError: verovio or typst is not installed.
    """
    missing = [name for name in _REQUIREMENTS[kind] if importlib.util.find_spec(name) is None]
    if missing:
        raise CharnnError(
            f"{' and '.join(missing)} must be installed to engrave as {kind.upper()}: "
            "pip install 'charnn[score]' (MusicXML needs neither)"
        )
    score = engraver_input(tune, musicxml() if musicxml else to_musicxml(tune))
    with tempfile.TemporaryDirectory(prefix="charnn-") as name:
        folder = Path(name)
        (folder / "score.json").write_text(json.dumps(score), encoding="utf-8")
        try:
            process = subprocess.run(  # noqa: S603 - this Python, our own program
                # -P keeps Python from importing a verovio.py in the user's working folder.
                [sys.executable, "-P", str(_ENGRAVER), str(folder), kind],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _failure(tune, f"took over {TIMEOUT_SECONDS} s") from None
        result = folder / f"score.{kind}"
        if process.returncode or not result.is_file():
            raise _failure(tune, _reason(process))
        return result.read_bytes()


def engraver_input(tune: Tune, musicxml: str) -> dict[str, object]:
    """Return the input of the engraver: the score of the tune, and the words of its heading."""
    # verovio prints the degrees of a chord after its symbol, although the symbol contains them.
    musicxml = re.sub("<degree .*?</degree>", "", musicxml, flags=re.DOTALL)
    titles = [legal(display_title(title)) for title in tune.titles if title.strip()]
    composers = [legal(decode_text(text)) for letter, text in tune.fields if letter == "C" and text]
    return {
        "musicxml": musicxml,
        "title": titles[0] if titles else "",
        "subtitles": titles[1:4],
        "left": legal(tune.rhythm),
        "right": ", ".join(composers),
    }


def _failure(tune: Tune, reason: str) -> TuneError:
    problem = f"the engraver {reason} on this tune: export it as MusicXML instead"
    return TuneError(problem, tune.line, 1, tune.name)


def _reason(process: "subprocess.CompletedProcess[bytes]") -> str:
    """Return the reason of a failure as words that complete the sentence "the engraver ..."."""
    # A negative return code is the number of the signal that ended the process. Windows has no
    # SIGXCPU; -0 < 0 is false, so the test fails there.
    if process.returncode == -getattr(signal, "SIGXCPU", 0) < 0:
        return f"took over {MAX_CPU_SECONDS} s"
    if process.returncode < 0:
        return "crashed"
    lines = process.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"failed ({lines[-1].strip()})" if lines else "failed"
