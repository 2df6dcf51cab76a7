"""The text of V:, the voice field (ABC 2.1, "Multiple voices"): `V:T clef=treble-8 name="T"`."""

from dataclasses import dataclass

from charnn.music.abc.staff_words import is_staff_word, sets_staff, staff_words
from charnn.music.abc.text_escapes import decode_text

_NAME_SIGNS = ("name=", "nm=")


@dataclass(frozen=True, slots=True)
class VoiceField:
    """A V: field.

    Attributes:
        text: the text of the field.
    """

    text: str

    @property
    def voice_id(self) -> str:
        """The first word, by which other fields name the same voice."""
        words = self.text.split(maxsplit=1)
        return words[0] if words else ""

    @property
    def name(self) -> str:
        """The text of `name=` or `nm=`, without escapes; `""` without."""
        names = (
            decode_text(word.removeprefix(sign).strip('"').strip())
            for word in self._properties()
            for sign in _NAME_SIGNS
            if word.startswith(sign)
        )
        return next(names, "")

    @property
    def staff(self) -> tuple[str, ...]:
        """The words that set the clef or move the notes."""
        return tuple(filter(sets_staff, self._properties()))

    @property
    def unknown(self) -> tuple[str, ...]:
        """The properties without a meaning here, such as `volume=3`."""
        return tuple(w for w in self._properties() if "=" in w and not is_staff_word(w))

    def _properties(self) -> list[str]:
        return staff_words(self.text.strip().removeprefix(self.voice_id))
