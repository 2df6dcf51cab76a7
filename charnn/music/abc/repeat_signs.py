"""Explicit repeat signs: a `|:` and a `:|` wherever playing comes or goes back.

Tune books leave out many a `|:`. Each program guesses in its own way where a repeat without one
begins; charnn's guess is that of the standard (`playing_order.py`). With all signs in place, there
is nothing left to guess.
"""

from collections.abc import Iterator

from charnn.music.tune.playing_order import find_repeats
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note, Tune


class RepeatSigns:
    """The bar lines of a voice with explicit repeat signs.

    Attributes:
        bar_lines: the texts that replace a bar line, by its index in `Tune.music`. `::` becomes two
            signs. No text stands for a bar line that is left out.
        inserted: the signs to be inserted before an element, by its index. The index may be the
            length of the music.
    """

    def __init__(self, voice: Tune) -> None:
        self._music = voice.music
        self.inserted: dict[int, tuple[str, ...]] = {}
        repeats = find_repeats(voice)
        starts = repeats.starts | ({0} if repeats.from_beginning else set())
        self._counts = {
            index: (
                element.ends if index in repeats.ends else 0,
                element.starts if index in starts else 0,
            )
            for index, element in enumerate(voice.music)
            if isinstance(element, BarLine)
        }
        for start in starts:
            self._open_repeat(start)
        for end, returns in repeats.ends.items():
            if returns:
                self._close_repeat(end)
        self.bar_lines = {
            index: self._signs(index, element)
            for index, element in enumerate(voice.music)
            if isinstance(element, BarLine)
        }

    def _open_repeat(self, start: int) -> None:
        """Let a repeat begin with a sign; `start` is its bar line or its first element."""
        if self._counts.get(start, (0, 0))[1]:
            return
        for index in range(start, len(self._music)):
            element = self._music[index]
            if isinstance(element, BarLine):
                ends, starts = self._counts[index]
                if starts:
                    return
                if not element.section or (index > start and not ends):
                    self._counts[index] = (ends, 1)
                    return
            elif not _is_silent(element):
                self.inserted[index] = ("||", "|:") if self._follows_note(index) else ("|:",)
                return

    def _close_repeat(self, end: int) -> None:
        """Let a repeat end with a sign; `end` is its bar line or the element after its end."""
        if self._counts.get(end, (0, 0))[0]:
            return
        if end in self._counts:
            self._counts[end] = (1, self._counts[end][1])
            return
        for index in range(end - 1, -1, -1):
            if index in self._counts:
                ends, starts = self._counts[index]
                self._counts[index] = (max(1, ends), starts)
                return
            if not _is_silent(self._music[index]):
                break
        self.inserted[end] = (":|",)

    def _signs(self, index: int, element: BarLine) -> tuple[str, ...]:
        """Return the signs that replace the bar line at an index."""
        ends, starts = self._counts[index]
        if (ends, starts) == (element.ends, element.starts) == (0, 0):
            # Many books write a bar line at the end of a line and at the beginning of the next.
            if element.text == ":":
                return (".|",)
            is_second = element.text in ("|", "||") and self._follows_bar_line(index, element)
            return () if is_second else (element.text,)
        signs = [":" * ends + "|"] if ends else []
        if element.ends and not ends and not self._follows_section(index):  # it repeats nothing
            signs = ["||" if self._notes_follow(index) else "|]"]
        if starts:
            if not signs and self._follows_note(index):
                signs = ["||"]
            signs.append("|" + ":" * starts)
        elif element.starts and not signs and isinstance(self._after(index), Ending):
            signs = [element.text]
        elif element.starts and not signs and not self._follows_section(index):
            signs = ["||"]
        return tuple(signs)

    def _notes_follow(self, index: int) -> bool:
        following = (self._music[i] for i in range(index, len(self._music)))
        return any(isinstance(element, Note) for element in following)

    def _backwards(self, index: int) -> Iterator[Element]:
        """Yield the elements before an index, the last one first."""
        return (self._music[i] for i in range(index - 1, -1, -1))

    def _after(self, index: int) -> Element | None:
        return self._music[index + 1] if index + 1 < len(self._music) else None

    def _follows_note(self, index: int) -> bool:
        """Return whether only spaces, line ends and marks separate a bar line from a note."""
        before = (each for each in self._backwards(index) if not isinstance(each, Mark))
        return isinstance(next(before, None), Note)

    def _follows_bar_line(self, index: int, weaker: BarLine) -> bool:
        """Return whether no note or mark separates a bar line from one as strong."""
        before = (each for each in self._backwards(index) if not _is_silent(each))
        element = next(before, None)
        return isinstance(element, BarLine) and element.section >= weaker.section

    def _follows_section(self, index: int) -> bool:
        """Return whether the bar line at an index follows the end of a section, or nothing."""
        before = (each for each in self._backwards(index) if not _is_silent(each))
        element = next(before, None)
        return element is None or (isinstance(element, BarLine) and element.section)


def _is_silent(element: Element) -> bool:
    """Return whether an element has no place in a bar: a space, the end of a line, a field."""
    is_space = isinstance(element, Mark) and element.kind in ("space", "line")
    return is_space or isinstance(element, Change)
