"""The file formats of the export commands and of `charnn sample --save`.

To add a format, write a function from a `TuneExport` to the bytes of a file, and add one entry to
`FORMATS`. The entry names the command that writes the format: export-score offers each of its
formats by --format and by the suffix of -o, and `saved=True` adds the format to
`charnn sample --save`. A command for a new kind of output calls `export_tunes`
(`charnn/cli/export_tunes.py`) with its entry, as export-midi does. An option that the format needs
is a field of `ExportOptions`, which the command fills in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.cli.console import show_warning
from charnn.cli.playback_options import warn_of_chords

if TYPE_CHECKING:
    from charnn.music.performance.playback import Playback, PlaybackOptions
    from charnn.music.score.engraving import PictureFormat
    from charnn.music.tune.tune import Tune


@dataclass(frozen=True)
class ExportOptions:
    """The options of an export. Each format uses only the options that it needs.

    Attributes:
        playback: how the tune is played (MIDI and audio); None for the defaults.
        soundfont: the SoundFont for FluidSynth; None for the built-in synthesiser.
        bars_per_line: the number of bars in a line of a score; None for the lines of the ABC.
        voice: the number of the only voice to export; None for all voices.
    """

    playback: "PlaybackOptions | None" = None
    soundfont: Path | None = None
    bars_per_line: int | None = None
    voice: int | None = None


@dataclass(frozen=True)  # no slots: cached_property stores its value in __dict__
class TuneExport:
    """A tune to export in one format or in several formats.

    The performance and the MusicXML document are computed when the first format needs them, and are
    reused for the other formats.
    """

    tune: "Tune"
    options: ExportOptions = ExportOptions()

    @cached_property
    def playback(self) -> "Playback":
        """Return the tune with its playback options."""
        from charnn.music.performance.playback import Playback, PlaybackOptions

        return Playback(self.tune, self.options.playback or PlaybackOptions())

    @cached_property
    def musicxml(self) -> str:
        """Return the score of the tune as a MusicXML document, and warn of what it leaves out."""
        from charnn.music.score.musicxml import to_musicxml
        from charnn.music.score.omissions import find_omissions

        document = to_musicxml(self.tune, self.options.bars_per_line)
        found = (omission for voice in self.tune.voices for omission in find_omissions(voice))
        if omissions := list(dict.fromkeys(found)):
            show_warning(f"{self.tune.name}: the score leaves out {', '.join(omissions)}")
        return document


@dataclass(frozen=True, slots=True)
class BookFormat:
    """A format with many tunes in one file.

    Attributes:
        draw: the function that draws one tune.
        bind: the function that returns the content of the file from the tunes as `draw` returns
            them, and a title.
    """

    draw: Callable[[TuneExport], object]
    bind: Callable[[list[Any], str], bytes]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A file format.

    Attributes:
        label: the name of the format in messages.
        suffixes: the suffixes of its files; the first one is the default.
        command: the command that writes the format.
        encode: the function that returns the content of a file.
        is_text: True if a terminal can show the content.
        saved: True if `charnn sample --save` writes it, too.
        book: the functions that write several tunes to one file; None for a file per tune.
    """

    label: str
    suffixes: tuple[str, ...]
    command: str
    encode: Callable[[TuneExport], bytes]
    is_text: bool = False
    saved: bool = False
    book: BookFormat | None = None


# The functions import their libraries when they are called: music21 alone takes 1 to 2 s on a cold
# start, and `charnn --help` imports this module.


def _midi(export: TuneExport) -> bytes:
    from charnn.music.sound.midi import midi_bytes

    warn_of_chords(export.playback)
    return midi_bytes(export.playback)


def _wav(export: TuneExport) -> bytes:
    from charnn.music.sound.fluidsynth import fluidsynth_wav
    from charnn.music.sound.wav import wav_bytes

    warn_of_chords(export.playback)
    soundfont = export.options.soundfont
    return fluidsynth_wav(export.playback, soundfont) if soundfont else wav_bytes(export.playback)


def _picture(kind: "PictureFormat") -> Callable[[TuneExport], bytes]:
    def encode(export: TuneExport) -> bytes:
        from charnn.music.score.engraving import engrave

        return engrave(export.tune, kind, lambda: export.musicxml)

    return encode


def _draw(export: TuneExport) -> object:
    from charnn.music.score.engraving import draw

    return draw(export.tune, "pdf", lambda: export.musicxml)


def _bind(pictures: list[Any], title: str) -> bytes:
    from charnn.music.score.engraving import bind

    return bind(pictures, title)


def _musicxml(export: TuneExport) -> bytes:
    return export.musicxml.encode()


# `charnn sample --save` writes the formats in this order. SVG comes after the other saved ones,
# because it needs verovio: if verovio is missing, those files are already written.
FORMATS = {
    "midi": ExportFormat("MIDI", (".mid", ".midi"), "export-midi", _midi, saved=True),
    "wav": ExportFormat("WAV", (".wav",), "export-audio", _wav, saved=True),
    "musicxml": ExportFormat(
        "MusicXML", (".musicxml", ".xml"), "export-score", _musicxml, is_text=True, saved=True
    ),
    "svg": ExportFormat(
        "SVG", (".svg",), "export-score", _picture("svg"), is_text=True, saved=True
    ),
    "png": ExportFormat("PNG", (".png",), "export-score", _picture("png")),
    "pdf": ExportFormat(
        "PDF", (".pdf",), "export-score", _picture("pdf"), book=BookFormat(_draw, _bind)
    ),
}


def formats_of(command: str) -> dict[str, ExportFormat]:
    """Return the formats that a command writes, by name."""
    return {name: each for name, each in FORMATS.items() if each.command == command}
