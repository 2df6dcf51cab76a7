"""`charnn continue`: keep a tune, or its first parts, and write further parts."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.console import show_message, warn_if_damaged
from charnn.cli.model_options import RunArgument, check_num
from charnn.cli.one_tune import (
    JsonOption,
    ResultOption,
    ResultSeedOption,
    ResultsOption,
    check_output,
    read_one_tune,
    write_results,
)
from charnn.cli.output_files import ForceOption
from charnn.cli.tune_files import NumberOption, TunesArgument
from charnn.sampling.seeds import choose_seed

if TYPE_CHECKING:
    from charnn.tunes.continuation import Continuation


def command(
    tune: TunesArgument,
    checkpoint: RunArgument = None,
    after: Annotated[
        str,
        typer.Option(
            metavar="LETTER",
            help="The last part that stays, A, B ... or its label; default: all that is written.",
        ),
    ] = "",
    parts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="New parts, up to 8, with one that is begun; default: 1 unless it is finished.",
        ),
    ] = None,
    part_bars: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="The bars of every new part; 0: as many as the first part, 4 or 8 if it is begun.",
        ),
    ] = 0,
    temperature: Annotated[float, typer.Option(help="Below 1 safer, above 1 more varied.")] = 0.8,
    number: NumberOption = None,
    num: ResultsOption = 1,
    seed: ResultSeedOption = None,
    output: ResultOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Keep what is written of a tune, and write further parts.

    The new parts are made of whole bars, in the meter of the tune and with its pick-up. A tune that
    ends with |] or has four parts is finished: give --parts or --after.

    \b
    Examples:
      charnn continue beginning.abc
      charnn continue tune.abc --after A --num 4 --seed 1 > second-parts.abc
      charnn continue tunes.abc folk --tune 3 --parts 2 -o longer.abc
    """
    from charnn.checkpoints.bundled import display_name
    from charnn.library import load
    from charnn.sampling.params import SamplingParams
    from charnn.tunes.continuation import TuneContinuer

    check_num(num)
    params, begin = SamplingParams(temperature), choose_seed(seed)
    source = read_one_tune(tune, number)
    check_output(output, source, force=force, as_json=as_json)
    model = load(checkpoint)
    warn_if_damaged(model.path, model.damaged)
    with source.named_in_errors():
        continuer = TuneContinuer(
            model.checkpoint, source.text, after=after, parts=parts, part_bars=part_bars
        )
        write_results(
            _results(continuer.continuations(range(begin, begin + num), params)),
            model=display_name(model.path),
            output=output,
            as_json=as_json,
        )


def _results(found: "Iterable[Continuation]") -> Iterator[tuple[str, int]]:
    """Yield the texts and seeds, and show the order of parts where it is new."""
    shown = ""
    for one in found:
        if one.order not in ("", shown):
            show_message(f"the order of parts (P:) is now {one.order}")
            shown = one.order
        yield one.text, one.seed
