"""The sounding notes of all voices and of the accompaniment, each with its instrument.

MIDI files, audio files and the page play the same arrangement. Several tunes are played one after
the other, as in a set.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest

from charnn.errors import CharnnError
from charnn.music.performance.performance import Performance, Sound
from charnn.music.performance.playback import Playback
from charnn.music.sound.instruments import Instrument, accompanist_of, find_instrument
from charnn.music.sound.tempo_map import TempoMap

# About 30 tunes with chords. music21 needs 4 s for them, and four times as long for twice as many.
MAX_JOINED_SOUNDS = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one voice, or of the accompaniment.

    Attributes:
        instrument: what plays them.
        name: the name of the part; `""` for none.
        sounds: the notes with the pitches that sound, which may be octaves from the written ones.
    """

    instrument: Instrument
    name: str
    sounds: tuple[Sound, ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """One or several tunes as they sound.

    Attributes:
        title: the title; `""` for none.
        voices: the voices.
        accompaniment: the chords; None without any.
        timeline: the tempos, keys, meters and bars of all voices; it has no sounds.
        duration: the length in quarter notes.
        starts: the onset and title of each tune.
    """

    title: str
    voices: tuple[Part, ...]
    accompaniment: Part | None
    timeline: Performance
    duration: Fraction
    starts: tuple[tuple[Fraction, str], ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the voices, then the accompaniment."""
        return self.voices + ((self.accompaniment,) if self.accompaniment else ())

    @property
    def seconds(self) -> float:
        """Return the length in seconds, by the tempos of the timeline."""
        return TempoMap(self.timeline).seconds(self.duration)


def arrange(playback: Playback) -> Arrangement:
    """Return a tune as it sounds.

    Raises:
        TuneError: the tune has no notes, or too many once its repeats are played.
        UsageError: the instrument is unknown, or the tempo is out of range.
    """
    instrument = find_instrument(playback.options.instrument)
    tune = playback.tune
    title = tune.titles[0] if tune.titles else ""
    voices = tuple(
        _part(
            instrument.reading(voice.key.clef),
            voice.voice if tune.others else title,
            performance.sounds,
        )
        for voice, performance in zip(tune.voices, playback.performances, strict=True)
    )
    chords = playback.accompaniment
    return Arrangement(
        title,
        voices,
        _part(accompanist_of(instrument), "Chords", chords) if chords else None,
        replace(playback.performance, sounds=(), chord_symbols=()),
        playback.duration,
        ((Fraction(0), title),),
    )


def one_after_the_other(arrangements: Sequence[Arrangement], title: str) -> Arrangement:
    """Return arrangements, at least one, that are played without a pause between them.

    Raises:
        CharnnError: they have too many notes.
    """
    count = sum(len(part.sounds) for each in arrangements for part in each.parts)
    if count > MAX_JOINED_SOUNDS:
        raise CharnnError(
            f"the {len(arrangements)} tunes have {count:,} notes, more than the "
            f"{MAX_JOINED_SOUNDS:,} of one file: export fewer at a time"
        )
    moved: list[Arrangement] = []
    onset = Fraction(0)
    for arrangement in arrangements:
        moved.append(_later(arrangement, onset))
        onset += arrangement.duration
    voices = zip_longest(*(each.voices for each in moved))
    chords = [each.accompaniment for each in moved if each.accompaniment]
    return Arrangement(
        title,
        tuple(
            _joined(filter(None, parts), "" if number else title)
            for number, parts in enumerate(voices)
        ),
        _joined(chords) if chords else None,
        Performance(
            (),
            tuple(change for each in moved for change in each.timeline.changes),
            onset,
            tuple(bar for each in moved for bar in each.timeline.bars),
        ),
        onset,
        tuple(start for each in moved for start in each.starts),
    )


def _part(instrument: Instrument, name: str, sounds: Iterable[Sound]) -> Part:
    sounding = instrument.sounding
    return Part(
        instrument, name, tuple(replace(each, pitch=sounding(each.pitch)) for each in sounds)
    )


def _joined(parts: Iterable[Part], name: str = "") -> Part:
    first, *others = parts
    sounds = (*first.sounds, *(sound for part in others for sound in part.sounds))
    return Part(first.instrument, name or first.name, sounds)


def _later(arrangement: Arrangement, by: Fraction) -> Arrangement:
    """Return an arrangement that begins `by` quarter notes later."""

    def part_later(part: Part) -> Part:
        sounds = tuple(replace(sound, onset=sound.onset + by) for sound in part.sounds)
        return replace(part, sounds=sounds)

    timeline, chords = arrangement.timeline, arrangement.accompaniment
    return replace(
        arrangement,
        voices=tuple(map(part_later, arrangement.voices)),
        accompaniment=chords and part_later(chords),
        timeline=replace(
            timeline,
            changes=tuple(replace(each, onset=each.onset + by) for each in timeline.changes),
            bars=tuple(replace(each, onset=each.onset + by) for each in timeline.bars),
        ),
        starts=tuple((onset + by, title) for onset, title in arrangement.starts),
    )
