"""How well a model predicts a text: what of it is scored, and by which protocols."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import encoded
from charnn.corpus.scan import DEFAULT_VAL_FRACTION, scan_corpus
from charnn.corpus.sources import Corpus
from charnn.corpus.text import document
from charnn.corpus.vocabulary import UNKNOWN
from charnn.corpus.vocabulary_kinds import CHAR
from charnn.errors import CheckpointError, CorpusError


@dataclass(frozen=True)
class EvalSpan:
    """What is scored, as ids of a model's vocabulary.

    Attributes:
        ids: [N] the symbols, with those that lie before as context.
        start: where the scored ones begin; at least 1.
        characters: how many these stand for, ends of documents among them.
        words: which part of what it is, for the protocol; may be empty.
    """

    ids: NDArray[Any]
    start: int
    characters: int
    words: str = ""

    @property
    def unknown(self) -> int:
        """How many of the scored characters the model has never seen."""
        return int(np.count_nonzero(self.ids[self.start :] == UNKNOWN))


@dataclass(frozen=True)
class Evaluation:
    """A measured loss.

    Args:
        nats_per_char: mean negative log-likelihood of a character.
        chars: how many were scored.
        protocol: how, in words.
        standard_error: of `nats_per_char`, where some of many places were drawn at random.
        windows: the same by windows that begin with an empty state, as transformers are measured.
        dynamic: the same with weights that follow the text.
    """

    nats_per_char: float
    chars: int
    protocol: str
    standard_error: float = 0.0
    windows: "Evaluation | None" = None
    dynamic: "Evaluation | None" = None

    @property
    def bits_per_char(self) -> float:
        """The same in bits."""
        return self.nats_per_char / math.log(2)

    @property
    def perplexity(self) -> float:
        """Among how many equally likely characters the model would be as unsure; at most e^700."""
        return math.exp(min(self.nats_per_char, 700))


def whole_text_span(checkpoint: Checkpoint, texts: Sequence[str]) -> EvalSpan:
    """Everything: the texts one after the other, begun as a sample is.

    If the model knows where documents end, it predicts that of several as well, and it counts as a
    character, just as in training.

    Raises:
        CorpusError: there is no text.
    """
    if not any(texts):
        raise CorpusError("the text to evaluate is empty")
    ends = checkpoint.has_document_ends and len(texts) > 1
    ids = _numbered(checkpoint, texts, ends)
    before = np.array([checkpoint.start_token_id], ids.dtype)
    words = f"{len(texts):,} documents with their ends" if ends else ""
    characters = sum(map(len, texts)) + ends * len(texts)
    return EvalSpan(np.concatenate([before, ids]), 1, characters, words)


def held_out_tunes_span(
    checkpoint: Checkpoint, texts: Sequence[str], learned: Sequence[str]
) -> EvalSpan:
    """The tunes that are not among the learned ones, the last of which lie before them.

    Raises:
        CorpusError: there are none.
    """
    from charnn.evaluation.sweep import CONTEXT

    known = set(learned)
    texts = [text for text in texts if text not in known]
    if not texts:
        raise CorpusError("the model has learned from every tune of the corpus: name another")
    # A tune is hardly ever a single id; and with a few more than needed nothing changes.
    before = _numbered(checkpoint, learned[-CONTEXT:], True)
    ids = _numbered(checkpoint, texts, True)
    characters = sum(map(len, texts)) + len(texts)
    words = f"{len(texts):,} documents with their ends, which the model has not learned"
    words += _fitted(checkpoint)
    return EvalSpan(np.concatenate([before, ids]), len(before), characters, words)


def held_out_text_span(checkpoint: Checkpoint, corpus: Corpus) -> EvalSpan:
    """The end of the text that training held out, with all the rest before it.

    Raises:
        CheckpointError: the model has learned another text, or all of this one.
    """
    # A checkpoint that is too old to say it had the default, or another corpus will be found.
    share = checkpoint.metadata.get("val_fraction", DEFAULT_VAL_FRACTION)
    # A text has no other keys, so nothing is kept in the folder.
    found = scan_corpus(corpus, Path(), share, CHAR)
    if found.fingerprint != checkpoint.metadata.get("fingerprint"):
        raise CheckpointError(
            f"{corpus.name} is not the corpus that the model has learned, so none of it was held "
            "out: name that one, or leave out --held-out"
        )
    if found.train == found.length:
        raise CheckpointError("training held out nothing of this corpus: leave out --held-out")
    texts = [one.text() for one in corpus.documents]
    ids = _numbered(checkpoint, texts, found.separated)
    words = f"the last {100 * share:g} %, which training held out{_fitted(checkpoint)}"
    return EvalSpan(ids, found.train, found.length - found.train, words)


def evaluate_span(
    checkpoint: Checkpoint, passage: EvalSpan, *, windows: bool = False, dynamic: bool = False
) -> Evaluation:
    """The loss of a passage, the state carried; and, where asked for, by other protocols.

    Args:
        checkpoint: the model.
        passage: what is scored.
        windows: also with windows that begin with an empty state, unless the passage is shorter
            than one, or tunes, which are shorter themselves.
        dynamic: also with weights that follow the text.
    """
    from charnn.evaluation.dynamic import DynamicEvalConfig, dynamic_token_losses
    from charnn.evaluation.fresh_windows import evaluate_fresh_windows
    from charnn.evaluation.sweep import protocol, token_losses
    from charnn.model.network import Network, import_weights

    network = Network(checkpoint.config)
    import_weights(network, checkpoint.calibrated_weights)
    ids, start, characters = passage.ids, passage.start, passage.characters
    what = f", {passage.words}" if passage.words else ""
    carried = token_losses(network, ids, start)
    found = drawn = followed = None
    if windows and not checkpoint.metadata.get("tunes"):
        drawn = evaluate_fresh_windows(network, ids, carried)
    if drawn is not None:
        found = Evaluation(drawn.loss, characters, drawn.protocol + what, drawn.standard_error)
    if dynamic:
        following = DynamicEvalConfig()
        losses = dynamic_token_losses(
            checkpoint.config, checkpoint.calibrated_weights, ids, start, following
        )
        followed = Evaluation(
            float(losses.sum(dtype=np.float64)) / characters, characters, following.protocol + what
        )
    return Evaluation(
        float(carried.sum(dtype=np.float64)) / characters,
        characters,
        protocol(len(carried), start) + what,
        windows=found,
        dynamic=followed,
    )


def _fitted(checkpoint: Checkpoint) -> str:
    """What is to be said of a held-out part: that the model owes one number to it."""
    return ", temperature of the softmax fitted" if checkpoint.temperature != 1 else ""


def _numbered(checkpoint: Checkpoint, texts: Sequence[str], separated: bool) -> NDArray[Any]:
    documents = [document("", text) for text in texts]
    return np.concatenate([*encoded(checkpoint.vocabulary, documents, separated)])
