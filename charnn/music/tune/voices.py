"""The voices of a tune as a player or a reader of scores counts them: with their overlays."""

from dataclasses import replace

from charnn.errors import TuneError
from charnn.music.tune.tune import Tune


def with_overlays(tune: Tune) -> list[tuple[Tune, ...]]:
    """Return the voices of a tune, each followed by its overlays."""
    found: list[tuple[Tune, ...]] = []
    for voice in tune.voices:
        if voice.is_overlay and found:
            found[-1] = (*found[-1], voice)
        else:
            found.append((voice,))
    return found


def only_voice(tune: Tune, number: int) -> Tune:
    """Return a voice of a tune with its overlays; the first voice has the number 1.

    Raises:
        TuneError: the tune has no voice with this number.
    """
    voices = with_overlays(tune)
    if not 1 <= number <= len(voices):
        has = f"the voices 1 to {len(voices)}" if len(voices) > 1 else "one voice"
        problem = f"there is no voice {number}: the tune has {has}"
        raise TuneError(problem, tune.line, 1, tune.name)
    first, *overlays = voices[number - 1]
    return replace(first, others=tuple(overlays))
