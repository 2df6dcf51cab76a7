"""The headers of training tunes: requests are fitted to them, or get a warning."""

import pytest

from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.title_words import TitleWords
from charnn.music.grammar.tune_request import TuneRequest


def tune(rhythm: str, meter: str, key: str) -> str:
    words = f"R:{rhythm}\n" if rhythm else ""
    return f"X:1\nT:x\n{words}M:{meter}\nL:1/8\nK:{key}\nABc d2e|M:x\n"


STATS = HeaderStats(
    [
        *[tune("reel", "C|", "D")] * 3,
        *[tune("reel", "4/4", "Ador")] * 2,
        tune("reel", "C", "G"),
        tune("hornpipe", "C", "D"),
        tune("hornpipe", "C", "Edor"),
        tune("jig", "6/8", "Em"),
    ]
)


def test_a_meter_gets_its_commoner_name() -> None:
    def fitted(meter: str, rhythm: str = "") -> str:
        return STATS.fit(TuneRequest(meter=meter, rhythm=rhythm)).meter

    assert fitted("4/4") == "C"
    assert fitted("4/4", "reel") == "4/4"
    assert fitted("C", "reel") == "4/4"
    assert fitted("4/4", "hornpipe") == "C"
    assert fitted("2/2") == "C|"
    assert fitted("2/2", "reel") == "C|"
    assert fitted("6/8") == "6/8"
    assert fitted("4/4", "jig") == "4/4"  # no such jigs: the request keeps its name
    assert fitted("") == ""


def test_a_fitted_request_has_all_headers() -> None:
    expected = (
        ("hornpipe", "C", "1/8", "D", 1),
        ("hornpipe", "C", "1/8", "Edor", 1),
        ("jig", "6/8", "1/8", "Em", 1),
        ("reel", "4/4", "1/8", "Ador", 2),
        ("reel", "C", "1/8", "G", 1),
        ("reel", "C|", "1/8", "D", 3),
    )
    assert STATS.fit(TuneRequest()).headers == expected
    assert STATS.fit(TuneRequest(rhythm="jig", meter="6/8")).headers == expected


def test_a_type_in_a_meter_of_other_types_is_left_out() -> None:
    stats = HeaderStats(
        [tune("jig", "6/8", "D"), tune("jig", "C|", "D"), tune("Polka", "9/8", "D")]
    )
    found = {(row.rhythm, row.meter) for row in stats.fit(TuneRequest()).headers}
    assert found == {("jig", "6/8"), ("Polka", "9/8")}  # nothing is known of other types


def test_the_words_of_titles_are_stored() -> None:
    stats = HeaderStats([tune("jig", "6/8", "D")])
    assert stats.fit(TuneRequest()).title_words == TitleWords(frozenset({"x"}))
    assert HeaderStats.from_json(stats.to_json(), None, None).fit(TuneRequest()).title_words is None


def test_incomplete_headers_are_left_out() -> None:
    broken = ["X:1\nK:D\nABc|\n", "no tune", tune("jig", "6/8", "H"), tune("", "6/8", "G")]
    stats = HeaderStats([*broken, tune("jig", "6/8", "D")])
    assert stats.fit(TuneRequest()).headers == (("jig", "6/8", "1/8", "D", 1),)
    assert HeaderStats([]).fit(TuneRequest(key="D")).headers == ()


def test_without_rhythms_in_training_no_rhythm_is_written() -> None:
    untyped = HeaderStats([tune("", "6/8", "D")])
    assert untyped.fit(TuneRequest(meter="6/8")).fields == "TMLK"
    assert untyped.fit(TuneRequest(rhythm="jig")).fields == "TRMLK"
    assert STATS.fit(TuneRequest()).fields == "TRMLK"
    assert untyped.fit(TuneRequest()).headers == (("", "6/8", "1/8", "D", 1),)
    assert untyped.fit(TuneRequest(rhythm="jig")).headers == (("", "6/8", "1/8", "D", 1),)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (TuneRequest(), ""),
        (TuneRequest(rhythm="reel", meter="C|", key="D"), ""),
        (TuneRequest(rhythm="jig", key="Em"), ""),
        (
            TuneRequest(rhythm="polka", key="D"),
            "no training tune has --rhythm polka: the new tune may be poor",
        ),
        (TuneRequest(rhythm="jigg"), "Did you mean jig?"),
        (TuneRequest(meter="5/4"), "no training tune has --meter 5/4: the new tune may be poor"),
        (TuneRequest(key="F#"), "no training tune has --key F#: the new tune may be poor"),
        (
            TuneRequest(rhythm="jig", key="D"),
            "no training tune has the combination jig, D: the new tune may be poor",
        ),
        (
            TuneRequest(rhythm="jig", meter="C|", key="Em"),
            "C| is no meter of a jig: use --meter 6/8, or the new tune",
        ),
    ],
)
def test_requests_unlike_the_training_tunes_get_a_warning(wanted: TuneRequest, words: str) -> None:
    doubt = STATS.doubt(wanted)
    assert words in doubt
    assert bool(doubt) == bool(words)


def test_warnings_after_training_on_transposed_tunes() -> None:
    assert "--key Bdor" in STATS.doubt(TuneRequest(key="Bdor"))
    assert not STATS.doubt(TuneRequest(key="Bdor"), any_tonic=True)
    assert not STATS.doubt(TuneRequest(rhythm="hornpipe", key="Bbdor"), any_tonic=True)
    assert "combination jig, Bdor" in STATS.doubt(
        TuneRequest(rhythm="jig", key="Bdor"), any_tonic=True
    )
    assert "--key Blyd" in STATS.doubt(TuneRequest(key="Blyd"), any_tonic=True)
