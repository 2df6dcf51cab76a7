"""Titles of tunes in one style: no type of dance after a dash, no capitals throughout.

Tune books print `THE BOSS -- JIG.`, `Boyne Hunt, The` and `The Wild Irishman.` for titles of one
kind. A model would learn each habit with the tunes of its book.
"""

import re

_TYPES = (
    "slip ?jig|set ?dance|highland fling|fling|quick ?step|strathspey|hornpipe|walk ?around|clog"
    "|reel|jig|waltz|polka|slide|march|minuet|air"
)
_TYPE_AFTER_DASH = re.compile(rf" ?-{{1,3}} ?(?:{_TYPES})\b\.?(?: No\. ?\d)?\.?(?=$|,| \()", re.I)
_END_MARKS = " .,;:-"
_TYPE_BEFORE_DASH = re.compile(rf"^(?:{_TYPES})\.? -{{1,3}} ", re.I)
_ARTICLE_AT_END = re.compile(r"^(.*?\S)[.,]{0,3} (The|(?<=, )An?)$", re.I)
# A program that replaced T: in Ryan's Mammoth Collection wrote "Wat:erloo" and "Great: Eastern".
_STRAY_COLON = re.compile(r"(?<=at):(?=[a-z ])")
# `McBAIN'S` is a word in capitals as well. Roman numerals are not, and a single A only among them.
_CAPITALS = re.compile(
    r"\b(?![IVX]+(?:[ .,]|$))(?:[A-Z][a-z]?[A-Z'][A-Za-z']*|[A-Z]'[A-Z]+|A(?= [A-Z]{2}))"
)
_SMALL_WORDS = frozenset(
    {"a", "an", "and", "as", "at", "but", "by", "for", "from"}
    | {"in", "into", "of", "on", "or", "the", "to", "with"}
)


def mend_title(title: str) -> str:
    """Return a title without the type of dance after a dash, with the article at its beginning.

    Full stops and commas at the end are dropped, and words in capitals are written in title case.
    A title that would become empty stays unchanged.
    """
    mended = _TYPE_AFTER_DASH.sub("", _STRAY_COLON.sub("", title))
    mended = _TYPE_BEFORE_DASH.sub("", mended).rstrip(_END_MARKS)
    mended = _ARTICLE_AT_END.sub(r"\2 \1", mended)
    mended = _CAPITALS.sub(_title_case, mended).rstrip(_END_MARKS)
    mended = re.sub(r'\.(["\)])$', r"\1", mended)
    return mended[:1].upper() + mended[1:] or title


def _title_case(found: re.Match[str]) -> str:
    """Return a word of a title in title case; a small word only at the beginning of the title."""
    word = found[0]
    before = found.string[: found.start()].rstrip(' "(')
    if word.lower() in _SMALL_WORDS and before and before[-1] not in ".!?-":
        return word.lower()
    name, apostrophe, rest = word.partition("'")
    # O'Neill, but I'll.
    if len(name) == 1 and len(rest) > 2:
        return name + apostrophe + rest.capitalize()
    if len(name) > 4 and name.upper().startswith("MC"):
        return "Mc" + word[2:].capitalize()
    return word.capitalize()
