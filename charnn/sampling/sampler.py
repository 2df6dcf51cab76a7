"""Writing with a model: one character after the other, handed on as soon as it is there."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.errors import UsageError
from charnn.model.checkpoint import Checkpoint
from charnn.model.stepper import Stepper
from charnn.sampling.choice import Choice
from charnn.sampling.constraint import Course


class Sampler:
    """A model that writes.

    Args:
        checkpoint: the model.

    Attributes:
        texts: the characters of every symbol, by id; none for the special ones.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.vocabulary = checkpoint.vocabulary
        self.texts = [self.vocabulary.decode([symbol]) for symbol in range(len(self.vocabulary))]
        self.stepper = Stepper(checkpoint.config, checkpoint.weights)
        self.many_documents = checkpoint.about.get("documents", 1) != 1

    def stream(
        self,
        choice: Choice,
        *,
        seed: int,
        length: int,
        prime: str = "",
        stop: str = "",
        course: Course | None = None,
    ) -> Iterator[str]:
        """The characters of one sample as they are written, without the prime.

        It ends after `length` characters, after having written `stop`, or where the model ends the
        document. Characters of the prime that the model does not know are skipped (see
        `Vocabulary.unknown`). The same seed gives the same text.

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
            UsageError: `length` or `seed` is negative.
        """
        if length < 0:
            raise UsageError(f"--length must be at least 0, not {length}")
        if seed < 0:
            raise UsageError(f"--seed must be at least 0, not {seed}")
        return self._write(choice, np.random.default_rng(seed), length, prime, stop, course)

    def _write(
        self,
        choice: Choice,
        random: np.random.Generator,
        left: int,
        prime: str,
        stop: str,
        course: Course | None,
    ) -> Iterator[str]:
        ids = self.vocabulary.encode(prime)
        self.stepper.reset()
        scores = self.stepper.feed(self.start)
        for symbol in ids[ids != UNKNOWN]:
            scores = self.stepper.feed(int(symbol))
        texts, tail = self.texts, ""
        while left > 0 or course is not None:
            scores[UNKNOWN] = -np.inf
            if course is not None:
                wrong = course.wrong(left)
                course.note(_share(scores, wrong))
                scores[wrong] = -np.inf
            elif not self.many_documents:
                scores[SEPARATOR] = -np.inf
            symbol = choice.draw(scores, random)
            if symbol == SEPARATOR:
                return
            text = texts[symbol] if course is not None else texts[symbol][:left]
            left -= len(text)
            yield text
            if stop:
                tail = (tail + text)[-len(stop) - len(text) :]
                if stop in tail:
                    return
            if course is not None:
                course.feed(symbol)
            scores = self.stepper.feed(symbol)

    @property
    def start(self) -> int:
        """What a text begins after: the end of another document or, in a single one, of a line."""
        if self.many_documents:
            return SEPARATOR
        newline = self.vocabulary.encode("\n")[0]
        return int(newline) if newline != UNKNOWN else len(self.vocabulary) - 1


def _share(scores: NDArray[np.float32], chosen: NDArray[np.bool_]) -> float:
    """How probable the chosen symbols are together, by the model as it is."""
    weights = np.exp(scores - scores.max())
    return float(weights @ chosen / weights.sum())
