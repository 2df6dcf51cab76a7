"""The evaluation of a model on a text: the part that is scored, and the protocols of scoring.

A loss means little without its split and protocol: the same weights scored 1.628 and 1.76
nats/char under two protocols, and two splits of one text differ by 0.23 nats. So each `Evaluation`
carries a description of both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.document_kinds import CUT_KINDS, document_plural
from charnn.corpus.ids_file import encode_documents
from charnn.corpus.scan import DEFAULT_VAL_FRACTION, scan_corpus
from charnn.corpus.sources import Corpus
from charnn.corpus.text import document
from charnn.corpus.vocabulary import UNKNOWN
from charnn.errors import CheckpointError, CorpusError
from charnn.evaluation.calibration import SECOND_HALF, Calibration, second_half
from charnn.evaluation.scored_part import whole_part


@dataclass(frozen=True)
class EvalSpan:
    """The span of a text that is scored, as ids of a model's vocabulary.

    Characters outside the vocabulary are read, but neither scored nor counted.

    Attributes:
        ids: [N] the context, then the ids to score.
        start: the index of the first id to score; at least 1.
        characters: the number of characters of `ids[start:]`, document ends included.
        description: which part of a text this is, for the protocol; may be empty.
        held_out: whether training has held out exactly this part, and so may have fitted a softmax
            temperature on its first half.
    """

    ids: NDArray[Any]
    start: int
    characters: int
    description: str = ""
    held_out: bool = False

    @property
    def unknown(self) -> int:
        """Return the number of ids to score that stand for characters outside the vocabulary."""
        return int(np.count_nonzero(self.ids[self.start :] == UNKNOWN))

    @property
    def known(self) -> int:
        """Return the number of scored characters."""
        return self.characters - self.unknown


@dataclass(frozen=True)
class Evaluation:
    """A measured loss.

    Attributes:
        nats_per_char: the mean negative log-likelihood of a character.
        chars: the number of scored characters, without those outside the vocabulary.
        protocol: the description of the protocol and of the scored part.
        standard_error: the standard error of `nats_per_char` if windows were drawn at random;
            else 0.
        windows: the loss by the fresh-windows protocol; None if it was not measured.
        dynamic: the loss by dynamic evaluation; None if it was not measured.
        dynamic_ngrams: the loss by the mixture of dynamic evaluation with n-grams; None if it was
            not measured.
        unknown: the number of characters outside the vocabulary, which are not scored.
        calibration: the loss without and with the fitted softmax temperature of the model; None if
            no temperature was fitted.
    """

    nats_per_char: float
    chars: int
    protocol: str
    standard_error: float = 0.0
    windows: "Evaluation | None" = None
    dynamic: "Evaluation | None" = None
    dynamic_ngrams: "Evaluation | None" = None
    unknown: int = 0
    calibration: Calibration | None = None

    @property
    def bits_per_char(self) -> float:
        """Return the loss in bits per character."""
        return self.nats_per_char / math.log(2)

    @property
    def perplexity(self) -> float:
        """Return the number of equally likely characters that would give the same loss."""
        # math.exp overflows above 709.
        return math.exp(min(self.nats_per_char, 700))


def whole_text_span(checkpoint: Checkpoint, texts: Sequence[str]) -> EvalSpan:
    """Return the span of complete texts, one after the other, with every id scored.

    The context is the start token, as at the start of a sample. If the model was trained on several
    documents and there are several texts, the end of each text is scored and counts as a character,
    as in training.

    Raises:
        CorpusError: there is no text.
    """
    if not any(texts):
        raise CorpusError("the text to evaluate is empty: name a file with text in it")
    separated = checkpoint.has_document_ends and len(texts) > 1
    ids = _encode(checkpoint, texts, separated)
    context = np.array([checkpoint.start_token_id], ids.dtype)
    description = f"{len(texts):,} documents with their ends" if separated else ""
    characters = sum(map(checkpoint.vocabulary.text_length, texts)) + separated * len(texts)
    return EvalSpan(np.concatenate([context, ids]), 1, characters, description)


def held_out_tunes_span(
    checkpoint: Checkpoint, texts: Sequence[str], training_tunes: Sequence[str]
) -> EvalSpan:
    """Return the span of the texts that are not training tunes, with training tunes as context.

    Raises:
        CorpusError: all texts are training tunes.
    """
    known = set(training_tunes)
    texts = [text for text in texts if text not in known]
    if not texts:
        raise CorpusError(
            "every tune of the corpus is a training tune of the model: name a corpus with others"
        )
    # The network reads only the end of the context, but n-grams are counted in all of it.
    context = _encode(checkpoint, training_tunes, True)
    ids = _encode(checkpoint, texts, True)
    characters = sum(map(len, texts)) + len(texts)
    description = f"{len(texts):,} documents with their ends, which the model has not learned"
    return EvalSpan(np.concatenate([context, ids]), len(context), characters, description, True)


def held_out_text_span(checkpoint: Checkpoint, corpus: Corpus) -> EvalSpan:
    """Return the span of the validation part of a text, with the training part as context.

    Args:
        checkpoint: the model.
        corpus: its training corpus, divided into documents as in training.

    Raises:
        CheckpointError: the model was trained on another text, or on all of this one.
    """
    # Old checkpoints lack the fraction. They had the default, else the fingerprint differs below.
    fraction = checkpoint.metadata.get("val_fraction", DEFAULT_VAL_FRACTION)
    # The folder is for transposed copies, which a text does not have.
    kind, given = checkpoint.vocabulary.kind, checkpoint.given_vocabulary
    scan = scan_corpus(corpus, Path(), fraction, kind, vocabulary=given)
    if scan.fingerprint != checkpoint.metadata.get("fingerprint"):
        raise CheckpointError(
            f"the model was not trained on {corpus.name} as it is now, so no part of it was held "
            "out: name the training corpus, or leave out --held-out"
        )
    if scan.sizes.train_length == scan.sizes.length:
        raise CheckpointError(
            "training held out nothing of this corpus (--val-fraction 0): leave out --held-out"
        )
    documents = encode_documents(checkpoint.vocabulary, scan.documents, scan.separated)
    ids = np.concatenate([*documents])
    if scan.val_documents:
        plural = document_plural(corpus.document_kind, tunes=False)
        description = f"{scan.val_documents:,} {plural} with their ends, which training held out"
    else:
        description = f"the last {100 * fraction:g} %, which training held out"
    return EvalSpan(
        ids, scan.sizes.train_length, scan.sizes.length - scan.sizes.train_length, description, True
    )


def evaluate_span(
    checkpoint: Checkpoint, span: EvalSpan, *, windows: bool = False, dynamic: bool = False
) -> Evaluation:
    """Return the loss of a span with the state carried and, on request, by other protocols.

    The loss is that of the weights as they were learned. `Evaluation.calibration` adds the loss
    with the fitted temperature.

    Args:
        checkpoint: the model.
        span: the scored part and its context.
        windows: measure fresh windows as well, unless the span is shorter than a window or consists
            of tunes, lines or passages, many of which are shorter than a window.
        dynamic: measure dynamic evaluation as well, alone and mixed with n-grams.

    Raises:
        CorpusError: no character of the span is in the vocabulary.
    """
    if not span.known:
        raise CorpusError(
            "no character of the text is in the model's vocabulary: name a text in the language "
            "that the model was trained on"
        )
    # Imported here, because torch takes a second or two: errors in the text are reported before.
    from charnn.evaluation.fresh_windows import evaluate_fresh_windows
    from charnn.evaluation.sweep import token_losses_at
    from charnn.model.network import Network, import_weights

    network = Network(checkpoint.config)
    import_weights(network, checkpoint.weights)
    ids, start, characters = span.ids, span.start, span.known
    suffix = f", {span.description}" if span.description else ""
    temperatures = tuple(dict.fromkeys((1.0, checkpoint.temperature)))
    losses_KN = token_losses_at(network, ids, start, temperatures)
    losses = losses_KN[0]
    fresh = windows_evaluation = dynamic_evaluation = ngrams_evaluation = None
    short = checkpoint.metadata.get("tunes") or checkpoint.document_kind in CUT_KINDS
    if windows and not short:
        fresh = evaluate_fresh_windows(network, ids, losses)
    if fresh is not None:
        fresh = replace(fresh, counted=checkpoint.vocabulary.counted)
        # Its mean is over all characters, and those outside the vocabulary have the loss 0.
        scale = len(losses) / characters
        windows_evaluation = Evaluation(
            fresh.loss * scale, characters, fresh.protocol + suffix, fresh.standard_error * scale
        )
    if dynamic:
        dynamic_evaluation, ngrams_evaluation = _evaluate_dynamically(checkpoint, span, suffix)
    return Evaluation(
        _per_character(losses, characters),
        characters,
        whole_part(start, len(ids), checkpoint.vocabulary.counted_one).protocol + suffix,
        windows=windows_evaluation,
        dynamic=dynamic_evaluation,
        dynamic_ngrams=ngrams_evaluation,
        unknown=span.unknown,
        calibration=_calibration(checkpoint, span, losses, losses_KN[-1]),
    )


def _calibration(
    checkpoint: Checkpoint,
    span: EvalSpan,
    losses: NDArray[np.float32],
    calibrated_losses: NDArray[np.float32],
) -> Calibration | None:
    """Return the loss without and with the fitted temperature; None if none was fitted.

    Args:
        checkpoint: the model.
        span: the scored part.
        losses: the loss of each id without the temperature.
        calibrated_losses: the loss of each id with the temperature.
    """
    if checkpoint.temperature == 1:
        return None
    begin, protocol = span.start, "the whole text; temperature fitted in training"
    if span.held_out and "calibration" not in checkpoint.metadata:
        # Earlier versions fitted the temperature on the whole held-out part.
        protocol = "the whole held-out part; temperature fitted on the same part"
    elif span.held_out:
        begin, protocol = second_half(span.ids, span.start), SECOND_HALF
    ids, scored = span.ids[begin:], span.ids[span.start :]
    # Coded tunes have a few characters more than the tunes (`charnn.music.coding`).
    count = checkpoint.vocabulary.count_characters
    characters = round(count(ids[ids != UNKNOWN]) * span.characters / max(1, count(scored)))
    return Calibration(
        checkpoint.temperature,
        _per_character(losses[begin - span.start :], characters),
        _per_character(calibrated_losses[begin - span.start :], characters),
        protocol,
    )


def _evaluate_dynamically(
    checkpoint: Checkpoint, span: EvalSpan, suffix: str
) -> tuple[Evaluation, Evaluation]:
    """Return the loss of a span by dynamic evaluation, and by its mixture with n-grams."""
    from charnn.evaluation.dynamic import DynamicEvalConfig, dynamic_log_probs
    from charnn.evaluation.ngram_mixture import PROTOCOL, mixed_token_losses

    settings = DynamicEvalConfig()
    segments = dynamic_log_probs(
        checkpoint.config, checkpoint.weights, span.ids, span.start, settings
    )
    both = mixed_token_losses(segments, span.ids, span.start, checkpoint.config.vocab_size)
    is_known = span.ids[span.start :] != UNKNOWN
    losses, mixed = (_per_character(each[is_known], span.known) for each in both)
    return (
        Evaluation(
            losses, span.known, settings.protocol(checkpoint.vocabulary.counted_one) + suffix
        ),
        Evaluation(mixed, span.known, PROTOCOL + suffix),
    )


def _per_character(losses: NDArray[np.floating], characters: int) -> float:
    # Summed in float32, the digits of small losses are lost beside a large total.
    return float(losses.sum(dtype=np.float64)) / max(1, characters)


def _encode(checkpoint: Checkpoint, texts: Sequence[str], separated: bool) -> NDArray[Any]:
    documents = [document("", text) for text in texts]
    return np.concatenate([*encode_documents(checkpoint.vocabulary, documents, separated)])
