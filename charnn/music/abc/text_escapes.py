r"""The letters and signs that ABC writes with a backslash or as HTML entities in text.

ABC 2.1, "Text strings", has three ways to write é: `\'e`, `&eacute;` and `\u00e9`. Tune books also
use those of the programs before the standard: `\,c` for ç, and a code of Latin-1 in octal, `\351`.
"""

import html
import re
import unicodedata

# The mark after the backslash, and the Unicode character that adds the accent to a letter.
_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "o": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "c": "\u0327",
    ",": "\u0327",
    ";": "\u0328",
}
_LETTERS = {"AA": "Å", "aa": "å", "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "ss": "ß"} | {
    **{"DH": "Ð", "dh": "ð", "TH": "Þ", "th": "þ", "/O": "Ø", "/o": "ø", "/L": "Ł", "/l": "ł"},
    **{"/D": "Đ", "/d": "đ", "/H": "Ħ", "/h": "ħ", "\\": "\\", "%": "%", "&": "&"},
}
_SIGNS_OF_ABC = frozenset('\\%&"[]|:')
# TeX, which the first ABC program wrote, closes the name of a letter with empty braces.
_ESCAPE = re.compile(
    r"\\(?:u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|(?P<octal>[0-3][0-7]{2})"
    rf"|(?:(?P<letter>{'|'.join(map(re.escape, _LETTERS))})"
    rf"|(?P<accent>[{re.escape(''.join(_ACCENTS))}])(?P<base>[A-Za-z]))(?:\{{\}})?)"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)"
)


def decode_text(text: str) -> str:
    r"""Return a text with the letters that its escapes stand for.

    An escape without a meaning stays as it is, such as the `\-` of lyrics. So does one of a control
    character or of a surrogate, which no output format can contain.
    """
    return _ESCAPE.sub(_decoded, text) if "\\" in text or "&" in text else text


def write_as_unicode(text: str) -> str:
    r"""Return a text of ABC with letters in place of escapes; it means the same.

    The escapes of signs that ABC would read otherwise, such as `\%`, stay. So do all escapes of a
    text in which a letter would become a part of another escape, as in `\'&#101;`.
    """

    def written(found: re.Match[str]) -> str:
        decoded = _decoded(found)
        return found[0] if decoded in _SIGNS_OF_ABC else decoded

    result = _ESCAPE.sub(written, text) if "\\" in text or "&" in text else text
    return result if decode_text(result) == decode_text(text) else text


def _decoded(found: re.Match[str]) -> str:
    text = _meaning(found)
    is_visible = bool(text) and all(unicodedata.category(each)[0] != "C" for each in text)
    return text if is_visible else found[0]


def _meaning(found: re.Match[str]) -> str:
    """Return the meaning of an escape; `""` if the escape is unknown."""
    if found["entity"]:
        return html.unescape(found["entity"])
    if found["letter"]:
        return _LETTERS[found["letter"]]
    if found["accent"]:
        composed = unicodedata.normalize("NFC", found["base"] + _ACCENTS[found["accent"]])
        return composed if len(composed) == 1 else ""
    code = int(found["octal"], 8) if found["octal"] else int(found["short"] or found["long"], 16)
    return chr(code) if code <= 0x10FFFF else ""
