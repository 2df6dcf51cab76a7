"""The file formats of the export commands, of `charnn sample --save` and of the page.

To add a format, write a function from a `TuneExport` to the bytes of a file, and add one entry to
`FORMATS`. The entry names the command that writes the format: export-score offers each of its
formats by --format and by the suffix of -o, and `saved=True` adds the format to
`charnn sample --save`. A command for a new kind of output calls `export_tunes`
(`charnn/cli/export_tunes.py`) with its entry, as export-midi does. The page offers every format
that is named in its texts. An option that the format needs is a field of `ExportOptions`, which the
command or the page fills in.

ABC has no entry: it is the text of the tunes, also of those that cannot be read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from charnn.exports.tune_export import TuneExport

if TYPE_CHECKING:
    from charnn.music.score.engraving import PictureFormat, Warn


@dataclass(frozen=True, slots=True)
class JoinedTunes:
    """The way in which one file of a format contains many tunes.

    Attributes:
        prepare: the function that prepares one tune. It fails with the tune.
        join: the function that returns the content of the file from the prepared tunes and a title.
            Its last argument is a function that is called with a message on what the file lacks.
    """

    prepare: Callable[[TuneExport], Any]
    join: Callable[[list[Any], str, "Warn"], bytes]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A file format.

    Attributes:
        label: the name of the format in messages.
        suffixes: the suffixes of its files; the first one is the default.
        command: the command that writes the format.
        encode: the function that returns the content of a file.
        media_type: the name of the format on the web.
        is_text: True if a terminal can show the content.
        saved: True if `charnn sample --save` writes it, too.
        joined: the functions that write several tunes to one file; None for a file per tune.
    """

    label: str
    suffixes: tuple[str, ...]
    command: str
    encode: Callable[[TuneExport], bytes]
    media_type: str = "application/octet-stream"
    is_text: bool = False
    saved: bool = False
    joined: JoinedTunes | None = None


# The functions import their libraries when they are called: music21 alone takes 1 to 2 s on a cold
# start, and `charnn --help` imports this module.


def _midi(export: TuneExport) -> bytes:
    from charnn.music.sound.midi import midi_bytes

    return midi_bytes(export.playback)


def _wav(export: TuneExport) -> bytes:
    from charnn.music.sound.fluidsynth import fluidsynth_wav
    from charnn.music.sound.wav import wav_bytes

    soundfont = export.options.soundfont
    return fluidsynth_wav(export.playback, soundfont) if soundfont else wav_bytes(export.playback)


def _arrange(export: TuneExport) -> Any:
    from charnn.music.sound.arrangement import arrange

    return arrange(export.playback)


def _midi_of_set(arrangements: list[Any], title: str, warn: "Warn") -> bytes:
    from charnn.music.sound.arrangement import one_after_the_other
    from charnn.music.sound.midi import encode_midi

    return encode_midi(one_after_the_other(arrangements, title))


def _wav_of_set(arrangements: list[Any], title: str, warn: "Warn") -> bytes:
    from charnn.music.sound.arrangement import one_after_the_other
    from charnn.music.sound.wav import encode_wav

    return encode_wav(one_after_the_other(arrangements, title))


def _picture(kind: "PictureFormat") -> Callable[[TuneExport], bytes]:
    def encode(export: TuneExport) -> bytes:
        from charnn.music.score.engraving import engrave

        return engrave(export.tune, kind, lambda: export.score, warn=export.warn)

    return encode


def _draw(export: TuneExport) -> object:
    from charnn.music.score.engraving import draw

    return draw(export.tune, "pdf", lambda: export.score)


def _bind(pictures: list[Any], title: str, warn: "Warn") -> bytes:
    from charnn.music.score.engraving import bind

    return bind(pictures, title, warn)


def _musicxml(export: TuneExport) -> bytes:
    return export.score.encode()


# `charnn sample --save` writes the formats in this order. SVG comes after the other saved ones,
# because it needs verovio: if verovio is missing, those files are already written.
FORMATS = {
    "midi": ExportFormat(
        "MIDI",
        (".mid", ".midi"),
        "export-midi",
        _midi,
        "audio/midi",
        saved=True,
        joined=JoinedTunes(_arrange, _midi_of_set),
    ),
    "wav": ExportFormat(
        "WAV",
        (".wav",),
        "export-audio",
        _wav,
        "audio/wav",
        saved=True,
        joined=JoinedTunes(_arrange, _wav_of_set),
    ),
    "musicxml": ExportFormat(
        "MusicXML",
        (".musicxml", ".xml"),
        "export-score",
        _musicxml,
        "application/vnd.recordare.musicxml+xml",
        is_text=True,
        saved=True,
    ),
    "svg": ExportFormat(
        "SVG",
        (".svg",),
        "export-score",
        _picture("svg"),
        "image/svg+xml",
        is_text=True,
        saved=True,
    ),
    "png": ExportFormat("PNG", (".png",), "export-score", _picture("png"), "image/png"),
    "pdf": ExportFormat(
        "PDF",
        (".pdf",),
        "export-score",
        _picture("pdf"),
        "application/pdf",
        joined=JoinedTunes(_draw, _bind),
    ),
}


def formats_of(command: str) -> dict[str, ExportFormat]:
    """Return the formats that a command writes, by name."""
    return {name: each for name, each in FORMATS.items() if each.command == command}
