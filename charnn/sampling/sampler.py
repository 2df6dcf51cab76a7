"""Writing with a model: one symbol after the other, handed on as soon as it is there.

Many texts are written side by side, since the network is read once for all of them; each is the
same as if it were written alone.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np

from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN
from charnn.errors import UsageError
from charnn.model.checkpoint import Checkpoint
from charnn.model.matrices import Array, EightBit
from charnn.model.stepper import Stepper
from charnn.sampling.choice import Choice
from charnn.sampling.constraint import Course
from charnn.sampling.desk import MANY, Desk
from charnn.sampling.pens import Pen

# More texts side by side are hardly faster, and the first of them would be kept waiting.
MOST = 128
# Wrong symbols after which all of them are looked for.
PATIENCE = 8


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
        self.many_documents = checkpoint.about.get("documents", 1) != 1
        never = [UNKNOWN] if self.many_documents else [UNKNOWN, SEPARATOR]
        bias = checkpoint.weights["head.bias"].copy()
        bias[never] = -np.inf
        weights = {**checkpoint.weights, "head.bias": bias}
        self.desk = Desk(Pen(Stepper(checkpoint.config, weights, EightBit)))

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
        begin = None if course is None else lambda: course
        return next(
            self.many(choice, seeds=[seed], length=length, prime=prime, stop=stop, begin=begin)
        )

    def many(
        self,
        choice: Choice,
        *,
        seeds: Sequence[int],
        length: int,
        prime: str = "",
        stop: str = "",
        begin: Callable[[], Course] | None = None,
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
            UsageError: `length` or a seed is negative.
        """
        if length < 0:
            raise UsageError(f"--length must be at least 0, not {length}")
        if any(seed < 0 for seed in seeds):
            raise UsageError(f"--seed must be at least 0, not {min(seeds)}")
        ids = self.vocabulary.encode(prime)
        read = [self.start, *ids[ids != UNKNOWN].tolist()]
        texts = (
            _Text(number, seed, list(read), length, stop, begin() if begin else None)
            for number, seed in enumerate(seeds)
        )
        if len(seeds) >= MANY:
            return _in_turn(self._side_by_side(choice, texts, MOST), len(seeds))
        if begin is not None:
            return _in_turn(self._side_by_side(choice, texts, 1), len(seeds))
        return (self._alone(choice, text) for text in texts)

    def _alone(self, choice: Choice, text: "_Text") -> Iterator[str]:
        """The pieces of a text without a course."""
        pen = self.desk.begin(1)
        for symbol in text.read[:-1]:
            pen.stepper.feed(np.array([symbol]))
        while text.read:
            drawn = pen.write(text.read[-1], text.random.random(pen.at_once), choice)
            for symbol in drawn.tolist():
                text.read = []
                if piece := text.write(symbol, self.texts):
                    yield piece
                if not text.read:
                    return
            pen = self.desk.go_on(len(drawn))

    def _side_by_side(
        self, choice: Choice, texts: Iterator["_Text"], rows: int
    ) -> Iterator[tuple[int, str | None]]:
        """The pieces of all texts as they are written, each with its text's number; None ends a
        text."""
        active = list(islice(texts, rows))
        pen = self.desk.begin(len(active))
        while active:
            scores = pen.stepper.feed(np.array([text.read.pop(0) for text in active]))
            drawn = _draw(pen, scores, active, choice)
            # From behind, for those that end are taken out.
            for row in range(len(active) - 1, -1, -1):
                text = active[row]
                if text.read:  # of its prime
                    continue
                if piece := text.write(drawn[row], self.texts):
                    yield text.number, piece
                if text.read:
                    continue
                yield text.number, None
                if (following := next(texts, None)) is not None:
                    active[row] = following
                    pen.stepper.forget(row)
                else:
                    del active[row]
                    pen.stepper.drop(row)
            pen = self.desk.go_on(1)

    @property
    def start(self) -> int:
        """What a text begins after: the end of another document or, in a single one, of a line."""
        if self.many_documents:
            return SEPARATOR
        newline = self.vocabulary.encode("\n")[0]
        return int(newline) if newline != UNKNOWN else len(self.vocabulary) - 1


class _Text:
    """A text that is being written.

    Attributes:
        read: symbols that the model is to read before it writes; none when the text is at its end.
        left: characters that may still be written.
    """

    def __init__(
        self,
        number: int,
        seed: int,
        read: list[int],
        left: int,
        stop: str,
        course: Course | None,
    ) -> None:
        self.number, self.read, self.left, self.course = number, read, left, course
        self.random = np.random.default_rng(seed)
        self._stop, self._tail = stop, ""

    def write(self, symbol: int, texts: list[str]) -> str:
        """The characters of a symbol that was drawn, as far as there is room for them."""
        text = texts[symbol] if self.course is not None else texts[symbol][: self.left]
        self.left -= len(text)
        if self._ends(symbol, text):
            return text
        self.read.append(symbol)
        if self.course is not None:
            self.course.feed(symbol)
        return text

    def _ends(self, symbol: int, text: str) -> bool:
        if symbol == SEPARATOR:
            return True
        if self._stop:
            self._tail = (self._tail + text)[-len(self._stop) - len(text) :]
            if self._stop in self._tail:
                return True
        return self.left <= 0 and self.course is None


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


def _draw(pen: Pen, scores_BV: Array, texts: list[_Text], choice: Choice) -> list[int]:
    """What comes next in each text; anything where its prime is still being read."""
    numbers = np.array([0.0 if text.read else text.random.random() for text in texts])
    drawn: list[int] = pen.draw(scores_BV, numbers, choice).tolist()
    for row, text in enumerate(texts):
        if text.course is not None:
            drawn[row] = _right(pen, scores_BV[row], drawn[row], choice, text, text.course)
    return drawn


def _right(
    pen: Pen, scores_V: Array, symbol: int, choice: Choice, text: _Text, course: Course
) -> int:
    """The symbol that was drawn or, as long as it is wrong, another in its place."""
    tries = 0
    while course.refuses(symbol, text.left):
        tries += 1
        scores_V[symbol] = -np.inf
        if tries == PATIENCE:
            scores_V[course.wrong(text.left)] = -np.inf
        symbol = int(pen.draw(scores_V[None], text.random.random(1), choice)[0])
    course.note(tries > 0)
    return symbol
