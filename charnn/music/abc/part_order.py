"""The order in which the parts of a tune are played: P: in the header (ABC 2.1, "P: - parts")."""

import re
from collections.abc import Collection, Sequence

from charnn.music.abc.fields import FieldError
from charnn.music.tune.playing_order import part_labels
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import Element

MAX_PARTS = 200
MAX_PART_NESTING = 7

_WORD = re.compile("[A-Z]?[a-z]+")
# Signs of books that the standard does not have: between parts, and before the number of times.
_SEPARATORS = re.compile(r"[,;:/|+&>\u2013-]")
_TIMES = re.compile(r"[*x\u00d7](?=\s*[0-9])")
_AS_WRITTEN = "the tune is played as it is written"


def read_part_order(
    text: str, line: int, music: Sequence[Element]
) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the parts in the order they are played, and the problems of this order.

    Words in the field are left out (`(AB)3 or more`), unless a label has their first letter; if
    nothing else remains, there is no order. Parts that the music lacks stay in the order. In an
    order such as `1122`, the numbers are parts if the tune has such labels.

    Args:
        text: the text of P: in the header.
        line: its line.
        music: the body of the tune.
    """
    labels = {name for name, _ in part_labels(music)}
    plain = _SEPARATORS.sub(" ", _TIMES.sub("", text))
    digits = "".join(plain.split())
    left_out = [word for word in _WORD.findall(plain) if not _part_of(word, labels)]
    order = _WORD.sub(lambda word: _part_of(word[0], labels) or " ", plain)
    try:
        if digits.isdecimal():
            parts = tuple(digits) if set(digits) <= labels and len(digits) <= MAX_PARTS else ()
        else:
            parts = parse_part_order(order)
        if not parts and text.strip():
            raise _unreadable(text)
    except FieldError as error:
        return (), [Problem(f"{error}; {_AS_WRITTEN}", line, 3, serious=False)]
    if left_out:
        problem = f"words in the order of parts {text.strip()!r}: they are left out"
        return parts, [Problem(problem, line, 3, serious=False)]
    missing = [part for part in dict.fromkeys(parts) if part not in labels]
    if not missing:
        return parts, []
    if len(missing) == len(set(parts)):
        problem = f"no P: in the tune marks a part of the order {text.strip()!r}; {_AS_WRITTEN}"
        return parts, [Problem(problem, line, 3, serious=False)]
    names = ", ".join(missing)
    problem = f"the tune has no part {names}: add P:{missing[0]} before it, or change the order"
    return parts, [Problem(problem, line, 3)]


def _part_of(word: str, labels: Collection[str]) -> str:
    """Return the parts that a word of an order names: its letters or the first; `""` for none."""
    if set(word) <= set(labels):
        return word
    return word[0] if word[0] in labels else ""


def parse_part_order(text: str) -> tuple[str, ...]:
    """Return the letters of a header's P: in the order played (ABC 2.1, "P: - parts").

    Repeats are written out: `A2(BC)2.A` is A A B C B C A.

    Raises:
        FieldError: the brackets do not match, a character has no meaning, brackets are nested more
            than seven deep, or the order has more than 200 parts with its repeats.
    """
    stack: list[list[str]] = [[]]  # one list for each open bracket
    repeatable: list[str] = []  # the parts that a following number repeats
    for sign in re.findall(r"[0-9]+|[^\s.]", text):
        if sign[0] in "0123456789":
            # Four digits are enough to exceed the limit, however long the number is.
            if int(sign[:4]) > MAX_PARTS:
                raise FieldError(f"too many parts: more than {MAX_PARTS} in the order of parts")
            stack[-1].extend(repeatable * (int(sign[:4]) - 1))
            repeatable = []
        elif sign == "(":
            stack.append([])
        elif sign == ")":
            repeatable = stack.pop()
            if not stack:
                raise FieldError(f"unbalanced brackets in the order of parts {text.strip()!r}")
            stack[-1].extend(repeatable)
        elif sign.isalpha():
            repeatable = [sign]
            stack[-1].append(sign)
        else:
            raise _unreadable(text)
        if len(stack[-1]) > MAX_PARTS:
            raise FieldError(f"too many parts: more than {MAX_PARTS} in the order of parts")
        if len(stack) > MAX_PART_NESTING + 1:
            raise FieldError(f"more than {MAX_PART_NESTING} nested brackets in the order of parts")
    if len(stack) > 1:
        raise FieldError(f"unbalanced brackets in the order of parts {text.strip()!r}")
    return tuple(stack[0])


def _unreadable(text: str) -> FieldError:
    return FieldError(
        f"cannot read the order of parts {text.strip()!r}: write it as in AABB or A2(BC)2"
    )
