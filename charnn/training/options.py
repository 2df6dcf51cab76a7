"""The options of a training run, each described once.

`TrainOptions` defines the command line of `charnn train` and the keyword arguments of
`charnn.train`; docs/cli.md is generated from the command line. This file imports neither
torch nor NumPy, because `charnn train --help` must not wait for them.

Ranges are checked where the values are used: in `charnn.model.config.ModelConfig` and in
`charnn.training.training_config`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict, get_args, get_type_hints

from charnn.checkpoints.run_files import RUNS_FOLDER
from charnn.corpus.document_kinds import DOCUMENT_CHOICES
from charnn.errors import unknown_choice
from charnn.training.recipe import (
    AUTO,
    CPU,
    DEFAULT_EPOCHS,
    DEFAULT_MINUTES,
    GPU,
    MAX_GPU_ROWS,
    PRESETS,
)
from charnn.training.training_config import DEVICES, PRECISIONS, TrainingConfig, option_name


@dataclass(frozen=True)
class Option:
    """The description of an option.

    Args:
        help: what the option does, and its default, in one sentence.
        choices: the values that the option can be set to; empty for any value of its type.
        metavar: the placeholder of the value in the help; None for the placeholder of its type.
    """

    help: str
    choices: tuple[str, ...] = ()
    metavar: str | None = None


# Repeated from `charnn.model.cells`, the transposition and the vocabularies, because those modules
# import NumPy. Tests compare both lists.
CELL_CHOICES = ("lstm", "gru", "rnn", "peephole", "coupled")
TOKEN_CHOICES = ("auto", "char", "bytes", "abc", "music")
TRANSPOSE_CHOICES = ("0", "1", "2", "3", "4", "5", "6", "all")


class RunOptions(TypedDict, total=False):
    """The corpus of a run, and the folder of the run. None means that an option is not set.

    If an option has several types, the command line parses the first one.
    """

    name: Annotated[
        str | None,
        Option(
            "Name of the run; with --resume, of the run to resume (default: the corpus's name)."
        ),
    ]
    out: Annotated[Path | str | None, Option(f"Folder of the runs (default: {RUNS_FOLDER}).")]
    resume: Annotated[
        bool | None, Option("Resume the run --name, or the newest run on this corpus.")
    ]
    init_from: Annotated[
        str | Path | None,
        Option("Fine-tune the weights of another run or checkpoint.", metavar="RUN"),
    ]
    tensorboard: Annotated[
        bool | None,
        Option(
            "Also write curves, histograms of the gates and samples for TensorBoard (needs "
            "charnn[tensorboard])."
        ),
    ]
    encoding: Annotated[
        str | None,
        Option(
            "Encoding of the files (default: UTF-8, unless a byte order mark or a tune book "
            "names it)."
        ),
    ]
    documents: Annotated[
        str | None,
        Option(
            "Train on separate documents: each line, each passage between blank lines, or each "
            "file (default: auto, the files and tunes).",
            choices=DOCUMENT_CHOICES,
        ),
    ]
    keep_cr: Annotated[
        bool | None,
        Option("Keep carriage returns (default: CRLF and CR become line feeds)."),
    ]
    val_fraction: Annotated[
        float | None,
        Option("Share held out: the end of a text, whole documents or tunes (default: 0.1)."),
    ]
    tokens: Annotated[
        str | None,
        Option(
            "Train on characters (char), on the bytes of any files (bytes), on tunes whose notes "
            "are relative to the tonic and whose bars have labels (music), or on notes and bar "
            "lines (abc) (default: auto, which is music for tune books and char for texts).",
            choices=TOKEN_CHOICES,
        ),
    ]
    vocab: Annotated[
        str | Path | None,
        Option(
            "Take the vocabulary from the characters of a text file, or from another run; all "
            "other characters are unknown (default: the characters of the training part).",
            metavar="FILE",
        ),
    ]
    workers: Annotated[
        int | None,
        Option(
            "Processes that prepare a large corpus (default: one for each processor above 500 MB, "
            "else 1)."
        ),
    ]
    transpose: Annotated[
        str | int | None,
        Option(
            "Train on tunes in other keys as well, up to this many semitones down and up, or in "
            "all keys (default: 0).",
            choices=TRANSPOSE_CHOICES,
        ),
    ]


class TrainingOptions(TypedDict, total=False):
    """The shape of the model, and how it is trained. None means that an option is not set."""

    preset: Annotated[
        str | None,
        Option(
            "Size of the model (default: auto, by corpus, budget and device).",
            choices=(AUTO, *PRESETS),
        ),
    ]
    cell: Annotated[
        str | None,
        Option(
            "Recurrent cell; coupled is an LSTM with input gate = 1 - forget gate (default: lstm).",
            choices=CELL_CHOICES,
        ),
    ]
    num_layers: Annotated[int | None, Option("Recurrent layers (default: the preset's).")]
    hidden_size: Annotated[int | None, Option("Hidden units per layer (default: the preset's).")]
    embedding_size: Annotated[
        int | None, Option("Width of the token embedding (default: the preset's).")
    ]
    one_hot: Annotated[bool | None, Option("One-hot input instead of an embedding.")]
    dropout: Annotated[
        float | None, Option("Dropout rate of the hidden units (default: by corpus and budget).")
    ]
    embedding_dropout: Annotated[
        float | None, Option("Dropout rate of whole token embeddings (default: 0).")
    ]
    weight_drop: Annotated[
        float | None,
        Option("Dropout rate of the recurrent weights (default: by corpus and budget)."),
    ]
    pointer: Annotated[
        int | None,
        Option(
            "Steps that the model remembers and can copy from; 0 for none (default: by corpus).",
            metavar="STEPS",
        ),
    ]
    minutes: Annotated[
        float | None,
        Option(
            f"Time budget in minutes (default: {DEFAULT_MINUTES:g}, capped at "
            f"{DEFAULT_EPOCHS:g} epochs)."
        ),
    ]
    epochs: Annotated[float | None, Option("Budget in passes over the training part.")]
    steps: Annotated[int | None, Option("Budget in updates of the weights.")]
    seq_len: Annotated[
        int | None,
        Option(
            f"Truncated BPTT length in characters (default: {CPU.seq_len}, on a GPU {GPU.seq_len})."
        ),
    ]
    batch_size: Annotated[
        int | None,
        Option(
            f"Rows trained side by side (default: {CPU.batch_size}, on a GPU {GPU.batch_size} to "
            f"{MAX_GPU_ROWS} by its memory)."
        ),
    ]
    accumulate: Annotated[
        int | None,
        Option(
            "Parts in which the rows of a batch are trained, one after the other: the same "
            f"training in less memory (default: {TrainingConfig.accumulate}).",
            metavar="PARTS",
        ),
    ]
    lr: Annotated[float | None, Option("Peak learning rate (default: the preset's).")]
    clip: Annotated[
        float | None, Option(f"Largest norm of the gradient (default: {TrainingConfig.clip:g}).")
    ]
    clip_value: Annotated[
        float | None,
        Option("Largest absolute value in the gradient, as in char-rnn, instead of --clip."),
    ]
    gradient_penalty: Annotated[
        float | None,
        Option(
            "Weight of the penalty against vanishing gradients of Pascanu et al. 2013; slow "
            f"(default: {TrainingConfig.gradient_penalty:g}).",
            metavar="WEIGHT",
        ),
    ]
    weight_decay: Annotated[
        float | None, Option(f"Weight decay of AdamW (default: {TrainingConfig.weight_decay:g}).")
    ]
    ema: Annotated[
        float | None,
        Option(
            "Save and sample a running average of the weights with this decay, such as 0.998 "
            f"(default: {TrainingConfig.ema:g}, no average).",
            metavar="DECAY",
        ),
    ]
    patience: Annotated[
        int | None,
        Option(
            "Validations without a new best after which to stop; 0 never stops "
            f"(default: {TrainingConfig.patience})."
        ),
    ]
    device: Annotated[
        str | None,
        Option("Device (default: auto, a GPU if there is one).", choices=(AUTO, *DEVICES)),
    ]
    precision: Annotated[
        str | None,
        Option(
            "Precision of the matrix products (default: auto, bf16 where the processor has it).",
            choices=(AUTO, *PRECISIONS),
        ),
    ]
    threads: Annotated[
        int | None,
        Option(
            "CPU threads; 0 measures which number is fastest (default: 0 for a budget in minutes, "
            "else 1, for the same model from the same seed)."
        ),
    ]
    seed: Annotated[
        int | None,
        Option(f"Seed of the initial weights and of dropout (default: {TrainingConfig.seed})."),
    ]
    save_every: Annotated[
        int | None,
        Option(
            "Steps between saves, besides the save at every validation; 0 for none "
            f"(default: {TrainingConfig.save_every}).",
            metavar="STEPS",
        ),
    ]


class TrainOptions(RunOptions, TrainingOptions, total=False):
    """All options of `charnn train` and of `charnn.train`."""


def described_options() -> Iterator[tuple[str, type, Option]]:
    """Yield the name, the type on the command line and the description of every option."""
    for name, annotated in get_type_hints(TrainOptions, include_extras=True).items():
        types, option = get_args(annotated)
        yield name, get_args(types)[0], option


def given(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the named options that are set."""
    return {name: options[name] for name in names if options.get(name) is not None}


def check_names_and_choices(options: Mapping[str, Any]) -> None:
    """Refuse options that do not exist, and values that are not among an option's choices.

    Raises:
        TypeError: an option does not exist, as with any unexpected keyword argument.
        UsageError: a value is unknown.
    """
    described = {name: option for name, _, option in described_options()}
    for name, value in options.items():
        if name not in described:
            raise TypeError(f"train() got an unexpected keyword argument {name!r}")
        choices = described[name].choices
        if name == "transpose":
            continue  # a number as well, in the library: see `parse_key_range`
        # An empty string means "auto", as None does: earlier versions accepted both.
        if choices and value not in (None, "") and value not in choices:
            raise unknown_choice(option_name(name), str(value), choices)
