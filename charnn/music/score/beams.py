"""Beams: the groups of notes that beams join, and the list of beams of each note.

ABC joins notes that are written without a space between them. If a tune has no spaces at all
between short notes, the notes of each beat are joined instead.
"""

from fractions import Fraction

from charnn.music.score.staff import Event, WrittenBar
from charnn.music.tune.tune import Meter


def add_beams(bars: list[WrittenBar]) -> None:
    """Set `Event.beams` for all events of the bars."""
    has_spaces = any(
        not event.joined
        for bar in bars
        for event in list(bar.events())[1:]
        if event.value.flags and not event.grace
    )
    for index, bar in enumerate(bars):
        _add_beams_in_bar(bar, has_spaces, is_first=index == 0)


def _add_beams_in_bar(bar: WrittenBar, has_spaces: bool, is_first: bool) -> None:
    beat = _beamed_beat(bar.meter)
    # A pickup is the end of a bar, so its first note does not fall on the first beat.
    onset = bar.meter.bar - bar.duration if is_first else Fraction(0)
    onset = max(onset, Fraction(0))
    group: list[Event] = []
    group_onset = onset
    graces: list[Event] = []
    for event in bar.events():
        if event.grace:  # grace notes have beams of their own
            graces.append(event)
            continue
        _join(graces)
        graces = []
        is_apart = not event.joined if has_spaces else group_onset // beat != onset // beat
        is_beamable = bool(event.heads and event.value.flags)
        if is_apart or not is_beamable:
            _join(group)
            group = []
        if is_beamable:
            if not group:
                group_onset = onset
            group.append(event)
        onset += event.duration
    _join(group)


def _beamed_beat(meter: Meter) -> Fraction:
    """Return the time that one beam spans, in quarter notes, in a tune without spaces."""
    if not meter.bar:
        return Fraction(1)
    if meter.compound or (meter.numerator == 3 and meter.denominator == 8):
        return Fraction(12, meter.denominator)
    return Fraction(2) if meter.bar == 4 else Fraction(1)  # 4/4 joins eighths in fours


def _join(group: list[Event]) -> None:
    """Set the beams of the events of one group; a single event keeps its flags."""
    if len(group) < 2:
        return
    flags = [event.value.flags for event in group]
    for index, event in enumerate(group):
        flags_before = flags[index - 1] if index else 0
        flags_after = flags[index + 1] if index + 1 < len(group) else 0
        for level in range(1, flags[index] + 1):
            left, right = flags_before >= level, flags_after >= level
            if left or right:
                event.beams.append("continue" if left and right else "end" if left else "begin")
            else:
                event.beams.append("backward hook" if index else "forward hook")
