"""The table of export formats: what each entry writes, and what the formats of a tune share."""

import importlib.util

import pytest

from charnn.exports import export_formats
from charnn.exports.export_formats import FORMATS, ExportFormat, formats_of
from charnn.exports.tune_export import TuneExport
from charnn.music.abc.reader import read_tunes
from charnn.music.performance import playback
from charnn.music.score import score_parts
from charnn.music.tune.tune import Tune

BEGINNINGS = {
    "midi": b"MThd",
    "wav": b"RIFF",
    "svg": b"<svg",
    "png": b"\x89PNG",
    "pdf": b"%PDF",
    "musicxml": b"<?xml",
}


@pytest.fixture
def tune() -> Tune:
    return read_tunes("X:1\nT:Scale\nM:4/4\nL:1/8\nK:C\nCDEFGABc|]\n")[0]


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_begins_with_its_signature(name: str, tune: Tune) -> None:
    if name in ("svg", "png", "pdf") and importlib.util.find_spec("verovio") is None:
        pytest.skip("needs verovio and typst")
    assert FORMATS[name].encode(TuneExport(tune)).startswith(BEGINNINGS[name])


def test_suffixes_are_unique() -> None:
    suffixes = [suffix for each in FORMATS.values() for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix.startswith(".") for suffix in suffixes)


def test_an_entry_in_the_table_makes_a_format(monkeypatch: pytest.MonkeyPatch, tune: Tune) -> None:
    titles = ExportFormat(
        "titles", (".txt",), "export-score", lambda export: export.tune.titles[0].encode()
    )
    monkeypatch.setitem(export_formats.FORMATS, "titles", titles)
    assert list(formats_of("export-score")) == ["musicxml", "svg", "png", "pdf", "titles"]
    assert formats_of("export-score")["titles"].encode(TuneExport(tune)) == b"Scale"


def test_saved_formats_share_one_performance_and_one_layout(
    monkeypatch: pytest.MonkeyPatch, tune: Tune
) -> None:
    calls: list[str] = []
    perform, lay_out = playback.perform, score_parts.lay_out
    monkeypatch.setattr(
        playback,
        "perform",
        lambda *args, **options: calls.append("perform") or perform(*args, **options),
    )
    monkeypatch.setattr(score_parts, "lay_out", lambda *a: calls.append("lay out") or lay_out(*a))
    export = TuneExport(tune)
    for name, export_format in FORMATS.items():
        if export_format.saved and (name != "svg" or importlib.util.find_spec("verovio")):
            export_format.encode(export)
    assert sorted(calls) == ["lay out", "perform"]
