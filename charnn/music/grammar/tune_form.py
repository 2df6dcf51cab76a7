"""The form of a tune: which parts are repeated, and which are written again later.

In `AABA`, each letter is one playing of a part. A part that is played twice in a row is written
once, between repeat signs. A part that comes back after another one is written again. With bar
labels (`charnn.music.coding.bar_labels`) it gets the labels of its first time, so it has the same
bars.
"""

from itertools import groupby
from typing import NamedTuple

from charnn.errors import UsageError
from charnn.music.grammar.grammar_state import MAX_PARTS

# In music21's books, 4.7 % of the tunes without a mistake have a single part.
MIN_PARTS = 2


class WrittenPart(NamedTuple):
    """A part as it is written.

    Attributes:
        may_repeat: whether the part may lie between repeat signs or have variant endings.
        may_play_once: whether it may lie between double bars.
        copied_part: the index of the same part earlier in the tune; `None` for a new part.
        copied_later: whether the part is new and comes back later.
    """

    may_repeat: bool = True
    may_play_once: bool = True
    copied_part: int | None = None
    copied_later: bool = False

    @property
    def may_have_endings(self) -> bool:
        """Return whether the part may have variant endings: not if it is written twice."""
        return self.may_repeat and self.copied_part is None and not self.copied_later


class TuneForm:
    """The parts of a tune in the order in which they are written.

    Args:
        letters: the parts in the order in which they are played, such as `AABB`; `""` for any two
            or more parts.
        max_parts: the greatest number of parts where there are no letters.

    Attributes:
        min_parts, max_parts: the allowed numbers of written parts.
        copies_parts: whether a part is written again.

    Raises:
        UsageError: no tune has such a form.
    """

    def __init__(self, letters: str, max_parts: int = MAX_PARTS) -> None:
        _check_letters(letters)
        groups = [(letter, len(list(group))) for letter, group in groupby(letters)]
        names = [letter for letter, _ in groups]
        for letter, times in groups:
            if times > 2:
                raise UsageError(
                    f"--form {letters} plays part {letter} {times} times in a row, and a part is "
                    f"repeated once: write {2 * letter}"
                )
        if letters and not MIN_PARTS <= len(groups) <= MAX_PARTS:
            raise UsageError(
                f"--form {letters} has {len(groups)} written part{'s' * (len(groups) > 1)}, and a "
                f"tune has {MIN_PARTS} to {MAX_PARTS}: choose a form such as AABB, whose repeated "
                "parts are written once"
            )
        self._parts = [
            WrittenPart(
                may_repeat=times == 2,
                may_play_once=times == 1,
                copied_part=names.index(letter) if letter in names[:index] else None,
                copied_later=letter not in names[:index] and letter in names[index + 1 :],
            )
            for index, (letter, times) in enumerate(groups)
        ]
        self.min_parts = len(groups) or MIN_PARTS
        self.max_parts = len(groups) or max_parts
        self.copies_parts = any(part.copied_later for part in self._parts)

    def part(self, index: int) -> WrittenPart:
        """Return a written part by its index."""
        return self._parts[index] if index < len(self._parts) else WrittenPart()


def _check_letters(letters: str) -> None:
    if not all("A" <= letter <= "Z" for letter in letters):
        raise UsageError(
            f"--form is made of the letters of the parts in playing order, such as AABB or AABA, "
            f"not {letters!r}"
        )
