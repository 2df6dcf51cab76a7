"""`charnn train`: train a model on a corpus.

The options are described in `charnn.training.options`, for the library and the manual as well.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Literal, Unpack

import typer

from charnn.cli.completion import complete_corpus
from charnn.cli.settings import places
from charnn.cli.stop_signal import StopSignal
from charnn.cli.train_settings import drop_settings_of_new_runs
from charnn.training.launchers import is_follower
from charnn.training.options import TrainOptions, described_options
from charnn.training.training_config import option_name


def command(
    context: typer.Context,
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS...",
            autocompletion=complete_corpus,
            help="Files, folders, globs, .gz, - for stdin, or a name that `charnn corpora` lists.",
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Write events as JSON lines to stdout.")
    ] = False,
    **options: Unpack[TrainOptions],
) -> None:
    """Train a model on CORPUS. The best checkpoint so far is always in the run's folder.

    \b
    Examples:
      charnn train corpus.txt
      charnn train tunes.abc --minutes 10 --name session
      charnn train 'books/*.txt' notes/ --cell gru --num-layers 2
      charnn train names.txt --documents lines
      zcat big.txt.gz | charnn train - --name big
      charnn train corpus.txt --resume
      charnn train irish.abc --init-from folk
      torchrun --standalone --nproc-per-node 2 -m charnn train corpus.txt
    """
    # typer passes False for a flag that is not given; in `TrainOptions`, None means not set.
    options["one_hot"] = options.get("one_hot") or None
    options["keep_cr"] = options.get("keep_cr") or None
    drop_settings_of_new_runs(options, places(context))
    stop = StopSignal()
    train: Callable[..., None] = _follow if is_follower() else partial(_lead, as_json=as_json)
    with stop:
        train(corpus, options, stop)
    # The exit code that shells give to a program that a signal has ended.
    if stop.number is not None:
        raise typer.Exit(128 + stop.number)


def _lead(corpus: list[str], options: TrainOptions, stop: StopSignal, *, as_json: bool) -> None:
    """Train, and show what happens."""
    from charnn.cli.train_view import TrainView
    from charnn.library import train

    with TrainView(corpus, options, stop.requested, as_json=as_json) as view:
        train(
            corpus,
            transposed=view.transposed,
            report=view.report,
            should_stop=stop.requested,
            download_bar=view.bar,
            **options,
        )


def _follow(corpus: list[str], options: TrainOptions, stop: StopSignal) -> None:
    """Train in one of several processes that another one leads, perhaps on another machine."""
    from charnn.training.session import Callbacks, train_run

    train_run(corpus, options, Callbacks(should_stop=stop.requested))


def _typer_parameters() -> Iterator[inspect.Parameter]:
    """Yield a keyword parameter for each option of `TrainOptions`, in the form that typer reads."""
    for name, type_, option in described_options():
        is_flag = type_ is bool
        # typer takes the choices of an option from a Literal type.
        kind = Literal[option.choices] if option.choices else type_
        # With only `--resume` declared, typer does not add `--no-resume`.
        declared = typer.Option(
            *([option_name(name)] if is_flag else []), help=option.help, metavar=option.metavar
        )
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if is_flag else None,
            annotation=Annotated[kind if is_flag else kind | None, declared],
        )


def _declare_options() -> None:
    """Replace `**options` in the signature of `command` by one parameter per option."""
    own = inspect.signature(command).parameters
    parameters = [own["context"], own["corpus"], *_typer_parameters(), own["as_json"]]
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters[2:] = [each.replace(kind=keyword) for each in parameters[2:]]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}


_declare_options()
