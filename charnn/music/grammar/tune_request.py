"""A request for a tune: the user's options in the spelling of the training tunes.

Tune books are cleaned before training (`charnn.music.abc.clean_fields`), so a model has read one
spelling of each key, type and meter. `make_request` changes the user's words to that spelling.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from charnn.errors import UsageError
from charnn.music.abc import fields
from charnn.music.abc.clean_fields import normalise_rhythm, plain_title, short_key
from charnn.music.abc.dance_meters import name_in_meter
from charnn.music.abc.key_field import parse_key
from charnn.music.abc.key_names import similar_key
from charnn.music.abc.text_escapes import decode_text
from charnn.music.grammar.form_plans import FormPlans
from charnn.music.grammar.prime_text import STAR, read_prime, without_stars
from charnn.music.grammar.title_words import TitleWords

Header = tuple[str, str, str, str]  # the values of R: M: L: K:


class LearnedHeader(NamedTuple):
    """The values of R: M: L: K: in the header of some training tunes.

    Attributes:
        tunes: the number of these tunes.
    """

    rhythm: str
    meter: str
    unit: str
    key: str
    tunes: int = 1

    @property
    def header(self) -> Header:
        """Return the values without the number of tunes."""
        return self.rhythm, self.meter, self.unit, self.key


@dataclass(frozen=True)
class TuneRequest:
    """The requested properties of a tune; an empty attribute leaves the choice to the model.

    Attributes:
        title, rhythm, meter, unit, key: the values of T: R: M: L: K:.
        part_bars: the number of bars in every part; 0 for a usual number, 4 or 8.
        opening: the beginning of the body.
        starred: the beginning of the body if it contains `*`, for bars and notes that the model
            fills in; then `opening` is a piece of it without stars, which decides about the header.
        star_places: the start and the stop of each piece of `opening` that stands in place of a
            `*`, so that messages show the `*`.
        strict: whether the grammar applies to the body as well, not only to the header.
        fields: the letters of the fields after X:, in order; R: may be missing.
        headers: the headers of the training tunes. An empty tuple allows every combination of
            values.
        title_words: the words that the model may choose for a title; `None` for any word.
        form: the parts in playing order, such as `AABB` (see `tune_form`).
        plans: the plans of the training tunes, one of which each tune follows; `None` for none.
        left_out: what the user's prime contains and the tune does not (see `prime_text`).
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
    headers: tuple[LearnedHeader, ...] = ()
    title_words: TitleWords | None = None
    form: str = ""
    plans: FormPlans | None = None
    left_out: tuple[str, ...] = ()
    starred: str = ""
    star_places: tuple[tuple[int, int], ...] = ()


class RequestOptions(TypedDict, total=False):
    """The arguments of `make_request` that `charnn.library.Model.tunes` takes."""

    title: str
    rhythm: str
    meter: str
    key: str
    part_bars: int
    form: str
    prime: str


def make_request(
    *,
    title: str = "",
    rhythm: str = "",
    meter: str = "",
    key: str = "",
    part_bars: int = 0,
    form: str = "",
    prime: str = "",
    strict: bool = True,
) -> TuneRequest:
    """Return the request for the user's options, in the spelling of the training tunes.

    Args:
        title, rhythm, meter, key: header values, in any usual spelling (`A dorian`, `Slip Jig`).
        part_bars: the number of bars in every part; 0 for a usual number.
        form: the parts in playing order, such as `AABB`; `""` for any two to four parts.
        prime: the beginning of the tune: header fields, music, or both. The other arguments take
            precedence over these fields.
        strict: whether the grammar applies to the body as well, not only to the header.

    Raises:
        UsageError: a value is no key, is no meter, or cannot stand in a header; a form or a number
            of bars is requested, and the grammar does not apply to the body; or whole bars cannot
            follow the prime.
    """
    if form and not strict:
        raise UsageError("--form needs complete bars and parts: leave out --bars off")
    if part_bars and not strict:
        raise UsageError("--part-bars needs complete bars and parts: leave out --bars off")
    values, opening, left_out = read_prime(prime, strict=strict)
    requested = {"title": title, "rhythm": rhythm, "meter": meter, "key": key}
    for letter, (name, text) in zip("TRMK", requested.items(), strict=True):
        value, primed = " ".join(text.split()), values[letter]
        if value and primed and value.casefold() != " ".join(primed.split()).casefold():
            left_out += (f"{letter}:{primed} (the {name} is to be {value})",)
        values[letter] = value or primed
    rhythm, meter = normalise_rhythm(values["R"]), _normalised_meter(values["M"])
    return TuneRequest(
        title=_checked_text("title", plain_title(decode_text(values["T"]))),
        rhythm=_checked_text("rhythm", name_in_meter(rhythm, meter)),
        meter=meter,
        unit=values["L"].replace(" ", ""),
        key=_normalised_key(values["K"]),
        part_bars=part_bars,
        form=form.upper(),
        opening=without_stars(opening),
        strict=strict,
        left_out=left_out,
        starred=opening if STAR in opening else "",
    )


def _checked_text(name: str, text: str) -> str:
    # In ABC, % begins a comment and \ an escape or a continued line.
    if not text.isprintable() or "%" in text or "\\" in text:
        raise UsageError(
            f"a {name} is made of letters and signs without % and \\, not {text!r}: leave them out"
        )
    return text


def _normalised_meter(text: str) -> str:
    meter = text.replace(" ", "").replace("c", "C")
    try:
        has_bars = not meter or fields.parse_meter(meter).bar
    except fields.FieldError as problem:
        raise UsageError(f"{problem}: write it as in 6/8, 4/4 or C|") from None
    if not has_bars:
        raise UsageError("a tune needs a meter: write it as in 6/8, 4/4 or C|")
    return meter


def _normalised_key(text: str) -> str:
    # To ABC, EM is E minor, because capitals of a mode are ignored; many musicians mean E major.
    if found := re.fullmatch(r" *([A-Ga-g][#b]?) *M *", text):
        tonic = found[1][0].upper() + found[1][1:]
        raise UsageError(
            f"{text.strip()} may be {tonic} major or minor: write {tonic} for major, {tonic}m for "
            "minor"
        )
    try:
        key = text and parse_key(text)
    except fields.FieldError as problem:
        similar = similar_key(text.strip())
        question = f". Did you mean {similar}?" if similar else ""
        raise UsageError(f"{problem}: write it as in G, Em or Ador{question}") from None
    if key and not key.tonic:
        raise UsageError(f"{text!r} is not a key: write it as in G, Em or Ador")
    return short_key(text[:1].upper() + text[1:]) if text else ""
