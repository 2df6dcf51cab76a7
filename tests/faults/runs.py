"""Small runs for the tests of faults, saved at every step, in processes of their own."""

import json
import shutil
from pathlib import Path

from charnn.checkpoints.run_files import CHECKPOINTS, METRICS
from charnn.checkpoints.runs import load_run
from tests.cli.conftest import SMALL
from tests.helpers import prose

RUN = Path("checkpoints") / "run"
# A validation part so small that sweeps are short and frequent.
VAL_FRACTION = 0.02
CORPUS = ("corpus.txt", "--val-fraction", str(VAL_FRACTION))
TRAIN = ("train", *CORPUS, "--name", "run", "--save-every", "1", "--json", *SMALL)
# Make training report, as --json shows, at every step.
EVERY_STEP = "import charnn.training.trainer as trainer; trainer.REPORT_EVERY = 1"


def working_folder(folder: Path) -> Path:
    """Return an empty folder with a corpus."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "corpus.txt").write_text(prose(3000), encoding="utf-8")
    return folder


def reported_step(stdout: bytes) -> int:
    """Return the last step that a training has reported, without a line that a kill cut off."""
    lines = stdout.split(b"\n")[:-1]
    return max((json.loads(line).get("step", 0) for line in lines), default=0)


def newest_step(folder: Path) -> int:
    """Return the step of a run's newest checkpoint, 0 without one, after asserting that all are
    intact."""
    read, damaged = load_run(folder / RUN)
    assert not damaged
    return max((checkpoint.step for checkpoint in read.values()), default=0)


def leftover_files(folder: Path) -> list[Path]:
    """Return the files that no run needs."""
    found = list(folder.rglob("*.tmp"))
    if (folder / RUN).is_dir():
        known = {*CHECKPOINTS, METRICS, ".lock"}
        found += [path for path in (folder / RUN).iterdir() if path.name not in known]
    return found


def assert_whole_metrics(folder: Path) -> None:
    """Assert that each line of the metrics is JSON and no step is reported twice."""
    lines = (folder / RUN / METRICS).read_text("utf-8").splitlines()
    told = [(line["event"], line["step"]) for line in map(json.loads, lines)]
    assert len(told) == len(set(told))
