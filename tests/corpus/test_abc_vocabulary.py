"""The vocabulary of ABC tokens: no text is lost, and rare pieces are spelled in characters."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.corpus.abc_vocabulary import AbcVocabulary, TokenCounts
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.ids import prepare
from charnn.corpus.scan import choose_tokens
from charnn.corpus.sources import Corpus, open_corpus
from charnn.corpus.text import document
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.corpus.vocabulary_kinds import vocabulary_from_json
from charnn.errors import UsageError
from charnn.music.abc.tokenizer import tokenize

TUNE = "X:1\nT:The G Jig, No 2\nR:jig\nM:6/8\nL:1/8\nK:Ador\n"
TUNE += 'E|"Am"A2^c d\',B,/|(3ABc {g}e>d c3/2z/2|1 [M:9/8][CE]2 x//:|2 a,4||\nP:B\n|:~f3:|]\n'
ABC_TEXT = st.lists(
    st.sampled_from(
        ["X:1\nT:", "\nR:", "\nK:", "\n", "|", ":", "[", "]", "(", *"AbZ^_=,'/23<>~ \"♯"]
    )
).map("".join)


def vocabulary_of(*texts: str, min_count: int = 1) -> AbcVocabulary:
    counts = TokenCounts()
    for text in texts:
        counts.add(text)
    return counts.vocabulary(min_count)


def tunes(count: int) -> Corpus:
    texts = [f"X:1\nT:No {n}\nM:6/8\nK:D\n" + "^f2A d'|" * (n % 7 + 1) + "\n" for n in range(count)]
    return Corpus("tunes", [document(str(n), text) for n, text in enumerate(texts)], tunes=True)


def test_a_tune_is_cut_into_musical_elements() -> None:
    assert tokenize(TUNE) == [
        *("X:1\nT:", "The G Jig, No 2", "\nR:jig", "\nM:6/8", "\nL:1/8", "\nK:Ador\n"),
        *("E", "|", '"Am"', "A", "2", "^c", " ", "d',", "B,", "/", "|"),
        *("(3", "A", "B", "c", " ", "{", "g", "}", "e", ">", "d", " ", "c", "3/2", "z", "/2"),
        *("|1", " ", "[M:9/8]", "[", "C", "E", "]", "2", " ", "x", "//", ":|2", " ", "a,", "4"),
        *("||", "\nP:B", "\n", "|:", "~", "f", "3", ":|]", "\n"),
    ]


@given(st.one_of(ABC_TEXT, st.text(st.characters())))
def test_every_text_survives(text: str) -> None:
    assert "".join(tokenize(text)) == text
    tokens = vocabulary_of(text)
    ids = tokens.encode(text)
    assert tokens.decode(ids) == text
    assert UNKNOWN not in ids
    assert tokens.count_characters(ids) == len(text)
    assert tokens.unknown_characters(text) == []


@given(ABC_TEXT, ABC_TEXT)
def test_unknown_pieces_are_spelled_in_characters(known: str, text: str) -> None:
    tokens = vocabulary_of(known)
    ids = tokens.encode(text)
    assert tokens.decode(ids) == "".join(char for char in text if char in known)
    assert tokens.count_characters(ids) == len(text)
    assert tokens.unknown_characters(text) == list(dict.fromkeys(s for s in text if s not in known))


def test_the_folk_corpus_survives() -> None:
    texts = [tune.text() for tune in open_corpus(["folk"]).documents]
    assert all("".join(tokenize(text)) == text for text in texts)
    tokens = vocabulary_of(*texts[::2], min_count=10)
    assert {"^f", "(3", ":|", "||", "\nR:jig", "\nK:Ador\n", "c'", "X:1\nT:"} <= set(tokens.tokens)
    assert all(
        tokens.decode(tokens.encode(text)) == text
        for text in texts
        if not tokens.unknown_characters(text)
    )


def test_rare_pieces_and_titles_are_not_tokens() -> None:
    tokens = vocabulary_of(*["X:1\nT:Reel\nK:D\n^fA|"] * 3, "X:1\nT:Jig\nK:G\n^cA|", min_count=3)
    longer = [token for token in tokens.tokens if len(token) > 1]
    assert longer == ["\nK:D\n", "X:1\nT:", "^f"]
    assert tokens.tokens[: -len(longer)] == tuple(sorted(set("X:1\nT:ReelJigK:DG\n^fcA|")))
    assert tokens.decode(tokens.encode("^f^c")[:1]) == "^f"
    assert len(tokens.encode("^f^c")) == 3


def test_tokens_survive_json() -> None:
    tokens = vocabulary_of(TUNE)
    again = vocabulary_from_json(json.loads(json.dumps(tokens.to_json())))
    assert again == tokens
    assert hash(again) == hash(tokens)
    assert tokens != CharVocabulary(tokens.decode(range(len(tokens))))
    # A checkpoint of characters has a plain list.
    assert vocabulary_from_json(["a", "b"]) == CharVocabulary("ab")


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "words", "symbols": ["a"]},
        {"kind": "abc"},
        {"kind": "abc", "symbols": "ab"},
        {"kind": "abc", "symbols": ["b", "a"]},
        {"kind": "abc", "symbols": ["a", "a"]},
        {"kind": "abc", "symbols": ["a", ""]},
        {"kind": "abc", "symbols": ["a", "ab"]},
        {"kind": "abc", "symbols": [1]},
        {"kind": "abc", "symbols": []},
        [],
    ],
)
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        vocabulary_from_json(value)


@pytest.mark.parametrize("vocabulary", [vocabulary_of(TUNE), CharVocabulary(TUNE)])
def test_a_text_in_chunks_has_the_same_ids(vocabulary: Vocabulary) -> None:
    """A chunk may end in the middle of a token."""
    chunks = (TUNE[begin : begin + 3] for begin in range(0, len(TUNE), 3))
    ids = np.concatenate([*vocabulary.encode_chunks(chunks)])
    np.testing.assert_array_equal(ids, vocabulary.encode(TUNE))


def test_the_preview_starts_with_the_longer_tokens() -> None:
    vocabulary = vocabulary_of(TUNE)
    assert sorted(vocabulary.preview()) == sorted(vocabulary.tokens)
    assert len(next(vocabulary.preview())) > 1


def test_special_ids_add_no_text_and_ids_out_of_range_are_refused() -> None:
    tokens = vocabulary_of("^f")
    assert tokens.decode([UNKNOWN, len(tokens) - 1, SEPARATOR]) == "^f"
    assert tokens.count_characters(np.array([UNKNOWN, len(tokens) - 1, SEPARATOR])) == 4
    for wrong in (-1, len(tokens)):
        with pytest.raises(IndexError):
            tokens.decode([wrong])


def test_a_tune_book_in_tokens_has_fewer_ids_than_in_characters(tmp_path: Path) -> None:
    corpus = tunes(60)
    dataset = prepare(corpus, tmp_path, 0.2, "abc")
    characters = prepare(corpus, tmp_path, 0.2, "char")
    assert isinstance(dataset.vocabulary, AbcVocabulary)
    assert dataset.fingerprint != characters.fingerprint
    assert len(dataset.train) < 0.8 * len(characters.train)
    assert dataset.vocabulary.decode(dataset.ids) == characters.vocabulary.decode(characters.ids)
    # A separator counts as one character.
    assert dataset.train_characters == characters.train_characters == len(characters.train)
    assert dataset.val_characters == characters.val_characters == len(characters.val)
    assert dataset.vocabulary.count_characters(dataset.train) == dataset.train_characters
    again = prepare(corpus, tmp_path, 0.2, "abc")
    assert again.path == dataset.path
    assert again.ids.tolist() == dataset.ids.tolist()


def test_the_vocabulary_has_tokens_of_the_training_part_only(tmp_path: Path) -> None:
    dataset = prepare(tunes(60), tmp_path, 0.2, "abc")
    train = dataset.vocabulary.decode(dataset.train)
    assert all(token in train for token in dataset.vocabulary.tokens)


def test_tokens_are_for_tune_books_only(tmp_path: Path) -> None:
    text = Corpus("essay", [document("a", "some text"), document("b", "more")])
    one_tune = Corpus("one", [document("a", TUNE)], tunes=True)
    for corpus in (text, one_tune):
        assert choose_tokens(corpus) == "char"
        with pytest.raises(UsageError, match="tune books"):
            prepare(corpus, tmp_path, tokens="abc")
    with pytest.raises(UsageError, match="Choose one of auto, char, bytes, abc"):
        prepare(text, tmp_path, tokens="words")
