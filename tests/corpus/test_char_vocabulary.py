"""The vocabulary of characters: ids, unknown characters, stored form."""

import json
import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.vocabulary import DOCUMENT_END, SEPARATOR, UNKNOWN

ANY_TEXT = st.text(st.characters())  # lone surrogates and all planes


@given(ANY_TEXT)
def test_text_survives(text: str) -> None:
    vocabulary = CharVocabulary(text)
    ids = vocabulary.encode(text)
    assert ids.dtype == vocabulary.dtype
    assert ids.shape == (len(text),)
    assert vocabulary.decode(ids) == text
    assert text == "" or ids.min() >= 2
    assert len(vocabulary) == len(set(text)) + 2


@given(ANY_TEXT, st.text(st.characters(exclude_characters=DOCUMENT_END)))
def test_other_characters_are_unknown(known: str, text: str) -> None:
    vocabulary = CharVocabulary(known)
    ids = vocabulary.encode(text)
    assert [char in known for char in text] == [number != UNKNOWN for number in ids]
    assert vocabulary.decode(ids) == "".join(char for char in text if char in known)
    assert vocabulary.unknown_characters(text) == list(
        dict.fromkeys(s for s in text if s not in known)
    )


@given(ANY_TEXT)
def test_a_vocabulary_survives_json(text: str) -> None:
    vocabulary = CharVocabulary(text)
    again = CharVocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())))
    assert again == vocabulary
    assert hash(again) == hash(vocabulary)


def test_ids_follow_unicode_not_the_order_of_the_text() -> None:
    vocabulary = CharVocabulary("hello 🎻")
    assert vocabulary == CharVocabulary("🎻 olleh")
    assert vocabulary.tokens == (" ", "e", "h", "l", "o", "🎻")
    assert vocabulary.encode("oh").tolist() == [6, 4]
    assert vocabulary != CharVocabulary("hello")
    assert "e" in vocabulary and "x" not in vocabulary


def test_special_ids_add_no_text() -> None:
    assert CharVocabulary("ab").decode([UNKNOWN, 2, SEPARATOR, 3]) == "ab"
    assert CharVocabulary("").decode([]) == ""


@pytest.mark.parametrize("ids", [[4], [-1]])
def test_ids_out_of_range_are_refused(ids: list[int]) -> None:
    with pytest.raises(IndexError):
        CharVocabulary("ab").decode(ids)


@pytest.mark.parametrize(
    ("size", "dtype"), [(1, np.uint8), (254, np.uint8), (255, np.uint16), (65535, np.uint32)]
)
def test_the_dtype_is_the_smallest_that_holds_every_id(size: int, dtype: type) -> None:
    vocabulary = CharVocabulary(map(chr, range(size)))
    assert vocabulary.dtype == dtype
    assert vocabulary.encode(chr(size - 1)).tolist() == [size + 1]


@pytest.mark.parametrize("value", [None, "abc", 3, {"a": 1}, ["ab"], [1], ["b", "a"], ["a", "a"]])
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        CharVocabulary.from_json(value)


def test_longer_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match="single"):
        CharVocabulary(["ab"])


def test_a_document_end_is_the_separator() -> None:
    vocabulary = CharVocabulary("ab")
    ids = vocabulary.encode(f"a{DOCUMENT_END}é{DOCUMENT_END}")
    assert ids.tolist() == [2, SEPARATOR, UNKNOWN, SEPARATOR]
    # Beyond Latin-1, another path encodes.
    assert vocabulary.encode(f"東{DOCUMENT_END}b").tolist() == [UNKNOWN, SEPARATOR, 3]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_text_takes_the_unicode_form_that_is_known(form: Any) -> None:
    known = unicodedata.normalize(form, "café 한 Å")
    vocabulary = CharVocabulary(known)
    for other in ("NFC", "NFD"):
        assert vocabulary.known_form(unicodedata.normalize(other, "café Å 한")) == (
            unicodedata.normalize(form, "café Å 한")
        )
    both = CharVocabulary(unicodedata.normalize("NFD", known) + unicodedata.normalize("NFC", known))
    assert both.known_form("cafe\u0301 é") == "cafe\u0301 é"
    assert vocabulary.known_form("ŝ") == "ŝ"
    assert CharVocabulary("a\n").known_form("a\r\na\ra") == "a\na\na"
    assert CharVocabulary("a\r").known_form("a\r\n") == "a\r\n"
