"""The bar lines and repeat signs of a tidy tune, in each of its voices.

A voice without repeats has those of the first voice (`charnn.music.tune.shared_form`). Few programs
know this, so a tidy voice has signs of its own, if all of them stand at its own bar lines.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from charnn.music.abc.repeat_signs import RepeatSigns
from charnn.music.abc.tune_pieces import Piece, Place
from charnn.music.tune.shared_form import has_form
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note, Tune


class VoiceSigns:
    """The bar lines and repeat signs of all voices.

    Args:
        tune: the tune.
        has_own_signs: whether a voice with the repeats of the first one gets signs of its own.

    Attributes:
        repeat_starts: the indices of the bar lines of the first voice at which a repeat begins.
    """

    def __init__(self, tune: Tune, *, has_own_signs: bool) -> None:
        self._voices = tune.voices
        self._bar_lines: dict[Place, tuple[str, ...]] = {}
        self._inserted: dict[int, list[tuple[int, tuple[str, ...]]]] = {}
        first = {
            (element.line, element.column): time
            for time, element in zip(_times(tune.music), tune.music, strict=True)
        }
        for number, voice in enumerate(tune.voices):
            if voice.is_overlay:
                continue
            borrowed = {
                index: time == first[element.line, element.column]
                for index, (time, element) in enumerate(
                    zip(_times(voice.music), voice.music, strict=True)
                )
                if number and _is_form(element) and (element.line, element.column) in first
            }
            if borrowed and not has_own_signs:
                continue
            if all(fits and _stands_at_bar_line(voice.music, i) for i, fits in borrowed.items()):
                self._add(number, RepeatSigns(voice), list(borrowed))
        self.repeat_starts = {
            index
            for (number, index), texts in self._bar_lines.items()
            if number == 0 and any(text.startswith("|:") for text in texts)
        }

    def _add(self, number: int, signs: RepeatSigns, borrowed: list[int]) -> None:
        music = self._voices[number].music
        texts = [*signs.bar_lines.values(), *signs.inserted.values()]
        other_signs = [element for element in music if not isinstance(element, BarLine)]
        has_new_form = has_form(other_signs) or any(":" in text for each in texts for text in each)
        if number and not borrowed and has_form(music) and not has_new_form:
            return  # its signs repeat nothing; without them, it would have those of the first voice
        inserted = {index: _text(music[index], signs, index) for index in borrowed}
        for index, added in signs.inserted.items():
            inserted[index] = (*added, *inserted.get(index, ()))
        self._bar_lines |= {(number, index): s for index, s in signs.bar_lines.items()}
        self._inserted[number] = sorted(inserted.items(), reverse=True)

    def in_place_of(self, piece: Piece) -> tuple[str, ...]:
        """Return the signs that replace a bar line."""
        texts = self._bar_lines.get(piece.place, (piece.text,))
        if not texts and len(self._voices) > 1:  # the other voices have this bar line, too
            return (piece.text,)
        return texts

    def missing_before(self, place: Place) -> list[str]:
        """Return the signs that are missing at a place or shortly before; each is returned once."""
        voice, index = place
        waiting, due = self._inserted.get(voice, []), list[str]()
        while waiting and waiting[-1][0] <= index:
            due += waiting.pop()[1]
        return due

    def missing_after(self, voice: int) -> list[str]:
        """Return the signs that are still missing at the end of a voice."""
        return self.missing_before((voice, len(self._voices[voice].music)))


def _times(music: Sequence[Element]) -> Iterator[Fraction]:
    """Yield the time of each element as written, in quarter notes."""
    now = Fraction(0)
    for element in music:
        yield now
        now += element.duration if isinstance(element, Note) else 0


def _is_form(element: Element) -> bool:
    # Fields on lines of their own hold for all voices.
    return isinstance(element, BarLine | Ending | Mark)


def _text(element: Element, signs: RepeatSigns, index: int) -> tuple[str, ...]:
    """Return the text of a sign of the first voice for another voice."""
    if isinstance(element, BarLine):
        return signs.bar_lines[index]
    if isinstance(element, Ending):
        return ("[" + ",".join(map(str, element.passes)),)
    return (element.text,) if isinstance(element, Mark) else ()


def _stands_at_bar_line(music: tuple[Element, ...], index: int) -> bool:
    """Return whether no note separates an element from a bar line, or from the end of a line."""
    for step in (-1, 1):
        at = index + step
        while 0 <= at < len(music) and not (isinstance(music[at], Note) or _ends_bar(music[at])):
            at += step
        if not 0 <= at < len(music) or _ends_bar(music[at]):
            return True
    return False


def _ends_bar(element: Element) -> bool:
    is_line_end = isinstance(element, Mark) and element.kind == "line"
    return is_line_end or isinstance(element, BarLine | Change)
