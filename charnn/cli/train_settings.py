"""The settings of new runs, which do not change a run that is resumed or fine-tuned.

A configuration file is written once and forgotten. So what it sets for `charnn train` holds for new
runs; a resumed run, or the shape of a fine-tuned model, changes only by an option that is typed.
"""

from collections.abc import Mapping

from charnn.cli.console import show_message
from charnn.training.options import TrainOptions
from charnn.training.training_config import option_name

# They find the run and read its corpus, or only record what happens.
_ALSO_RESUMED = {"resume", "name", "out", "encoding", "val_fraction", "tensorboard", "workers"}
_OF_PARENT = {
    *("cell", "num_layers", "hidden_size", "embedding_size", "one_hot", "pointer"),
    *("tokens", "documents", "preset"),
}


def drop_settings_of_new_runs(options: TrainOptions, set_at: Mapping[str, str]) -> None:
    """Remove the settings that are for new runs, if a run is resumed or a model is fine-tuned.

    Args:
        options: the options, which are changed.
        set_at: the place of each option that is set but not typed, by name.
    """
    values: dict[str, object] = options  # type: ignore[assignment]
    if options.get("resume"):
        dropped, kind = set_at.keys() - _ALSO_RESUMED, "new runs"
    elif options.get("init_from"):
        dropped, kind = set_at.keys() & _OF_PARENT, "new models"
    else:
        return
    names = [name for name in values if name in dropped and values[name] is not None]
    for name in names:
        values[name] = None
    if names:
        shown = ", ".join(f"{option_name(name)} ({set_at[name]})" for name in names)
        show_message(f"settings for {kind} only, not used here: {shown}")
