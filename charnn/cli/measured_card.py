"""The figures of a card that take a minute: the loss in fresh windows, and copies.

The training text is found by the names that the run keeps, as `charnn evaluate` finds it.
"""

from typing import TYPE_CHECKING, Any

from charnn.cli.console import show_message
from charnn.corpus.document_kinds import CUT_KINDS
from charnn.errors import CheckpointError
from charnn.evaluation.training_corpus import open_training_corpus

if TYPE_CHECKING:
    from charnn.corpus.sources import Corpus
    from charnn.library import Model

# Tunes that are written and compared with the training tunes.
TUNES = 100
TEMPERATURE, SEED = 1.0, 0


def measure_for_card(model: "Model") -> dict[str, Any]:
    """Return the figures, in the form of the metadata `measured`.

    Raises:
        CheckpointError: the training text is missing or has changed.
        CorpusError: the training text cannot be read.
    """
    if model.checkpoint.metadata.get("tunes"):
        return {"novelty": _novelty_of_tunes(model)}
    corpus = _training_corpus(model)
    measured = {"novelty": _novelty_of_texts(model, corpus)}
    has_held_out = model.checkpoint.metadata.get("val_fraction", 1) > 0
    if has_held_out and model.checkpoint.document_kind not in CUT_KINDS:
        show_message("measuring the loss in fresh windows")
        windows = model.evaluate(model.held_out(corpus), windows=True).windows
        if windows is not None:
            loss = {"nats_per_char": windows.nats_per_char, "protocol": windows.protocol}
            measured["windows"] = loss
    return measured


def _training_corpus(model: "Model") -> "Corpus":
    try:
        return open_training_corpus(model.checkpoint)
    except CheckpointError as problem:
        raise CheckpointError(
            "the text that the model was trained on is not where it was, so nothing can be "
            "measured on it: put it back, or leave out --measure"
        ) from problem


def _novelty_of_texts(model: "Model", corpus: "Corpus") -> dict[str, Any]:
    from charnn.cli.evaluate_copies import LENGTH, compare_with_training_text, copies_rows

    copies = compare_with_training_text(model, corpus, TEMPERATURE, SEED)
    count, counted = copies["texts"], model.checkpoint.vocabulary.counted
    protocol = (
        f"{count:,} texts of up to {LENGTH:,} {counted}, temperature {TEMPERATURE:g}, seeds "
        f"{SEED} to {SEED + count - 1}; beside as much held-out text"
    )
    return {"protocol": protocol, "rows": [list(row) for row in copies_rows(copies)]}


def _novelty_of_tunes(model: "Model") -> dict[str, Any]:
    from charnn.cli.evaluate_tunes import compare_with_training_tunes, copying_rows

    results = compare_with_training_tunes(model, TUNES, TEMPERATURE, SEED, "strict", {})
    copied = f"{len(results['flagged'])} of {TUNES}"
    protocol = (
        f"{TUNES} tunes, temperature {TEMPERATURE:g}, seeds {SEED} to {SEED + TUNES - 1}, bars "
        "strict; beside training tunes among the others"
    )
    rows = [list(row) for row in copying_rows(results)]
    return {"protocol": protocol, "rows": [*rows, ["tunes that count as copies", copied, "-"]]}
