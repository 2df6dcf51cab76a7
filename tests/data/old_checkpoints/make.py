"""Make the stored checkpoints: `python make.py CHECKOUT`, where CHECKOUT contains the charnn to
use.

Each run is trained on a file of this folder, and its last checkpoint is kept with the training
state. `expected.json` contains the texts that the same charnn samples; `NAME/resumed.safetensors`
contains the parameters after some more steps.

Every later version must read these checkpoints, so they never change. A later format gets a folder
of its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

HERE = Path(__file__).resolve().parent
STEPS, RESUMED_STEPS = 150, 165
COMMON = (
    f"--steps {STEPS} --hidden-size 12 --batch-size 4 --seq-len 32 --weight-decay 0.02 "
    "--precision fp32 --threads 1 --device cpu --seed 1"
)
RUNS = {
    "lstm": "text.txt --cell lstm --embedding-size 8 --dropout 0",
    "gru": "text.txt --cell gru --embedding-size 8 --dropout 0.25 --ema 0.9",
    "rnn": "text.txt --cell rnn --one-hot --dropout 0",
    "peephole": "text.txt --cell peephole --one-hot --dropout 0.2 --weight-drop 0.2",
    "coupled": "text.txt --cell coupled --embedding-size 8 --num-layers 2 --ema 0.9 "
    "--dropout 0.1 --embedding-dropout 0.1",
    "tunes": "tunes.abc --cell lstm --embedding-size 8 --tokens abc --dropout 0.2",
}
HALF = "half.safetensors"  # written by `charnn export-model`
SAMPLE = "--seed 3 --length 200"
# Headers and bars follow rules that change from version to version, so the tune has a given header
# and its bars are free.
TUNE = f"{SAMPLE} --bars off --title Morning --rhythm reel --meter C| --key D"


def main() -> None:
    """Make all stored checkpoints again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, help="the folder that contains the package charnn")
    checkout = parser.parse_args().checkout.resolve()
    expected: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("text.txt", "tunes.abc"):
            shutil.copy(HERE / name, folder)
        for name, words in RUNS.items():
            _charnn(checkout, folder, f"train {words} {COMMON} --name {name}")
            _keep(folder / "checkpoints" / name, HERE / name)
            expected[name] = {
                "corpus": words.partition(" ")[0],
                "steps": RESUMED_STEPS,
                **_sample(checkout, folder, Path("checkpoints", name)),
            }
        _charnn(checkout, folder, f"export-model lstm -o {HALF}")
        shutil.copy(folder / HALF, HERE)
        expected["half"] = _sample(checkout, folder, Path(HALF))
        for name in RUNS:
            corpus, steps = expected[name]["corpus"], expected[name]["steps"]
            _charnn(checkout, folder, f"train {corpus} --name {name} --resume --steps {steps}")
            last = load_file(folder / "checkpoints" / name / "last.safetensors")
            parameters = {key: array for key, array in last.items() if key.startswith("model.")}
            save_file(parameters, HERE / name / "resumed.safetensors")
    content = json.dumps(expected, indent=1) + "\n"
    (HERE / "expected.json").write_text(content, encoding="utf-8")


def _keep(run: Path, place: Path) -> None:
    """Copy the last checkpoint of a run, which contains the best weights too, and its training
    tunes."""
    place.mkdir(exist_ok=True)
    (run / "best.safetensors").unlink()
    for name in ("last.safetensors", "tunes.abc.gz"):
        if (run / name).exists():
            shutil.copy(run / name, place)


def _sample(checkout: Path, folder: Path, checkpoint: Path) -> dict[str, str]:
    """Return a sample from a checkpoint, with the options of its command."""
    options = TUNE if checkpoint.name == "tunes" else SAMPLE
    sample = _charnn(checkout, folder, f"sample {checkpoint} {options}")
    return {"options": options, "sample": sample}


def _charnn(checkout: Path, folder: Path, words: str) -> str:
    """Run a command of the checkout's charnn; return its stdout."""
    return subprocess.run(
        [sys.executable, "-m", "charnn", *words.split()],
        cwd=folder,
        env=_environment(checkout),
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout


def _environment(checkout: Path) -> Mapping[str, str]:
    """Return an environment that finds the checkout's charnn before an installed one."""
    return os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}


if __name__ == "__main__":
    main()
