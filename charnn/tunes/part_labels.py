"""The labels (P:) of new parts, in a tune whose parts have labels.

Without a label, a new part would be more of the part before it. And if the header has an order of
parts, only the parts that it names are played.
"""

import re
from string import ascii_uppercase

from charnn.errors import UsageError
from charnn.music.tune.tune import Change, Note
from charnn.tunes.located_tune import LocatedTune

_LINE_BEGIN = r"(?:\A|(?<=[\r\n]))"
_KEY = re.compile(_LINE_BEGIN + "K:")
_ORDER = re.compile(_LINE_BEGIN + r"P:[^%\r\n]*")


def label_parts(text: str, start: int, line_end: str) -> tuple[str, str]:
    """Return a tune with a label at each new part, and the new order of parts.

    The new parts have the letters that the order of the header names and the tune lacks, then the
    letters that follow the highest one of the tune. The order is `""` if the header names
    no order, or if it needs no change. A tune without labels stays as it is.

    Args:
        text: the tune.
        start: the offset of the new parts, which may begin with the rest of an old one.
        line_end: the line end of the tune.

    Raises:
        UsageError: there are no letters left.
    """
    located = LocatedTune(text)
    used = _labels(located)
    if not used:
        return text, ""
    order = located.tune.parts
    named = [letter for letter in dict.fromkeys(order) if letter not in used]
    # A first part without a label is A. Letters below the highest one are the last resort.
    highest = max({"A", *used} & set(ascii_uppercase))
    unused = [letter for letter in ascii_uppercase[1:] if letter not in {*used, *order}]
    free = named + sorted(unused, key=lambda letter: letter < highest)
    places = _unlabelled_starts(located, start)
    if len(places) > len(free):
        raise UsageError("the parts have all letters from A to Z: add fewer --parts")
    # From the last part on, so that the places before it stay where they are.
    for place, letter in reversed(list(zip(places, free, strict=False))):
        text = _with_label(text, place, letter, line_end)
    new = [letter for letter in free[: len(places)] if letter not in order]
    return _with_letters(text, new) if order and new else (text, "")


def _labels(located: LocatedTune) -> set[str]:
    """Return the letters of the labels of a tune."""
    music = located.tune.music
    labels = (one.text for one in music if isinstance(one, Change) and one.letter == "P")
    return {label.strip()[:1].upper() for label in labels}


def _unlabelled_starts(located: LocatedTune, start: int) -> list[int]:
    """Return the offset of the first note of each part after an offset that has no label."""
    first_notes: dict[int, int] = {}
    labelled: set[int] = set()
    has_label = False
    for index, element in enumerate(located.tune.music):
        if isinstance(element, Change) and element.letter == "P":
            has_label = True
        elif isinstance(element, Note):
            if has_label:
                labelled.add(located.bar_of_note[index])
            has_label = False
    for run in located.runs:
        first_notes.setdefault(run.bar, run.start)
    return [
        first_notes[index]
        for index, bar in enumerate(located.bars)
        if bar.begins_part and not bar.begins_ending and index not in labelled
        if first_notes[index] >= start
    ]


def _with_label(text: str, place: int, letter: str, line_end: str) -> str:
    """Return a text with a label before a note, on a line of its own if the note begins a line."""
    before = text[:place].rstrip("|:[] \t")
    if before.endswith(("\n", "\r")):
        return f"{before}P:{letter}{line_end}{text[len(before) :]}"
    return f"{text[:place]}[P:{letter}]{text[place:]}"


def _with_letters(text: str, letters: list[str]) -> tuple[str, str]:
    """Return a tune whose order of parts has further letters, and this order."""
    header_end = found.start() if (found := _KEY.search(text)) else len(text)
    field = list(_ORDER.finditer(text, 0, header_end))[-1]
    place = field.start() + len(field[0].rstrip())
    order = text[field.start() + 2 : place].strip()
    added = "".join(("." if "." in order else "") + letter for letter in letters)
    return text[:place] + added + text[place:], order + added
