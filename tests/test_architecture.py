"""Check the imports between the rooms of charnn, and that only the command line prints.

`SEES` names the rooms that each room may import. `training`, `sampling` and `evaluation` are
siblings: `training` uses `evaluation`, and none of the three imports `music`. `MUSIC` holds the
same for the rooms of `charnn/music`.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.helpers import PROJECT, environment, random_checkpoint, save_run

PACKAGE = PROJECT / "charnn"
GROUND = {"errors", "signals", "stopping", "version"}
SEES = {
    "errors": set(),
    "signals": set(),
    "stopping": set(),
    "version": set(),
    "files": GROUND,
    "one_page": set(),
    "music": GROUND | {"files"},
    "model": GROUND | {"files"},
    "corpus": GROUND | {"files", "music"},
    "inference": GROUND | {"files", "model"},
    "checkpoints": GROUND | {"files", "corpus", "model"},
    "evaluation": GROUND | {"files", "corpus", "model", "checkpoints"},
    "sampling": GROUND | {"files", "corpus", "model", "inference", "checkpoints"},
    "training": GROUND | {"files", "corpus", "model", "checkpoints", "evaluation"},
    "tunes": GROUND | {"files", "music", "corpus", "model", "inference", "checkpoints", "sampling"},
    "tunebook": GROUND | {"files", "music"},
    "exports": GROUND | {"files", "music"},
}
SEES["insight"] = set(SEES) - {"tunes", "tunebook", "exports"}
SEES["share"] = set(SEES) - {"training", "tunebook", "exports", "insight"}
BELOW_LIBRARY = set(SEES)
SEES |= {
    "training_bar": GROUND | {"files", "training"},
    "library": BELOW_LIBRARY | {"training_bar"},
    "compose": BELOW_LIBRARY | {"library"},
    "cli": BELOW_LIBRARY | {"library", "compose"},
    "__main__": {"cli", "signals"},
}
# The rooms of charnn/music: each imports only from the rooms named here, and from itself.
MUSIC = {
    "tune": set(),
    "abc": {"tune"},
    "coding": {"tune", "abc", "checking"},
    "grammar": {"tune", "abc", "coding", "checking"},
    "checking": {"tune", "abc"},
    "form": {"tune", "abc", "checking"},
    "similarity": {"tune", "abc", "checking", "form"},
    "performance": {"tune", "abc", "checking"},
    "sound": {"tune", "abc", "performance"},
    "score": {"tune", "abc", "performance"},
}
# Libraries that draw on a terminal, or parse a command line.
TERMINAL_LIBRARIES = {"rich", "tqdm", "typer"}


@dataclass(frozen=True)
class Import:
    """One import of `module`.

    Attributes:
        at_top: whether the import runs when the file is imported, and not only in a function or for
            the type checker.
    """

    module: str
    at_top: bool


def imports_of(source: str, inside: str) -> Iterator[Import]:
    """Yield all imports of a file in the package `inside`, as absolute names.

    `from a import b` yields both `a` and `a.b`, because b may be a module.
    """
    tree = ast.parse(source)
    later = {
        id(node)
        for part in ast.walk(tree)
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(part, ast.If) and ast.unparse(part.test) == "TYPE_CHECKING")
        for node in ast.walk(part)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = inside.split(".")
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        yield from (Import(name, id(node) not in later) for name in names)


def prints(source: str) -> Iterator[str]:
    """Yield every use of print, sys.stdout and sys.stderr."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "builtins.print"):
            yield f"line {node.lineno}: print"
        if isinstance(node, ast.Attribute) and re.fullmatch(
            r"sys\.(__)?std(out|err)(__)?", ast.unparse(node)
        ):
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.ImportFrom) and node.module == "sys":
            yield from (
                f"line {node.lineno}: {alias.name}"
                for alias in node.names
                if alias.name in ("stdout", "stderr")
            )


# Modules and functions that can run code from a file.
CODE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml"}
CODE_RUNNERS = {"eval", "exec", "compile", "__import__", "torch.load", "torch.save", "read_pickle"}


