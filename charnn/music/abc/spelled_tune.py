"""A tune of a book in one spelling: what the two steps of cleaning hand on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SpelledTune:
    """A tune whose fields and lines of music have one spelling.

    Attributes:
        fields: the texts of the header fields X T R M L P K, by letter in this order; `""` for a
            missing one.
        body: the lines after the header: music and fields.
        tempo: the text of Q:, which is not written.
        section: the type of dance of the section of the book that contains the tune, or `""`.
    """

    fields: dict[str, str]
    body: tuple[str, ...]
    tempo: str = ""
    section: str = ""

    def text(self) -> str:
        """Return the tune as a complete ABC text."""
        lines = [
            f"{letter}:{value}" for letter, value in self.fields.items() if value or letter == "K"
        ]
        return "\n".join([*lines, *self.body]) + "\n"
