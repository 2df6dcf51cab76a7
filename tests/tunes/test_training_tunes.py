"""The training tunes of an exported model, found again in a corpus of the catalogue."""

from dataclasses import replace
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.catalogue import CATALOGUE
from charnn.corpus.scan import split_documents
from charnn.corpus.sources import open_catalogue_corpus
from charnn.corpus.text import document
from charnn.errors import CheckpointError
from charnn.music.grammar.tune_request import make_request
from charnn.tunes.training_tunes import (
    load_header_stats,
    load_training_tunes,
    texts_as_learned,
    training_tunes_metadata,
)
from tests.helpers import random_checkpoint

PATH = Path("elsewhere/model.safetensors")
BOOK = "\n".join(
    f"X:{n}\nT:Tune {n}.\nR:{('reel', 'jig')[n % 2]}\nM:{('C', '6/8')[n % 2]}\nL:1/8\nK:G\n"
    f"{'DGB ' * n}|d6|]\n"
    for n in range(1, 21)
)


@pytest.fixture(autouse=True)
def book(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Replace a corpus of the catalogue, which a file of the same name must not hide."""
    entry = replace(CATALOGUE["folk"], open=lambda _: [document("book", BOOK)])
    monkeypatch.setitem(CATALOGUE, "folk", entry)
    monkeypatch.chdir(tmp_path)
    Path("folk").write_text("no tune")


def training_part() -> list[str]:
    return [tune.text() for tune in split_documents(open_catalogue_corpus("folk"), 0.3)[0]]


def model(**metadata: object) -> Checkpoint:
    made = random_checkpoint(BOOK)
    known = {
        "corpus": "folk",
        "val_fraction": 0.3,
        **training_tunes_metadata(training_part()),
        **metadata,
    }
    return replace(made, metadata=made.metadata | known)


def test_the_tunes_are_those_of_the_split_in_training() -> None:
    assert 5 < len(training_part()) < 19
    assert load_training_tunes(PATH, model()) == training_part()


def test_a_model_of_an_earlier_version_keeps_the_mistakes_of_its_book() -> None:
    """Until tunes were mended, a model learned the jig in 9/8 as a jig, and titles in capitals."""
    documents = open_catalogue_corpus("folk").documents
    spelled = [
        str(tune.split_text) for tune in split_documents(open_catalogue_corpus("folk"), 0.3)[0]
    ]
    assert spelled != training_part()
    old = model(**training_tunes_metadata(spelled))
    assert load_training_tunes(PATH, old) == spelled
    assert texts_as_learned(documents, spelled) == [tune.split_text for tune in documents]
    assert texts_as_learned(documents, training_part()) == [tune.text() for tune in documents]


def test_an_exported_model_has_the_headers() -> None:
    headers = load_header_stats(PATH, model(corpus="my book"))
    assert headers is not None
    request = headers.fit(make_request(rhythm="jig"))
    tunes = sum("R:jig" in tune for tune in training_part())
    assert request.headers == (
        ("jig", "6/8", "1/8", "G", tunes),
        ("reel", "C", "1/8", "G", len(training_part()) - tunes),
    )
    assert request.title_words is not None
    assert "Tune" in request.title_words.inner
    assert "--key D" in headers.doubt(make_request(key="D"))


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"corpus": "my book"}, "without the tunes"),
        ({"val_fraction": 0.1}, "is not the one"),
        ({"learned": {"headers": []}}, "is not the one"),
    ],
)
def test_missing_or_other_tunes_are_an_error(metadata: dict[str, object], problem: str) -> None:
    with pytest.raises(CheckpointError, match=problem):
        load_training_tunes(PATH, model(**metadata))


@pytest.mark.parametrize(
    "headers", [None, 7, [7], [["jig", "6/8", "1/8", "G"]], [["jig", "6/8", "1/8", 1, 1]]]
)
def test_damaged_headers_are_an_error(headers: object) -> None:
    with pytest.raises(CheckpointError, match="does not contain the headers"):
        load_header_stats(PATH, model(learned={"sha256": "", "headers": headers}))


@pytest.mark.parametrize("words", [None, 7, [], {"last": "A"}, {"last": "A", "inner": 1}])
def test_damaged_words_are_an_error(words: object) -> None:
    made = training_tunes_metadata(training_part())["learned"]
    with pytest.raises(CheckpointError, match="does not contain the headers"):
        load_header_stats(PATH, model(learned={**made, "title_words": words}))


def test_models_of_earlier_versions_have_no_words() -> None:
    made = training_tunes_metadata(training_part())["learned"]
    del made["title_words"]
    headers = load_header_stats(PATH, model(learned=made))
    assert headers is not None
    assert headers.fit(make_request()).title_words is None


def test_without_stored_tunes_there_are_no_headers() -> None:
    made = random_checkpoint(BOOK)
    assert load_header_stats(PATH, made) is None
    with pytest.raises(CheckpointError, match="missing"):
        load_training_tunes(PATH, made)
