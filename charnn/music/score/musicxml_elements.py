"""Building an XML document element by element."""

import unicodedata
from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def add(parent: Element, name: str, text: object = None, /, **attributes: str) -> Element:
    """Append an element and return it."""
    element = ElementTree.SubElement(parent, name, attributes)
    if text is not None:
        element.text = legal(str(text))
    return element


def legal(text: str) -> str:
    """The text without the control characters that no XML may hold."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Cn"))
