"""From what the user said to a plan of a run: the gaps filled in, contradictions refused."""

from dataclasses import dataclass, fields, replace
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.errors import CheckpointError, UsageError
from charnn.model.config import ModelConfig
from charnn.training.finetune import new_symbols
from charnn.training.hardware import choose_device, choose_precision
from charnn.training.hints import before, on_symbols
from charnn.training.recipe import (
    AUTO,
    FINE_TUNING,
    PRESETS,
    Preset,
    default_budget,
    find_preset,
    fit_to_corpus,
    passes_of,
    recipe,
)
from charnn.training.training_config import Budget, TrainingConfig


@dataclass(frozen=True)
class Options:
    """What a user may say of a run; None where nothing was said. `preset` is a name in
    `charnn.training.recipe`; the other names are those of `ModelConfig`, `Budget` and
    `TrainingConfig`."""

    preset: str | None = None
    cell: str | None = None
    num_layers: int | None = None
    hidden_size: int | None = None
    embedding_size: int | None = None
    one_hot: bool | None = None
    dropout: float | None = None
    embedding_dropout: float | None = None
    weight_drop: float | None = None
    minutes: float | None = None
    epochs: float | None = None
    steps: int | None = None
    seq_len: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    clip: float | None = None
    clip_value: float | None = None
    gradient_penalty: float | None = None
    weight_decay: float | None = None
    ema: float | None = None
    patience: int | None = None
    save_every: int | None = None
    device: str | None = None
    precision: str | None = None
    threads: int | None = None
    seed: int | None = None

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the named options that were said."""
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True)
class Plan:
    """A complete run.

    Args:
        model: shape of the model.
        training: options of the run.
        notes: sentences on what was changed, for the user.
    """

    model: ModelConfig
    training: TrainingConfig
    notes: tuple[str, ...] = ()

    @property
    def preset(self) -> str | None:
        """The name of the model's size, if it has one."""
        sizes = {(one.num_layers, one.hidden_size): name for name, one in PRESETS.items()}
        return sizes.get((self.model.num_layers, self.model.hidden_size))


def plan_run(dataset: Dataset, options: Options, parent: Checkpoint | None = None) -> Plan:
    """The plan of a new run.

    Args:
        prepared: what is learned.
        options: what the user said.
        parent: the model to begin with, whose shape the new one has; None to begin from nothing.

    Raises:
        UsageError: options contradict each other or are out of range.
        CorpusError: the corpus is too small.
    """
    if options.one_hot and options.embedding_size is not None:
        raise UsageError("--one-hot and --embedding-size exclude each other: choose one")
    if options.clip is not None and options.clip_value is not None:
        raise UsageError("--clip and --clip-value exclude each other: choose one")
    device = choose_device(options.device or "auto")
    limits = options.given("minutes", "epochs", "steps")
    budget = Budget(**limits) if limits else default_budget()
    characters = dataset.train_characters
    chosen = recipe(characters, budget, device, options.preset or AUTO)
    notes = []
    regularisation = {
        "dropout": chosen.dropout,
        "weight_drop": chosen.weight_drop,
        **options.given("dropout", "embedding_dropout", "weight_drop"),
    }
    if parent is None:
        shape = _sizes(chosen.preset, options) | options.given("cell")
        model = ModelConfig(len(dataset.vocabulary), **shape, **regularisation)
    else:
        _expect_shape(parent.config, options)
        model = replace(parent.config, vocab_size=len(dataset.vocabulary), **regularisation)
        if new := new_symbols(parent, dataset.vocabulary):
            notes.append(_say_new(new))
    wanted = TrainingConfig(
        budget=budget,
        device=device,
        precision=choose_precision(options.precision or "auto", device),
        **{
            "batch_size": chosen.batch_size,
            "seq_len": chosen.seq_len,
            "lr": chosen.preset.lr * (1 if parent is None else FINE_TUNING),
            **options.given(*_FREE, "batch_size", "seq_len", "lr", "weight_decay", "ema", "seed"),
            **options.given("clip", "clip_value", "gradient_penalty"),
        },
    )
    batch_size, seq_len = fit_to_corpus(len(dataset.train), wanted.batch_size, wanted.seq_len)
    training = replace(wanted, batch_size=batch_size, seq_len=seq_len)
    if training != wanted:
        notes.append(
            f"the corpus is small ({characters:,} characters to train on): "
            f"batch {batch_size} x window {seq_len} "
            f"instead of {wanted.batch_size} x {wanted.seq_len}"
        )
    passes = passes_of(characters, budget, device, batch_size * seq_len)
    hints = before(passes, characters), on_symbols(len(dataset.vocabulary))
    notes += [hint for hint in hints if hint]
    return Plan(model, training, tuple(notes))


