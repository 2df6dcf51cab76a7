"""The plan of a tune's form: which bars are repeated where, and how long its parts are.

The plan of a training tune is a form that musicians have used. A new tune with this plan repeats
its bars at the places where the training tune does, and all notes of it are new.

As a text, a plan has one letter for each bar: a repeated bar has the letter of its first time. `|`
stands between parts, and `[` before the first and the second ending:

    ABCDABEF|GHIJGHEF
    ABCDABE[F[G|HIJKHIEG
"""

from dataclasses import dataclass
from itertools import groupby
from string import ascii_letters

from charnn.music.coding.bar_labels import (
    LABELLED_BARS,
    LABELLED_PARTS,
    LABELS,
    insert_labels,
    label,
    label_places,
    read_bars,
)


@dataclass(frozen=True)
class PartPlan:
    """The plan of a part.

    Attributes:
        labels: the labels of its bars in the order written, the second ending included.
        bars: the number of bars without the second ending.
        bars_before_endings: the number of bars before the first ending; 0 without endings.
    """

    labels: str
    bars: int
    bars_before_endings: int = 0


@dataclass(frozen=True)
class FormPlan:
    """The plan of a tune, one `PartPlan` for each part."""

    parts: tuple[PartPlan, ...]

    @classmethod
    def from_text(cls, text: str) -> "FormPlan":
        """Return the plan that a text describes.

        Raises:
            ValueError: the text describes no plan.
        """
        parts: list[PartPlan] = []
        first: dict[str, str] = {}  # the label of the first bar with each letter
        for number, part in enumerate(text.split("|")):
            before, *endings = part.split("[")
            letters = before + "".join(endings)
            if not letters or len(endings) not in (0, 2) or not set(letters) <= set(ascii_letters):
                raise ValueError(f"no plan of a tune: {text!r}")
            for bar, letter in enumerate(letters):
                first.setdefault(letter, label(number, bar))
            labels = "".join(first[letter] for letter in letters)
            if endings:
                parts.append(PartPlan(labels, len(before + endings[0]), len(before)))
            else:
                parts.append(PartPlan(labels, len(labels)))
        return cls(tuple(parts))

    def label(self, part: int, bar: int) -> str:
        """Return the label of a bar; `""` if the plan has no such bar."""
        labels = self.parts[part].labels if part < len(self.parts) else ""
        return labels[bar : bar + 1]


def plan_text(tune: str) -> str:
    """Return the plan of a tune as a text; `""` for a tune without a plan.

    A tune has no plan if it cannot be read, if its bars do not all have labels of their own, or if
    a part has variant endings other than one pair of the same length.
    """
    bars = read_bars(tune)
    places = label_places(bars)
    labels = iter([sign for sign in insert_labels(tune, bars) if sign in LABELS])
    letters: dict[str, str] = {}
    unused = iter(ascii_letters)
    parts: list[str] = []
    numbered = [(place, bar) for place, bar in zip(places, bars, strict=True) if place is not None]
    for _, of_part in groupby(numbered, key=lambda item: item[0][0]):
        text, endings = "", 0
        for _, bar in of_part:
            found = next(labels, "")
            if found not in letters:
                letters[found] = next(unused, "")
            endings += bar.begins_ending
            text += "[" * bar.begins_ending + letters[found]
        parts.append(text)
    is_complete = all(letters.values()) and "" not in letters and len(parts) <= LABELLED_PARTS
    return "|".join(parts) if is_complete and all(map(_is_plain, parts)) else ""


def _is_plain(part: str) -> bool:
    """Return whether a part has a label for each bar, and no endings or one pair of them."""
    before, *endings = part.split("[")
    is_pair = len(endings) == 2 and len(endings[0]) == len(endings[1]) and before != ""
    return len("".join([before, *endings])) <= LABELLED_BARS and (not endings or is_pair)
