"""Check that every test can fail: it asserts something, and no assertion is true by its form."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import PROJECT

TEST_FILES = sorted((PROJECT / "tests").rglob("*.py"))
EXPECTATIONS = {"pytest.raises", "pytest.warns", "pytest.fail"}
# Shared helpers whose names begin so contain the assertions of the tests that call them.
ASSERTING_PREFIXES = ("assert_", "check_")
# What a page of the browser should show, such as `expect(title).to_have_text`.
PLAYWRIGHT = re.compile(r"expect\(.*\)\.(not_)?to_\w+$", re.S)


def asserts_directly(node: ast.AST) -> bool:
    """Return whether a function contains an assertion or calls a helper that is named for one."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call):
            function = ast.unparse(part.func)
            if function in EXPECTATIONS:
                return True
            if PLAYWRIGHT.match(function):
                return True
            if function.rpartition(".")[2].startswith(ASSERTING_PREFIXES):
                return True
    return False


def mentioned_names(node: ast.AST) -> set[str]:
    """Return the names in a function: variables, annotations, and attributes of `self`."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names | {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "self"
    }


def unasserted_tests(source: str) -> list[str]:
    """Return the test functions of a file that assert nothing.

    A test asserts by itself or by what it mentions of the same file: a function, a method or the
    class of a fixture, which in turn may use another one. Shared fixtures do not count: they assert
    that the test could be set up.
    """
    definitions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    # A class of tests is no helper, and a call to `tmp_path` or `self.x` finds its helper by name.
    helpers = [node for node in definitions if not node.name.startswith("Test")]
    asserting = {node.name for node in helpers if asserts_directly(node)}
    while True:
        indirect = {node.name for node in helpers if mentioned_names(node) & asserting}
        if indirect <= asserting:
            break
        asserting |= indirect
    return [
        node.name
        for node in definitions
        if node.name.startswith("test") and node.name not in asserting
    ]


def assertions_true_by_form(source: str) -> Iterator[str]:
    """Yield the assertions that hold whatever the program does: `assert True`, `assert x or 1`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Assert):
            continue
        test = node.test
        operands = test.values if isinstance(test, ast.BoolOp) else [test]
        constant = any(
            isinstance(one, ast.Constant | ast.Tuple | ast.JoinedStr) for one in operands
        )
        # A call may give another result the second time, which is what a test of determinism asks.
        itself = (
            isinstance(test, ast.Compare)
            and ast.dump(test.left) == ast.dump(test.comparators[0])
            and not any(isinstance(part, ast.Call) for part in ast.walk(test))
        )
        if constant or itself:
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_test_can_fail(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert unasserted_tests(source) == []
    assert list(assertions_true_by_form(source)) == []


class TestTheChecks:
    """Samples that the checks above must find, and samples that they must accept."""

    @pytest.mark.parametrize(
        "source",
        [
            "def test_x():\n    run()",
            "def helper():\n    run()\ndef test_x():\n    helper()",
            "def test_x(forks: Forks):\n    forks('train')",
            "def test_x(page):\n    expect(page.locator('h1'))",
            "class TestA:\n    def test_x(self):\n        self.run()\n    def test_y(self):\n"
            "        assert run()",
        ],
    )
    def test_a_test_without_assertion_is_found(self, source: str) -> None:
        assert unasserted_tests(source) == ["test_x"]

    @pytest.mark.parametrize(
        "source",
        [
            "def test_x():\n    assert run()",
            "def test_x():\n    with pytest.raises(ValueError):\n        run()",
            "def test_x():\n    assert_same(run(), 1)",
            "def test_x(page):\n    expect(page.locator('h1')).not_to_have_text('x')",
            "def trial():\n    assert run()\ndef test_x(trials):\n    trials(partial(trial, 1))",
            "class Kept:\n def f(self):\n  assert run()\ndef test_x(kept: Kept):\n kept()",
        ],
    )
    def test_a_test_with_an_assertion_is_accepted(self, source: str) -> None:
        assert unasserted_tests(source) == []

    @pytest.mark.parametrize(
        "source", ["assert True", "assert x or True", "assert (x, 'reason')", "assert x.y == x.y"]
    )
    def test_an_assertion_true_by_form_is_found(self, source: str) -> None:
        assert list(assertions_true_by_form(source))
        assert not list(assertions_true_by_form("assert run() == run()\nassert x or y"))
