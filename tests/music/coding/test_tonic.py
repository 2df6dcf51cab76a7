"""Coded notes are relative to the tonic, and are decoded to the same tune."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.music.coding.tonic import TonicCoder, to_tonic
from tests.music.tunes import book_sources, tune_texts


def from_tonic(text: str, key: str = "") -> str:
    """Return the decoded tune, in its own key or in another one."""
    return TonicCoder(decode=True, key=key).feed(text, final=True)


def tune(body: str, key: str) -> str:
    return f"X:1\nT:Bag of B\nM:4/4\nL:1/8\nK:{key}\n{body}\n"


def usual_octaves(text: str) -> str:
    """Return a text with `a` in place of `A'`, and `C` in place of `c,`."""
    text = re.sub("([A-G])'", lambda found: found[1].lower(), text)
    return re.sub("([a-g]),", lambda found: found[1].upper(), text)


@pytest.mark.parametrize(
    ("key", "body", "coded"),
    [
        ("C", "C^F_Bc", "C^F_Bc"),
        ("G", "GABc d2 B,G,", "CDEF G2 E,C,"),
        ("D", "DEFG A2 d'", "CDEF G2 c'"),
        ("Bm", "B^A B2 f", "C=B, C2 G"),
        ("Edor", "E^C=c'^D", "C=A,_a=B,"),
        ("F#m", "F^E^^F_F", "C=B,^C__C"),
        ("Eb", "E=E_A^A", "C^C=F^^F"),
        ("G", '"Em7"G "F#m/C#"A "^slow"B', '"Am7"C "Bm/F#"D "^slow"E'),
        ("G", "[GBd]2 {AB}G (3GAB !fermata!G G>A", "[CEG]2 {DE}C (3CDE !fermata!C C>D"),
        ("G", "G[K:D]D[M:3/4]d", "C[K:D]C[M:3/4]c"),
        ("G", "G|\nK:A\nA|\nP:B\nA:|", "C|\nK:A\nC|\nP:B\nC:|"),
        ("G clef=bass", "G[K:treble]G", "C[K:treble]C"),
        ("HP", "GAB", "GAB"),
        ("none", "GAB", "GAB"),
        ("Gwrong", "GAB", "GAB"),
    ],
)
def test_codes_notes_as_if_the_tonic_were_c(key: str, body: str, coded: str) -> None:
    assert to_tonic(tune(body, key)) == tune(coded, key)
    assert from_tonic(tune(coded, key)) == tune(body, key)


def test_moves_a_tune_to_another_key() -> None:
    assert from_tonic(to_tonic(tune("GABc ^c=f", "G")), "Bb") == tune("Bcde =e_a", "Bb")
    assert from_tonic(to_tonic(tune("DEF", "D")), "F#") == tune("FGA", "F#")


def test_writes_no_triple_accidental_unless_the_tune_has_one() -> None:
    assert from_tonic(tune("^^^B ___B", "Bb")) == tune("^b _g", "Bb")
    assert to_tonic(tune("^^B ^^E", "Bb")) == tune("^^^C ^^^F,", "Bb")
    assert from_tonic(tune("^^^C ^^^F,", "Bb")) == tune("^^B ^^E", "Bb")


@given(tune_texts())
def test_any_tune_is_decoded_to_itself(text: str) -> None:
    assert usual_octaves(from_tonic(to_tonic(text))) == usual_octaves(text)


@given(st.text("ABCabc^_=,'\"![]{}()|:>z2/ \nKDGm#x", max_size=60), st.data())
def test_chunks_of_any_text_give_what_the_whole_text_gives(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    for decode in (False, True):
        coder = TonicCoder(decode=decode)
        chunks = coder.feed(text[:cut]) + coder.feed(text[cut:], final=True)
        assert chunks == TonicCoder(decode=decode).feed(text, final=True)


def test_tunes_of_the_books_are_decoded_to_themselves() -> None:
    for source in book_sources(20):
        text = source.text
        assert from_tonic(to_tonic(text)) == text
