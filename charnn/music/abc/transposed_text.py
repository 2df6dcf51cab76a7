"""The text of a tune in another key: notes, chord symbols and keys move, and all else stays."""

from collections.abc import Callable

from charnn.errors import TuneError
from charnn.music.abc.macros import has_macros, write_out_macros
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tune_pieces import Piece, TuneLine, cut_tune, respell_notes
from charnn.music.abc.tunebook import TuneSource
from charnn.music.abc.writer import write_tune
from charnn.music.tune.tune import Change, Key, Mark, Note, Tune


def transpose_source(source: TuneSource, move: Callable[[Tune], Tune]) -> str:
    """Return the text of one tune of a book in another key.

    Args:
        source: the tune.
        move: a function that moves a tune, such as `transpose` with a number of semitones.

    Raises:
        TuneError: the tune cannot be read, or cannot be moved.
    """
    tune = read_tune(source)
    if has_macros(source):
        source = write_out_macros(source).source
        tune = read_tune(source)
    moved = move(tune)
    if moved == tune:
        return source.text
    header, body = cut_tune(source, tune)
    respell_notes(body, tune, [voice.music for voice in moved.voices])
    for line in header:
        if line.kind == "field" and line.content.startswith("K:"):
            line.pieces[0].text = f"K:{dict(moved.fields)['K']}"
    for piece in (piece for line in body for piece in line.pieces):
        _respell_sign(piece, moved)
    text = _joined([*header, *body])
    if _sounds_like(text, source, moved):
        return text
    # A grace note before a bar line, for example, may act on the notes before it only.
    return write_tune(moved)


def _respell_sign(piece: Piece, moved: Tune) -> None:
    """Replace the text of a chord symbol or key."""
    voice, index = piece.place
    new = moved.voices[voice].music[index] if piece.element is not None else None
    if isinstance(new, Mark) and new != piece.element:
        piece.text = new.text
    elif isinstance(new, Change) and new.letter == "K" and isinstance(new.value, Key):
        piece.text = f"[K:{new.text}]" if new.inline else f"K:{new.text}"


def _joined(lines: list[TuneLine]) -> str:
    return "".join(f"{line.text}\n" for line in lines)


def _sounds_like(text: str, source: TuneSource, moved: Tune) -> bool:
    """Return whether the reader reads the notes of a tune from a text."""
    try:
        read = read_tune(TuneSource(text, source.line, file_header=source.file_header))
    except TuneError:
        return False
    return _pitches(read) == _pitches(moved)


def _pitches(tune: Tune) -> list[list[int]]:
    return [
        [
            pitch.midi
            for note in voice.music
            if isinstance(note, Note)
            for pitch in (*note.graces, *note.pitches)
        ]
        for voice in tune.voices
    ]
