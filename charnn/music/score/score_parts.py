"""The parts of a score: each voice on a staff of its own, with its overlays on the same staff."""

from dataclasses import dataclass

from charnn.music.score.layout import lay_out
from charnn.music.score.staff import WrittenBar
from charnn.music.tune.tune import Change, Tune
from charnn.music.tune.voices import with_overlays

_SLURS_OF_A_LAYER = 4  # numbers of slurs for each layer; MusicXML has 16 in a part


@dataclass(frozen=True, slots=True)
class Part:
    """A part.

    Attributes:
        voice: the voice, with key and meter at its beginning.
        bars: its bars.
        layers: the bars of each overlay, as many as in `bars`.
    """

    voice: Tune
    bars: list[WrittenBar]
    layers: list[list[WrittenBar]]


def lay_out_parts(tune: Tune, bars_per_line: int | None) -> list[Part]:
    """Return the parts of a tune; at least one.

    Raises:
        TuneError: as in `lay_out`.
    """
    parts: list[Part] = []
    for voice, *overlays in with_overlays(tune):
        part = Part(voice, lay_out(voice, bars_per_line), [])
        parts.append(part)
        for overlay in overlays:
            bars = lay_out(overlay, bars_per_line)
            if len(bars) == len(part.bars):
                part.layers.append(bars)
            else:  # a long bar without bar lines, of which layers are divided differently
                parts.append(Part(overlay, bars, []))
    for part in parts[1:]:
        _leave_to_first_part(part.bars, tune)
    for part in parts:
        for number, bars in enumerate(part.layers, 1):
            _renumber_slurs(bars, number * _SLURS_OF_A_LAYER)
    return parts


def _leave_to_first_part(bars: list[WrittenBar], tune: Tune) -> None:
    """Remove from another part what the first part shows for all: systems, tempos, part names."""
    letters = {element.letter for element in tune.music if isinstance(element, Change)}
    shown = letters.intersection("PQT")
    for bar in bars:
        bar.new_system = False
        bar.items = [i for i in bar.items if not (isinstance(i, Change) and i.letter in shown)]


def _renumber_slurs(bars: list[WrittenBar], offset: int) -> None:
    for bar in bars:
        for event in bar.events():
            for name in ("slur_starts", "dotted_slur_starts", "slur_stops"):
                setattr(event, name, tuple(number + offset for number in getattr(event, name)))
