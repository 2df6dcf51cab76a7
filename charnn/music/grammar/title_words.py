"""The words of the titles of the training tunes, from which new titles are made.

A title is a few letters of a tune, so a small model spells words that no language has. With these
words it chooses, and still invents: it has never read most of its combinations.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TITLE = re.compile("^T:(.*)$", re.MULTILINE)
# Letters and digits, with signs between them (O'Neill's, Bow-legged); a full stop shortens a word
# (Mr.), and a plural may end in an apostrophe (Ladies').
_WORD = re.compile(r"[^\W_]+(?:['.&-][^\W_]+)*[.']?|&", re.ASCII)


@dataclass(frozen=True)
class TitleWords:
    """The words of titles, each in the spelling and with the capitals of the title.

    Attributes:
        last: the words that end a title.
        inner: the words that only occur before others, such as "The".
    """

    last: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()

    @classmethod
    def of_tunes(cls, tunes: Iterable[str]) -> "TitleWords":
        """Return the words of the titles of some cleaned tunes."""
        last: set[str] = set()
        others: set[str] = set()
        for tune in tunes:
            found = _TITLE.search(tune)
            words = found[1].split() if found else []
            # In "Boyne Hunt, The", the last word is the first one. A small last word ("My Bonnie
            # lies over") often means that the title was cut off.
            inverted = len(words) > 1 and (words[-2].endswith(",") or words[-1].islower())
            for place, word in enumerate(words, 1):
                at_end = place == len(words)
                plain = word.rstrip(".,;:!?" if at_end else ",;:!?")
                if _WORD.fullmatch(plain):
                    (last if at_end and not inverted else others).add(plain)
        return cls(frozenset(last), frozenset(others - last))

    def to_json(self) -> dict[str, str]:
        """Return two texts with spaces between the words, which `from_json` reads."""
        return {"last": " ".join(sorted(self.last)), "inner": " ".join(sorted(self.inner))}

    @classmethod
    def from_json(cls, value: object) -> "TitleWords":
        """Return the words that `to_json` wrote.

        Raises:
            ValueError: `value` is no such object.
        """
        if not isinstance(value, dict) or [type(value.get(name)) for name in ("last", "inner")] != [
            str,
            str,
        ]:
            raise ValueError("the words of titles are two texts")
        return cls(frozenset(value["last"].split()), frozenset(value["inner"].split()))
