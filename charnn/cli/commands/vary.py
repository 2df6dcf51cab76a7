"""`charnn vary`: write chosen bars of a tune anew."""

from typing import Annotated

import typer

from charnn.cli.console import show_warning, warn_if_damaged
from charnn.cli.formatting import join_some
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


def command(
    tune: TunesArgument,
    checkpoint: RunArgument = None,
    bars: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="The bars to rewrite, such as 5-8 or 4,8, as written, without pick-ups; with "
            "--part, counted from its beginning.",
        ),
    ] = "",
    part: Annotated[
        str, typer.Option(metavar="LETTER", help="The part to rewrite: A, B ... or its label.")
    ] = "",
    ending: Annotated[
        bool,
        typer.Option(
            "--ending",
            help="Rewrite the endings of the last part or of --part: the first and second ending, "
            "or the last two bars.",
        ),
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="rhythm|contour|notes-on-beats",
            help="Keep the rhythm, the contour (rhythm, rise and fall) or the notes on the beats; "
            "may be repeated.",
        ),
    ] = None,
    simpler: Annotated[bool, typer.Option("--simpler", help="Write fewer notes.")] = False,
    busier: Annotated[bool, typer.Option("--busier", help="Write more notes.")] = False,
    temperature: Annotated[float, typer.Option(help="Below 1 safer, above 1 more varied.")] = 0.8,
    number: NumberOption = None,
    num: ResultsOption = 1,
    seed: ResultSeedOption = None,
    output: ResultOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Rewrite bars of a tune to suit what comes before and after.

    Everything else stays as it is; only a comment "% charnn sample ..." is left out, because that
    command writes another tune, and --num counts X: up. New bars have no chord symbols. Instead of
    choosing bars, write * into the tune: alone in a bar, it stands for the bar; beside notes, for
    the notes that the bar lacks; several in a bar for one note each. The model draws many fillings,
    reads what follows after each of them, and chooses one that both suit.

    \b
    Examples:
      charnn vary tune.abc --bars 5-8
      charnn vary tune.abc --part B --num 4 --seed 1 > variations.abc
      charnn vary tune.abc --bars 1-4 --keep rhythm
      charnn vary tunes.abc folk --tune 3 --ending --simpler -o simpler.abc
      charnn sample folk | charnn vary - folk --bars 7-8
    """
    from charnn.checkpoints.bundled import display_name
    from charnn.library import load
    from charnn.sampling.params import SamplingParams
    from charnn.tunes.infilling import Infiller
    from charnn.tunes.located_tune import voice_names
    from charnn.tunes.variation import Varier, VaryOptions

    check_num(num)
    params, begin = SamplingParams(temperature), choose_seed(seed)
    options = VaryOptions(bars, part, ending, tuple(keep or ()), simpler, busier)
    source = read_one_tune(tune, number)
    check_output(output, source, force=force, as_json=as_json)
    model = load(checkpoint)
    warn_if_damaged(model.path, model.damaged)
    with source.named_in_errors():
        varier = Varier(Infiller(model.checkpoint), source.text, options)
        if len(voices := voice_names(source.text)) > 1:
            show_warning(f"only the first voice (V:{voices[0]}) is varied")
        if varier.left_out:
            show_warning(f"left out with the old notes: {join_some(varier.left_out)}")
        found = varier.variations(range(begin, begin + num), params)
        write_results(
            ((one.text, one.seed) for one in found),
            model=display_name(model.path),
            output=output,
            as_json=as_json,
        )
