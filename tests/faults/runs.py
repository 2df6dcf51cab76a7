"""Runs that faults are done to: small, saved at every step, in a process of their own."""

import json
import shutil
from pathlib import Path

from charnn.checkpoints.run_files import CHECKPOINTS, METRICS
from charnn.checkpoints.runs import load_run
from tests.cli.conftest import SMALL
from tests.helpers import prose

RUN = Path("checkpoints") / "run"
# Held out so that it is soon swept, and often.
VAL_FRACTION = 0.02
CORPUS = ("corpus.txt", "--val-fraction", str(VAL_FRACTION))
TRAIN = ("train", *CORPUS, "--name", "run", "--save-every", "1", "--json", *SMALL)
# Reports, which --json shows, come at every step.
EVERY_STEP = "import charnn.training.trainer as trainer; trainer.REPORT_EVERY = 1"


def workplace(folder: Path) -> Path:
    """An empty folder with a corpus."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "corpus.txt").write_text(prose(3000), encoding="utf-8")
    return folder


def told_step(stdout: bytes) -> int:
    """The step that a training has told of last; what a kill has cut off does not count."""
    lines = stdout.split(b"\n")[:-1]
    return max((json.loads(line).get("step", 0) for line in lines), default=0)


def newest_step(folder: Path) -> int:
    """The step of a run's newest checkpoint, 0 without any; every one that is there is sound."""
    read, damaged = load_run(folder / RUN)
    assert not damaged
    return max((checkpoint.step for checkpoint in read.values()), default=0)


def strays(folder: Path) -> list[Path]:
    """Files that nobody needs."""
    found = list(folder.rglob("*.tmp"))
    if (folder / RUN).is_dir():
        known = {*CHECKPOINTS, METRICS, ".lock"}
        found += [path for path in (folder / RUN).iterdir() if path.name not in known]
    return found


def assert_whole_metrics(folder: Path) -> None:
    """Each line is one of JSON, and no step is told twice."""
    lines = (folder / RUN / METRICS).read_text("utf-8").splitlines()
    told = [(line["event"], line["step"]) for line in map(json.loads, lines)]
    assert len(told) == len(set(told))
