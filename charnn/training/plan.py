"""The plan of a run, from a user's options: defaults are filled in, contradictions are refused."""

from dataclasses import dataclass, replace
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.errors import CheckpointError, UsageError
from charnn.model.config import ModelConfig
from charnn.training.card_batch import rows_for_card
from charnn.training.finetune import new_tokens
from charnn.training.hardware import choose_device, choose_precision, device_memory
from charnn.training.hints import on_many_epochs, on_unknown, on_unlearned, on_vocabulary
from charnn.training.options import TrainingOptions, given
from charnn.training.recipe import (
    AUTO,
    FINE_TUNING_LR,
    PRESETS,
    Preset,
    Recipe,
    choose_recipe,
    default_budget,
    estimate_epochs,
    expect_known,
    find_preset,
    fit_to_corpus,
)
from charnn.training.resume import cannot_change
from charnn.training.training_config import Budget, TrainingConfig, option_name

_SHAPE = ("cell", "num_layers", "hidden_size", "embedding_size")
_DROPOUT = ("dropout", "embedding_dropout", "weight_drop")
_LIMITS = ("minutes", "epochs", "steps")
# Options that change neither the model nor the course of its training, except for rounding.
_FREE = ("accumulate", "patience", "save_every", "threads")


@dataclass(frozen=True)
class Plan:
    """A complete plan of a run.

    Attributes:
        model: the shape of the model.
        training: the options of the run.
        notes: sentences for the user on options that were changed or have surprising effects.
    """

    model: ModelConfig
    training: TrainingConfig
    notes: tuple[str, ...] = ()

    @property
    def preset(self) -> str | None:
        """Return the name of the preset whose sizes the model has, or None."""
        names = {(each.num_layers, each.hidden_size): name for name, each in PRESETS.items()}
        return names.get((self.model.num_layers, self.model.hidden_size))


def plan_run(dataset: Dataset, options: TrainingOptions, parent: Checkpoint | None = None) -> Plan:
    """Return the plan of a new run.

    Args:
        dataset: the corpus as token ids.
        options: the options that the user has set.
        parent: the model to fine-tune. The new model has its shape. None for random weights.

    Raises:
        UsageError: options contradict each other or are out of range, or a given vocabulary lacks
            most of the corpus.
        CorpusError: the corpus is too small.
    """
    _refuse_contradictions(options)
    if dataset.is_vocabulary_given:
        expect_known(dataset.train_unknown, dataset.train_characters)
    device = choose_device(options.get("device") or AUTO)
    limits = given(options, *_LIMITS)
    budget = Budget(**limits) if limits else default_budget()
    # The recipe counts characters, because a text has fewer ABC tokens than characters.
    characters = dataset.train_characters
    preset = options.get("preset") or AUTO
    recipe = choose_recipe(characters, budget, device, preset, dataset.documents)
    model, notes = _plan_model(dataset, options, recipe, parent)
    rows, seq_len = recipe.batch_size, options.get("seq_len") or recipe.seq_len
    # A number of steps promises the same training on every card.
    if device != "cpu" and not budget.steps:
        rows = rows_for_card(model, seq_len, len(dataset.train), device_memory(device))
    lr = recipe.preset.lr * (1 if parent is None else FINE_TUNING_LR)
    defaults = {"batch_size": rows, "seq_len": recipe.seq_len, "lr": lr}
    shuffle = dataset.documents > 1
    wanted = _wanted_training(options, budget, device, shuffle=shuffle, **defaults)
    batch_size, seq_len = fit_to_corpus(len(dataset.train), wanted.batch_size, wanted.seq_len)
    training = replace(wanted, batch_size=batch_size, seq_len=seq_len)
    if training != wanted:
        notes.append(
            f"the corpus is small ({characters:,} characters to train on): "
            f"batch {batch_size} x {seq_len} "
            f"instead of {wanted.batch_size} x {wanted.seq_len}"
        )
    epochs = estimate_epochs(characters, budget, device, batch_size * seq_len)
    hints = (
        on_many_epochs(epochs, characters),
        on_vocabulary(len(dataset.vocabulary)),
        on_unlearned(dataset.train_unknown, dataset.train_characters)
        if dataset.is_vocabulary_given
        else on_unknown(dataset.val_unknown, dataset.val_characters),
    )
    notes += [hint for hint in hints if hint]
    return Plan(model, training, tuple(notes))


def plan_resume(checkpoint: Checkpoint, dataset: Dataset, options: TrainingOptions) -> Plan:
    """Return the plan of a resumed run: the original plan with the new values of some options.

    These options are the budget, the learning rate (which may have been too high), the device, and
    the options that affect neither the model nor the course of its training.

    Raises:
        UsageError: an option is set that a resumed run cannot change.
        CheckpointError: the checkpoint lacks the options of its run.
    """
    try:
        original = TrainingConfig.from_json(checkpoint.metadata["training"])
    except (KeyError, TypeError, UsageError) as problem:
        raise CheckpointError(
            "the checkpoint does not contain the options of its run, so it cannot be resumed. "
            "Fine-tune it in a new run with --init-from"
        ) from problem
    _refuse_changes(checkpoint, original, dataset, options)
    limits = given(options, *_LIMITS)
    training = replace(
        original,
        budget=Budget(**limits) if limits else original.budget,
        device=_device_to_resume_on(original, options),
        **given(options, *_FREE, "lr"),
    )
    return Plan(checkpoint.config, training)


