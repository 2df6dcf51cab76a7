"""Make the pictures of docs/lecture.md with the commands that stand above them.

    python -m docs.lecture_pictures FOLDER

FOLDER contains the run that the first command of the page trains, in checkpoints/.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

PAGE = Path(__file__).with_name("lecture.md")
PICTURES = PAGE.with_suffix("")
# 50 kB instead of 400. With fewer colours, the lines of viridis cannot be told apart.
_COLOURS, _WIDTH, _HEIGHT = 32, 780, 1100


def commands() -> Iterator[list[str]]:
    """Yield the commands of the page as lists of arguments, without `charnn`."""
    for block in re.findall(r"^```bash\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S):
        for line in block.splitlines():
            _, *arguments = shlex.split(line, comments=True)
            yield arguments


def shrink(source: Path, target: Path) -> None:
    """Write a PNG with few colours, in the size of a page."""
    picture = Image.open(source).convert("RGB")
    picture.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    small = picture.quantize(_COLOURS, kmeans=3, dither=Image.Dither.NONE)
    small.save(target, optimize=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    PICTURES.mkdir(exist_ok=True)
    for arguments in commands():
        if "-o" in arguments:
            command = [sys.executable, "-m", "charnn", *arguments]
            subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - our own page
            shrink(folder / arguments[-1], PICTURES / arguments[-1])
