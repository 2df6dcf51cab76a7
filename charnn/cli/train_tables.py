"""The tables that are shown before a training run (its plan) and after it (its result)."""

import shlex
from pathlib import Path

from charnn.checkpoints.run_files import RUNS_FOLDER
from charnn.cli.console import escape_to_one_line, show_message
from charnn.cli.formatting import format_calibration, format_duration, format_loss
from charnn.corpus.document_kinds import PLURALS, document_plural
from charnn.corpus.ids import Dataset
from charnn.model.config import ModelConfig
from charnn.training.events import Finished, Planned, Started
from charnn.training.options import TrainOptions, given
from charnn.training.training_config import option_name


def summary_table(planned: Planned, started: Started) -> tuple[str, dict[str, str]]:
    """Return the title and the rows of the table that is shown before the first step."""
    corpus, dataset = planned.corpus, planned.dataset
    model, training = planned.plan.model, planned.plan.training
    characters = dataset.train_characters + dataset.val_characters
    counted = dataset.vocabulary.counted
    # Without an option, a corpus of tunes consists of documents, too.
    plural = PLURALS[corpus.document_kind]
    documents = f", {dataset.documents:,} {plural}" if dataset.documents > 1 else ""
    preset = f"{planned.plan.preset}: " if planned.plan.preset else ""
    budget = vars(training.budget).items()
    limits = [
        f"{value:g} {name.removesuffix('s' * (value == 1))}" for name, value in budget if value
    ]
    threads = f"{started.threads} thread{'s' * (started.threads != 1)}"
    if started.processes > 1:
        threads = f"{started.processes} processes with {threads} each"
    parts = f" in {training.accumulate} parts" if training.accumulate > 1 else ""
    return (
        f"{'resuming' if started.progress else 'training'} {planned.run}",
        {
            "corpus": f"{corpus.name}: {characters:,} {counted}{documents}{_keys(dataset)}",
            "vocabulary": f"{len(dataset.vocabulary)} tokens ({_unit(dataset)}){_given(dataset)}",
            "model": f"{preset}{_describe_model(model)}",
            "training": f"{' or '.join(limits)}, batch {training.batch_size} x "
            f"{training.seq_len}{parts}, {started.steps_per_epoch:,} steps per epoch",
            "machine": f"{training.device}, {training.precision}, {threads}",
            "validation": _validation(
                dataset, document_plural(corpus.document_kind, corpus.tunes), started.protocol
            ),
        },
    )


def result_table(
    planned: Planned, finished: Finished, corpus: list[str], options: TrainOptions
) -> tuple[str, dict[str, str]]:
    """Return the title and the rows of the table that is shown after the last step.

    Args:
        planned: the event before the run.
        finished: the event at the end of the run.
        corpus: the corpus as the user named it.
        options: the options of the run.
    """
    run, vocabulary = planned.run, planned.dataset.vocabulary
    loss, calibration = finished.best_loss, finished.calibration
    speed = f"{finished.characters_per_second:,.0f} {vocabulary.counted}/s"
    rows = {
        "best loss": "not validated yet" if loss is None else format_loss(loss, vocabulary.per),
        **({"measured by": finished.protocol} if finished.protocol and loss is not None else {}),
        **({"calibrated": format_calibration(**vars(calibration))} if calibration else {}),
        "steps": f"{finished.steps:,} in {format_duration(finished.seconds)}, {speed}",
        "checkpoint": str(finished.checkpoint or "none"),
        **({"advice": finished.advice} if finished.advice else {}),
        "next": f"charnn sample {shlex.quote(str(run))}",
    }
    if finished.reason == "interrupted":
        saved = "" if finished.unsaved else ", saved"
        title = f"stopped at step {finished.steps:,}{saved}"
        return title, {"resume": _resume_command(run, corpus, options), **rows}
    results = {
        "done": "budget used",
        "patience": "stopped early, the validation loss no longer falls",
    }
    return "finished", {"result": results[finished.reason], **rows}


def show_table(title: str, rows: dict[str, str], *, live: bool) -> None:
    """Show a table on stderr: in aligned columns on a terminal, else as plain lines."""
    if not live:
        show_message("\n".join([title, *(f"  {key}: {value}" for key, value in rows.items())]))
        return
    column = max(map(len, rows)) + 2
    show_message(title)
    for key, value in rows.items():
        show_message(f"{key:<{column}}{escape_to_one_line(value)}", column)


def _resume_command(run: Path, corpus: list[str], options: TrainOptions) -> str:
    """Return the command that resumes a run, quoted for a shell."""
    words = ["charnn", "train", "--resume", "--name", run.name]
    for name, value in given(options, "encoding", "val_fraction").items():
        words += [option_name(name), str(value)]
    if options.get("tensorboard"):
        words.append("--tensorboard")
    if run.parent != RUNS_FOLDER:
        words += ["--out", str(run.parent)]
    # A file whose name starts with a dash would be taken for an option.
    if any(name.startswith("-") and name != "-" for name in corpus):
        words.append("--")
    return shlex.join([*words, *corpus])


def _describe_model(model: ModelConfig) -> str:
    width = "one-hot" if model.embedding_size is None else f"embedding {model.embedding_size}"
    pointer = f"pointer {model.pointer}" if model.pointer else "no pointer"
    return (
        f"{model.cell} {model.num_layers} x {model.hidden_size}, {width}, {pointer}, "
        f"dropout {model.dropout:g}, weight drop {model.weight_drop:g}: "
        f"{model.parameter_count():,} parameters"
    )


def _validation(dataset: Dataset, plural: str, protocol: str) -> str:
    """Return a text that describes the held-out part and its evaluation protocol.

    Args:
        dataset: the corpus.
        plural: the plural name of its documents.
        protocol: the protocol of the validations; "" without any.
    """
    if not protocol:
        return "none"
    held_out = (
        f"{dataset.val_documents:,} whole {plural}" if dataset.val_documents else "the last part"
    )
    unknown = (
        f" ({dataset.val_unknown:,} of them unknown, not scored)" if dataset.val_unknown else ""
    )
    return (
        f"{held_out}, {dataset.val_characters:,} {dataset.vocabulary.counted}{unknown}: {protocol}"
    )


def _keys(dataset: Dataset) -> str:
    low, high = dataset.keys
    return f", in {high - low + 1} keys ({low:+} to {high:+} semitones)" if high else ""


def _given(dataset: Dataset) -> str:
    """Return how much of the training part is outside of a given vocabulary."""
    if not dataset.is_vocabulary_given:
        return ""
    unknown, characters = dataset.train_unknown, dataset.train_characters
    return f", given; {unknown:,} of {characters:,} to train on are unknown"


def _unit(dataset: Dataset) -> str:
    """Return the name of the tokens and, for tokens of several characters, their mean length."""
    if dataset.vocabulary.single_characters:
        return dataset.vocabulary.unit
    length = dataset.train_characters / len(dataset.train)
    return f"{dataset.vocabulary.unit}, {length:.2f} characters each"
