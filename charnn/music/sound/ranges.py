"""The ranges of instruments, as their players read them."""

# Lowest and highest MIDI pitch on the staff, for players of dance tunes: a fiddle up to the third
# position, whistles, wooden flutes and uilleann pipes in D, the chanter of Highland pipes.
_RANGES = {
    "fiddle": (55, 88),
    "violin": (55, 100),
    "viola": (48, 91),
    "cello": (36, 81),
    "flute": (60, 96),
    "wooden flute": (62, 88),
    "piccolo": (62, 96),
    "recorder": (60, 86),
    "whistle": (62, 86),
    "tin whistle": (62, 86),
    "penny whistle": (62, 86),
    "low whistle": (62, 86),
    "button accordion": (54, 88),
    "piano accordion": (53, 93),
    "concertina": (55, 96),
    "bagpipes": (67, 81),
    "uilleann pipes": (62, 86),
    "harp": (36, 91),
    "banjo": (55, 93),
    "mandolin": (55, 93),
    "bouzouki": (55, 93),
    "guitar": (52, 88),
    "acoustic guitar": (52, 88),
    "ukulele": (60, 81),
    "clarinet": (50, 94),
    "oboe": (58, 91),
}
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")


def range_warning(instrument: str, pitches: list[int]) -> str:
    """Return a sentence about the notes that an instrument lacks; "" if it has them all.

    Args:
        instrument: the name of the instrument, in lower case.
        pitches: the MIDI pitches of the notes as written.
    """
    if instrument not in _RANGES or not pitches:
        return ""
    lowest, highest = _RANGES[instrument]
    reached = []
    if min(pitches) < lowest:
        reached.append(f"down to {_name(min(pitches))}, below its lowest note {_name(lowest)}")
    if max(pitches) > highest:
        reached.append(f"up to {_name(max(pitches))}, above its highest note {_name(highest)}")
    if not reached:
        return ""
    return f"This tune leaves the range of the {instrument}: it goes {' and '.join(reached)}."


def _name(pitch: int) -> str:
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"
