"""What a user asks of a tune, put into the words that a model of tunes has learned.

Books are cleaned before they are learned (`charnn.music.abc.cleaning`), so a key, a type and a
meter have one spelling each; and a model knows only combinations that its books have.
"""

from dataclasses import dataclass

from charnn.errors import UsageError
from charnn.music.abc import fields
from charnn.music.abc.clean_fields import normalise_rhythm, plain_title, short_key
from charnn.music.abc.clean_lines import clean_music
from charnn.music.abc.patterns import FIELD


@dataclass(frozen=True)
class TuneRequest:
    """What a tune is asked to be; the writer is free where nothing is said.

    Attributes:
        title, rhythm, meter, unit, key: words of the header.
        part_bars: bars in every part; 0 for a usual number, 4 or 8.
        opening: what the body begins with.
        strict: keep to the grammar in the body, too, not in the header alone.
        fields: those of the header, behind X:, in order; R: may be missing.
        headers: the words of R: M: L: K: that go together; a K: of `""` is any key. None: all do.
    """

    title: str = ""
    rhythm: str = ""
    meter: str = ""
    unit: str = ""
    key: str = ""
    part_bars: int = 0
    opening: str = ""
    strict: bool = True
    fields: str = "TRMLK"
    headers: tuple[tuple[str, str, str, str], ...] = ()


def make_request(
    *,
    title: str = "",
    rhythm: str = "",
    meter: str = "",
    key: str = "",
    part_bars: int = 0,
    prime: str = "",
    strict: bool = True,
) -> TuneRequest:
    """A wish from what a user says.

    Args:
        title, rhythm, meter, key: the header, in any usual spelling (`A dorian`, `Slip Jig`).
        part_bars: bars of every part; 0 for any number.
        prime: the tune's beginning: music, or fields of the header and perhaps music after them.
            What is said otherwise goes before its fields.
        strict: hold the bars right.

    Raises:
        UsageError: there is no such key or meter, or words that a header can't hold.
    """
    given = dict.fromkeys("TRMLK", "")
    lines = prime.strip("\n").split("\n") if prime.strip() else []
    while lines and (found := FIELD.match(lines[0])):
        given[found[1]] = found[2].strip()
        del lines[0]
    for letter, words in zip("TRMK", (title, rhythm, meter, key), strict=True):
        given[letter] = " ".join(words.split()) or given[letter]
    return TuneRequest(
        title=_free("title", plain_title(given["T"])),
        rhythm=_free("rhythm", normalise_rhythm(given["R"])),
        meter=_meter(given["M"]),
        unit=given["L"].replace(" ", ""),
        key=_key(given["K"]),
        part_bars=part_bars,
        opening="\n".join(line for line in map(clean_music, lines) if line),
        strict=strict,
    )


def _free(name: str, words: str) -> str:
    if not words.isprintable() or "%" in words or "\\" in words:
        raise UsageError(
            f"a {name} is made of letters and signs without % and \\, not {words!r}: leave them out"
        )
    return words


def _meter(words: str) -> str:
    meter = words.replace(" ", "").replace("c", "C")
    try:
        counted = not meter or fields.parse_meter(meter).bar
    except fields.FieldError as problem:
        raise UsageError(f"{problem}: say it as in 6/8, 4/4 or C|") from None
    if not counted:
        raise UsageError("a tune needs a meter: say it as in 6/8, 4/4 or C|")
    return meter


def _key(words: str) -> str:
    try:
        found = words and fields.parse_key(words)
    except fields.FieldError as problem:
        raise UsageError(f"{problem}: say it as in G, Em or Ador") from None
    if found and not found.tonic:
        raise UsageError(f"{words!r} is no key: say it as in G, Em or Ador")
    return short_key(words[:1].upper() + words[1:]) if words else ""
