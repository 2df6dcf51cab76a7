"""Check the files around the program: citation, changelog, continuous integration, templates.

charnn depends on no YAML parser, so the tests compare the text of these files.
"""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import charnn
from tests.helpers import PROJECT

CI = ".github/workflows/ci.yml"
HOOKS = ".pre-commit-config.yaml"
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
TEMPLATES = sorted((PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*_*.yml"))
YAML_FILES = [
    PROJECT / "CITATION.cff",
    PROJECT / HOOKS,
    *sorted((PROJECT / ".github").rglob("*.yml")),
    *sorted((PROJECT / "docs").rglob("*.yaml")),
]


def read(name: str) -> str:
    """Return the text of a file of the project."""
    return (PROJECT / name).read_text(encoding="utf-8")


def pyproject() -> dict[str, Any]:
    """Return the tables of pyproject.toml."""
    return tomllib.loads(read("pyproject.toml"))


def scalar(text: str, key: str) -> str:
    """Return the value of the only line `key: value` of `text`, without quotes."""
    [value] = re.findall(rf"^ *{re.escape(key)}: *(.+)$", text, re.MULTILINE)
    return value.strip("\"'")


def recipe(target: str) -> list[str]:
    """Return the commands of a target of the Makefile, without the folder of the tools."""
    [lines] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", read("Makefile"), re.MULTILINE)
    return [line.strip().replace("$(BIN)/", "") for line in lines.splitlines()]


def test_the_version_is_that_of_the_package() -> None:
    assert "version" in pyproject()["project"]["dynamic"]
    path = pyproject()["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{charnn.__version__}"' in read(path)


def test_the_citation_has_this_version_and_licence() -> None:
    citation = read("CITATION.cff")
    assert scalar(citation, "version") == charnn.__version__
    assert scalar(citation, "license") == pyproject()["project"]["license"]
    assert scalar(citation, "- name").lower() in read("LICENSE")


def test_the_changelog_dates_this_version_as_the_citation_does() -> None:
    heading = rf"^## \[{re.escape(charnn.__version__)}\] - (.*)$"
    dates = re.findall(heading, read("CHANGELOG.md"), re.MULTILINE)
    assert dates == [scalar(read("CITATION.cff"), "date-released")]
    assert date.fromisoformat(dates[0]).isoformat() == dates[0]


def test_ci_tests_every_python_of_the_classifiers() -> None:
    project = pyproject()["project"]
    pattern = r"Programming Language :: Python :: (3\.\d+)"
    classified = re.findall(pattern, "\n".join(project["classifiers"]))
    tested = re.findall(r'"(3\.\d+)"', scalar(read(CI), "python"))
    assert tested == classified
    assert project["requires-python"] == f">={tested[0]}"


def test_ci_and_the_hooks_run_the_linters_of_the_makefile() -> None:
    assert "- run: make lint\n" in read(CI)
    entries = re.findall(r'entry: sh -c "PATH=\S+ (.*)"$', read(HOOKS), re.MULTILINE)
    assert entries == recipe("lint")


def test_ci_and_the_hooks_run_the_tests_of_the_makefile() -> None:
    [command] = recipe("test")
    assert f"run: {command}\n" in read(CI)
    assert f' {command}"\n' in read(HOOKS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_jobs_have_a_time_limit(path: Path) -> None:
    workflow = path.read_text(encoding="utf-8")
    actions = re.findall(r"- uses: (.*)", workflow)
    assert actions
    for action in actions:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    assert workflow.count("runs-on:") == workflow.count("timeout-minutes:") > 0


def test_only_the_jobs_that_publish_have_write_permission() -> None:
    writing = set()
    for path in WORKFLOWS:
        workflow = path.read_text(encoding="utf-8")
        assert re.search(r"^permissions:( \{\}|\n  contents: read)\n", workflow, re.MULTILINE)
        for job, body in re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", workflow, re.MULTILINE):
            for permission in re.findall(r"([\w-]+): write\b", body):
                writing.add((path.name, job, permission))
    assert writing == {
        ("release.yml", "publish", "id-token"),
        ("release.yml", "release", "contents"),
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_issue_templates_have_the_keys_that_github_requires(path: Path) -> None:
    template = path.read_text(encoding="utf-8")
    for key in ("name", "description", "body"):
        assert re.search(rf"^{key}:", template, re.MULTILINE), key
    fields = template.count("  - type: ")
    ids = re.findall(r"^    id: ([\w-]+)$", template, re.MULTILINE)
    labels = re.findall(r"^      label: (.+)$", template, re.MULTILINE)
    assert len(set(ids)) == len(set(labels)) == fields > 0


def test_vulnerabilities_are_reported_by_the_security_policy() -> None:
    chooser = read(".github/ISSUE_TEMPLATE/config.yml")
    assert scalar(chooser, "blank_issues_enabled") == "false"
    assert scalar(chooser, "url").endswith("/security/policy")
    assert (PROJECT / "SECURITY.md").is_file()


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.name)
def test_yaml_is_indented_by_pairs_of_spaces(path: Path) -> None:
    """Refuse tabs, which YAML forbids, and odd indentation, which is a slip."""
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    for number, line in enumerate(text.splitlines(), 1):
        assert re.fullmatch(r"(?:  )*(?! )[^\t]*(?<! )", line), f"line {number}: {line!r}"
