"""Wishes: what users say becomes the words that books have, or one clear sentence."""

import pytest

from charnn.errors import UsageError
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.tune_request import TuneRequest, make_request


def tune(rhythm: str, meter: str, key: str) -> str:
    words = f"R:{rhythm}\n" if rhythm else ""
    return f"X:1\nT:x\n{words}M:{meter}\nL:1/8\nK:{key}\nABc d2e|M:x\n"


LEARNED = HeaderStats(
    [
        *[tune("reel", "C|", "D")] * 3,
        *[tune("reel", "4/4", "Ador")] * 2,
        tune("reel", "C", "G"),
        tune("hornpipe", "C", "D"),
        tune("hornpipe", "C", "Edor"),
        tune("jig", "6/8", "Em"),
    ]
)


@pytest.mark.parametrize(
    ("said", "key"),
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
def test_keys(said: str, key: str) -> None:
    assert make_request(key=said).key == key


@pytest.mark.parametrize("said", ["H", "Dfoo", "12", "none", "G#", "HP", "?", "clef=bass"])
def test_what_is_no_key(said: str) -> None:
    with pytest.raises(UsageError, match="as in G, Em or Ador"):
        make_request(key=said)


@pytest.mark.parametrize(
    ("said", "meter"), [("6/8", "6/8"), (" 9 / 8 ", "9/8"), ("c", "C"), ("c|", "C|"), ("", "")]
)
def test_meters(said: str, meter: str) -> None:
    assert make_request(meter=said).meter == meter


@pytest.mark.parametrize("said", ["0/4", "4/0", "jig", "none", "4/", "/8", "-3/4", "6/8\n7/8", "%"])
def test_what_is_no_meter(said: str) -> None:
    with pytest.raises(UsageError, match=r"write it as in 6/8, 4/4 or C\|"):
        make_request(meter=said)


@pytest.mark.parametrize(
    ("said", "rhythm"),
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
def test_rhythms(said: str, rhythm: str) -> None:
    assert make_request(rhythm=said).rhythm == rhythm


def test_titles() -> None:
    assert make_request(title="  The \u201cOld\u201d  Bog\n Road ").title == 'The "Old" Bog Road'
    assert make_request(title="Drowsy Maggie\u2019s").title == "Drowsy Maggie's"


@pytest.mark.parametrize("words", ["50 % wool", "a\\b", "bell\x07", "nul\0", "esc\x1b[0m"])
@pytest.mark.parametrize("field", ["title", "rhythm"])
def test_words_that_a_field_cannot_hold(field: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"letters and signs without % and .*: leave them out"):
        make_request(**{field: words})
    with pytest.raises(UsageError, match=r"letters and signs without % and .*: leave them out"):
        make_request(prime={"title": "T:", "rhythm": "R:"}[field] + words)


def test_a_beginning() -> None:
    assert make_request(prime="d2e f2g|") == TuneRequest(opening="d2e f2g|")
    assert make_request(prime=" \n") == TuneRequest()
    assert make_request(prime="|: d2e  f2g | agf !trill!e3 |\n").opening == "|:d2e f2g|agf e3|"
    assert make_request(prime="d6|\nc6|").opening == "d6|\nc6|"


def test_a_beginning_with_fields() -> None:
    prime = "X: 7\nT: My Jig\nR: Double Jig\nM: 6/8\nL: 1/16\nK: a dorian\nA6 B6|\nc"
    requested = TuneRequest("My Jig", "jig", "6/8", "1/16", "Ador", opening="A6 B6|\nc")
    assert make_request(prime=prime) == requested
    # What is said apart counts more.
    assert make_request(prime=prime, key="G", title="Mine", part_bars=8) == TuneRequest(
        "Mine", "jig", "6/8", "1/16", "G", 8, "A6 B6|\nc"
    )
    assert make_request(prime="K:G\r\nABc|\r\n") == TuneRequest(key="G", opening="ABc|")
    assert make_request(prime="M:C|", strict=False) == TuneRequest(meter="C|", strict=False)


def test_common_time_as_the_books_spell_it() -> None:
    def fitted(meter: str, rhythm: str = "") -> str:
        return LEARNED.fit(TuneRequest(meter=meter, rhythm=rhythm)).meter

    assert fitted("4/4") == "C"
    assert fitted("4/4", "reel") == "4/4"
    assert fitted("C", "reel") == "4/4"
    assert fitted("4/4", "hornpipe") == "C"
    assert fitted("2/2") == "C|"
    assert fitted("2/2", "reel") == "C|"
    assert fitted("6/8") == "6/8"
    assert fitted("4/4", "jig") == "4/4"  # nobody knows such jigs: as it was said
    assert fitted("") == ""


def test_the_learned_headers_go_with_the_wish() -> None:
    expected = (
        ("hornpipe", "C", "1/8", "D"),
        ("hornpipe", "C", "1/8", "Edor"),
        ("jig", "6/8", "1/8", "Em"),
        ("reel", "4/4", "1/8", "Ador"),
        ("reel", "C", "1/8", "G"),
        ("reel", "C|", "1/8", "D"),
    )
    assert LEARNED.fit(TuneRequest()).headers == expected
    assert LEARNED.fit(TuneRequest(rhythm="jig", meter="6/8")).headers == expected
    # Those that were learned in other keys, too, are of any.
    assert set(LEARNED.fit(TuneRequest(), any_tonic=True).headers) == {
        (*row[:3], "") for row in expected
    }


def test_headers_that_are_not_whole_are_left_out() -> None:
    broken = ["X:1\nK:D\nABc|\n", "no tune", tune("jig", "6/8", "H"), tune("", "6/8", "G")]
    learned = HeaderStats([*broken, tune("jig", "6/8", "D")])
    assert learned.fit(TuneRequest()).headers == (("jig", "6/8", "1/8", "D"),)
    assert HeaderStats([]).fit(TuneRequest(key="D")).headers == ()


def test_no_rhythm_for_models_that_know_none() -> None:
    untyped = HeaderStats([tune("", "6/8", "D")])
    assert untyped.fit(TuneRequest(meter="6/8")).fields == "TMLK"
    assert untyped.fit(TuneRequest(rhythm="jig")).fields == "TRMLK"
    assert LEARNED.fit(TuneRequest()).fields == "TRMLK"
    assert untyped.fit(TuneRequest()).headers == (("", "6/8", "1/8", "D"),)
    assert untyped.fit(TuneRequest(rhythm="jig")).headers == (("", "6/8", "1/8", "D"),)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (TuneRequest(), ""),
        (TuneRequest(rhythm="reel", meter="C|", key="D"), ""),
        (TuneRequest(rhythm="jig", key="Em"), ""),
        (TuneRequest(rhythm="polka", key="D"), "no training tune has --rhythm polka: expect less"),
        (TuneRequest(meter="5/4"), "no training tune has --meter 5/4: expect less"),
        (TuneRequest(key="F#"), "no training tune has --key F#: expect less"),
        (
            TuneRequest(rhythm="jig", key="D"),
            "no training tune has the combination jig, D: expect less",
        ),
        (
            TuneRequest(rhythm="jig", meter="C|", key="Em"),
            "the combination jig, C|, Em: expect less",
        ),
    ],
)
def test_doubts(wanted: TuneRequest, words: str) -> None:
    doubt = LEARNED.doubt(wanted)
    assert words in doubt
    assert bool(doubt) == bool(words)


def test_doubts_where_tunes_were_learned_in_other_keys() -> None:
    assert "--key Bdor" in LEARNED.doubt(TuneRequest(key="Bdor"))
    assert not LEARNED.doubt(TuneRequest(key="Bdor"), any_tonic=True)
    assert not LEARNED.doubt(TuneRequest(rhythm="hornpipe", key="Bbdor"), any_tonic=True)
    assert "combination jig, Bdor" in LEARNED.doubt(
        TuneRequest(rhythm="jig", key="Bdor"), any_tonic=True
    )
    assert "--key Blyd" in LEARNED.doubt(TuneRequest(key="Blyd"), any_tonic=True)
