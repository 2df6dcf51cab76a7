"""The comparison of new texts with the training text, for `charnn evaluate --copies`.

Each figure of the new texts stands beside the same figure of held-out text: real text has common
phrases, too, so a figure alone means little.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from charnn.cli.console import show_message
from charnn.errors import UsageError, shorten

if TYPE_CHECKING:
    from charnn.corpus.sources import Corpus
    from charnn.library import Model

TEXTS, LENGTH = 20, 2000
# A model of names writes as many characters in more texts, up to this number of texts.
MAX_TEXTS = 2000


def expect_text_model(model: "Model") -> None:
    """Refuse a model of tunes.

    Raises:
        UsageError: the model writes tunes.
    """
    from charnn.checkpoints.bundled import display_name

    if model.checkpoint.metadata.get("tunes"):
        raise UsageError(
            f"--copies is for models of text, but {display_name(model.path)} writes tunes: "
            "use --tunes N, which counts copied tunes"
        )


def compare_with_training_text(
    model: "Model", corpus: "Corpus | None", temperature: float, seed: int
) -> dict[str, Any]:
    """Write texts, compare them with the training text, and return the object that --json prints.

    Args:
        model: the model that writes.
        corpus: the training corpus; it is not needed if the prepared corpus is in `data/`.
        temperature: the sampling temperature.
        seed: the seed of the first text; text i, counted from 0, has the seed `seed + i`.

    Raises:
        CheckpointError: the training text is neither in `data/` nor named.
    """
    from charnn.checkpoints.bundled import display_name
    from charnn.corpus.ids import DATA_FOLDER
    from charnn.evaluation.shared_runs import compare_with_held_out
    from charnn.evaluation.training_text import training_text_ids
    from charnn.sampling.params import SamplingParams
    from charnn.sampling.sampler import Sampler

    checkpoint, counted = model.checkpoint, model.checkpoint.vocabulary.counted
    params = SamplingParams(temperature)
    training, held_out = training_text_ids(checkpoint, corpus, DATA_FOLDER)
    typical_length = min(LENGTH, max(1, checkpoint.typical_length))
    count = min(MAX_TEXTS, round(TEXTS * LENGTH / typical_length))
    show_message(
        f"{display_name(model.path)}: {count:,} texts of up to {LENGTH:,} {counted}, "
        f"temperature {temperature:g}, seed {seed}"
    )
    seeds = range(seed, seed + count)
    drawn = Sampler(checkpoint).stream_many(params, seeds=seeds, length=LENGTH)
    texts = [checkpoint.vocabulary.encode("".join(pieces)) for pieces in drawn]
    written, real = compare_with_held_out(texts, training, held_out)
    return {
        "texts": count,
        "characters": sum(map(len, texts)),
        "unit": checkpoint.vocabulary.counted_one,
        "seed": seed,
        "temperature": temperature,
        "longest": {"model": written.longest, "held_out": real and real.longest},
        "longest_run": checkpoint.vocabulary.decode(written.run),
        "runs": [
            {"length": length, "model": share, "held_out": real and real.shares[length]}
            for length, share in written.shares.items()
        ],
    }


def copies_rows(copies: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield a figure, its value for the model's texts and its value for held-out text, as texts."""
    longest, counted = copies["longest"], f"{copies['unit']}s"
    yield f"longest run, in {counted}", _count(longest["model"]), _count(longest["held_out"])
    for row in copies["runs"]:
        text = f"runs of {row['length']} {counted}"
        yield text, _percentage(row["model"]), _percentage(row["held_out"])


def copies_table(copies: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the printed table; `copies` is the object that --json prints."""
    yield _row("found in the training text", "model", "held out")
    for row in copies_rows(copies):
        yield _row(*row)
    yield f"longest run: {shorten(repr(copies['longest_run']), 300)}\n"


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _percentage(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _row(text: str, model: str, held_out: str) -> str:
    return f"{text:<40}{model:>10}{held_out:>10}\n"
