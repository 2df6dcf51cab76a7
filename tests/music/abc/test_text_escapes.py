r"""Escapes such as `\'e`, `&eacute;` and `\u00e9` are shown as the letters that they stand for."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.music.abc.text_escapes import decode_text
from charnn.music.abc.tunebook import split_book
from charnn.music.abc.writer import write_tune
from charnn.music.score.musicxml import to_musicxml
from tests.music.tunes import read

# ABC 2.1, "Text strings": the letters, their mnemonics and their entities.
STANDARD = {
    "ÀÈÌÒÙ": r"\`A\`E\`I\`O\`U",
    "ÁÉÍÓÚÝáéíóúý": r"\'A\'E\'I\'O\'U\'Y\'a\'e\'i\'o\'u\'y",
    "ÂÊÎÔÛâêîôû": r"\^A\^E\^I\^O\^U\^a\^e\^i\^o\^u",
    "ÃÑÕãñõ": r"\~A\~N\~O\~a\~n\~o",
    "ÄËÏÖÜŸäëïöüÿ": r"\"A\"E\"I\"O\"U\"Y\"a\"e\"i\"o\"u\"y",
    "ÇçŐőŰűŠšŽžĂăĔĕ": r"\cC\cc\HO\Ho\HU\Hu\vS\vs\vZ\vz\uA\ua\uE\ue",
    "ÅåØøÆæŒœßÐðÞþ": r"\AA\aa\/O\/o\AE\ae\OE\oe\ss\DH\dh\TH\th",
    "éÉ©♭œ": r"\u00e9&Eacute;&copy;\u266d\U00000153",
    "é 100% & \\": r"&#233; 100\% \& \\",
    "çĄ": r"\,c\;A",  # books have the spellings of older programs
    "éKöln": r"\351K\"o{}ln",
}


@pytest.mark.parametrize(("shown", "written"), STANDARD.items())
def test_an_escape_is_shown_as_its_letter(shown: str, written: str) -> None:
    assert decode_text(written) == shown


@pytest.mark.parametrize(
    "text",
    [r"no\-thing", "Tom & Jerry", "&bogus;", "AT&T;", "\\", r"\'q", r"\u12", r"\u001b&#7;\ud800"],
)
def test_other_signs_stay_as_they_are(text: str) -> None:
    assert decode_text(text) == text


def test_an_escape_is_decoded_once() -> None:
    assert decode_text(r"&amp;eacute; \\'e \&eacute;") == r"&eacute; \'e &eacute;"


@given(st.text(st.sampled_from("\\&;#u0dx8'aeo\"ss{}\U0001f3b5é\ud800")) | st.text())
def test_no_text_gains_a_control_character(text: str) -> None:
    def hidden(text: str) -> int:
        return sum(unicodedata.category(character)[0] == "C" for character in text)

    assert hidden(decode_text(text)) == hidden(text)


def test_text_is_shown_decoded_and_written_back_as_it_was() -> None:
    text = (
        'X:1\nT:\\AAsa fr\\aan K\\"oln, 90\\% % a remark\nC:Fran\\ccois &amp; Co\nQ:"Z\\"ugig"\n'
        'M:4/4\nL:1/4\nK:C\n"^caf\\\'e"A B c d|\nT:Z\\"ugig\nA B c d|\n'
    )
    (source,) = split_book(text)
    tune = read(text)
    assert source.title == tune.titles[0] == "Åsa från Köln, 90%"
    score = to_musicxml(tune)
    for words in ("Åsa från Köln, 90%", "François &amp; Co", ">Zügig<", "café"):
        assert words in score
    assert write_tune(tune) == text.replace(" % a remark", "")
