"""The check that the voices of a tune fit together, and problems that name their voice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from charnn.errors import TuneError
from charnn.music.checking.problems import problem_at
from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import Note, Tune


def voice_problems(tune: Tune, problems: Sequence[Sequence[Problem]]) -> Iterator[Problem]:
    """Yield the problems of all voices.

    Args:
        tune: the tune.
        problems: the problems of each voice alone.
    """
    if not tune.others:
        yield from problems[0]
        return
    known: set[Problem] = set()
    expected = _played_length(tune)
    for number, (voice, found) in enumerate(zip(tune.voices, problems, strict=True), 1):
        for problem in (*found, *_length_problems(voice, expected)):
            # Voices share the repeats of the first one, with the same problems.
            if problem not in known:
                text = f"voice {voice.voice or number}: {problem.text}"
                yield replace(problem, text=text)
                known.add(problem)


def _length_problems(voice: Tune, expected: Fraction | None) -> Iterator[Problem]:
    """Yield a problem if a voice is not as long as the first voice, `expected` quarter notes."""
    length = _played_length(voice)
    last = next((e for e in reversed(voice.music) if isinstance(e, Note)), None)
    if last and length is not None and expected is not None and length != expected:
        amount, than = abs(length - expected), "later" if length > expected else "earlier"
        unit = "quarter note" if amount == 1 else "quarter notes"
        yield problem_at(last, f"it ends {amount} {unit} {than} than the first voice")


def _played_length(voice: Tune) -> Fraction | None:
    """Return the length in quarter notes with all repeats; None if they play for too long."""
    plays: Counter[int] = Counter()
    try:
        plays.update(playing_order(voice))
    except TuneError:
        return None
    notes = ((voice.music[index], count) for index, count in plays.items())
    lengths = (note.duration * count for note, count in notes if isinstance(note, Note))
    return sum(lengths, Fraction(0))
