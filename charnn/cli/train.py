"""`charnn train`: learn a corpus."""

import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from charnn.cli.console import say, warn
from charnn.errors import CheckpointError, UsageError

_MODEL, _HOW, _RUN = "Model", "Training", "Run"


def command(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS...",
            help="Files, folders, globs, .gz, - for stdin, or a name that `charnn corpora` lists.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="The run's name; default: the corpus's.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for runs.")] = Path("checkpoints"),
    resume: Annotated[
        bool,
        typer.Option(help="Go on with --name, or else the newest run of this corpus."),
    ] = False,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the files; default: UTF-8, or their BOM.")
    ] = None,
    val_fraction: Annotated[
        float, typer.Option(help="Share held out: the end of a text, whole tunes of a book.")
    ] = 0.1,
    cell: Annotated[Literal["lstm", "gru", "rnn"] | None, typer.Option(help="lstm.")] = None,
    num_layers: Annotated[int | None, typer.Option(help="Recurrent layers.")] = None,
    hidden_size: Annotated[int | None, typer.Option(help="Units of a layer.")] = None,
    embedding_size: Annotated[int | None, typer.Option(help="Width of a symbol's vector.")] = None,
    one_hot: Annotated[bool, typer.Option("--one-hot", help="No embedding.")] = False,
    dropout: Annotated[float | None, typer.Option(help="Between layers and at the end.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Train so long; default: 4.")] = None,
    epochs: Annotated[float | None, typer.Option(help="... or so many passes.")] = None,
    steps: Annotated[int | None, typer.Option(help="... or so many updates.")] = None,
    seq_len: Annotated[int | None, typer.Option(help="Characters of a window.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows side by side.")] = None,
    lr: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    clip: Annotated[float | None, typer.Option(help="Largest norm of the gradient.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Of AdamW.")] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after so many validations without a new best; 0: never."),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"] | None, typer.Option(help="auto.")
    ] = None,
    precision: Annotated[
        Literal["auto", "fp32", "bf16"] | None, typer.Option(help="auto: bf16 where it is fast.")
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
    """
    options = {key: value for key, value in locals().items() if key not in _NOT_OPTIONS}
    if not one_hot:
        options["one_hot"] = None
    if resume:
        _refuse_before_work(out, name)
    from charnn.cli.train_view import TrainView, download_bar
    from charnn.corpus.ids import prepare
    from charnn.corpus.sources import open_corpus
    from charnn.model.checkpoint import load_checkpoint
    from charnn.model.runs import LAST, create_run, lock_run
    from charnn.training.setup import Options, plan_resume, plan_run
    from charnn.training.trainer import Trainer

    opened = open_corpus(corpus, encoding=encoding, progress=download_bar())
    if opened.skipped:
        say(f"skipped {len(opened.skipped)} files that are not text, {opened.skipped[0]} first")
    prepared = prepare(opened, Path("data"), val_fraction)
    checkpoint = None
    if resume:
        run = _run_to_resume(out, name, prepared.fingerprint)
        checkpoint = load_checkpoint(run / LAST, training=True)
        plan = plan_resume(checkpoint, Options(**options))
    else:
        plan = plan_run(prepared, Options(**options))
        run = create_run(out, name, opened.name)
    for note in plan.notes:
        warn(note)
    again = f"charnn train {' '.join(corpus)} --name {run.name} --resume" + (
        f" --out {out}" if out != Path("checkpoints") else ""
    )
    stop = StopSignal()
    view = TrainView(run, opened, prepared, plan, as_json=as_json)
    with lock_run(run), stop, view:
        finished = Trainer(
            prepared,
            plan.model,
            plan.training,
            run,
            about={"corpus": opened.name, "tunes": opened.tunes},
            report=view.report,
            should_stop=lambda: stop.number is not None,
            resume=checkpoint,
        ).run()
    view.conclude(finished, again)
    if stop.number is not None:
        raise typer.Exit(128 + stop.number)


_NOT_OPTIONS = {"corpus", "name", "out", "resume", "encoding", "val_fraction", "as_json"}
"""Parameters of the command that are not options of the training itself."""


class StopSignal:
    """Ctrl-C, or a polite kill, asks for a stop after the step; a second one stops at once.

    As a context it puts the handlers in place, and the earlier ones back.
    """

    number: int | None = None

    def __enter__(self) -> "StopSignal":
        self._before = {
            number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *failure: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: object) -> None:
        if self.number is not None:
            sys.exit(128 + number)
        self.number = number
        say("\nstopping: the run is saved after this step (once more to leave at once)")


def _refuse_before_work(out: Path, name: str | None) -> None:
    """Say at once that there is nothing to resume, before a large corpus is read."""
    from charnn.model.runs import LAST, find_runs

    if name is not None and not (out / name / LAST).is_file():
        raise CheckpointError(f"there is no run to resume in {out / name}: train it first")
    if name is None and not find_runs(out):
        raise CheckpointError(f"there is no run to resume in {out}/: train one first")


def _run_to_resume(out: Path, name: str | None, fingerprint: str) -> Path:
    """The named run, or the newest one that was trained on the same corpus."""
    from charnn.model.checkpoint import load_checkpoint
    from charnn.model.runs import LAST, find_runs

    if name is not None:
        return out / name
    for run in find_runs(out):
        if (run / LAST).is_file():
            about = load_checkpoint(run / LAST).about
            if about.get("fingerprint") == fingerprint:
                return run
    raise UsageError(f"no run in {out}/ was trained on this corpus: say which one with --name")
