"""Holes for new notes in the rhythm of the old ones: only the note heads change.

Lengths, rests, ties, ornaments and chord symbols stay. Grace notes are removed, because they lead
to a note that changes. Instead of a chord, one note is written.
"""

from dataclasses import dataclass, replace

from charnn.music.abc.note_length import format_length
from charnn.music.grammar.gap_pieces import HIGHEST, LOWEST, Fixed, Head
from charnn.music.tune.theory import LETTERS
from charnn.tunes.located_tune import LocatedTune, PlacedNote, Run
from charnn.tunes.new_bars import notes_on_beats
from charnn.tunes.tune_gap import Hole


@dataclass
class _VoiceNote:
    """A note of the tune.

    Attributes:
        head: the head that takes its place; None if the note stays.
        position: its position on the staff.
        place: its place in the text.
        length: its length, if the text in `place` contains a length.
    """

    head: Head | None
    position: int
    place: tuple[int, int]
    length: str


def kept_rhythm_holes(
    located: LocatedTune, bars: set[int], *, keep_contour: bool = False, keep_beats: bool = False
) -> list[Hole]:
    """Return a hole for each note of the chosen bars, and one for each group of grace notes.

    Args:
        located: the tune.
        bars: the indices of the chosen bars.
        keep_contour: whether the melody rises and falls where it does now.
        keep_beats: whether the notes on the beats stay.
    """
    voice: list[_VoiceNote] = []
    holes: list[Hole] = []
    tied = False
    for run in located.runs:
        kept = notes_on_beats(located, run) if keep_beats else []
        for placed in run.notes:
            if not placed.note.pitches:
                continue
            position = _position(placed, run)
            changes = run.bar in bars and placed not in kept and LOWEST <= position <= HIGHEST
            if tied and voice[-1].head is None:
                changes = False  # the note before stays, and a tie joins equal notes
            head = Head(direction=0 if tied else None) if changes else None
            place = placed.start, placed.stop
            voice.append(_VoiceNote(head, position, place, _chord_length(located.text, placed)))
            if changes and placed.begin < placed.start:
                holes.append(Hole(placed.begin, located.text.index("}", placed.begin) + 1))
            tied = any(pitch.tied for pitch in placed.note.pitches)
    _limit_range(voice)
    if keep_contour:
        _keep_contour(voice)
    holes += (
        Hole(*each.place, (each.head, Fixed(each.length)))
        for each in voice
        if each.head is not None
    )
    return sorted(holes, key=lambda hole: hole.start)


def _position(placed: PlacedNote, run: Run) -> int:
    """Return the position of the first pitch of a note on the staff: 0 for `C`, 7 for `c`."""
    pitch = placed.note.pitches[0]
    return LETTERS.index(pitch.letter) + 7 * (pitch.octave - run.key.octave - 4)


def _chord_length(text: str, placed: PlacedNote) -> str:
    """Return the written length of a chord; `""` for a note, whose length stays in the text."""
    note = placed.note
    if text[placed.start] != "[":
        return ""
    # A chord is as long as its first note, whose length may stand inside the brackets.
    inner = note.pitches[0].length if len(note.pitches) > 1 else 1
    return format_length(note.length * inner)


def _limit_range(voice: list[_VoiceNote]) -> None:
    """Limit the new notes to the range of the tune, and a step beyond."""
    positions = [each.position for each in voice]
    lowest = max(LOWEST, min(positions, default=0) - 1)
    highest = min(HIGHEST, max(positions, default=0) + 1)
    for each in voice:
        if each.head is not None:
            each.head = replace(each.head, lowest=lowest, highest=highest)


def _keep_contour(voice: list[_VoiceNote]) -> None:
    """Give each head its direction, and a range from which all later directions can be kept.

    A note that three rising notes must follow cannot be the third highest. The old notes keep all
    directions, so no range is empty.
    """
    low, high = LOWEST, HIGHEST
    rise: int | None = None  # the direction of the note after
    for each, before in zip(reversed(voice), [*reversed(voice[:-1]), None], strict=False):
        head, following = each.head, rise
        rise = None if before is None else _sign(each.position - before.position)
        if head is None:
            low = high = each.position
            continue
        if following != 0:  # an equal note has the same range
            low = max(head.lowest, low + 1) if following == -1 else head.lowest
            high = min(head.highest, high - 1) if following == 1 else head.highest
        stays = before is not None and before.head is None
        fixed = before.position if before and stays else None
        each.head = Head(low, high, direction=rise, before=fixed)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
