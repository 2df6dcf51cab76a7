"""The features of any text: quotes, brackets, and the position in words, lines and sentences."""

import re

from charnn.insight.named_features import NO_CLASS, NamedFeature, counted, yes_or_no

_OPENING, _CLOSING = "([{", ")]}"
# A bracket that is never closed would enclose the rest of the text.
_MAX_DEPTH = 3
_SENTENCE_ENDS = ".!?"
_CAPITALS = re.compile(r"[^\W\d_a-z]{2,}")
_TENS = 10


def text_features(text: str) -> list[NamedFeature]:
    """Return the features of a text, with a class for each character."""
    return [*_enclosures(text), *_lines(text), *_words(text)]


def _enclosures(text: str) -> list[NamedFeature]:
    """Return the features of quotes and brackets. Both end with the paragraph, closed or not."""
    quoted, depths = [], []
    quotes = depth = 0
    before = ""
    for character in text:
        if character == '"':
            quotes = 1 - quotes
        elif character in "“”":
            quotes = int(character == "“")
        elif character in _OPENING:
            depth = min(depth + 1, _MAX_DEPTH)
        elif character in _CLOSING:
            depth = max(depth - 1, 0)
        elif character == before == "\n":
            quotes = depth = 0
        before = character
        quoted.append(quotes)
        depths.append(depth)
    return [
        yes_or_no("inside quotes", quoted),
        counted("inside brackets", depths, _MAX_DEPTH + 1),
    ]


def _lines(text: str) -> list[NamedFeature]:
    """Return the features of lines: the column, the indentation, the number in a paragraph."""
    columns, indents, numbers = [], [], []
    column = indent = number = 0
    blank = True
    for character in text:
        if character == "\n":
            # A line without words ends a paragraph.
            number = 0 if blank else number + 1
            column = indent = 0
            blank = True
        else:
            column += 1
            if blank and character in " \t":
                indent += 1 if character == " " else 4
            blank = blank and character.isspace()
        columns.append(column // _TENS)
        indents.append(indent // 2)
        numbers.append(number)
    tens = counted("position in the line", columns, 8)
    labels = (*(f"{_TENS * n}-{_TENS * n + 9}" for n in range(7)), "70+")
    return [
        NamedFeature(tens.name, labels, tens.classes),
        NamedFeature(
            "indentation",
            ("0-1", "2-3", "4-5", "6-7", "8-9", "10+"),
            counted("indentation", indents, 6).classes,
        ),
        counted("line of the paragraph", numbers, 8, first=1),
    ]


def _words(text: str) -> list[NamedFeature]:
    """Return the features of words: the letters so far, capitals, the place in the sentence."""
    letters, words = [], []
    letter = word = 0
    inside = False
    for character in text:
        if character.isalpha():
            letter = letter + 1 if inside else 0
            inside = True
        else:
            word += inside
            inside = False
        if character in _SENTENCE_ENDS:
            word = 0
        letters.append(letter if inside else NO_CLASS)
        words.append(word // 2)
    capitals = [NO_CLASS if letter < 0 else 0 for letter in letters]
    for found in _CAPITALS.finditer(text):
        capitals[found.start() : found.end()] = [1] * len(found[0])
    pairs = ("0-1", "2-3", "4-5", "6-7", "8-9", "10-11", "12-13", "14+")
    return [
        counted("letters of the word so far", letters, 8, first=1),
        yes_or_no("inside a word of capitals", capitals),
        NamedFeature("words of the sentence so far", pairs, counted("", words, 8).classes),
    ]
