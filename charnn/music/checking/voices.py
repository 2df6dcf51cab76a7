"""The check that the voices of a tune fit together, and problems that name their voice."""

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
    for number, (voice, found) in enumerate(zip(tune.voices, problems, strict=True), 1):
        for problem in (*found, *_length_problems(tune, voice)):
            # Voices share the repeats of the first one, with the same problems.
            if problem not in known:
                text = f"voice {voice.voice or number}: {problem.text}"
                yield replace(problem, text=text)
                known.add(problem)


def _length_problems(tune: Tune, voice: Tune) -> Iterator[Problem]:
    """Yield a problem if a voice does not end together with the first voice."""
    try:
        difference = _played_length(voice) - _played_length(tune)
    except TuneError:  # the repeats play for too long, which is a problem of the voice
        return
    last = next((e for e in reversed(voice.music) if isinstance(e, Note)), None)
    if difference and last:
        than = "later" if difference > 0 else "earlier"
        amount = abs(difference)
        unit = "quarter note" if amount == 1 else "quarter notes"
        yield problem_at(last, f"it ends {amount} {unit} {than} than the first voice")


def _played_length(voice: Tune) -> Fraction:
    played = (voice.music[index] for index in playing_order(voice))
    return sum((note.duration for note in played if isinstance(note, Note)), Fraction(0))
