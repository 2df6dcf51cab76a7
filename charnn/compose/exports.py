"""The files that the page exports: the same bytes as those of the export commands."""

from collections.abc import Mapping
from typing import Any

from charnn.compose.exported_file import ExportedFile
from charnn.compose.tune_view import playback_options, rows_of
from charnn.errors import UsageError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.playback import Playback
from charnn.music.score.finger_rows import score_with_rows
from charnn.music.tune.tune import Tune

MAX_TUNES = 200


def export_tunes(asked: Mapping[str, Any]) -> ExportedFile:
    """Return a tune, or several, as one file.

    Args:
        asked: `abc`, one text with one or several tunes; `format`, one of "abc", "midi", "wav",
            "musicxml", "svg" and "pdf"; `rows`, for SVG and PDF; and the options of
            `charnn.compose.tune_view.playback_options`. Only ABC and PDF take several tunes.

    Raises:
        UsageError: a value is wrong, or there are several tunes.
        TuneError: a tune cannot be read, or not be written in this format.
        CharnnError: a program that the format needs is not installed.
    """
    text, kind = asked.get("abc"), asked.get("format")
    if not isinstance(text, str):
        raise UsageError("abc is a text")
    if kind == "abc":
        return ExportedFile(text.encode(), "text/vnd.abc; charset=utf-8", ".abc")
    tunes, rows = read_tunes(text), rows_of(asked)
    if not tunes or len(tunes) > MAX_TUNES:
        raise UsageError(f"an export has from 1 to {MAX_TUNES} tunes, not {len(tunes)}")
    if kind == "pdf":
        return ExportedFile(_pdf(tunes, rows), "application/pdf", ".pdf")
    if len(tunes) > 1:
        raise UsageError("this format takes one tune: choose ABC or PDF for several")
    playback = Playback(tunes[0], playback_options(asked))
    if kind == "midi":
        from charnn.music.sound.midi import midi_bytes

        return ExportedFile(midi_bytes(playback), "audio/midi", ".mid")
    if kind == "wav":
        from charnn.music.sound.wav import wav_bytes

        return ExportedFile(wav_bytes(playback), "audio/wav", ".wav")
    if kind == "musicxml":
        from charnn.music.score.musicxml import to_musicxml

        document = to_musicxml(tunes[0]).encode()
        return ExportedFile(document, "application/vnd.recordare.musicxml+xml", ".musicxml")
    if kind == "svg":
        from charnn.music.score.engraving import engrave

        return ExportedFile(
            engrave(tunes[0], "svg", score_with_rows(tunes[0], rows)), "image/svg+xml", ".svg"
        )
    raise UsageError("the format is one of abc, midi, wav, musicxml, svg and pdf")


def _pdf(tunes: list[Tune], rows: str) -> bytes:
    from charnn.music.score.engraving import bind, draw

    title = tunes[0].titles[0] if len(tunes) == 1 and tunes[0].titles else "Tunes"
    return bind([draw(tune, "pdf", score_with_rows(tune, rows)) for tune in tunes], title)
