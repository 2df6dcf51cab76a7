"""The sampler: generates texts token by token, and yields each piece as soon as it is drawn.

The path of a text: `Sampler.stream_many` prepares a `SampleStream` for each seed (`stream`); the
loop in `_generate` lets a decoder (`decoder`, selected by `backend`) draw the next tokens of all
texts side by side; `logits` turns logits into a token; `constraint` refuses tokens against a
grammar; each stream turns its tokens into characters.

Many texts are generated side by side, because the weights are read from memory once for all of
them. Every text is the same as if it were generated alone.
"""

import itertools
import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.errors import UsageError
from charnn.inference.quantised import Array, Int8Matrix
from charnn.inference.stepper import Stepper
from charnn.inference.stepper_state import StepperState
from charnn.sampling.backend import MIN_BATCH_ROWS, BackendSelector
from charnn.sampling.constraint import ConstraintCursor
from charnn.sampling.decoder import Decoder
from charnn.sampling.params import SamplingParams
from charnn.sampling.stream import SampleStream

# With fewer characters in all, the texts are complete before torch is imported.
MIN_BATCH_CHARS = 20_000
# A larger batch hardly saves time in total, and delays the first text.
MAX_BATCH_ROWS = 128
# A billion characters take days.
MAX_LENGTH = 1_000_000_000
# After this number of forbidden tokens in a row, all forbidden tokens are masked at once. Not
# earlier, because a mask asks the grammar about the whole vocabulary.
MAX_REDRAWS = 8


