"""Writing with a model: one symbol after the other, handed on as soon as it is there.

Many texts are written side by side, since the network is read once for all of them; each is the
same as if it were written alone.
"""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.errors import UsageError
from charnn.inference.quantized import Array, EightBit
from charnn.inference.stepper import Stepper
from charnn.sampling.backend import MANY, BackendSelector
from charnn.sampling.constraint import ConstraintCursor
from charnn.sampling.decoder import Decoder
from charnn.sampling.params import SamplingParams
from charnn.sampling.stream import SampleStream

# Characters for which it pays to get ready for many texts side by side.
MUCH = 20_000
# More texts side by side are hardly faster, and the first of them would be kept waiting.
MOST = 128
# Characters of a text: days of writing.
LONGEST = 1_000_000_000
# Wrong symbols after which all of them are looked for.
PATIENCE = 8


class Sampler:
    """A model that writes.

    Args:
        checkpoint: the model.
        may_end: whether texts may end of their own accord; None if the model has learned where.

    Attributes:
        texts: the characters of every symbol, by id; none for the special ones.
    """

    def __init__(self, checkpoint: Checkpoint, may_end: bool | None = None) -> None:
        self.vocabulary = checkpoint.vocabulary
        self.texts = [
            self.vocabulary.decode([token_id]) for token_id in range(len(self.vocabulary))
        ]
        self.start_id = checkpoint.start_token_id
        may_end = checkpoint.has_document_ends if may_end is None else may_end
        never = [UNKNOWN] if may_end else [UNKNOWN, SEPARATOR]
        weights = checkpoint.calibrated_weights
        weights["head.bias"][never] = -np.inf
        self.backends = BackendSelector(Decoder(Stepper(checkpoint.config, weights, EightBit)))

    def stream(
        self,
        params: SamplingParams,
        *,
        seed: int,
        length: int,
        prime: str = "",
        stop: str = "",
        cursor: ConstraintCursor | None = None,
    ) -> Iterator[str]:
        """The characters of one sample as they are written, without the prime.

        It ends after `length` characters, after having written `stop`, or where the model ends the
        document. Characters of the prime that the model does not know are skipped (see
        `CharVocabulary.unknown`). The same seed gives the same text.

        Args:
            choice: how each next symbol is chosen.
            seed: of the random numbers; at least 0.
            length: most characters to write.
            prime: what the text begins with.
            stop: a text to stop after; empty for none.
            course: keeps the text to a grammar, which also says where it ends: it may become a
                little longer than `length` where there is no shorter way. It begins with the text,
                so it goes with no prime.

        Raises:
            UsageError: `length` or `seed` is out of range.
        """
        begin = None if cursor is None else lambda: cursor
        return next(
            self.stream_many(
                params, seeds=[seed], length=length, prime=prime, stop=stop, begin=begin
            )
        )

    def stream_many(
        self,
        params: SamplingParams,
        *,
        seeds: Sequence[int],
        length: int,
        prime: str = "",
        stop: str = "",
        begin: Callable[[], ConstraintCursor] | None = None,
    ) -> Iterator[Iterator[str]]:
        """The samples of several seeds, one after the other, each as `stream` gives it.

        Args:
            choice: see `stream`, as all that is not said here.
            seeds: one for each sample.
            length: of each.
            prime: of each.
            stop: of each.
            begin: makes the course of each.

        Raises:
            UsageError: `length` or a seed is out of range.
        """
        if not 0 <= length <= LONGEST:
            raise UsageError(f"--length must lie in 0..{LONGEST}, not {length}")
        if any(seed < 0 for seed in seeds):
            raise UsageError(f"--seed must be at least 0, not {min(seeds)}")
        ids = self.vocabulary.encode(prime)
        opening = [self.start_id, *ids[ids != UNKNOWN].tolist()]
        texts = (
            SampleStream(
                number, seed, opening[-1], length, stop, begin() if begin else None, self.texts
            )
            for number, seed in enumerate(seeds)
        )
        rows = MOST if len(seeds) >= MANY and len(seeds) * length >= MUCH else 1
        return _in_turn(self._write(params, opening, texts, rows), len(seeds))

    def _write(
        self, params: SamplingParams, opening: list[int], texts: Iterator[SampleStream], rows: int
    ) -> Iterator[tuple[int, str | None]]:
        """The pieces of all texts as they are written, each with its text's number; None ends a
        text."""
        active = list(islice(texts, rows))
        decoder = self.backends.begin(len(active))
        opened = decoder.stepper.beginning(1)
        for token_id in opening[:-1]:
            decoder.stepper.feed(np.array([token_id]), opened)
        state = opened.repeat(len(active), axis=2)
        while active:
            begin = time.perf_counter()
            drawn = _draw(decoder, state, active, params)
            spent = time.perf_counter() - begin  # not by who reads the pieces
            # From behind, for those that end are taken out.
            for row in range(len(active) - 1, -1, -1):
                text = active[row]
                if piece := text.add(drawn[row]):
                    yield text.number, piece
                if text.ended:
                    yield text.number, None
                    if (following := next(texts, None)) is not None:
                        active[row] = following
                        state[:, :, row] = opened[:, :, 0]
                    else:
                        del active[row]
                        state = np.delete(state, row, axis=2)
            decoder = self.backends.go_on(spent)


