"""The playback options that export-midi and export-audio share."""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charnn.cli.help import Command
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.music.performance.playback import PlaybackOptions

CHORDS = frozenset(("off", "written", "auto"))
_SHARE = re.compile(
    r"(?P<percent>[0-9]{1,3}(?:\.[0-9]{1,3})?)%?|(?P<first>[0-9]):(?P<second>[0-9])"
)

TempoOption = Annotated[
    str | None,
    typer.Option(
        metavar="BEATS|PERCENT",
        help="Beats a minute, or 70% of the tune's tempo; default: its Q:, else what is usual for "
        "its R:.",
    ),
]
InstrumentOption = Annotated[
    str,
    typer.Option(
        help="fiddle, flute, whistle, accordion, harp, piano, pipes, banjo ..., or any instrument "
        "of music21."
    ),
]
SwingOption = Annotated[
    str | None,
    typer.Option(
        metavar="[SHARE]",
        help="Swing pairs of notes; in jigs, the first two of three. The share of the first note: "
        "60% is gentle, 75% dotted; also 3:2; alone 2:1. Default: 2:1 in hornpipes (in C| only "
        "dotted pairs).",
        show_default=False,
    ),
]
NoSwingOption = Annotated[
    bool, typer.Option("--no-swing", help="Play hornpipes as they are written.")
]
ChordsOption = Annotated[
    Literal["off", "written", "auto"],
    typer.Option(
        help="Accompaniment: off; written: the tune's chord symbols (also --chords alone); auto: "
        "as written, but with chosen chords for a tune without symbols."
    ),
]
RepeatsOption = Annotated[
    Literal["on", "off"],
    typer.Option(help="off: play each part once, with its last ending."),
]


class PlaybackCommand(Command):
    """A command in which `--chords` means `--chords written`, and `--swing` means `--swing 2:1`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Insert the value of every `--chords` and `--swing` without one, then parse."""
        return super().parse_args(ctx, complete_values(args))


def complete_values(arguments: Sequence[str]) -> list[str]:
    """Return the arguments, with a value added after a `--chords` or `--swing` without one."""
    completed: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":  # everything after this is an argument, not an option
            return [*completed, *arguments[index:]]
        completed.append(argument)
        value = "".join(arguments[index + 1 : index + 2])
        if argument == "--chords" and value not in CHORDS:
            completed.append("written")
        if argument == "--swing" and not _SHARE.fullmatch(value):
            completed.append("2:1")
    return completed


def playback_options(
    *,
    tempo: str | None,
    instrument: str,
    chords: Literal["off", "written", "auto"],
    swing: str | None,
    no_swing: bool,
    repeats: str,
) -> "PlaybackOptions":
    """Return the playback options that the values of the command line mean.

    Raises:
        UsageError: the tempo or the swing cannot be read.
    """
    from charnn.music.performance.playback import PlaybackOptions

    beats, speed = _read_tempo(tempo)
    return PlaybackOptions(
        beats,
        instrument,
        swing=_read_swing(swing, no_swing),
        chords=chords,
        repeats=repeats == "on",
        speed=speed,
    )


def _read_tempo(text: str | None) -> tuple[float | None, Fraction]:
    """Return the beats a minute, or None, and the factor of the tempo."""
    if text is None:
        return None, Fraction(1)
    number = text.strip()
    is_percent = number.endswith("%")
    try:
        value = float(number.removesuffix("%"))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise UsageError(
            f"--tempo {text}: write beats a minute, such as 90, or a share of the tune's tempo, "
            "such as 70%"
        )
    return (None, Fraction(value) / 100) if is_percent else (value, Fraction(1))


def _read_swing(text: str | None, no_swing: bool) -> Fraction | None:
    """Return the share of the first note of a pair; None if neither option is given."""
    from charnn.music.performance.swing import EVEN, MAX_SHARE

    if no_swing:
        if text is not None:
            raise UsageError("--swing and --no-swing contradict each other: leave one of them out")
        return EVEN
    if text is None:
        return None
    found = _SHARE.fullmatch(text)
    share = Fraction(-1)
    if found and found["percent"]:
        share = Fraction(found["percent"]) / 100
    elif found:
        first, second = int(found["first"]), int(found["second"])
        share = Fraction(first, max(first + second, 1))
    if not EVEN <= share <= MAX_SHARE:
        raise UsageError(
            f"--swing {text}: write the share of the first note of a pair, from 50% to "
            f"{float(100 * MAX_SHARE):g}%, or a ratio such as 2:1"
        )
    return share
