"""`charnn evaluate`: measure a model's loss on a text, and judge the tunes that it writes."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.completion import complete_corpus, complete_run
from charnn.cli.console import show_warning, warn_if_damaged, write_lines, write_stdout
from charnn.cli.formatting import format_calibration
from charnn.cli.model_options import MAX_SAMPLES, Bars, EncodingOption
from charnn.errors import UsageError
from charnn.sampling.seeds import choose_seed

if TYPE_CHECKING:
    from charnn.corpus.sources import Corpus
    from charnn.evaluation.protocols import Evaluation
    from charnn.library import Model

# A larger share of characters outside the vocabulary gets a warning.
MAX_UNKNOWN_SHARE = 0.01


def command(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            metavar="RUN",
            help="A run's name or folder, or a checkpoint file.",
            autocompletion=complete_run,
        ),
    ],
    corpus: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CORPUS",
            help="The text to predict: files, folders, corpus names, or -.",
            autocompletion=complete_corpus,
        ),
    ] = None,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Evaluate the held-out part only: the end of a text, or whole documents or tunes. "
            "Without a CORPUS, of the corpus that the run was trained on.",
        ),
    ] = False,
    dynamic: Annotated[
        bool,
        typer.Option(
            "--dynamic",
            help="Also measure dynamic evaluation (Krause et al. 2018), alone and mixed with "
            "n-grams; takes minutes.",
        ),
    ] = False,
    encoding: EncodingOption = None,
    tunes: Annotated[
        int,
        typer.Option(metavar="N", help="Write N tunes and compare them with the training tunes."),
    ] = 0,
    copies: Annotated[
        bool,
        typer.Option(
            "--copies",
            help="Write 20 texts, and measure how much of them is copied from the training text.",
        ),
    ] = False,
    temperature: Annotated[
        float, typer.Option(help="Sampling temperature of the tunes or texts.")
    ] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of the first tune or text; number i has seed + i; default: a new one."
        ),
    ] = None,
    rhythm: Annotated[str, typer.Option(help="Type of the tunes, as in `charnn sample`.")] = "",
    meter: Annotated[str, typer.Option(help="Meter of the tunes.")] = "",
    key: Annotated[str, typer.Option(help="Key of the tunes.")] = "",
    bars: Annotated[
        Bars, typer.Option(help="strict completes every bar and part of the tunes, off does not.")
    ] = "strict",
    threads: Annotated[
        int, typer.Option(help="CPU threads for the loss; more are rarely faster.")
    ] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to stdout.")
    ] = False,
) -> None:
    """Measure a model's loss on a text, or judge what it writes.

    The loss counts every character of CORPUS once, with the hidden state carried from document to
    document. Characters outside the vocabulary are not scored. If training has fitted a softmax
    temperature, the loss is given without and with it. For texts, another figure allows a
    comparison with transformers: windows of 256 characters, each begun with an empty state.
    --dynamic adds a figure for which the weights are updated on each piece of the text after it was
    scored, and one for which this network is mixed with n-grams that are counted in the text so
    far. With --held-out, they are also counted in the training text.

    Tunes are compared with the training tunes, which lie in the run's folder: bars, parts, repeats,
    form, statistics of the notes, and copies in any key. AUC: how well a simple classifier tells
    them apart, 0.5 for not at all, 1 for always.

    --copies shows the longest run of characters that the model copied from its training text, and
    how many of its runs of 16, 32 and 64 characters occur there, beside the same figures for
    held-out text. The training text is found in data/, or named as CORPUS.

    \b
    Examples:
      charnn evaluate shakespeare play.txt
      charnn evaluate shakespeare --held-out --dynamic
      charnn evaluate shakespeare --copies --seed 1
      charnn evaluate folk --held-out
      charnn evaluate folk --tunes 200 --seed 1
      charnn evaluate folk --tunes 200 --meter 6/8 --key Ador
    """
    _check_usage(corpus, tunes, copies, held_out, dynamic, threads)
    from charnn.cli.evaluate_copies import (
        compare_with_training_text,
        copies_table,
        expect_text_model,
    )
    from charnn.cli.evaluate_tunes import compare_with_training_tunes, comparison_table
    from charnn.library import load

    model = load(checkpoint)
    warn_if_damaged(model.path, model.damaged)
    if copies:
        expect_text_model(model)
    results: dict[str, Any] = {}
    tables: list[str] = []
    opened = _open_corpus(model, corpus, encoding) if corpus else None
    if opened is not None or held_out:
        results |= _measure_loss(model, opened, held_out, dynamic, threads)
        if not as_json:
            _show_loss(results)
    first_seed = choose_seed(seed)
    if copies:
        results["copies"] = compare_with_training_text(model, opened, temperature, first_seed)
        tables.append("".join(copies_table(results["copies"])))
    if tunes:
        request = {"rhythm": rhythm, "meter": meter, "key": key}
        request = {name: value for name, value in request.items() if value}
        results |= compare_with_training_tunes(model, tunes, temperature, first_seed, bars, request)
        tables.append("".join(comparison_table(results)))
    if as_json:
        write_stdout(json.dumps(results) + "\n")
    elif tables:
        write_stdout("\n" * bool(corpus or held_out) + "\n".join(tables))


def _check_usage(
    corpus: Sequence[str] | None,
    tunes: int,
    copies: bool,
    held_out: bool,
    dynamic: bool,
    threads: int,
) -> None:
    """Refuse options that contradict each other or are out of range.

    Raises:
        UsageError: there is such an option.
    """
    if not (corpus or held_out or tunes or copies):
        raise UsageError(
            "nothing to evaluate: name a CORPUS, or set --held-out, --tunes or --copies"
        )
    if not 0 <= tunes <= MAX_SAMPLES:
        raise UsageError(f"--tunes must be between 1 and {MAX_SAMPLES:,}, not {tunes}")
    if dynamic and not (corpus or held_out):
        raise UsageError("--dynamic needs a CORPUS, or --held-out, to measure the loss on")
    if threads < 1:
        raise UsageError(f"--threads must be at least 1, not {threads}")


def _open_corpus(model: "Model", corpus: Sequence[str], encoding: str | None) -> "Corpus":
    """Return a corpus, divided into documents as the model's training corpus was."""
    from charnn.corpus.sources import open_corpus

    return open_corpus(corpus, encoding=encoding, **model.checkpoint.corpus_options)


