"""`charnn transpose`: write tunes in another key."""

from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.book_output import check_book_output, write_book
from charnn.cli.one_tune import SAMPLE_COMMENT, ResultOption
from charnn.cli.output_files import ForceOption
from charnn.cli.tune_files import TunesArgument, read_tune_file, show_warnings, warn_of_problems
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.music.abc.tunebook import TuneSource
    from charnn.music.tune.problem import Problem
    from charnn.music.tune.tune import Tune


def command(
    tunes: TunesArgument,
    to: Annotated[
        str,
        typer.Option(
            metavar="KEY",
            help="The new tonic, such as G or Bb; each tune keeps its mode. Em moves minor tunes.",
        ),
    ] = "",
    by: Annotated[
        int | None,
        typer.Option(
            metavar="SEMITONES", help="Semitones up, or down if negative; 12 are an octave."
        ),
    ] = None,
    output: ResultOption = None,
    force: ForceOption = False,
) -> None:
    """Move all tunes of a file, with chords, to another key.

    With --to G, a tune in A dorian is moved to G dorian, by the shorter distance unless its notes
    would leave the range of fiddle, flute and whistle. All else stays as it is written: lines,
    comments, lyrics. Only a comment "% charnn sample ..." is left out, because that command writes
    the tune in its old key. A tune that cannot be moved stays as it is; the exit code is then 1.

    \b
    Examples:
      charnn transpose tune.abc --to G
      charnn transpose tunes.abc --by -2 -o lower.abc
      charnn sample folk | charnn transpose - --by 12
    """
    from charnn.music.abc.book_text import change_book
    from charnn.music.abc.transpose import (
        check_semitones,
        parse_target,
        transpose,
        transpose_to,
    )
    from charnn.music.abc.transposed_text import transpose_source
    from charnn.music.tune.written_chords import unreadable_chords

    if bool(to) == (by is not None):
        raise UsageError("name the new key or the distance: --to G, or --by 2")
    if by is not None:
        check_semitones(by)
    else:
        parse_target(to)
    check_book_output(output, force=force)
    file = read_tune_file(tunes)

    def moved(tune: "Tune") -> "Tune":
        warn_of_problems(tune, file.display_name)
        unmoved: dict[str, Problem] = {}  # each once, with its first place
        for voice in tune.voices:
            for problem in unreadable_chords(voice, "and stays as it is"):
                unmoved.setdefault(problem.text, problem)
        show_warnings(
            [f"{place.line}:{place.column}: {text}" for text, place in unmoved.items()],
            f"{file.display_name}: ",
        )
        return transpose(tune, by) if by is not None else transpose_to(tune, to)

    def changed(source: "TuneSource") -> str:
        return SAMPLE_COMMENT.sub("", transpose_source(source, moved))

    book = change_book(file.text, changed)
    write_book(book, output, file.display_name)
