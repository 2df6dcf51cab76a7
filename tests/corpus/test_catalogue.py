"""The corpora with a name."""

import re
import subprocess
import sys

import pytest

from charnn.corpus.catalogue import CATALOGUE
from charnn.corpus.sources import open_corpus


def figures(size: str) -> list[int]:
    return [int(figure.replace(",", "")) for figure in re.findall(r"[\d,]*\d", size)]


def test_the_size_of_folk() -> None:
    corpus = open_corpus(["folk"])
    assert corpus.tunes
    assert corpus.name == "folk"
    tunes, characters = figures(CATALOGUE["folk"].size())
    assert len(corpus.documents) == pytest.approx(tunes, rel=0.03)
    assert sum(len(tune.text()) for tune in corpus.documents) == pytest.approx(characters, rel=0.03)


@pytest.mark.parametrize("name", ["prose", "code"])
def test_the_sizes_of_prose_and_code(name: str) -> None:
    corpus = open_corpus([name])
    documents, length = figures(CATALOGUE[name].size())
    assert len(corpus.documents) == documents
    assert sum(len(document.text()) for document in corpus.documents) == pytest.approx(
        length, rel=0.02
    )
    assert length > 300_000
    assert not corpus.tunes


def test_code_leaves_out_tests_and_installed_packages() -> None:
    names = [document.name for document in CATALOGUE["code"].open(None)]
    assert "argparse.py" in names
    assert not [name for name in names if name.startswith("test_")]


def test_every_entry_is_described() -> None:
    for name, entry in CATALOGUE.items():
        assert name == entry.name
        assert all([entry.description, entry.size(), entry.source, entry.licence])
        assert entry.kind in ("built-in", "download")


def test_listing_and_folk_import_nothing_heavy() -> None:
    program = (
        "import sys; from charnn.corpus.catalogue import CATALOGUE; "
        "from charnn.corpus.ids import prepare; "
        "from charnn.corpus.sources import open_corpus; "
        "[entry.size() for entry in CATALOGUE.values()]; open_corpus(['folk']); "
        "print(*{'torch', 'music21', 'pooch', 'requests', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
