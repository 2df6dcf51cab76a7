"""The side of a bar line or key change on which the grace notes of the next note were written.

`Note.graces` contains all graces of a note, whether they stood before or after the bar line. The
accidental of a grace note acts on the rest of the bar, so the writer has to find the side on which
each grace note stood.
"""

from collections.abc import Iterator, Sequence

from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import BarLine, Change, Element, Key, Note, Pitch


def count_graces_before(
    graces: Sequence[Pitch], following: Sequence[Element], key: Key, key_before: Key
) -> int:
    """Return the number of graces that stood before a bar line or key change.

    The result is the smallest number with which the remaining graces and the notes of the bar keep
    their sound when the text is read again. If some graces go before the bar line, the next ones
    follow them as long as they would sound right there.

    Args:
        graces: the graces of the first note after the bar line or key change.
        following: that note and all elements after it.
        key: the key after the bar line or key change.
        key_before: the key before the bar line or key change.
    """
    letters = {grace.letter for grace in graces}
    bar = [pitch for pitch in _bar_pitches(following) if pitch.letter in letters]
    count = 0
    while count < len(graces) and not sound_as_written([*graces[count:], *bar], key):
        count += 1
    # Graces that would sound right on both sides stay together with the graces before them.
    while (
        0 < count < len(graces)
        and sound_as_written([graces[count]], key_before)
        and sound_as_written([*graces[count + 1 :], *bar], key)
    ):
        count += 1
    return count


def sound_as_written(pitches: Sequence[Pitch], key: Key) -> bool:
    """Return whether these pitches at the beginning of a bar would be read with their sound."""
    bar_alterations: dict[str, int] = {}
    for pitch in pitches:
        expected = pitch.accidental
        if expected is None:
            in_key = key.alterations[LETTERS.index(pitch.letter)]
            expected = bar_alterations.get(pitch.letter, in_key)
        if pitch.midi - key.transpose - pitch.natural != expected:
            return False
        bar_alterations[pitch.letter] = expected
    return True


def _bar_pitches(music: Sequence[Element]) -> Iterator[Pitch]:
    """Yield the pitches up to the next bar line or key, without the graces of the first note."""
    for index, element in enumerate(music):
        if isinstance(element, BarLine) or (
            isinstance(element, Change) and isinstance(element.value, Key)
        ):
            return
        if isinstance(element, Note):
            yield from element.graces if index else ()
            yield from element.pitches