def _wanted_training(
    options: TrainingOptions, budget: Budget, device: str, *, shuffle: bool, **defaults: Any
) -> TrainingConfig:
    """Return the options of a run before its batch is fitted to the corpus.

    Raises:
        UsageError: an option is out of range.
    """
    # Another number of threads changes the last bits. A budget in steps or epochs promises the same
    # model for the same seed; one in minutes promises nothing, so it may measure.
    defaults["threads"] = 0 if budget.minutes or device != "cpu" else 1
    names = ("batch_size", "seq_len", "lr", "weight_decay", "ema", "seed")
    named = given(options, *_FREE, *names, "clip", "clip_value", "gradient_penalty")
    precision = choose_precision(options.get("precision") or AUTO, device)
    wanted = TrainingConfig(
        budget=budget,
        device=device,
        precision=precision,
        shuffle=shuffle,
        **(defaults | named),
    )
    if wanted.accumulate > wanted.batch_size:
        raise UsageError(
            f"--accumulate {wanted.accumulate} is more than the rows of --batch-size "
            f"{wanted.batch_size}: a part has at least one row"
        )
    return wanted


def _refuse_contradictions(options: TrainingOptions) -> None:
    if options.get("one_hot") and options.get("embedding_size") is not None:
        raise UsageError("--one-hot and --embedding-size exclude each other: choose one")
    if options.get("clip") is not None and options.get("clip_value") is not None:
        raise UsageError("--clip and --clip-value exclude each other: choose one")


def _plan_model(
    dataset: Dataset, options: TrainingOptions, recipe: Recipe, parent: Checkpoint | None
) -> tuple[ModelConfig, list[str]]:
    """Return the shape of a new model, and notes for the user."""
    vocab_size = len(dataset.vocabulary)
    dropout = {
        "dropout": recipe.dropout,
        "weight_drop": recipe.weight_drop,
        **given(options, *_DROPOUT),
    }
    if parent is None:
        shape = _sizes(recipe.preset, options) | {"pointer": recipe.pointer}
        shape |= given(options, "cell", "pointer")
        return ModelConfig(vocab_size, **shape, **dropout), []
    _expect_shape_of_parent(parent.config, options)
    pointer = given(options, "pointer")
    model = replace(parent.config, vocab_size=vocab_size, **pointer, **dropout)
    new = new_tokens(parent, dataset.vocabulary)
    return model, [_describe_new_tokens(new)] if new else []


def _refuse_changes(
    checkpoint: Checkpoint, original: TrainingConfig, dataset: Dataset, options: TrainingOptions
) -> None:
    """Refuse options that differ from the options that a run was started with.

    A user may repeat the command that started the run. At the start, the batch size and the segment
    length were fitted to the corpus, so the values of the repeated command are fitted before they
    are compared.
    """
    values = {
        **checkpoint.config.to_json(),
        **original.to_json(),
        "one_hot": checkpoint.config.embedding_size is None,
    }
    wanted = given(options, *TrainingOptions.__annotations__)
    batch_size, seq_len = wanted.get("batch_size"), wanted.get("seq_len")
    fitted = fit_to_corpus(
        len(dataset.train), batch_size or original.batch_size, seq_len or original.seq_len
    )
    if fitted == (original.batch_size, original.seq_len):
        values |= {"batch_size": batch_size, "seq_len": seq_len}
    if not _has_sizes_of_preset(checkpoint.config, options):
        raise UsageError(
            "--preset cannot be changed by --resume: "
            "leave it out, or train a new run under another --name"
        )
    for name in sorted(wanted.keys() - {*_LIMITS, *_FREE, "lr", "preset", "device"}):
        if wanted[name] not in (values[name], AUTO):
            raise UsageError(cannot_change(name.replace("_", "-"), values[name]))


def _device_to_resume_on(original: TrainingConfig, options: TrainingOptions) -> str:
    """Return the device that the user names, else the run's device if this machine has it."""
    wanted = options.get("device")
    if wanted is None:
        try:
            return choose_device(original.device)
        except UsageError:
            pass
    return choose_device(wanted or AUTO)


def _sizes(preset: Preset, options: TrainingOptions) -> dict[str, Any]:
    """Return the sizes of a preset, except for those that the user has set."""
    return {
        "num_layers": preset.num_layers,
        "hidden_size": preset.hidden_size,
        "embedding_size": None if options.get("one_hot") else preset.embedding_size,
        **given(options, "num_layers", "hidden_size", "embedding_size"),
    }


def _has_sizes_of_preset(config: ModelConfig, options: TrainingOptions) -> bool:
    """Return whether a model has the sizes of the preset that the user named; True without one."""
    preset = options.get("preset")
    if preset is None or preset == AUTO:
        return True
    return _sizes(find_preset(preset), options).items() <= config.to_json().items()


def _expect_shape_of_parent(config: ModelConfig, options: TrainingOptions) -> None:
    """Refuse options that differ from the shape of the model to fine-tune."""
    if not _has_sizes_of_preset(config, options):
        raise UsageError(
            f"--preset {options.get('preset')} differs from the shape of the model to start from: "
            "leave it out, or train without --init-from"
        )
    values = {**config.to_json(), "one_hot": config.embedding_size is None}
    for name, value in given(options, *_SHAPE, "one_hot").items():
        if value != values[name]:
            raise UsageError(
                f"{option_name(name)} {value} differs from the model to start from, which has "
                f"{values[name]}: leave it out, or train without --init-from"
            )


def _describe_new_tokens(tokens: list[str], max_named: int = 8) -> str:
    named = ", ".join(map(repr, tokens[:max_named])) + (", ..." if len(tokens) > max_named else "")
    plural = "" if len(tokens) == 1 else "s"
    return (
        f"the model to start from lacks {len(tokens):,} token{plural} of this corpus ({named}): "
        f"the row{plural} of the embedding and of the head start{'s' * (not plural)} from random "
        "weights"
    )
