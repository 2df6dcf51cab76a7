"""`charnn train`: learn a corpus."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from charnn.checkpoints.run_files import RUNS_FOLDER
from charnn.cli.stop_signal import StopSignal

DEFAULT_VAL_FRACTION = 0.1


def command(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS...",
            help="Files, folders, globs, .gz, - for stdin, or a name that `charnn corpora` lists.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="The run's name; default: the corpus's.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for runs.")] = RUNS_FOLDER,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with --name, or the newest run of this corpus."),
    ] = False,
    init_from: Annotated[
        str | None,
        typer.Option(metavar="CKPT", help="Begin with the weights of another run or checkpoint."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the files; default: UTF-8, or their BOM.")
    ] = None,
    val_fraction: Annotated[
        float, typer.Option(help="Share held out: the end of a text, whole tunes of a book.")
    ] = DEFAULT_VAL_FRACTION,
    tokens: Annotated[
        Literal["auto", "char", "abc"],
        typer.Option(help="Learn single characters, or the notes and bar lines of tunes."),
    ] = "auto",
    transpose: Annotated[
        Literal["0", "1", "2", "3", "4", "5", "6", "all"] | None,
        typer.Option(help="Learn tunes in keys up to so many semitones down and up, too."),
    ] = None,
    preset: Annotated[
        Literal["auto", "tiny", "small", "medium", "large"] | None,
        typer.Option(help="A size by name; auto, the default: by corpus, budget and device."),
    ] = None,
    cell: Annotated[
        Literal["lstm", "gru", "rnn", "peephole", "coupled"] | None,
        typer.Option(help="The recurrent cell; default: lstm."),
    ] = None,
    num_layers: Annotated[
        int | None, typer.Option(help="Recurrent layers; default: the preset's.")
    ] = None,
    hidden_size: Annotated[
        int | None, typer.Option(help="Units of a layer; default: the preset's.")
    ] = None,
    embedding_size: Annotated[
        int | None, typer.Option(help="Width of a symbol's vector; default: the preset's.")
    ] = None,
    one_hot: Annotated[bool, typer.Option("--one-hot", help="Input without an embedding.")] = False,
    dropout: Annotated[
        float | None, typer.Option(help="Share of units silenced; default: by the corpus.")
    ] = None,
    embedding_dropout: Annotated[
        float | None, typer.Option(help="Share of symbols silenced at the input.")
    ] = None,
    weight_drop: Annotated[
        float | None, typer.Option(help="Share of recurrent weights left out.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Train so long; default: 4, but at most 120 passes.")
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="... or so many passes.")] = None,
    steps: Annotated[int | None, typer.Option(help="... or so many updates.")] = None,
    seq_len: Annotated[
        int | None, typer.Option(help="Characters the error is carried back.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows trained side by side.")] = None,
    lr: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    clip: Annotated[float | None, typer.Option(help="Largest norm of the gradient.")] = None,
    clip_value: Annotated[
        float | None, typer.Option(help="... or largest number in it, as in char-rnn.")
    ] = None,
    gradient_penalty: Annotated[
        float | None,
        typer.Option(metavar="WEIGHT", help="Keep gradients from vanishing; slow; default: 0."),
    ] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Of AdamW.")] = None,
    ema: Annotated[
        float | None,
        typer.Option(
            metavar="DECAY", help="Save and sample a running average of the weights; 0.998, say."
        ),
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after so many validations without a new best; 0: never."),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"] | None,
        typer.Option(help="Default: a GPU if there is one."),
    ] = None,
    precision: Annotated[
        Literal["auto", "fp32", "bf16"] | None,
        typer.Option(help="Default: bf16 where it is faster."),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads; default: measured.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights and dropout; default: 0.")] = None,
    save_every: Annotated[
        int | None, typer.Option(metavar="STEPS", help="Save so often, besides at validations.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Events as JSON lines on stdout.")
    ] = False,
) -> None:
    """Learn a corpus; the best model so far is always in checkpoints/NAME/best.safetensors.

    \b
    Examples:
      charnn train corpus.txt
      charnn train tunes.abc --minutes 10 --name session
      charnn train 'books/*.txt' notes/ --cell gru --num-layers 2
      zcat big.txt.gz | charnn train - --name big
      charnn train corpus.txt --resume
      charnn train irish.abc --init-from folk
    """
    options = {key: value for key, value in locals().items() if key not in _NOT_OPTIONS}
    from charnn.cli.train_view import TrainView
    from charnn.library import train

    reading = ["--encoding", encoding] if encoding is not None else []
    if val_fraction != DEFAULT_VAL_FRACTION:
        reading += ["--val-fraction", str(val_fraction)]
    stop = StopSignal()
    with stop, TrainView(corpus, reading, stop.requested, as_json=as_json) as view:
        train(
            corpus,
            name=name,
            out=out,
            resume=resume,
            init_from=init_from,
            encoding=encoding,
            val_fraction=val_fraction,
            tokens=tokens,
            transpose=transpose,
            transposed=view.transposed,
            report=view.report,
            should_stop=stop.requested,
            download_bar=view.bar,
            **options | {"one_hot": one_hot or None},
        )
    if stop.number is not None:
        raise typer.Exit(128 + stop.number)


# Parameters of the command that are not options of the training itself.
_NOT_OPTIONS = {
    "corpus",
    "name",
    "out",
    "resume",
    "init_from",
    "encoding",
    "val_fraction",
    "tokens",
    "transpose",
    "as_json",
}
