"""Completion in the shell, called as bash calls it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import environment


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("charnn sa", ["sample"]),
        ("charnn sample --t", ["--temperature", "--top-k", "--top-p", "--title"]),
        ("charnn sample --bars ", ["strict", "off"]),
        ("charnn sample --rhythm ho", ["hornpipe"]),
        ("charnn sample --key Bb", ["Bb", "Bbm", "Bbdor", "Bbmix", "Bblyd", "Bbphr"]),
        ("charnn train tiny", ["tinyshakespeare"]),
        ("charnn inspect fol", ["folk"]),
        ("charnn runs re", ["rename", "remove"]),
    ],
)
def test_completion_offers_what_fits_without_heavy_imports(words: str, offered: list[str]) -> None:
    asked = {
        "_CHARNN_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    # The shell completes the installed program, so this name is run, not `python -m charnn`.
    program = shutil.which("charnn", path=Path(sys.executable).parent)
    assert program is not None
    command = [sys.executable, "-X", "importtime", program]
    run = subprocess.run(
        command, env={**environment(), **asked}, check=True, capture_output=True, text=True
    )
    assert run.stdout.split() == offered
    # Modules that are slow to import are not imported.
    assert not {"pydantic", "numpy", "torch"} & {
        line.split()[-1] for line in run.stderr.split("\n") if line
    }
