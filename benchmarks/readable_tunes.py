"""Count the tunes of a model that can be read: sample N tunes and export each as MIDI.

    python benchmarks/readable_tunes.py CKPT [--num 100] [--temperature 0.8] [--seed 1]

Prints the share that `charnn export-midi` can read, and each refusal with its reason.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

CHARNN = [sys.executable, "-m", "charnn"]


def sampled(checkpoint: str, num: int, temperature: float, seed: int) -> list[str]:
    """Return the texts of `num` samples."""
    options = ["--num", str(num), "--temperature", str(temperature), "--seed", str(seed)]
    command = [*CHARNN, "sample", checkpoint, *options, "--json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line)["text"] for line in lines.splitlines()]


def refusal(tune: str, folder: Path) -> str:
    """Return the reason why export-midi refuses a tune; empty if it does not."""
    source = folder / "tune.abc"
    source.write_text(tune, encoding="utf-8", newline="")
    command = [*CHARNN, "export-midi", str(source), "-o", str(folder / "tune.mid")]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    return run.stderr.strip() if run.returncode else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--num", type=int, default=100)
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tunes = sampled(options.checkpoint, options.num, options.temperature, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        refusals = [refusal(tune, Path(folder)) for tune in tunes]
    for reason in filter(None, refusals):
        print(reason.splitlines()[0].partition("tune.abc: ")[2])
    counted = Counter(not reason for reason in refusals)
    lengths = sorted(len(tune) for tune in tunes)
    print(
        f"{counted[True]} of {len(tunes)} tunes can be read; "
        f"median length {lengths[len(lengths) // 2]} characters"
    )