def plan_resume(checkpoint: Checkpoint, dataset: Dataset, options: Options) -> Plan:
    """The plan of a run that goes on: as it was, but for what may change without harm, its budget,
    and its learning rate, which may have been too high.

    Raises:
        UsageError: an option was said that would make it another run.
        CheckpointError: the checkpoint does not say how it was trained.
    """
    try:
        earlier = TrainingConfig.from_json(checkpoint.metadata["training"])
    except (KeyError, TypeError, UsageError) as problem:
        raise CheckpointError(
            "the checkpoint does not say how it was trained: it can't be resumed"
        ) from problem
    was = {
        **checkpoint.config.to_json(),
        **earlier.to_json(),
        "one_hot": checkpoint.config.embedding_size is None,
    }
    limits = options.given("minutes", "epochs", "steps")
    said = options.given(*(field.name for field in fields(Options)))
    # The command that began the run may be repeated: it is understood as it was then.
    batch_size, seq_len = said.get("batch_size"), said.get("seq_len")
    fitted = fit_to_corpus(
        len(dataset.train), batch_size or earlier.batch_size, seq_len or earlier.seq_len
    )
    was |= {"batch_size": batch_size, "seq_len": seq_len} if fitted == _batch(earlier) else {}
    if not _has_preset(checkpoint.config, options):
        raise UsageError(
            "--preset cannot be changed by --resume: "
            "leave it out, or train a new run under another --name"
        )
    for name in sorted(said.keys() - limits.keys() - {*_FREE, "lr", "preset", "device"}):
        if said[name] not in (was[name], "auto"):
            option = name.replace("_", "-")
            raise UsageError(
                f"--{option} cannot be changed by --resume (it was {was[name]}): "
                "leave it out, or train a new run under another --name"
            )
    device = choose_device(options.device or "auto") if _moves(earlier, options) else earlier.device
    training = replace(
        earlier,
        budget=Budget(**limits) if limits else earlier.budget,
        device=device,
        **options.given(*_FREE, "lr"),
    )
    return Plan(checkpoint.config, training)


def _sizes(preset: Preset, options: Options) -> dict[str, Any]:
    """A preset's sizes, but for those that were said."""
    return {
        "num_layers": preset.num_layers,
        "hidden_size": preset.hidden_size,
        "embedding_size": None if options.one_hot else preset.embedding_size,
        **options.given("num_layers", "hidden_size", "embedding_size"),
    }


def _has_preset(config: ModelConfig, options: Options) -> bool:
    """Whether a model has the sizes of the preset that was said, if one was."""
    if options.preset in (None, AUTO):
        return True
    return _sizes(find_preset(options.preset), options).items() <= config.to_json().items()


def _expect_shape(config: ModelConfig, options: Options) -> None:
    """Refuse a shape other than that of the model to begin with."""
    if not _has_preset(config, options):
        raise UsageError(
            f"--preset {options.preset} is not the shape of the model to begin with: leave it out, "
            "or train without --init-from"
        )
    was = {**config.to_json(), "one_hot": config.embedding_size is None}
    for name, value in options.given(*_SHAPE, "one_hot").items():
        if value != was[name]:
            raise UsageError(
                f"--{name.replace('_', '-')} {value} is not the shape of the model to begin with, "
                f"which has {was[name]}: leave it out, or train without --init-from"
            )


def _say_new(symbols: list[str], most: int = 8) -> str:
    named = ", ".join(map(repr, symbols[:most])) + (", ..." if len(symbols) > most else "")
    one = len(symbols) == 1
    return (
        f"the model to begin with does not know {len(symbols):,} symbol{'s' * (not one)} of this "
        f"corpus ({named}): {'it is' if one else 'they are'} learned from nothing"
    )


def _batch(config: TrainingConfig) -> tuple[int, int]:
    return config.batch_size, config.seq_len


_SHAPE = ("cell", "num_layers", "hidden_size", "embedding_size")

# What changes neither the model nor the course of its training.
_FREE = ("patience", "save_every", "threads")


def _moves(earlier: TrainingConfig, options: Options) -> bool:
    """Whether the run goes on on another device: it was told to, or its old one is not here."""
    if options.device is not None:
        return True
    try:
        choose_device(earlier.device)
    except UsageError:
        return True
    return False