def _measure_loss(
    model: "Model", corpus: "Corpus | None", held_out: bool, dynamic: bool, threads: int
) -> dict[str, Any]:
    """Return the loss under each evaluation protocol, as the object that --json prints."""
    from charnn.corpus.text_documents import whole_texts
    from charnn.evaluation.protocols import whole_text_span

    if held_out or corpus is None:
        span = model.held_out(corpus)
    else:
        texts = whole_texts(corpus.documents, corpus.document_kind)
        span = whole_text_span(model.checkpoint, texts)
    if span.unknown > MAX_UNKNOWN_SHARE * span.characters:
        show_warning(
            f"{span.unknown / span.characters:.1%} of the text ({span.unknown:,} characters) is "
            "not in the model's vocabulary. These characters are not scored, so the loss is that "
            "of the rest"
        )
    import torch  # only now: wrong usage and missing files should be reported without waiting

    torch.set_num_threads(threads)
    evaluation = model.evaluate(span, windows=True, dynamic=dynamic)
    results = _loss_object(evaluation)
    results |= {"chars": evaluation.chars, "unknown_chars": evaluation.unknown}
    # In a model of bytes, each "char" of these figures is a byte.
    results["unit"] = model.checkpoint.vocabulary.counted_one
    if evaluation.calibration is not None:
        results["calibration"] = asdict(evaluation.calibration)
    if (windows := evaluation.windows) is not None:
        results["windows"] = _loss_object(windows) | {"standard_error": windows.standard_error}
    for name in ("dynamic", "dynamic_ngrams"):
        if (measured := getattr(evaluation, name)) is not None:
            results[name] = _loss_object(measured)
    return results


def _loss_object(evaluation: "Evaluation") -> dict[str, Any]:
    return {
        "nats_per_char": evaluation.nats_per_char,
        "bits_per_char": evaluation.bits_per_char,
        "perplexity": evaluation.perplexity,
        "protocol": evaluation.protocol,
    }


def _show_loss(results: dict[str, Any]) -> None:
    unknown = results["unknown_chars"]
    unknown = f" ({unknown:,} more are unknown, not scored)" if unknown else ""
    write_lines(
        f"{results['nats_per_char']:.4f} nats per {results['unit']}, "
        f"{results['bits_per_char']:.4f} bits, perplexity {results['perplexity']:.3f}\n"
        f"{results['chars']:,} {results['unit']}s{unknown}: {results['protocol']}\n"
    )
    if "calibration" in results:
        write_lines(f"{format_calibration(**results['calibration'])}\n")
    for other in ("windows", "dynamic", "dynamic_ngrams"):
        if other in results:
            write_lines(f"{results[other]['nats_per_char']:.4f}: {results[other]['protocol']}\n")
