"""The options by which a tune is played, for every command that makes it sound."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charnn.cli.console import show_warning
from charnn.cli.help import Command

if TYPE_CHECKING:
    from charnn.music.performance.accompaniment import Chords
    from charnn.music.tune.tune import Tune

CHORDS = frozenset(("off", "written", "auto"))

TempoOption = Annotated[
    float | None,
    typer.Option(help="Beats a minute; default: the tune's Q:, or what its kind is played at."),
]
InstrumentOption = Annotated[
    str,
    typer.Option(
        help="fiddle, flute, whistle, accordion, harp, piano, pipes, banjo ..., or any that "
        "music21 knows."
    ),
]
SwingOption = Annotated[
    bool | None,
    typer.Option(
        "--swing/--no-swing",
        help="Swing even and dotted pairs; default: hornpipes, those in C| where they are dotted.",
        show_default=False,
    ),
]
ChordsOption = Annotated[
    Literal["off", "written", "auto"],
    typer.Option(
        help="Accompany the tune by the chord symbols written in it (--chords alone means that "
        "too), or, where it has none, by chords that suit it (auto)."
    ),
]
RepeatsOption = Annotated[
    Literal["on", "off"],
    typer.Option(help="off: each part once, with its last ending."),
]


class PlayingCommand(Command):
    """A command whose `--chords` may stand alone: it means `--chords written`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        return super().parse_args(ctx, spell_out_chords(args))


def spell_out_chords(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--chords` followed by its value everywhere."""
    spelled: list[str] = []
    for place, argument in enumerate(arguments):
        if argument == "--":
            return [*spelled, *arguments[place:]]
        spelled.append(argument)
        if argument == "--chords" and not CHORDS.intersection(arguments[place + 1 : place + 2]):
            spelled.append("written")
    return spelled


def warn_without_chords(tune: "Tune", chords: "Chords") -> None:
    """Say that a tune has no chord symbols to play, if it was to play them."""
    from charnn.music.performance.accompaniment import has_chords

    if chords == "written" and not has_chords(tune):
        show_warning(
            f"{tune.name or 'the tune'} has no chord symbols: --chords auto chooses chords for it"
        )
