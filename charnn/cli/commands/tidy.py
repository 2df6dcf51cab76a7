"""`charnn tidy`: write tunes in one clean spelling that all programs read alike."""

from typing import TYPE_CHECKING

from charnn.cli.book_output import check_book_output, write_book
from charnn.cli.console import show_message
from charnn.cli.one_tune import ResultOption
from charnn.cli.output_files import ForceOption
from charnn.cli.tune_files import TunesArgument, read_tune_file, warn_of_problems

if TYPE_CHECKING:
    from charnn.music.abc.tunebook import TuneSource


def command(
    tunes: TunesArgument,
    output: ResultOption = None,
    force: ForceOption = False,
) -> None:
    """Write tunes in one clean spelling, which all programs play.

    Each repeat gets its |: and :|, each line four bars, the header the order of the standard (X: T:
    ... K:). Letters with accents are written as such, the numbers X: differ, and one empty line
    separates tunes. Accidentals and dotted pairs that programs read differently are written out.
    Notes, words and comments stay. The lines of songs and of tunes in several voices stay, too.

    A tune that cannot be read stays as it is; the exit code is then 1.

    \b
    Examples:
      charnn tidy tunes.abc > clean.abc
      charnn tidy tunes.abc -o tunes.abc --force
      charnn sample folk --num 5 | charnn tidy -
    """
    from charnn.music.abc.book_text import NumberGiver, change_book
    from charnn.music.abc.tidying import tidy_source

    check_book_output(output, force=force)
    file = read_tune_file(tunes)
    numbers = NumberGiver(file.text)

    def tidied(source: "TuneSource") -> str:
        text = tidy_source(source, lambda tune: warn_of_problems(tune, file.display_name))
        return numbers.numbered(source, text)

    book = change_book(file.text, tidied)
    if count := len(numbers.changed):
        last = numbers.first_new + count - 1
        others = f" and {count - 1:,} more" if count > 1 else ""
        new = f"X:{numbers.first_new}" + (f" to X:{last}" if count > 1 else "")
        message = f"without a number, or with that of a tune before: {numbers.changed[0]}{others}"
        show_message(f"{message}; now {new}")
    write_book(book, output, file.display_name)