class Sampler:
    """A model that generates texts.

    Args:
        checkpoint: the model.
        may_end: whether the model may draw the separator, which ends a text. `None` allows it if
            the model was trained on several documents and so predicts their ends.

    Attributes:
        vocabulary: the vocabulary of the model.
        token_texts: the characters of each token id; `""` for the special tokens.
        start_id: the id that the model reads before the first token of every text.
        backends: the selector of the decoder in use.
    """

    def __init__(self, checkpoint: Checkpoint, may_end: bool | None = None) -> None:
        self.vocabulary = checkpoint.vocabulary
        self.token_texts = self.vocabulary.token_texts()
        self.start_id = checkpoint.start_token_id
        self._starts = checkpoint.starts
        self._typical_length = checkpoint.typical_length
        may_end = checkpoint.has_document_ends if may_end is None else may_end
        self._mean_length = checkpoint.mean_length if may_end else math.inf
        never_drawn = [UNKNOWN] if may_end else [UNKNOWN, SEPARATOR]
        # Without the fitted temperature, which lowers the loss of held-out text: the sampling
        # temperature alone decides how bold a sample is.
        weights = {**checkpoint.weights, "head.bias": checkpoint.weights["head.bias"].copy()}
        # A logit of -inf has the probability 0 at every temperature.
        weights["head.bias"][never_drawn] = -np.inf
        self.backends = BackendSelector(Decoder(Stepper(checkpoint.config, weights, Int8Matrix)))

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
        """Yield the characters of one text as they are drawn, without the prime.

        The text ends after `length` characters, after `stop`, or where the model draws the
        separator. Characters of the prime that are not in the vocabulary are skipped. The same seed
        gives the same text.

        Args:
            params: the options of the draw.
            seed: the seed of the random numbers; at least 0.
            length: the maximum number of characters.
            prime: the beginning of the text.
            stop: a text after which the stream ends; `""` for none.
            cursor: the position in a grammar; `None` without a grammar. With a cursor, the grammar
                decides where the text ends, and the text may exceed `length` a little if no end is
                nearer. The grammar begins after the prime.

        Raises:
            UsageError: `length` or `seed` is out of range.
        """
        begin = None if cursor is None else lambda seed: cursor
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
        begin: Callable[[int], ConstraintCursor] | None = None,
        key: Callable[[int], str] = lambda seed: "",
    ) -> Iterator[Iterator[str]]:
        """Yield an iterator for each seed, in order, that yields a text as `stream` does.

        Args:
            params, length, prime, stop: as in `stream`, for every text.
            seeds: one seed for each text.
            begin: a function that returns a new cursor for the text of a seed.
            key: a function that returns the key for the tune of a seed, see `Vocabulary.decoder`.

        Raises:
            UsageError: `length` or a seed is out of range.
        """
        if not 0 <= length <= MAX_LENGTH:
            raise UsageError(f"--length must lie in 0..{MAX_LENGTH}, not {length}")
        if any(seed < 0 for seed in seeds):
            raise UsageError(f"--seed must be at least 0, not {min(seeds)}")
        prime, stop = self.vocabulary.known_form(prime), self.vocabulary.known_form(stop)
        ids = self.vocabulary.encode(prime)
        prime_ids = [self.start_id, *ids[ids != UNKNOWN].tolist()]
        streams = (
            SampleStream(
                number=number,
                seed=seed,
                last_id=prime_ids[-1],
                max_chars=length,
                stop=self.vocabulary.coded(stop),
                cursor=begin(seed) if begin else None,
                token_texts=self.token_texts,
            )
            for number, seed in enumerate(seeds)
        )
        expected = len(seeds) * min(length, self._typical_length)
        batched = len(seeds) >= MIN_BATCH_ROWS and expected >= MIN_BATCH_CHARS
        rows = MAX_BATCH_ROWS if batched else 1
        expected_tokens = len(seeds) * min(length, self._mean_length) / rows
        generated = self._generate(params, prime_ids, streams, rows, expected_tokens)
        coded_prime = "".join(self.token_texts[token_id] for token_id in prime_ids[1:])
        prime_length = len(self.vocabulary.decode(prime_ids[1:]))

        def decoded(pieces: Iterator[str], seed: int) -> Iterator[str]:
            """Yield the decoded pieces of a text, without the prime."""
            decoder = self.vocabulary.decoder(key(seed))
            # The end of the prime may be decoded only with the text that follows it.
            skipped = prime_length - len(decoder.feed(coded_prime))
            for piece in itertools.chain(map(decoder.feed, pieces), iter(decoder.finish, "")):
                if text := piece[skipped:]:
                    yield text
                skipped = max(0, skipped - len(piece))

        return map(decoded, _in_order(generated, len(seeds)), seeds)

    def _generate(
        self,
        params: SamplingParams,
        prime_ids: list[int],
        streams: Iterator[SampleStream],
        rows: int,
        expected_tokens: float,
    ) -> Iterator[tuple[int, str | None]]:
        """Generate `rows` texts at a time; yield pairs of a text's number and its next piece.

        `None` instead of a piece marks the end of a text, whose row the next text takes.
        """
        active = list(islice(streams, rows))
        decoder = self.backends.start(len(active), expected_tokens)
        # All texts begin with the same tokens, so these are read once from each state.
        primed = cache(lambda start: self._primed(decoder.stepper, start, prime_ids))
        state = decoder.stepper.initial_state(len(active))
        if decoder.stepper.config.pointer and params.temperature > 0:
            # A pointer has a temperature of its own (`charnn.inference.int8_pointer.mixed_logits`).
            state.temperature, params = params.temperature, replace(params, temperature=1.0)
        for row, stream in enumerate(active):
            state.replace_row(row, primed(self._start(stream.seed)))
        while active:
            begin = time.perf_counter()
            drawn = _draw_next(decoder, state, active, params)
            seconds = time.perf_counter() - begin  # without the time of whoever reads the pieces
            # Backwards, because rows of ended texts are deleted on the way.
            for row in range(len(active) - 1, -1, -1):
                stream = active[row]
                if piece := stream.append(drawn[row]):
                    yield stream.number, piece
                if stream.ended:
                    yield stream.number, None
                    if (following := next(streams, None)) is not None:
                        active[row] = following
                        state.replace_row(row, primed(self._start(following.seed)))
                    else:
                        del active[row]
                        state = state.without_row(row)
            decoder = self.backends.update(seconds)

    def begin(self, seed: int, steps: int | None = None) -> StepperState:
        """Return the state that the text of a seed begins with, see `Stepper.initial_state`."""
        return self._initial_state(self.backends.decoder.stepper, self._start(seed), steps)

    def _start(self, seed: int) -> int:
        """Return the number of the state that the text of a seed begins with."""
        return 0 if self._starts is None else seed % len(self._starts)

    def _primed(
        self, stepper: Stepper[Int8Matrix], start: int, prime_ids: list[int]
    ) -> StepperState:
        """Return the state of one text that has read all but the last of `prime_ids`."""
        state = self._initial_state(stepper, start)
        for token_id in prime_ids[:-1]:
            stepper.feed(np.array([token_id]), state)
        return state

    def _initial_state(
        self, stepper: Stepper[Int8Matrix], start: int, steps: int | None = None
    ) -> StepperState:
        """Return the state of one text that has read nothing."""
        state = stepper.initial_state(1, steps)
        if self._starts is not None:
            state.hidden_SLBH[:, :, 0] = self._starts[start]
        return state


