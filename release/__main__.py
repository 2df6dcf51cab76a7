"""Check everything that a release needs, and print a table of it.

    python -m release

The packages are built, checked and installed, each into a new environment; the commands of
README.md are run with the installed program, in a folder outside the checkout. Linters that are
not installed are named as skipped.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

from charnn.version import __version__
from docs.commands import PROJECT, blocks
from tests.docs_folder import VARIABLES, train_runs, write_files
from tests.docs_runs import run_block
from tests.forks import Ended, environment

SKIPPED = "skipped"


class Release:
    """A release that is being checked, in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dist = PROJECT / "dist"

    @property
    def wheel(self) -> Path:
        """Return the wheel."""
        [path] = self.dist.glob("*.whl")
        return path

    @property
    def sdist(self) -> Path:
        """Return the source distribution."""
        [path] = self.dist.glob("*.tar.gz")
        return path

    def check_version(self) -> str:
        """Check that the version stands in one place, and that the other files agree with it."""
        citation = (PROJECT / "CITATION.cff").read_text(encoding="utf-8")
        changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
        [released] = re.findall(r'^date-released: "(.*)"$', citation, re.M)
        assert re.search(rf"^version: {re.escape(__version__)}$", citation, re.M), "CITATION.cff"
        heading = f"## [{__version__}] - {released}\n"
        assert heading in changelog, f"CHANGELOG.md lacks {heading!r}"
        unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## ")[0].strip()
        note = "; NOTE: [Unreleased] has changes" if unreleased else ""
        return f"{__version__} of {released}: version.py, CITATION.cff, CHANGELOG.md{note}"

    def build(self) -> str:
        """Build the sdist from the checkout, and the wheel from the sdist."""
        shutil.rmtree(self.dist, ignore_errors=True)
        run(sys.executable, "-m", "build", "--outdir", self.dist, PROJECT)
        return ", ".join(f"{p.name} {p.stat().st_size / 1e6:.1f} MB" for p in self.dist.iterdir())

    def check_metadata(self) -> str:
        """Check the metadata, and that README.md can be shown by the package index."""
        run(sys.executable, "-m", "twine", "check", "--strict", self.wheel, self.sdist)
        return "twine check --strict"

    def check_contents(self) -> str:
        """Check that both packages have the same files of charnn."""
        with zipfile.ZipFile(self.wheel) as file:
            inside = {name for name in file.namelist() if name.startswith("charnn/")}
        with tarfile.open(self.sdist) as archive:
            source = {name.partition("/")[2] for name in archive.getnames()}
        generated = {name.replace("checkpoints/folk", "charnn/checkpoints/folk") for name in source}
        assert inside <= generated, sorted(inside - generated)
        return f"{len(inside)} files of charnn in the wheel, all of them in the sdist"

    def install(self, package: Path, extra: str = "") -> Path:
        """Install a package into a new environment, and return its folder of programs."""
        place = self.folder / f"environment-{package.suffix[1:]}"
        venv.create(place, with_pip=True)
        scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(place)}))
        constraints = PROJECT / "constraints.txt"
        pip = (scripts / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
        run(*pip, "install", "--constraint", constraints, f"{package}{extra}")
        run(*pip, "check")
        return scripts

    def check_sdist(self) -> str:
        """Install the sdist, and write the tune of README.md."""
        scripts = self.install(self.sdist)
        text = (PROJECT / "README.md").read_text(encoding="utf-8")
        [tune] = re.findall(r"^```abc\n(.*?)^```", text, re.M | re.S)
        command = re.search(r"^% charnn (.*)$", tune, re.M)
        assert command is not None
        written = run(scripts / "charnn", *command[1].split(), cwd=self.folder)
        assert written == tune.encode(), "the tune of README.md is another one"
        return "installed; writes the tune of README.md"

    def check_wheel(self) -> str:
        """Install the wheel with all extras, and run the commands of README.md."""
        scripts = self.install(self.wheel, "[all]")

        def execute(folder: Path, arguments: tuple[str, ...], stdin: bytes) -> Ended:
            if arguments[0] == "compose":  # runs until it is stopped; make check-docs starts it
                return Ended(0, b"", b"")
            done = subprocess.run(
                [scripts / "charnn", *arguments],
                cwd=folder,
                input=stdin,
                env=clean_environment(**VARIABLES),
                capture_output=True,
                check=False,
            )
            return Ended(done.returncode, done.stdout, done.stderr)

        filled, folder = self.folder / "filled", self.folder / "page"
        filled.mkdir()
        write_files(filled)
        train_runs(filled, execute)
        count = 0
        for block in blocks(PROJECT / "README.md"):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(filled, folder)
            count += sum(1 for _ in run_block(folder, block, execute))
        assert (scripts.parent / "share" / "man" / "man1" / "charnn.1").is_file()
        return f"installed with [all]; runs the {count} commands of README.md"


def clean_environment(**changes: str) -> dict[str, str]:
    """Return an environment in which Python imports what is installed, and nothing else."""
    variables = environment(**changes)
    variables.pop("PYTHONPATH", None)
    return variables


def run(*command: str | Path, cwd: Path = PROJECT) -> bytes:
    """Run a program, and return its output.

    Raises:
        AssertionError: the program failed.
    """
    done = subprocess.run(
        command, cwd=cwd, env=clean_environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-3000:]
    return done.stdout


def lint(program: str, *arguments: str | Path) -> Callable[[], str]:
    """Return a check by a linter that may not be installed."""

    def check() -> str:
        if not shutil.which(program):
            return f"{SKIPPED}: {program} is not installed"
        run(program, *arguments)
        return " ".join([program, *(Path(each).name for each in arguments)])

    return check


def main() -> int:
    """Run the checks, print a row for each, and return the exit code."""
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        release = Release(Path(name))
        man_page = PROJECT / "share" / "man" / "man1" / "charnn.1"
        checks = {
            "version": release.check_version,
            "workflows": lint("actionlint"),
            "workflows' safety": lint("zizmor", "--offline", "--quiet", PROJECT / ".github"),
            "citation": lint("cffconvert", "--validate", "-i", PROJECT / "CITATION.cff"),
            "image": lint("hadolint", PROJECT / "Dockerfile"),
            "man page": lint("mandoc", "-T", "lint", man_page),
            "packages": release.build,
            "metadata": release.check_metadata,
            "contents": release.check_contents,
            "sdist": release.check_sdist,
            "wheel": release.check_wheel,
        }
        for subject, check in checks.items():
            try:
                detail = check()
                result = SKIPPED if detail.startswith(SKIPPED) else "ok"
            except AssertionError as problem:
                failed += 1
                result, detail = "FAILED", str(problem)
            print(f"{result:8}{subject:18}{detail.removeprefix(SKIPPED + ': ')}", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
