"""One clean spelling of a tune, which all programs read alike.

The music stays as it is, note by note, with all that is written about it. New are explicit repeat
signs, four bars a line, and the order of the header's fields.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from charnn.errors import TuneError
from charnn.music.abc.explicit_notes import broken_rhythm_as_lengths, with_explicit_accidentals
from charnn.music.abc.false_ties import replace_false_ties
from charnn.music.abc.key_field import read_key
from charnn.music.abc.line_layout import LineLayout
from charnn.music.abc.macros import has_macros, write_out_macros
from charnn.music.abc.note_length import MAX_IN_FRACTION, format_length, parse_length
from charnn.music.abc.patterns import CARRIED_REPEAT
from charnn.music.abc.reader import read_tune
from charnn.music.abc.text_escapes import write_as_unicode
from charnn.music.abc.tune_pieces import Piece, Place, TuneLine, cut_tune, respell_notes
from charnn.music.abc.tunebook import HeaderField, TuneSource, inherited_fields, split_book
from charnn.music.abc.voice_signs import VoiceSigns
from charnn.music.abc.writer import escape_mail_like
from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note, Tune

# ABC 2.1, "Order of fields": X: first, T: second, K: last. Other fields stay in their order, before
# those that the notes need.
_FIELD_ORDER = {"X": 0, "T": 1, "M": 3, "L": 4, "Q": 5, "K": 6}
_OTHER_FIELDS = 2
_TEXT_FIELDS = frozenset("ABCDFGHNOPQRSTWZrw+")
# music21 reads this letter, and those that U: defines, as notes.
_LONG_NAMES = {"H": "!fermata!"}
_LINE_BREAKS = re.compile(r"[ \t]*(?:I:|%%) *linebreak", re.IGNORECASE)
_NAMED = re.compile(r"![^!\s]+!")
# A bracket beside a bar line, and signs of broken rhythm without a note.
_STRAY = frozenset(["[", *(sign * count for sign in "<>" for count in (1, 2, 3))])
_LENGTH_AT_END = re.compile(r"[0-9/]*\Z")
# Lines with these fields belong to the line of music before them, so the lines of such a tune stay.
_LINE_FIELDS = frozenset("wsV")


def tidy_tune(text: str) -> str:
    """Return the text of a tune in its clean spelling.

    Raises:
        TuneError: the text contains no tune, or the tune cannot be read.
    """
    sources = split_book(text)
    if not sources:
        raise TuneError("there is no tune: a tune in ABC has a K: line, then notes", 1, 1, "")
    return tidy_source(sources[0])


def tidy_source(source: TuneSource, was_read: Callable[[Tune], None] = lambda tune: None) -> str:
    """Return the text of one tune of a book in its clean spelling.

    Args:
        source: the tune.
        was_read: a function that is called with the tune as it was read.

    Raises:
        TuneError: the tune cannot be read.
    """
    tune = read_tune(source)
    was_read(tune)
    if has_macros(source):
        source = write_out_macros(source).source
        tune = read_tune(source)
    text = _tidied(source, tune, has_own_signs=True)
    if tune.others and not _plays_like(text, source, tune):
        text = _tidied(source, tune, has_own_signs=False)
    return text


def _plays_like(text: str, source: TuneSource, tune: Tune) -> bool:
    """Return whether each voice of a text has the notes of a tune, in the order they are played."""
    try:
        read = read_tune(TuneSource(text, source.line, file_header=source.file_header))
        return list(map(_played_notes, read.voices)) == list(map(_played_notes, tune.voices))
    except TuneError:
        return False


def _played_notes(voice: Tune) -> list[tuple[Fraction, list[int]]]:
    notes = (voice.music[index] for index in playing_order(voice))
    return [
        (note.duration, [pitch.midi for pitch in note.pitches])
        for note in notes
        if isinstance(note, Note)
    ]


def _tidied(source: TuneSource, tune: Tune, *, has_own_signs: bool) -> str:
    """Return the clean spelling of a tune; see `VoiceSigns` for `has_own_signs`."""
    header, body = cut_tune(source, tune)
    respell_notes(body, tune, [with_explicit_accidentals(voice) for voice in tune.voices])
    _write_out_broken_rhythm(body, tune)
    replace_false_ties(body, tune)
    inherited = [field for field in inherited_fields(source) if not _holds_for_the_file(field)]
    if not (keep_lines := _keeps_lines(tune)):
        # The new lines end where the text does, whatever sign ended those before.
        header = [line for line in header if not _LINE_BREAKS.match(line.text)]
        body = [line for line in body if not _LINE_BREAKS.match(line.text)]
        inherited = [field for field in inherited if not _LINE_BREAKS.match(f"I:{field.text}")]
    signs = VoiceSigns(tune, has_own_signs=has_own_signs)
    lines = _tidy_header(header, inherited, tune) + _tidy_body(body, tune, signs, keep_lines)
    return "".join(line + "\n" for line in lines)


def _holds_for_the_file(field: HeaderField) -> bool:
    """Return whether a field declares the encoding of its file."""
    return field.letter == "I" and field.text.strip().startswith("abc-charset")


def _keeps_lines(tune: Tune) -> bool:
    """Return whether the lines of a tune stay as they are: other lines belong to them."""
    return bool(tune.others) or any(
        isinstance(element, Change) and element.letter in _LINE_FIELDS for element in tune.music
    )


def _tidy_header(lines: list[TuneLine], inherited: Sequence[HeaderField], tune: Tune) -> list[str]:
    """Return the fields of the header in order; each takes the lines after it along.

    Args:
        lines: the lines of the header.
        inherited: the fields of the file header that hold for the tune. Few programs know file
            headers, so they become fields of the tune.
        tune: the tune.
    """
    groups: list[tuple[int, list[str]]] = []
    for line in lines:
        is_field = line.kind == "field" and line.content[1:2] == ":" and line.content[0] != "+"
        if is_field:
            groups.append((_rank(line.content), [_clean_field(line)]))
        elif line.text and groups:
            groups[-1][1].append(line.text)
        elif line.text:
            groups.append((0, [line.text]))
    own = {text for _, texts in groups for text in texts}
    added = [_spell_field(field.letter, field.text) for field in inherited]
    if all(letter != "L" for letter, _ in tune.fields):
        unit = tune.unit / 4
        added.append(f"L:{unit.numerator}/{unit.denominator}")
    groups += [(_rank(text), [text]) for text in added if text not in own]
    return [text for _, texts in sorted(groups, key=lambda group: group[0]) for text in texts]


def _rank(field: str) -> int:
    return _FIELD_ORDER.get(field[0], _OTHER_FIELDS)


def _write_out_broken_rhythm(body: list[TuneLine], tune: Tune) -> None:
    """Write lengths in place of the signs of some broken pairs, if the lengths can be written."""
    texts: dict[Place, str] = {}
    factors: dict[Place, Fraction] = {}
    for number, voice in enumerate(tune.voices):
        found, signs = broken_rhythm_as_lengths(voice)
        factors |= {(number, index): factor for index, factor in found.items()}
        texts |= {(number, index): "" for index in signs}
    pieces = [piece for line in body for piece in line.pieces]
    for piece in pieces:
        if piece.place in factors:
            head = _LENGTH_AT_END.sub("", piece.text, count=1)
            length = parse_length(piece.text[len(head) :])
            length = length and length * factors[piece.place]
            if length is None or max(length.numerator, length.denominator) > MAX_IN_FRACTION:
                return
            texts[piece.place] = head + format_length(length)
    for piece in pieces:
        piece.text = texts.get(piece.place, piece.text)


def _tidy_body(lines: list[TuneLine], tune: Tune, signs: VoiceSigns, keep_lines: bool) -> list[str]:
    layout = LineLayout(tune, signs.repeat_starts, keep_lines=keep_lines)
    played = [piece for line in lines if line.kind == "music" for piece in line.pieces]
    last = {piece.place[0]: piece for piece in played if piece.element is not None}
    for line in lines:
        if line.kind == "music":
            _add_music(line, layout, signs, last)
        elif line.text:
            layout.add_line(_clean_field(line) if line.kind == "field" else line.text)
            if line.pieces:
                layout.add_text("", _change(line.pieces[0]))
    layout.end_line()
    return layout.lines


def _clean_field(line: TuneLine) -> str:
    """Return a field in its clean spelling, with its comment."""
    comment = f" {line.comment.strip()}" if line.comment else ""
    return _spell_field(line.content[0], line.content[2:]) + comment


def _spell_field(letter: str, text: str) -> str:
    """Return a field without spaces around its text, with letters in place of escapes.

    A key has its tonic as it is read.
    """
    if letter == "K":
        text = read_key(text)[0].text  # `Eb` in place of `E flat`
    text = write_as_unicode(text) if letter in _TEXT_FIELDS else text
    return escape_mail_like(f"{letter}:{text.strip()}")


def _change(piece: Piece) -> Change | None:
    return piece.element if isinstance(piece.element, Change) else None


def _clean_mark(mark: Element | None, text: str) -> str:
    """Return words in quotes without escapes, and the full name of a decoration."""
    if not isinstance(mark, Mark):
        return text
    if text[:1] == '"':
        return write_as_unicode(text)
    if mark.kind == "decoration" and len(text) == 1:
        return mark.meaning if _NAMED.fullmatch(mark.meaning) else _LONG_NAMES.get(text, text)
    return text


def _add_music(
    line: TuneLine, layout: LineLayout, signs: VoiceSigns, last: Mapping[int, Piece]
) -> None:
    """Write a line of music; `last` has the last piece of each voice."""
    pieces = line.pieces
    if pieces and pieces[0].element is None and (found := CARRIED_REPEAT.match(pieces[0].text)):
        # The bar line on the line before has the whole sign.
        pieces[0].text = pieces[0].text[found.end() :]
    following = [piece.place for piece in pieces]
    for number in reversed(range(len(pieces) - 1)):
        if pieces[number].element is None and "-" not in pieces[number].text[:2]:
            following[number] = following[number + 1]
    ended: list[str] = []  # the signs at the end of a voice, after its ties and slurs
    for piece, place in zip(pieces, following, strict=True):
        if piece.element is not None:
            layout.add_signs(ended)
            ended = []
        layout.add_signs(signs.missing_before(place))
        _add_piece(piece, layout, signs)
        if piece is last.get(piece.place[0]):
            ended = signs.missing_after(piece.place[0])
    layout.add_signs(ended)
    layout.end_source_line(line.comment, continued=line.content.endswith("\\"))


def _add_piece(piece: Piece, layout: LineLayout, signs: VoiceSigns) -> None:
    element = piece.element
    if isinstance(element, BarLine):
        layout.add_signs(signs.in_place_of(piece))
    elif isinstance(element, Ending):
        layout.add_ending(piece.text, element, piece.place[1])
    elif element is None and piece.text in _STRAY:
        pass  # in another place, it would have a meaning
    elif isinstance(element, Change) and element.letter == "K" and element.inline:
        layout.add_text(f"[{_spell_field('K', element.text)}]", element)
    elif element is None or isinstance(element, Note | Change | Mark):
        layout.add_text(_clean_mark(element, piece.text), element)
