"""Requests: a user's words become the spelling of the books, or are refused with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.errors import UsageError
from charnn.music.grammar.tune_request import TuneRequest, make_request


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", ""),
        ("D", "D"),
        ("d", "D"),
        ("D major", "D"),
        ("A dorian", "Ador"),
        ("Adorian", "Ador"),
        ("a dor", "Ador"),
        ("a minor", "Am"),
        ("Am", "Am"),
        ("F# minor", "F#m"),
        ("f#m", "F#m"),
        ("Bb", "Bb"),
        ("bb", "Bb"),
        ("G Mixolydian", "Gmix"),
        ("  E   phrygian ", "Ephr"),
    ],
)
def test_keys_get_one_spelling(text: str, key: str) -> None:
    assert make_request(key=text).key == key


@pytest.mark.parametrize("text", ["H", "Dfoo", "12", "none", "G#", "HP", "?", "clef=bass"])
def test_wrong_keys_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="as in G, Em or Ador"):
        make_request(key=text)


@pytest.mark.parametrize(("text", "tonic"), [("EM", "E"), ("bb M", "Bb"), (" f#M ", "F#")])
def test_a_capital_m_is_no_mode(text: str, tonic: str) -> None:
    words = f"may be {tonic} major or minor: write {tonic} for major, {tonic}m for minor"
    with pytest.raises(UsageError, match=words):
        make_request(key=text)
    with pytest.raises(UsageError, match=words):
        make_request(prime=f"K:{text}")


@pytest.mark.parametrize(
    ("text", "meter"), [("6/8", "6/8"), (" 9 / 8 ", "9/8"), ("c", "C"), ("c|", "C|"), ("", "")]
)
def test_meters_get_one_spelling(text: str, meter: str) -> None:
    assert make_request(meter=text).meter == meter


@pytest.mark.parametrize("text", ["0/4", "4/0", "jig", "none", "4/", "/8", "-3/4", "6/8\n7/8", "%"])
def test_wrong_meters_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"write it as in 6/8, 4/4 or C\|"):
        make_request(meter=text)


@pytest.mark.parametrize(
    ("text", "rhythm"),
    [
        ("Slip Jig", "slip jig"),
        ("slipjig", "slip jig"),
        ("SLIPJIG.", "slip jig"),
        (" slip   jig ", "slip jig"),
        ("double jig", "jig"),
        ("Reel", "reel"),
        ("schottische", "schottische"),
    ],
)
def test_rhythms_get_one_spelling(text: str, rhythm: str) -> None:
    assert make_request(rhythm=text).rhythm == rhythm


def test_titles_are_cleaned() -> None:
    assert make_request(title="  The \u201cOld\u201d  Bog\n Road ").title == 'The "Old" Bog Road'
    assert make_request(title="Drowsy Maggie\u2019s").title == "Drowsy Maggie's"


@pytest.mark.parametrize("words", ["50 % wool", "a\\b", "bell\x07", "nul\0", "esc\x1b[0m"])
@pytest.mark.parametrize("field", ["title", "rhythm"])
def test_a_header_field_cannot_contain_comments_escapes_or_control_characters(
    field: str, words: str
) -> None:
    with pytest.raises(UsageError, match=r"letters and signs without % and .*: leave them out"):
        make_request(**{field: words})
    if "%" not in words:  # which begins a comment in a prime
        with pytest.raises(UsageError, match=r"letters and signs without % and .*: leave them out"):
            make_request(prime={"title": "T:", "rhythm": "R:"}[field] + words)


def test_a_prime_of_music_is_the_opening() -> None:
    assert make_request(prime="d2e f2g|") == TuneRequest(opening="d2e f2g|")
    assert make_request(prime=" \n") == TuneRequest()
    assert make_request(prime="|: d2e  f2g | agf !trill!e3 |\n").opening == "|:d2e f2g|agf e3|"
    assert make_request(prime="d6|\nc6|").opening == "d6|\nc6|"


def test_fields_of_the_prime_fill_the_request() -> None:
    prime = "X: 7\nT: My Jig\nR: Double Jig\nM: 6/8\nL: 1/16\nK: a dorian\nA6 B6|\nc"
    requested = TuneRequest("My Jig", "jig", "6/8", "1/16", "Ador", opening="A6 B6|\nc")
    assert make_request(prime=prime) == requested
    # Options take precedence over the fields of the prime.
    request = make_request(prime=prime, key="G", title="Mine", part_bars=8)
    left_out = ("T:My Jig (the title is to be Mine)", "K:a dorian (the key is to be G)")
    assert request == TuneRequest(
        "Mine", "jig", "6/8", "1/16", "G", 8, "A6 B6|\nc", left_out=left_out
    )
    assert make_request(prime="K:G\r\nABc|\r\n") == TuneRequest(key="G", opening="ABc|")
    assert make_request(prime="M:C|", strict=False) == TuneRequest(meter="C|", strict=False)


def test_what_the_prime_loses_is_listed_with_its_line() -> None:
    prime = (
        "%%MIDI program 1\nX:4\nT:A\nT:B\nC:me\nM:6/8\nK:D\nP:A\n% note\n"
        '"D"d2e "^hi"!p!Hf2g|\\\nw:la\n~a3 z2 [Q:90]b % end\nd2e y f2 T\n'
    )
    request = make_request(prime=prime)
    assert request.opening == '"D"d2e f2g|\n~a3 z2 b d2e f2 T'
    assert request.left_out == (
        *("%%MIDI program 1 (line 1)", "T:B (line 4)", "C:me (line 5)", "P:A (line 8)"),
        *('"^hi" !p! H (line 10)', "w:la (line 11)", "[Q:90] (line 12)"),
    )
    for declaration in ("%%abc-charset iso-8859-1", "I:abc-charset utf-8"):
        assert not make_request(prime=f"{declaration}\nK:D\nd6|").left_out
    assert not make_request(prime="X:1\nT:A\n% charnn sample folk\nM:6/8\nK:D\nd6|").left_out


def test_lines_that_end_inside_a_bar_are_joined() -> None:
    assert make_request(prime="d2e f2\ng|a3 [bd]\nb2|\n|:c").opening == (
        "d2e f2 g|a3 [bd] b2|\n|:c"
    )
    assert make_request(prime="d2\ne", strict=False).opening == "d2\ne"
    assert make_request(prime="|d6|\n|d2e f2g\n|a3\n|\n|:b").opening == "d6|\nd2e f2g|\na3|\n|:b"


@pytest.mark.parametrize(
    ("prime", "starred", "opening"),
    [
        ("d2e * | f2g a3 | *", "d2e *|f2g a3|*", "f2g a3|"),
        ("|:d2e ** |d6|e6|*2:|", "|:d2e **|d6|e6|*2:|", "d6|e6|"),
        ('d2e "x*"f*', "d2e f*", "d2e f"),
        ("*", "*", ""),
        ('d2e "x*"f !*!', "", "d2e f"),
        ("*|*|]", "*|*|]", ""),
        ("[|*|d6|]*|", "[|*|d6|]*|", "d6|"),
    ],
)
def test_a_star_stays_and_the_rest_decides_about_the_header(
    prime: str, starred: str, opening: str
) -> None:
    request = make_request(prime=prime)
    assert (request.starred, request.opening) == (starred, opening)


@pytest.mark.parametrize(
    ("prime", "words"),
    [
        ("d2e|\nK:G\nd", r"line 2 of --prime changes the key \(K:G\), which whole bars cannot"),
        ("M:6/8\nd2e|[M:9/8]d", r"line 2 of --prime changes the meter \(\[M:9/8\]\), which whole"),
        ("d2e|\nV:2\nd", r"line 2 of --prime changes the voice \(V:2\)"),
    ],
)
def test_a_change_inside_the_prime_is_refused(prime: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make_request(prime=prime)
    assert make_request(prime=prime, strict=False).opening


@given(st.text('KVMLP:[]"!%\\\n\r |:dHyz2*', max_size=40))
def test_any_prime_is_read_or_refused(prime: str) -> None:
    with suppress(UsageError):
        assert "H" not in make_request(prime=prime).opening.replace('"H"', "")


def test_a_number_of_bars_needs_strict_bars() -> None:
    with pytest.raises(UsageError, match="leave out --bars off"):
        make_request(part_bars=4, strict=False)


def test_a_value_replaces_the_field_of_the_prime_and_this_is_said() -> None:
    request = make_request(prime="M:C|\nK:G\nT:A tune\nGABc|", key="D", meter="c|", title="a  Tune")
    assert (request.key, request.meter) == ("D", "C|")
    assert request.left_out == ("K:G (the key is to be D)",)


@pytest.mark.parametrize(
    ("prime", "opening"), [("[|GA|", "GA|"), ("[|:GA|", "|:GA|"), ("[|] GA|", "GA|")]
)
def test_a_bar_line_before_the_first_note_is_no_bar(prime: str, opening: str) -> None:
    assert make_request(prime=prime).opening == opening
