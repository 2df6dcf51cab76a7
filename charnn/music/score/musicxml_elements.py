"""Building an XML document element by element."""

import unicodedata
from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def add(parent: Element, name: str, text: object = None, /, **attributes: str) -> Element:
    """Append a child element with a text and attributes, and return the child."""
    element = ElementTree.SubElement(parent, name, attributes)
    if text is not None:
        element.text = legal(str(text))
    return element


def legal(text: str) -> str:
    """Return the text without control characters, surrogates and unassigned code points.

    Line ends are kept.

    XML 1.0 forbids most control characters and all surrogates, and a reader rejects a document that
    contains one of them.
    """
    forbidden = ("Cc", "Cs", "Cn")
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in forbidden)
