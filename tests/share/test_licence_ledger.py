"""The ledger of licences agrees with the catalogue, pyproject.toml, the packages and the wheel."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import music21
import pytest

from charnn.corpus.catalogue import CATALOGUE, FOLK_BOOKS
from charnn.share import licence_ledger
from charnn.share.licence_ledger import BUNDLED, CORPORA, LIBRARIES, SECTIONS, ledger_text
from tests.helpers import PROJECT, charnn

# Files of charnn itself, which have its own licence.
OWN = {".py", ".js", ".css", ".html", ".typ", ".typed", ".svg", ".md"}


def test_the_file_of_the_wheel_is_the_ledger() -> None:
    written = (PROJECT / "LICENCES.md").read_text(encoding="utf-8")
    assert written == ledger_text(), "LICENCES.md is stale: run charnn licences > LICENCES.md"


def test_the_command_shows_the_ledger(tmp_path: Path) -> None:
    assert charnn(tmp_path, "licences").stdout.decode() == ledger_text()
    assert b'"name": "irish"' in charnn(tmp_path, "licences", "--json").stdout


def test_each_corpus_has_its_source_and_licence() -> None:
    assert [entry.name for entry in CORPORA] == list(CATALOGUE)
    for _, _, entries in SECTIONS:
        for entry in entries:
            assert entry.contents
            assert entry.source
            assert entry.licence


def test_each_library_of_the_project_has_an_entry() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    required = {
        re.match(r"[\w-]+", each)[0]  # type: ignore[index]
        for group in (project["dependencies"], *extras)
        for each in group
    }
    assert {entry.name for entry in LIBRARIES} == required - {"charnn"}
    assert licence_ledger.BUNDLED.licence == project["license"]


@pytest.mark.parametrize("entry", LIBRARIES, ids=lambda entry: entry.name)
def test_the_licence_of_a_library_is_the_one_that_its_package_states(
    entry: licence_ledger.LedgerEntry,
) -> None:
    try:
        stated = metadata(entry.name)
    except PackageNotFoundError:
        pytest.skip("not installed")
    if expression := stated.get("License-Expression"):
        assert entry.licence == expression
    else:  # packages of the old form state a family, such as BSD
        family = entry.licence.partition("-")[0]
        texts = [stated.get("License") or "", *(stated.get_all("Classifier") or ())]
        assert any(family in text for text in texts)


def test_each_file_of_the_package_is_charnns_own_or_in_the_ledger() -> None:
    """`tests/test_packages.py` holds that the wheel contains this folder and the bundled model."""
    files = [path for path in (PROJECT / "charnn").rglob("*") if "__pycache__" not in path.parts]
    found = {path.suffix for path in files if path.is_file()}
    assert found <= OWN
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    models = [name for name in wheel if name.endswith(".safetensors")]
    assert models == [f"checkpoints/{BUNDLED.name}"]
    assert "LICENCES.md" in project["project"]["license-files"]


def test_no_book_of_the_bundled_corpus_is_from_the_session() -> None:
    """The Session forbids the use of its tunes for models."""
    corpus = Path(music21.__file__).parent / "corpus"
    books = [path for book in FOLK_BOOKS for path in (corpus / book).glob("*.abc")]
    assert len(books) > 100
    assert not [path.name for path in books if b"thesession" in path.read_bytes().lower()]
    assert not [entry.source for entry in CATALOGUE.values() if "thesession" in entry.source]
