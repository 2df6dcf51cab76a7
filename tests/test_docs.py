"""The documents are true: the manual is that of these commands, and every link and path exists."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer.main

from charnn.cli import app
from docs.generate_shell_files import SHARE, shell_files
from tests.helpers import PROJECT, charnn
from tests.test_architecture import SEES

DOCUMENTS = [
    *sorted(PROJECT.glob("*.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
    *(
        PROJECT / name
        for name in ("data/README.md", "checkpoints/README.md", "checkpoints/folk.md")
    ),
]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OPTIONS = {
    name: {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    for name, command in COMMANDS.items()
}
# Paths of examples and of built files, which need not exist, and meters.
EXAMPLES = re.compile(r"(build|checkpoints|data|tunes|books|notes)/(?!README|folk\.)|NAME|\d+/\d+")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The script that writes docs/cli.md."""
    spec = importlib.util.spec_from_file_location("generate", PROJECT / "docs" / "generate_cli.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_manual_is_made_from_the_help(generator: ModuleType) -> None:
    written = generator.MANUAL.read_text(encoding="utf-8")
    assert written == generator.manual(), f"docs/cli.md is stale: run {generator.RENEW}"


def test_the_man_page_and_the_completions_are_made_from_the_help() -> None:
    files = shell_files()
    assert {path for path in SHARE.rglob("*") if path.is_file()} == set(files)
    for path, text in files.items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is stale: run make docs"


@pytest.mark.parametrize(
    ("text", "default", "meaning"),
    [
        ("Number of samples.  [default: 1]", "1", "Number of samples."),
        ("The cell; default: lstm.", "lstm", "The cell."),
        ("Budget in minutes (default 4, capped).", "4, capped", "Budget in minutes."),
        ("Auto, the default: by size.", "", "Auto, the default: by size."),
        ("A file.  [default: a.txt]", "a.txt", "A file."),
    ],
)
def test_defaults_have_a_column(
    generator: ModuleType, text: str, default: str, meaning: str
) -> None:
    assert generator.split_default(text) == (default, meaning)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", text)
    targets += re.findall(r'src="([^"]+)"', text)
    for target in targets:
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_paths_that_are_named_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name == "CHANGELOG.md":  # it names files of its day
        text = text.partition("\n## [0.1.0]")[0]
    named = re.findall(r"`((?:\.?[\w-]+/)+[\w.-]*)`", text)
    for name in named:
        if not EXAMPLES.match(name):
            assert (PROJECT / name).exists() or (PROJECT / "charnn" / name).exists(), name


def test_every_page_is_in_the_contents_of_the_site() -> None:
    contents = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    folder = PROJECT / "docs"
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}
    assert pages <= set(re.findall(r": (\S+\.md)$", contents, re.MULTILINE))


def test_the_tune_of_the_readme_is_what_its_command_writes(tmp_path: Path) -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    command, tune = re.findall(r"^```(?:abc)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[:2]
    assert command.startswith("charnn sample folk ")
    assert charnn(tmp_path, *command.split()[1:]).stdout.decode() == tune


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_commands_that_are_shown_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    code += re.findall(r"`([^`\n]+)`", text)
    pattern = r"(?:^|[|%] )charnn ([a-z][a-z-]*)([^|#\n]*)"
    for name, arguments in re.findall(pattern, "\n".join(code), re.MULTILINE):
        assert name in COMMANDS
        assert set(re.findall(r"--[\w-]+", arguments)) <= OPTIONS[name], name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_tests_that_are_named_exist(path: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8")))
    written = set()
    if named:
        for file in (PROJECT / "tests").rglob("test_*.py"):
            written |= set(re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8")))
    assert named <= written


def test_the_map_shows_the_imports_that_are_allowed() -> None:
    guide = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    arrows: dict[str, set[str]] = {}
    for room, below in re.findall(r"^  (\w+) --> (\w+)$", guide, re.MULTILINE):
        assert below in SEES[room]
        arrows.setdefault(room, set()).add(below)
    for room in arrows:
        below, new = set(), arrows[room]
        while new:
            below |= new
            new = set().union(*(arrows.get(each, set()) for each in new)) - below
        assert SEES[room] <= below


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_functions_and_classes_are_where_the_guides_find_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    answers = re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", text)
    assert len(answers) >= {"CONTRIBUTING.md": 10, "tour.md": 20}.get(path.name, 0)
    for name, file in answers:
        code = (PROJECT / file).read_text(encoding="utf-8")
        assert re.search(rf"^\s*(def|class) {name}\b|^{name}\b", code, re.MULTILINE), (name, file)
