"""A feature: something that a person can name at each place of a text, such as the column.

A feature has a class at each character, for example 0 outside and 1 inside of quotes. Where it
makes no sense, such as the position in the bar within a title, it has none.

Shape suffixes: C characters, T tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.insight.read_text import ReadText

Classes = NDArray[np.int8]
NO_CLASS = -1


@dataclass(frozen=True)
class NamedFeature:
    """A feature, and its class at each place of a text.

    Attributes:
        name: the name of the feature, for a person.
        labels: the name of each class.
        classes: [C] or [T] the class at each place, `NO_CLASS` where there is none.
    """

    name: str
    labels: tuple[str, ...]
    classes: Classes


def yes_or_no(name: str, values: Sequence[int]) -> NamedFeature:
    """Return a feature with the classes "no" (0) and "yes" (1)."""
    return NamedFeature(name, ("no", "yes"), np.array(values, np.int8))


def counted(name: str, values: Sequence[int], classes: int, first: int = 0) -> NamedFeature:
    """Return a feature that counts: the last of its classes is that of all larger numbers.

    Args:
        name: the name of the feature.
        values: the number at each place, `NO_CLASS` or less where there is none.
        classes: the number of classes.
        first: the number that is shown for a value of 0.
    """
    labels = [str(first + number) for number in range(classes)]
    labels[-1] += "+"
    limited = np.clip(np.array(values, np.int64), NO_CLASS, classes - 1)
    return NamedFeature(name, tuple(labels), limited.astype(np.int8))


def at_tokens(feature: NamedFeature, text: ReadText) -> NamedFeature:
    """Return a feature of the characters of a text as a feature of its tokens.

    A token has the class of its last character. A token without characters (a document end, a
    label) has the class of the character before it.
    """
    last_T = np.cumsum([len(piece) for piece in text.pieces]) - 1
    classes_T = np.where(last_T < 0, NO_CLASS, feature.classes[np.maximum(last_T, 0)])
    return NamedFeature(feature.name, feature.labels, classes_T.astype(np.int8))
