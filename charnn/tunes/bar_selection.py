"""The bars that a user names: by number, by part, or the ending of a part.

Bars are numbered as they are written, so the bars of a second ending have their own numbers. A
pick-up has no number; it belongs to the bar after it. `charnn check` counts in the same way.
"""

import re
from collections.abc import Iterable
from string import ascii_uppercase

from charnn.errors import UsageError
from charnn.music.checking.parts import bars_as_played, split_into_passes
from charnn.music.tune.tune import Change, Note
from charnn.tunes.located_tune import LocatedTune

# The cadence of a dance tune: where a part has no first and second ending, its last two bars.
ENDING_BARS = 2
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")


class BarNumbers:
    """The numbers and parts of the bars of a tune.

    Attributes:
        numbers: the number of each bar as written, from 1; 0 for a pick-up. The second half of a
            bar that an ending divides has the number of the first half.
        parts: the indices of the bars of each part, by the letter of the part.
    """

    def __init__(self, located: LocatedTune) -> None:
        self._located = located
        self.numbers = _number_bars(located)
        self.parts = _find_parts(located)

    def name(self, bar: int) -> str:
        """Return the name of a bar in messages."""
        number = self.numbers[bar]
        if number:
            return f"bar {number}"
        following = next((n for n in self.numbers[bar:] if n), 0)
        return f"the pick-up of bar {following}" if following else "the pick-up"

    def select(self, *, bars: str = "", part: str = "", ending: bool = False) -> set[int]:
        """Return the indices of the named bars.

        A pick-up is included if the bars on both sides of it are, or if its whole part is.

        Args:
            bars: numbers and ranges, `5-8` or `4,8`; with `part`, counted from its beginning.
            part: the letter of a part; `""` for the whole tune.
            ending: select only the endings of the part, or of the last part.

        Raises:
            UsageError: there is no such bar or part.
        """
        if bars and ending:
            raise UsageError("--ending and --bars exclude each other: leave one of them out")
        indices = list(range(len(self.numbers)))
        if part:
            indices = self.part(part)
        elif ending:
            indices = list(self.parts.values())[-1] if self.parts else indices
        if ending:
            return set(self._ending(indices))
        if not bars:
            return set(indices)
        return self._numbered(bars, indices, f"part {part.upper()}" if part else "the tune")

    def part(self, part: str, option: str = "--part") -> list[int]:
        """Return the indices of the bars of a part.

        Args:
            part: the letter of the part.
            option: the option that names the part in messages.

        Raises:
            UsageError: there is no such part.
        """
        letter = part.strip().upper()
        if letter not in self.parts:
            names = ", ".join(self.parts)
            raise UsageError(
                f"{option} {part}: there is no such part. "
                + (f"The parts of the tune are {names}" if names else "The tune has no whole bar")
            )
        return self.parts[letter]

    def _ending(self, indices: list[int]) -> list[int]:
        bars = self._located.bars
        first = next((n for n, bar in enumerate(indices) if bars[bar].begins_ending), None)
        return indices[-ENDING_BARS:] if first is None else indices[first:]

    def _numbered(self, text: str, indices: list[int], whole: str) -> set[int]:
        first = next((self.numbers[bar] for bar in indices if self.numbers[bar]), 1)
        numbers = {bar: self.numbers[bar] - first + 1 for bar in indices if self.numbers[bar]}
        known = set(numbers.values())
        wanted = set(_parse(text))
        if missing := sorted(wanted - known):
            raise UsageError(
                f"--bars {text}: there is no bar {missing[0]}, because {whole} has "
                f"{len(known)} {'bar' if len(known) == 1 else 'bars'}; pick-ups do not count"
            )
        chosen = {bar for bar, number in numbers.items() if number in wanted}
        between = {
            bar
            for before, bar, after in zip(indices, indices[1:], indices[2:], strict=False)
            if bar not in numbers and before in chosen and after in chosen
        }
        return chosen | between


def _parse(text: str) -> Iterable[int]:
    """Yield the numbers of a text such as `5-8,12`.

    Raises:
        UsageError: the text is no list of numbers and ranges.
    """
    for one in text.replace(" ", "").split(","):
        found = _RANGE.fullmatch(one)
        if found is None or int(found[1]) > int(found[2] or found[1]) or not int(found[1]):
            raise UsageError(f"--bars {text}: write numbers and ranges, as in 5-8 or 4,8")
        yield from range(int(found[1]), int(found[2] or found[1]) + 1)


def _number_bars(located: LocatedTune) -> list[int]:
    numbers: list[int] = []
    last = 0
    for bar, before in zip(located.bars, [None, *located.bars], strict=False):
        if bar.begins_ending and not bar.begins_part and before and bar.completes(before):
            numbers.append(last)  # the ending begins inside a bar
        elif bar.too_short and bar.begins_part and not bar.begins_ending:
            numbers.append(0)
        else:
            numbers.append(last + 1)
            last += bar.bars
    return numbers


def _find_parts(located: LocatedTune) -> dict[str, list[int]]:
    """Return the bars of each part, by the label of the part (P:) or else in alphabetical order."""
    played = list(bars_as_played(located.tune, located.bar_of_note))
    bars_of_start: dict[int, set[int]] = {}
    for one in split_into_passes(located.bars, played):
        if one.bars:
            bars_of_start.setdefault(one.bar_indices[0], set()).update(one.bar_indices)
    labels = _part_labels(located)
    labelled = bool(labels) and all(start in labels for start in bars_of_start)
    letters = iter(ascii_uppercase)
    parts: dict[str, set[int]] = {}
    for start, bars in sorted(bars_of_start.items()):
        letter = labels[start] if labelled else next(letters, "")
        parts.setdefault(letter, set()).update(bars)
    return {letter: sorted(bars) for letter, bars in parts.items() if letter}


def _part_labels(located: LocatedTune) -> dict[int, str]:
    """Return the letter of the part label in force at each bar that has one."""
    label, labels = "", dict[int, str]()
    for index, element in enumerate(located.tune.music):
        if isinstance(element, Change) and element.letter == "P":
            label = element.text[:1].upper()
        elif isinstance(element, Note) and label:
            labels.setdefault(located.bar_of_note[index], label)
    return labels
