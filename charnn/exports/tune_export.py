"""A tune on its way into files: its options, and what several formats share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charnn.music.performance.playback import Playback, PlaybackOptions
    from charnn.music.tune.tune import Tune


@dataclass(frozen=True)
class ExportOptions:
    """The options of an export. Each format uses only the options that it needs.

    Attributes:
        playback: how the tune is played (MIDI and audio); None for the defaults.
        soundfont: the SoundFont for FluidSynth; None for the built-in synthesiser.
        bars_per_line: the number of bars in a line of a score; None for the lines of the ABC.
        voice: the number of the only voice to export; None for all voices.
        rows: the rows under the staff, one of `charnn.music.score.finger_places.ROWS`; "" for none.
    """

    playback: "PlaybackOptions | None" = None
    soundfont: Path | None = None
    bars_per_line: int | None = None
    voice: int | None = None
    rows: str = ""


def _forget(message: str) -> None:
    """Forget a message."""


@dataclass(frozen=True)  # no slots: cached_property stores its value in __dict__
class TuneExport:
    """A tune to export in one format or in several formats.

    The performance and the MusicXML document are computed when the first format needs them, and are
    reused for the other formats.

    Attributes:
        tune: the tune.
        options: the options.
        warn: a function that is called with a message on what a file does not contain.
    """

    tune: "Tune"
    options: ExportOptions = ExportOptions()
    warn: Callable[[str], None] = _forget

    @cached_property
    def playback(self) -> "Playback":
        """Return the tune with its playback options, and warn of chords that are not played."""
        from charnn.music.performance.chord_messages import chord_messages
        from charnn.music.performance.playback import Playback, PlaybackOptions

        playback = Playback(self.tune, self.options.playback or PlaybackOptions())
        for message in chord_messages(playback):
            self.warn(message)
        return playback

    @cached_property
    def musicxml(self) -> str:
        """Return the score of the tune as a MusicXML document, and warn of what it leaves out."""
        from charnn.music.score.musicxml import to_musicxml
        from charnn.music.score.omissions import find_omissions

        document = to_musicxml(self.tune, self.options.bars_per_line)
        found = (omission for voice in self.tune.voices for omission in find_omissions(voice))
        if omissions := list(dict.fromkeys(found)):
            self.warn(f"{self.tune.name}: the score leaves out {', '.join(omissions)}")
        return document

    @cached_property
    def score(self) -> str:
        """Return the MusicXML document with its rows, and warn of notes that have no place."""
        from charnn.music.score.finger_rows import add_rows, missing_notes_warning

        rows = self.options.rows
        if not rows:
            return self.musicxml
        if warning := missing_notes_warning(self.musicxml, rows):
            self.warn(f"{self.tune.name}: {warning}")
        return add_rows(self.musicxml, rows)