def _in_turn(written: Iterator[tuple[int, str | None]], count: int) -> Iterator[Iterator[str]]:
    """The pieces of each text; what is written of later ones meanwhile is kept."""
    waiting: dict[int, deque[str | None]] = defaultdict(deque)

    def pieces(number: int) -> Iterator[str]:
        while True:
            while not waiting[number]:
                owner, piece = next(written)
                waiting[owner].append(piece)
            piece = waiting[number].popleft()
            if piece is None:
                del waiting[number]
                return
            yield piece

    for number in range(count):
        yield pieces(number)


def _draw(
    decoder: Decoder, hidden_SLBH: Array, texts: list[SampleStream], params: SamplingParams
) -> list[list[int]]:
    """Some symbols for each text to go on with; one, if it has a course, and a right one."""
    last_B = np.array([text.token_id for text in texts])
    cursors = [text.cursor for text in texts if text.cursor is not None]
    if not cursors:
        numbers_BN = np.array([text.random.random(decoder.at_once) for text in texts])
        drawn: list[list[int]] = decoder.write(last_B, hidden_SLBH, numbers_BN, params).tolist()
        return drawn
    logits_BV = decoder.stepper.feed(last_B, hidden_SLBH)
    if params.truncates:  # what is cut off hangs on what is forbidden
        for logits_V, text, cursor in zip(logits_BV, texts, cursors, strict=True):
            logits_V[cursor.wrong(text.left)] = -np.inf
    numbers_B = np.array([text.random.random() for text in texts])
    symbols = decoder.draw(logits_BV, numbers_B, params).tolist()
    for row, (text, cursor) in enumerate(zip(texts, cursors, strict=True)):
        if cursor.refuses(symbols[row], text.left):
            symbols[row] = _another(decoder, logits_BV[row], symbols[row], text, cursor, params)
    return [[token_id] for token_id in symbols]


def _another(
    decoder: Decoder,
    logits_V: Array,
    token_id: int,
    text: SampleStream,
    cursor: ConstraintCursor,
    params: SamplingParams,
) -> int:
    """A symbol in the place of one that is wrong."""
    for tries in range(1, PATIENCE + 1):
        logits_V[token_id] = -np.inf
        if tries == PATIENCE or cursor.is_near(text.left):
            logits_V[cursor.wrong(text.left)] = -np.inf
        token_id = int(decoder.draw(logits_V[None], text.random.random(1), params)[0])
        if not cursor.is_wrong(token_id):
            return token_id
    raise AssertionError(f"a symbol is wrong that was forbidden: {token_id}")