def code_runners(source: str) -> Iterator[str]:
    """Yield every use of a function that runs code, or reads data that may contain code."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Name | ast.Attribute):
            names = [ast.unparse(node).removeprefix("builtins.")]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
            names = ["pickle"] * ("allow_pickle=False" not in map(ast.unparse, node.keywords))
        elif isinstance(node, ast.keyword) and ast.unparse(node) != "allow_pickle=False":
            names = ["pickle"] * (node.arg == "allow_pickle")
        for name in names:
            if name in CODE_RUNNERS or set(name.split(".")) & CODE_MODULES:
                yield f"line {getattr(node, 'lineno', '?')}: {name}"


def room_of(module: str) -> str:
    """Return the room of a module: `charnn.model.network` -> `model`."""
    return module.split(".")[1]


def forbidden_imports(module: str, imported: list[Import]) -> list[str]:
    """Return the imports of `module` from rooms above it or beside it."""
    room = room_of(module)
    allowed = SEES[room] | {room}
    wrong = []
    for one in imported:
        if not one.module.startswith("charnn."):
            continue
        inside_music = room == room_of(one.module) == "music"
        if inside_music and one.module.count(".") > 1 < module.count("."):
            part, other = module.split(".")[2], one.module.split(".")[2]
            right = other in MUSIC[part] | {part}
        else:
            right = room_of(one.module) in allowed
        if not right:
            wrong.append(f"{module} imports {one.module}")
    return wrong


def module_name(path: Path) -> str:
    """Return the name of the module in a file."""
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(path: Path) -> str:
    """Return the name of the package that contains a file."""
    return ".".join(path.relative_to(PROJECT).parent.parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = [name for name in FILES if name != "charnn"]


@cache
def imports_in(module: str) -> list[Import]:
    """Return the imports of a module."""
    path = FILES[module]
    return list(imports_of(path.read_text(encoding="utf-8"), package_of(path)))


def test_rooms_and_imports_are_found() -> None:
    rooms = {room_of(name) for name in MODULES}
    assert {"errors", "files", "music", "corpus", "model", "training", "sampling", "cli"} <= rooms
    assert any(one.module.startswith("charnn.") for one in imports_in("charnn.training.trainer"))


def test_every_module_belongs_to_a_room() -> None:
    assert {room_of(name) for name in MODULES} <= SEES.keys()
    music = {name.split(".")[2] for name in MODULES if name.startswith("charnn.music.")}
    assert music == MUSIC.keys()


def test_no_module_shadows_the_standard_library() -> None:
    """Modules of commands are excepted: they have the command's name (`inspect`) and are imported
    by their full names."""
    names = {name.rpartition(".")[2] for name in MODULES if ".commands." not in name}
    names -= {path.parent.name for path in FILES.values() if path.stem == "__init__"}
    assert names & sys.stdlib_module_names - {"__main__"} == set()


def test_no_two_files_share_a_name() -> None:
    stems = [path.stem for path in FILES.values() if path.stem != "__init__"]
    assert sorted(stems) == sorted(set(stems))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_the_rooms_below_it(module: str) -> None:
    assert forbidden_imports(module, imports_in(module)) == []


def test_imports_have_no_cycle() -> None:
    graph = {
        name: {one.module for one in imports_in(name) if one.module in FILES} - {name, "charnn"}
        for name in FILES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(" -> ".join(cycle.args[1]))


@pytest.mark.parametrize("module", [name for name in FILES if room_of(name + ".") != "cli"])
def test_only_the_command_line_prints_or_draws(module: str) -> None:
    """The bar of `charnn.train` is the exception: it is drawn for a notebook."""
    assert list(prints(FILES[module].read_text(encoding="utf-8"))) == []
    drawing = {one.module.split(".")[0] for one in imports_in(module)} & TERMINAL_LIBRARIES
    assert drawing == ({"tqdm"} if module == "charnn.training_bar" else set())


def test_heavy_modules_are_imported_where_they_are_used() -> None:
    ruff = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    banned = set(ruff["lint"]["flake8-tidy-imports"]["banned-module-level-imports"])
    assert {"torch", "numba", "music21", "pooch"} <= banned
    allowed: set[Path] = set()
    for pattern, rules in ruff["lint"]["per-file-ignores"].items():
        if "TID253" in rules and pattern.startswith("charnn/"):
            allowed |= {path for plain in alternatives(pattern) for path in PROJECT.glob(plain)}
    where = {room_of(module_name(path)) for path in allowed}
    assert where <= {"model", "inference", "evaluation", "training", "sampling", "insight"}
    found = [
        f"{name} imports {one.module}"
        for name, path in FILES.items()
        if path not in allowed
        for one in imports_in(name)
        if one.at_top and one.module.split(".")[0] in banned
    ]
    assert found == []


def alternatives(pattern: str) -> list[str]:
    """Return the patterns that braces stand for: `a/{b,c}.py` -> `a/b.py`, `a/c.py`."""
    match = re.search(r"\{([^}]*)\}", pattern)
    if not match:
        return [pattern]
    return [pattern.replace(match[0], one) for one in match[1].split(",")]


def test_nothing_unpickles_or_evaluates() -> None:
    for name, path in FILES.items():
        assert list(code_runners(path.read_text(encoding="utf-8"))) == [], name


class TestTheChecksThemselves:
    """Each check finds the breach that it is made for."""

    @pytest.mark.parametrize(
        ("module", "source"),
        [
            ("charnn.model.network", "from charnn.training import trainer"),
            ("charnn.training.trainer", "def f():\n    import charnn.music.tune.tune"),
            ("charnn.sampling.sampler", "from charnn import training"),
            ("charnn.sampling.sampler", "from ..training.config import Budget"),
            ("charnn.corpus.text", "from charnn.cli.console import show_message"),
            ("charnn.files", "from charnn.music import tune"),
            ("charnn.music.tune.tempo", "from charnn.music.abc import fields"),
            ("charnn.music.performance.swing", "from charnn.music.score.staff import WrittenBar"),
        ],
    )
    def test_a_forbidden_import(self, module: str, source: str) -> None:
        imported = list(imports_of(source, module.rpartition(".")[0]))
        assert forbidden_imports(module, imported)

    @pytest.mark.parametrize(
        "source",
        ["print(1)", "import sys\nsys.stderr.write('')", "from sys import stdout", "f(sys.stdout)"],
    )
    def test_a_print(self, source: str) -> None:
        assert list(prints(source))

    @pytest.mark.parametrize(
        "source",
        [
            "import pickle",
            "from pickle import loads",
            "from torch import load",
            "import yaml\nyaml.load(x)",
            "torch.load(path, weights_only=True)",
            "np.load(path)",
            "open_it(path, allow_pickle=True)",
            "f = eval",
            "builtins.exec(x)",
            "compile(x)",
        ],
    )
    def test_code_that_runs_code(self, source: str) -> None:
        assert list(code_runners(source))
        assert not list(code_runners("import re\nre.compile(x)\nself.model.eval()"))

    def test_an_import_at_the_top_of_a_file_or_of_a_class(self) -> None:
        source = "try:\n    import torch.nn\nexcept ImportError: pass\nclass A:\n    import pooch"
        assert [one.at_top for one in imports_of(source, "charnn")] == [True, True]
        later = "def f():\n    import torch\nif TYPE_CHECKING:\n    import pooch"
        assert [one.at_top for one in imports_of(later, "charnn")] == [False, False]


def modules_after(folder: Path, *arguments: str, code: int = 0) -> tuple[set[str], str]:
    """Return the top-level modules that a command has imported by its end, and its stdout."""
    driver = (
        "import sys\n"
        f"sys.argv = ['charnn', *{list(arguments)!r}]\n"
        "from charnn.cli import main\n"
        "try:\n    main()\n"
        f"except SystemExit as end:\n    assert (end.code or 0) == {code}, end.code\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", driver],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ended.stderr.splitlines()[-1].split()), ended.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("train", "--help"), ("sample", "--help")])
def test_help_imports_nothing_heavy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    modules, shown = modules_after(tmp_path, *arguments)
    assert "Usage" in shown
    assert "typer" in modules
    assert modules & {"torch", "numpy", "music21", "safetensors", "pooch"} == set()


@pytest.mark.parametrize(
    ("arguments", "shows"),
    [
        (("sample", "--length", "20", "--seed", "1"), r".{20}"),
        (("inspect",), r"checkpoints/run/best\.safetensors\n.*"),
        (("inspect", "--verify"), r".*: ok\n"),
    ],
    ids=" ".join,
)
def test_commands_that_need_no_torch_do_not_import_it(
    tmp_path: Path, arguments: tuple[str, ...], shows: str
) -> None:
    save_run(tmp_path, "run", random_checkpoint("abc\n"))
    modules, shown = modules_after(tmp_path, *arguments)
    assert re.fullmatch(shows, shown, re.DOTALL)
    assert "numpy" in modules
    assert modules & {"torch", "music21", "pooch"} == set()


def test_a_wrong_corpus_is_reported_before_torch_is_imported(tmp_path: Path) -> None:
    modules, _ = modules_after(tmp_path, "train", "absent.txt", code=1)
    assert "tqdm" in modules
    assert "torch" not in modules
