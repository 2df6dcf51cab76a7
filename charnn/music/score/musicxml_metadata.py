"""The head of a MusicXML document: titles, people, and the other fields of the ABC header."""

from collections.abc import Sequence
from itertools import chain
from xml.etree.ElementTree import Element

from charnn.music.abc.text_escapes import decode_text
from charnn.music.score.musicxml_elements import add
from charnn.music.score.titles import display_title
from charnn.music.tune.tune import Change, Tune
from charnn.version import __version__

# The fields for which MusicXML has no element of its own; the names are those of the standard.
_OTHER_FIELDS = {
    "A": "area",
    "B": "book",
    "D": "discography",
    "F": "file url",
    "G": "group",
    "H": "history",
    "N": "notes",
    "O": "origin",
    "P": "parts",
    "R": "rhythm",
    "W": "words",
    "X": "reference number",
}


def add_metadata(root: Element, tune: Tune, voices: Sequence[Tune]) -> None:
    """Add the titles, the people, the source, all other fields and the list of parts.

    Args:
        root: the root of the document.
        tune: the tune.
        voices: the voice of each part.
    """
    words = field_texts(tune)
    titles = [display_title(title) for title in words.get("T", ()) if title]
    if titles:
        add(add(root, "work"), "work-title", titles[0])
    if titles[1:]:
        add(root, "movement-title", ", ".join(titles[1:]))
    metadata = add(root, "identification")
    for name in words.get("C", ()):
        add(metadata, "creator", name, type="composer")
    for name in words.get("Z", ()):
        add(metadata, "creator", name, type="transcriber")
    add(add(metadata, "encoding"), "software", f"charnn {__version__}")
    if "S" in words:
        add(metadata, "source", "\n".join(words["S"]))
    others = {name: words[letter] for letter, name in _OTHER_FIELDS.items() if letter in words}
    if others:
        miscellaneous = add(metadata, "miscellaneous")
        for name, texts in others.items():
            add(miscellaneous, "miscellaneous-field", "\n".join(texts).strip("\n"), name=name)
    parts = add(root, "part-list")
    for number, voice in enumerate(voices, 1):
        part = add(parts, "score-part", id=f"P{number}")
        if len(voices) > 1:
            add(part, "part-name", voice.voice or str(number))
        else:
            add(part, "part-name", voice.voice or "Melody", **{"print-object": "no"})


def field_texts(tune: Tune) -> dict[str, list[str]]:
    """Return the texts of the header's fields, and of W: and N: in the body, by letter.

    An empty field is left out, except for W:, where it parts two verses.
    """
    texts: dict[str, list[str]] = {}
    music = chain.from_iterable(voice.music for voice in tune.voices)
    body = (e for e in music if isinstance(e, Change) and e.letter in "WN")
    before = ""
    for letter, escaped in (*tune.fields, *((field.letter, field.text) for field in body)):
        text = decode_text(escaped)
        if letter == "+" and before in texts:
            texts[before][-1] = f"{texts[before][-1]} {text}"
        elif text or letter == "W":
            before = letter
            texts.setdefault(letter, []).append(text)
    return texts
