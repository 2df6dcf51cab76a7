"""One text while it is generated: drawn tokens become characters until the text ends."""

from collections.abc import Sequence

import numpy as np

from charnn.corpus.vocabulary import SEPARATOR
from charnn.sampling.constraint import ConstraintCursor


class SampleStream:
    """A text that is being generated.

    The text ends with the separator token, after `stop`, or after `max_chars` characters.

    Args:
        number: the index of the text among the texts of one call of `Sampler.stream_many`.
        seed: the seed of the random numbers of this text.
        last_id: the last token of the prime, or the start token.
        max_chars: the maximum number of characters.
        stop: a text after which the stream ends; `""` for none.
        cursor: the position in a grammar; `None` without a grammar. The grammar alone decides where
            the text ends, and the text may exceed `max_chars` if no end is nearer.
        token_texts: the characters of each token id; `""` for the special tokens.

    Attributes:
        random: a generator for this text alone, so the text does not depend on the texts beside it.
        last_id: the last token drawn; before the first draw, the argument `last_id`.
        chars_left: the number of characters that may still follow.
        ended: whether the text is complete.
    """

    def __init__(
        self,
        *,
        number: int,
        seed: int,
        last_id: int,
        max_chars: int,
        stop: str,
        cursor: ConstraintCursor | None,
        token_texts: Sequence[str],
    ) -> None:
        self.number, self.seed = number, seed
        self.last_id, self.chars_left, self.cursor = last_id, max_chars, cursor
        self.random = np.random.default_rng(seed)
        self.ended = False
        self._stop, self._token_texts, self._tail = stop, token_texts, ""

    def append(self, token_ids: list[int]) -> str:
        """Append drawn tokens up to the end of the text, and return their characters."""
        # The usual case, without a loop in Python: no token among these can end the text.
        if not self._stop and self.cursor is None and SEPARATOR not in token_ids:
            text = "".join([self._token_texts[token_id] for token_id in token_ids])
            if len(text) < self.chars_left:
                self.last_id = token_ids[-1]
                self.chars_left -= len(text)
                return text
        text = ""
        for token_id in token_ids:
            if not self.ended:
                text += self._append_one(token_id)
        return text

    def _append_one(self, token_id: int) -> str:
        text = self._token_texts[token_id]
        # The grammar moves by whole tokens, so a token is cut only without a grammar.
        if self.cursor is None:
            text = text[: self.chars_left]
        self.last_id = token_id
        self.chars_left -= len(text)
        self.ended = self._ends_after(token_id, text)
        if self.cursor is not None and not self.ended:
            self.cursor.advance(token_id)
        return text

    def _ends_after(self, token_id: int, text: str) -> bool:
        if token_id == SEPARATOR:
            return True
        if self._stop:
            # The kept text is long enough for a `stop` that began in earlier tokens.
            self._tail = (self._tail + text)[-len(self._stop) - len(text) :]
            if self._stop in self._tail:
                return True
        return self.chars_left <= 0 and self.cursor is None