def _in_order(pieces: Iterator[tuple[int, str | None]], count: int) -> Iterator[Iterator[str]]:
    """Yield an iterator over the pieces of each text, in the order of the texts.

    Pieces of later texts are stored until their turn.
    """
    # Texts side by side grow together, but are read one after the other.
    waiting: dict[int, deque[str | None]] = defaultdict(deque)

    def pieces_of(number: int) -> Iterator[str]:
        while True:
            while not waiting[number]:
                owner, piece = next(pieces)
                waiting[owner].append(piece)
            piece = waiting[number].popleft()
            if piece is None:
                del waiting[number]
                return
            yield piece

    for number in range(count):
        yield pieces_of(number)


def _draw_next(
    decoder: Decoder, state: StepperState, streams: list[SampleStream], params: SamplingParams
) -> list[list[int]]:
    """Draw the next tokens of each text; with a grammar, only one token, which is allowed."""
    last_ids_B = np.array([stream.last_id for stream in streams])
    cursors = [stream.cursor for stream in streams if stream.cursor is not None]
    if not cursors:
        uniforms_BN = np.array(
            [stream.random.random(decoder.tokens_per_call) for stream in streams]
        )
        drawn_BN = decoder.generate(last_ids_B, state, uniforms_BN, params)
        token_ids: list[list[int]] = drawn_BN.tolist()
        return token_ids
    # One token at a time: which tokens are allowed next depends on this one.
    logits_BV = decoder.stepper.feed(last_ids_B, state)
    if params.truncates:
        # What top-k, top-p and min-p remove depends on which tokens are allowed.
        for logits_V, stream, cursor in zip(logits_BV, streams, cursors, strict=True):
            logits_V[cursor.forbidden(stream.chars_left)] = -np.inf
    for logits_V, cursor in zip(logits_BV, cursors, strict=True):
        if (factor := cursor.temperature_factor()) != 1:
            logits_V /= factor
    uniforms_B = np.array([stream.random.random() for stream in streams])
    drawn = decoder.draw(logits_BV, uniforms_B, params).tolist()
    for row, (stream, cursor) in enumerate(zip(streams, cursors, strict=True)):
        if (prescribed := cursor.prescribed(stream.chars_left)) is not None:
            drawn[row] = prescribed
        elif cursor.refuses(drawn[row], stream.chars_left):
            if (replacement := cursor.replacement(drawn[row])) is not None:
                drawn[row] = replacement
                continue
            drawn[row] = _redraw(decoder, logits_BV[row], drawn[row], stream, cursor, params)
    return [[token_id] for token_id in drawn]


def _redraw(
    decoder: Decoder,
    logits_V: Array,
    token_id: int,
    stream: SampleStream,
    cursor: ConstraintCursor,
    params: SamplingParams,
) -> int:
    """Draw an allowed token in place of `token_id`, which the grammar refused."""
    for tries in itertools.count(1):
        # Masking the refused token and drawing again gives the distribution without it.
        logits_V[token_id] = -np.inf
        masked = tries == MAX_REDRAWS or cursor.is_near_end(stream.chars_left)
        if masked:
            logits_V[cursor.forbidden(stream.chars_left)] = -np.inf
        token_id = int(decoder.draw(logits_V[None], stream.random.random(1), params)[0])
        if masked or not cursor.is_forbidden(token_id):
            break
    return token_id
