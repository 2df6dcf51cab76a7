"""Hold the style of the code: short files, short functions, docstrings that do not ask."""

import ast
from collections.abc import Iterator

import pytest

from tests.helpers import PROJECT

MAX_FILE_LINES = 320
MAX_FUNCTION_LINES = 60
# A docstring states what a function does ("Return ...") or what an object is ("A cache of ...").
QUESTIONS = {"What", "Whether", "How", "Which", "Of"}
SOURCES = {
    path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((PROJECT / "charnn").rglob("*.py"))
}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


def documented(node: Documented, name: str = "module") -> Iterator[tuple[str, Documented]]:
    """Yield a module or class and all that it defines, at any depth, with qualified names."""
    yield name, node
    pending: list[ast.AST] = [node]
    while pending:
        for child in ast.iter_child_nodes(pending.pop()):
            if isinstance(child, ast.ClassDef | Function):
                prefix = "" if isinstance(node, ast.Module) else f"{name}."
                yield from documented(child, prefix + child.name)
            else:
                pending.append(child)


def line_count(function: Function, *, is_command: bool) -> int:
    """Return the lines of a function; of a command only its body, without the list of options."""
    assert function.end_lineno is not None
    begin = function.body[0].lineno if is_command else function.lineno
    return function.end_lineno - begin + 1


def long_functions(source: str, *, is_command: bool = False) -> Iterator[str]:
    """Yield the functions of more than `MAX_FUNCTION_LINES` lines."""
    for name, node in documented(ast.parse(source)):
        if isinstance(node, Function) and (
            line_count(node, is_command=is_command and name == "command") > MAX_FUNCTION_LINES
        ):
            yield name


def asking_docstrings(source: str) -> Iterator[str]:
    """Yield the names of what has a docstring that opens with a question word."""
    for name, node in documented(ast.parse(source)):
        words = (ast.get_docstring(node) or "").split()
        if words and words[0].strip(",:") in QUESTIONS:
            yield name


def undocumented(source: str) -> Iterator[str]:
    """Yield the public classes, methods and functions without a docstring."""
    tree = ast.parse(source)
    local = {
        id(part)
        for function in ast.walk(tree)
        if isinstance(function, Function)
        for part in ast.walk(function)
        if part is not function
    }
    for name, node in documented(tree):
        private = any(part.startswith("_") for part in name.split("."))
        if not private and id(node) not in local and ast.get_docstring(node) is None:
            yield name


def problems(path: str) -> Iterator[str]:
    """Yield each breach of the style in a file of charnn."""
    source = SOURCES[path]
    if len(source.splitlines()) > MAX_FILE_LINES:
        yield f"{path}: long file"
    is_command = path.startswith("charnn/cli/commands/")
    for name in long_functions(source, is_command=is_command):
        yield f"{path}: long function {name}"
    for name in asking_docstrings(source):
        yield f"{path}: question in the docstring of {name}"
    for name in undocumented(source):
        yield f"{path}: no docstring of {name}"


@pytest.mark.parametrize("folder", ["tests"])
def test_docstrings_of_tests_do_not_ask(folder: str) -> None:
    found = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path in sorted((PROJECT / folder).rglob("*.py"))
        for name in asking_docstrings(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize("path", SOURCES)
def test_files_keep_the_style(path: str) -> None:
    assert list(problems(path)) == []


class TestTheChecks:
    """Each check finds the breach that it is made for."""

    def test_a_long_function_is_found_and_options_do_not_count(self) -> None:
        options = ",\n".join(f"option_{number}: int = {number}" for number in range(60))
        body = "\n".join("    run()" for _ in range(60))
        assert list(long_functions(f"class A:\n  def f():\n{body}\n    run()")) == ["A.f"]
        assert list(long_functions(f"def command({options}):\n    run()")) == ["command"]
        assert not list(long_functions(f"def command({options}):\n{body}", is_command=True))
        assert list(long_functions(f"def command():\n{body}\n    run()", is_command=True))

    @pytest.mark.parametrize(
        ("source", "name"),
        [
            ('"""What is drawn."""', "module"),
            ('def f():\n    """Whether it is so."""', "f"),
            ('class A:\n    def f(self):\n        """How, and why."""', "A.f"),
        ],
    )
    def test_a_docstring_that_asks_is_found(self, source: str, name: str) -> None:
        assert list(asking_docstrings(source)) == [name]
        assert not list(asking_docstrings('"""Return what is drawn."""'))

    def test_a_missing_docstring_is_found(self) -> None:
        source = '"""A module."""\ndef f():\n    def g(): ...\ndef _h(): ...\nclass A: ...\n'
        assert list(undocumented(source)) == ["f", "A"]
        assert list(undocumented("")) == ["module"]
