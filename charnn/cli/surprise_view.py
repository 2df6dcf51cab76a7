"""A text's surprise on the terminal: in colours, or with a digit below each character."""

import shutil
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from charnn.cli.coloured_text import Cell, shows_colours, write_coloured
from charnn.cli.console import show_message, write_stdout
from charnn.cli.plain_table import table_lines
from charnn.insight.surprise_colours import LEAST, is_dark, surprise_colour

if TYPE_CHECKING:
    from charnn.insight.bar_surprise import TuneBits
    from charnn.insight.error_kinds import ErrorKinds
    from charnn.insight.text_lines import Cell as TextCell
    from charnn.insight.text_surprise import Surprise

# The tokens of a text that are shown, and the tunes whose bars are.
SHOWN = 4000
SHOWN_TUNES = 3
LISTED_TUNES = 20
_BAR = 24  # characters


def write_text(surprise: "Surprise") -> None:
    """Write the beginning of a text, coloured or with digits."""
    from charnn.insight.surprise_figure import text_lines

    columns = shutil.get_terminal_size().columns
    lines = text_lines(surprise, columns, SHOWN)
    if shows_colours():
        write_coloured(_coloured_lines(lines))
    else:
        write_stdout(f"Below each character: its bits, a dot below {LEAST:g}, at most 9.\n")
        for line in lines:
            write_stdout("".join(cell.sign for cell in line) + "\n")
            write_stdout("".join(map(_digit, line)).rstrip() + "\n")
    show_cut(surprise)


def show_cut(surprise: "Surprise") -> None:
    """Say how much of the text is not shown."""
    if (left := len(surprise) - SHOWN) > 0:
        show_message(
            f"{left:,} more characters are counted, but not shown: -o FILE.html shows 20,000, "
            "--json has all"
        )


def _digit(cell: "TextCell") -> str:
    """Return the bits of a character in one digit."""
    if not cell.begins:
        return " "
    return "." if cell.value < LEAST else str(min(9, round(cell.value)))


def _coloured(sign: str, bits: float) -> Cell:
    paper = surprise_colour(bits)
    ink = None if paper is None else (255, 255, 255) if is_dark(paper) else (0, 0, 0)
    return sign, ink, paper


def _coloured_lines(lines: "Sequence[Sequence[TextCell]]") -> Iterator[Cell]:
    """Yield a legend and the cells of a text."""
    yield "bits: ", None, None
    yield from (_coloured(f" {bits}{'+' * (bits == 8)} ", float(bits)) for bits in range(9))
    yield "\n", None, None
    for line in lines:
        yield from (_coloured(cell.sign, cell.value) for cell in line)
        yield "\n", None, None


def write_alternatives(surprise: "Surprise") -> None:
    """Write a line for each character: its probability, and what else the model weighed."""
    write_stdout("".join(alternative_lines(surprise, SHOWN)))
    show_cut(surprise)


def alternative_lines(surprise: "Surprise", count: int) -> Iterator[str]:
    """Yield a line for each of the first characters of a text, below a line with the heads."""
    yield f"{'char':<6}{'bits':>6}{'share':>8}   the model weighed\n"
    rows = zip(
        surprise.names()[:count],
        surprise.bits[:count].tolist(),
        surprise.alternatives(count),
        strict=True,
    )
    for name, bits, others in rows:
        weighed = "   ".join(f"{each.name} {_percent(each.probability)}" for each in others)
        yield f"{name:<6}{bits:6.2f}{_percent(2**-bits):>8}   {weighed}\n"


def write_tunes(tunes: "Sequence[TuneBits]") -> None:
    """Write the bars of a few tunes, or a line for each tune of a book."""
    if len(tunes) <= SHOWN_TUNES:
        for tune in tunes:
            if tune.bars:
                write_stdout("".join(_bar_lines(tune)))
        return
    ranked = sorted((tune for tune in tunes if tune.bars), key=lambda tune: -tune.mean)
    rows = []
    for tune in ranked[:LISTED_TUNES]:
        most = max(tune.bars, key=lambda bar: bar.bits)
        rows.append([tune.title, f"{tune.mean:.1f}", most.name, f"{most.bits:.1f}", _music(most)])
    head = ["the most unusual tunes", "bits/bar", "bar", "bits", "music"]
    write_stdout("\n" + "".join(table_lines(head, rows, left=(0, 2, 4))))


def _bar_lines(tune: "TuneBits") -> Iterator[str]:
    highest = max(max(bar.bits for bar in tune.bars), 1e-9)
    rows = [
        [bar.name, f"{bar.bits:.1f}", "#" * round(_BAR * bar.bits / highest), _music(bar)]
        for bar in tune.bars
    ]
    yield f"\n{tune.title or 'untitled'}: {tune.mean:.1f} bits per bar, {tune.header.bits:.1f} for "
    yield "the header\n"
    yield from table_lines(["bar", "bits", "", "music"], rows, left=(0, 2, 3))


def _music(bar: Any) -> str:
    return " ".join(bar.text.split())


def write_figures(surprise: "Surprise", errors: "ErrorKinds") -> None:
    """Write the tables of characters, places and errors."""
    from charnn.insight.surprise_tables import character_rows, error_rows, place_rows

    for make, left in ((character_rows, (0, 3)), (place_rows, (2, 3))):
        head, rows, caption = make(surprise)
        write_stdout(f"\n{caption}\n" + "".join(table_lines(head, rows, left)))
    head, rows, caption = error_rows(errors)
    write_stdout(f"\n{caption}\n" + "".join(table_lines(head, rows)))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
