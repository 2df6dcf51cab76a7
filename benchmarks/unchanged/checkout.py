"""A checkout of charnn that runs jobs, in processes of its own code."""

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.child import CHARNN, environment
from benchmarks.setting import machine
from benchmarks.unchanged.captures import CommandOutput
from benchmarks.unchanged.job import Job, Step
from benchmarks.unchanged.results import FAILED, Result, Results

MAX_SECONDS = 900.0  # of one command


class Checkout:
    """A checkout that runs jobs and collects their results.

    Args:
        name: "before" or "after".
        root: the folder of the checkout.
        inputs: the folder that `write_inputs` has filled.
        folder: a new folder; jobs run below it.
        keep: whether the files that the jobs write stay there.
    """

    def __init__(self, name: str, root: Path, inputs: Path, folder: Path, keep: bool) -> None:
        self.name = name
        self._root = root.resolve()
        # The load in this line is that at the start.
        self._made = f"{self._commit()}; {machine('')}"
        self._results: dict[str, Result] = {}
        self._inputs, self._folder, self._keep = inputs, folder, keep
        folder.mkdir(parents=True)
        # Compiled code goes outside the checkout, which stays as it is. Each checkout has its own
        # cache, because numba takes old code for new if only a called function has changed.
        self._environment = environment(1) | {
            "PYTHONPATH": str(self._root),
            "PYTHONPYCACHEPREFIX": str(folder / "pycache"),
            "NUMBA_CACHE_DIR": str(folder / "numba"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }

    def expect_own_code(self) -> None:
        """Check that the commands run this checkout's code.

        Raises:
            RuntimeError: they run other code, or none.
        """
        program = "import charnn; print(charnn.__file__)"
        found = self._run([sys.executable, "-c", program], self._folder)
        path = Path(found.stdout.decode().strip() or ".").resolve()
        if not path.is_relative_to(self._root):
            raise RuntimeError(f"{self._root} contains no package charnn: {found.stderr.decode()}")

    def run(self, job: Job) -> None:
        """Run a job and keep its results; the hash of a failed step is `FAILED`."""
        begin, problem = time.perf_counter(), ""
        folder = self._folder / job.folder_name()
        folder.mkdir()
        for path in self._inputs.iterdir():
            (folder / path.name).symlink_to(path)
        for number, step in enumerate(job.steps, 1):
            try:
                results = self._run_step(step, folder, number)
            except Exception as error:  # whatever the error is, the other jobs are worth running
                problem = f": {step.arguments}: {error}"
                break
            self._results |= {job.line(part): result for part, result in results.items()}
        for line in job.lines():
            self._results.setdefault(line, Result(FAILED))
        if not self._keep:
            shutil.rmtree(folder)
        seconds = time.perf_counter() - begin
        print(f"{self.name} {job.name} ({seconds:.1f} s){problem}", file=sys.stderr, flush=True)

    def results(self, inputs: str, lines: Sequence[str]) -> Results:
        """Return the results in the order of the table. `inputs` is the hash of the inputs."""
        results = {line: self._results[line] for line in lines}
        hashes = {line: result.sha256 for line, result in results.items()}
        tensors = {line: result.tensors for line, result in results.items() if result.tensors}
        return Results(self._made, inputs, hashes, tensors)

    def _run_step(self, step: Step, folder: Path, number: int) -> dict[str, Result]:
        """Run a step and return its captured results.

        Raises:
            RuntimeError: the command failed.
        """
        process = self._run([*CHARNN, *shlex.split(step.arguments)], folder)
        if self._keep:
            (folder / f"stdout-{number}.txt").write_bytes(process.stdout)
        stderr = process.stderr.decode(errors="replace")
        if process.returncode not in step.exit_codes or "Traceback" in stderr:
            raise RuntimeError(f"exit code {process.returncode}: {stderr[-2000:]}")
        stdout = self._clean(process.stdout)
        output = CommandOutput(folder, process.returncode, stdout, self._clean)
        return {part: capture(output) for part, capture in step.captures.items()}

    def _run(self, command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[bytes]":
        """Run a command in a folder to its end."""
        return subprocess.run(
            command,
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MAX_SECONDS,
            check=False,
        )

    def _clean(self, content: bytes) -> bytes:
        """Return an output without the folder of the checkout and the version."""
        content = content.replace(str(self._root).encode(), b"CHECKOUT")
        return re.sub(rb"charnn \d+\.\d+[\w.+-]*", b"charnn VERSION", content)

    def _commit(self) -> str:
        """Return the commit of the checkout, or "no commit" outside of git."""
        command = ["git", "-C", str(self._root), "describe", "--always", "--dirty"]
        try:
            described = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        except OSError:
            described = ""
        return described.strip() or "no commit"
