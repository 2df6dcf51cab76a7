"""A vocabulary that the user names: characters outside of it are neither learned nor scored."""

from pathlib import Path

import numpy as np
import pytest

import charnn
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.ids import prepare
from charnn.corpus.sources import Corpus
from charnn.corpus.text import document
from charnn.corpus.vocabulary import UNKNOWN
from charnn.errors import CharnnError, UsageError
from charnn.training.given_vocabulary import read_vocabulary
from tests.helpers import random_checkpoint

TEXT = "the cat sat on the mat, ÅNGSTRÖM\n" * 60
SMALL = {"hidden_size": 8, "batch_size": 4, "seq_len": 16, "pointer": 0, "report": print}


def test_the_ids_of_a_given_vocabulary(tmp_path: Path) -> None:
    corpus = Corpus("c", [document("", "abcxabcdx")])
    vocabulary = CharVocabulary("abcde")
    dataset = prepare(corpus, tmp_path, 0.3, vocabulary=vocabulary)
    assert dataset.vocabulary == vocabulary
    assert dataset.ids.tolist() == [2, 3, 4, UNKNOWN, 2, 3, 4, 5, UNKNOWN]
    assert (dataset.train_unknown, dataset.val_unknown) == (1, 1)
    again = prepare(corpus, tmp_path, 0.3, vocabulary=vocabulary)
    assert (again.path, again.train_unknown) == (dataset.path, 1)
    assert prepare(corpus, tmp_path, 0.3).fingerprint != dataset.fingerprint


def test_what_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("letters.txt").write_bytes("zé\r\na".encode())
    Path("empty.txt").touch()
    Path("checkpoints/run").mkdir(parents=True)
    random_checkpoint("abc").save(Path("checkpoints/run/best.safetensors"))

    def named(name: str, tokens: str = "auto") -> tuple[str, ...]:
        return read_vocabulary(Path(name), None, tokens, keep_cr=False).tokens

    assert named("letters.txt") == ("\n", "a", "z", "é")
    assert named("run") == named("checkpoints/run/best.safetensors", "char")
    with pytest.raises(UsageError, match="leave out --tokens bytes"):
        named("run", "bytes")
    for missing, message in (("empty.txt", "is empty"), ("nowhere", "nowhere")):
        with pytest.raises(CharnnError, match=message):
            named(missing)


def test_unknown_characters_are_not_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT, "utf-8")
    Path("ascii.txt").write_text("abcdefghijklmnopqrstuvwxyz, \n")
    model = charnn.train("text.txt", vocab="ascii.txt", steps=2, **SMALL)
    vocabulary = model.checkpoint.vocabulary
    assert len(vocabulary.tokens) == 29
    # AdamW moves a weight by about the learning rate at every step, if only its gradient is not 0.
    unknown, known = (model.checkpoint.weights["head.bias"][i] for i in (UNKNOWN, 2))
    assert unknown == pytest.approx(known, abs=0.1)
    resumed = charnn.train("text.txt", resume=True, steps=3, report=print)
    assert resumed.checkpoint.vocabulary == vocabulary
    span = model.held_out()
    assert np.count_nonzero(span.ids == UNKNOWN) == 60 * len("ÅNGSTRÖM")
    with pytest.raises(UsageError, match="--vocab cannot be changed by --resume"):
        charnn.train("text.txt", resume=True, name="text", vocab="text.txt", report=print)
    Path("digits.txt").write_text("0123456789 ")
    with pytest.raises(UsageError, match=r"--vocab lacks 1,458 of the 1,782 characters"):
        charnn.train("text.txt", name="digits", vocab="digits.txt", steps=2, **SMALL)
