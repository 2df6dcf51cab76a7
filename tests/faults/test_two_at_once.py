"""Two processes at once: one of two trainings with one name is refused, and a reader of a run that
is being saved gets an intact model."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from charnn.checkpoints.run_files import BEST, CHECKPOINTS
from charnn.checkpoints.runs import load_best
from tests.cli.conftest import SMALL
from tests.faults.conftest import Trials
from tests.faults.runs import CORPUS, RUN, TRAIN, leftover_files, newest_step, working_folder
from tests.forks import Ended, Forks


def run_twice(
    forks: Forks, folder: Path, random: random.Random, *arguments: str
) -> tuple[Ended, Ended]:
    """Run the same command twice, started within a tenth of a second."""
    one = forks.begin(folder, *arguments)
    time.sleep(random.choice((0, 0, random.uniform(0, 0.1))))
    other = forks.begin(folder, *arguments)
    return forks.end(one), forks.end(other)


def test_one_of_two_trainings_with_one_name_is_refused(
    trials: Trials, forks: Forks, tmp_path: Path
) -> None:
    def trial(random: random.Random) -> None:
        folder = working_folder(tmp_path / "work")
        resume = random.random() < 0.3
        if resume:
            assert forks(folder, *TRAIN, "--steps", "5").returncode == 0
        more = ("--steps", "100", *(("--resume",) if resume else ()))
        ends = run_twice(forks, folder, random, *TRAIN, *more)
        assert sorted(ended.returncode for ended in ends) == [0, 1]
        (lost,) = [ended for ended in ends if ended.returncode]
        errors = [line for line in lost.messages if line.startswith("error: ")]
        assert errors == lost.messages[-1:]
        assert "another process" in errors[0] or "--resume" in errors[0]
        assert "Traceback" not in lost.stderr.decode()
        assert newest_step(folder) == 100
        assert leftover_files(folder) == []

    trials("two trainings with one --name begin at once", trial, few=1, many=20)


def test_two_trainings_without_a_name_get_two_runs(
    trials: Trials, forks: Forks, tmp_path: Path
) -> None:
    def trial(random: random.Random) -> None:
        folder = working_folder(tmp_path / "work")
        train = ("train", *CORPUS, *SMALL, "--steps", "5")
        for ended in run_twice(forks, folder, random, *train):
            assert ended.returncode == 0, ended.stderr.decode()
        runs = sorted((folder / "checkpoints").iterdir())
        assert [run.name for run in runs] == ["corpus", "corpus-2"]
        for run in runs:
            assert load_best(run, Path()).checkpoint.step == 5
        assert leftover_files(folder) == []

    trials("two trainings without a name begin at once", trial, few=1, many=20)


def test_a_run_can_be_read_while_it_is_saved(trials: Trials, forks: Forks, tmp_path: Path) -> None:
    folder = working_folder(tmp_path / "work")
    run = folder / RUN
    seen: dict[Path, int] = {}

    def trial(random: random.Random) -> None:
        if random.random() < 0.02:
            ended = forks(folder, "sample", "run", "--length", "20")
            assert ended.returncode == 0
            assert not [line for line in ended.messages if "warning" in line]
            return
        named = random.choice((run, *(run / name for name in CHECKPOINTS)))
        found = load_best(named, Path())
        assert not found.damaged
        assert found.path == (run / BEST if named == run else named)
        assert found.checkpoint.step >= seen.get(found.path, 0)
        seen[found.path] = found.checkpoint.step

    pid = forks.begin(folder, *TRAIN, "--steps", "3000")
    try:
        while not all((run / name).exists() for name in CHECKPOINTS):
            time.sleep(0.01)
        begin = newest_step(folder)
        trials("model read while its run is saved at every step", trial, few=40, many=500)
        assert newest_step(folder) > begin
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        forks.end(pid)
