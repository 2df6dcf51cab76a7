"""The playback options that export-midi and export-audio share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charnn.cli.console import show_warning
from charnn.cli.help import Command

if TYPE_CHECKING:
    from charnn.music.performance.playback import Playback

CHORDS = frozenset(("off", "written", "auto"))

TempoOption = Annotated[
    float | None,
    typer.Option(help="Beats a minute; default: the tune's Q:, else what is usual for its R:."),
]
InstrumentOption = Annotated[
    str,
    typer.Option(
        help="fiddle, flute, whistle, accordion, harp, piano, pipes, banjo ..., or any instrument "
        "of music21."
    ),
]
SwingOption = Annotated[
    bool | None,
    typer.Option(
        "--swing/--no-swing",
        help="Swing even and dotted pairs; default: in hornpipes (in C| only dotted pairs).",
        show_default=False,
    ),
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
    """A command in which `--chords` without a value means `--chords written`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Insert the value of every `--chords` without one, then parse the arguments."""
        return super().parse_args(ctx, complete_chords(args))


def complete_chords(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with `written` inserted after every `--chords` that has no value."""
    completed: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":  # everything after this is an argument, not an option
            return [*completed, *arguments[index:]]
        completed.append(argument)
        if argument == "--chords" and not CHORDS.intersection(arguments[index + 1 : index + 2]):
            completed.append("written")
    return completed


def warn_without_chords(playback: "Playback") -> None:
    """Warn if the options ask for the chord symbols of a tune without chord symbols."""
    from charnn.music.performance.accompaniment import has_chords

    tune = playback.tune
    if playback.options.chords == "written" and not has_chords(tune):
        show_warning(
            f"{tune.name or 'the tune'} has no chord symbols: --chords auto chooses chords for it"
        )
