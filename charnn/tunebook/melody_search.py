"""The search for a snippet of melody in the tunes of a book, in any key and octave.

A tune is stored as the steps on the staff from each note to the next one, so a snippet is found in
every key and mode. Its lengths may differ, but tunes that have the same ones come first.
"""

from collections.abc import Mapping
from typing import NamedTuple

from charnn.errors import UsageError
from charnn.music.similarity.melody import extract_melody

MIN_NOTES = 4  # three notes are found in every tune
MAX_SNIPPET = 1_000  # characters
MIN_SIMILARITY = 0.7  # of eight notes, one may differ
MAX_FOUND = 100

_MIDDLE, _REACH = 0x200, 100  # the character of a repeated note, and the largest step
_LENGTHS, _MAX_LENGTH = 0x1000, 0xFFF  # the first character of a change of length, and their number


class FoundMelody(NamedTuple):
    """A tune that contains a melody like the snippet: its number, and the similarity up to 1."""

    tune_id: int
    similarity: float


def melody_code(abc: str) -> str:
    """Return the melody of a tune as a row of characters; never raises.

    Each note but the first has two: for the step to it, and for the change of length. Rests are
    skipped, because players breathe in different places.
    """
    row: list[str] = []
    for step, ratio, _ in extract_melody(abc).intervals:
        if step is not None:
            row.append(chr(_MIDDLE + max(-_REACH, min(_REACH, step))))
            row.append(chr(_LENGTHS + min(_MAX_LENGTH, round(16 * ratio))))
    return "".join(row)


def rank_melodies(snippet: str, codes: Mapping[int, str]) -> list[FoundMelody]:
    """Return the tunes that contain a melody like the snippet, the likest first.

    Args:
        snippet: notes in ABC, such as `GABc d2`.
        codes: the `melody_code` of each tune by its number.

    Raises:
        UsageError: the snippet has fewer than four notes, or is too long.
    """
    from rapidfuzz import fuzz, process

    if len(snippet) > MAX_SNIPPET:
        raise UsageError(f"a melody to find has up to {MAX_SNIPPET:,} characters")
    wanted = melody_code(snippet)
    wanted_steps = wanted[::2]
    if len(wanted_steps) < MIN_NOTES - 1:
        raise UsageError(f"a melody to find has at least {MIN_NOTES} notes in ABC, such as GABc d2")
    steps = {number: code[::2] for number, code in codes.items()}

    def place(number: int) -> tuple[bool, int]:
        # A tune that begins with the snippet is the one that the user remembers.
        return wanted not in codes[number], steps[number].find(wanted_steps)

    exact = [number for number, code in steps.items() if wanted_steps in code]
    found = [FoundMelody(number, 1.0) for number in sorted(exact, key=place)[:MAX_FOUND]]
    if len(found) < MAX_FOUND:
        # A tune that is shorter than the snippet does not contain it.
        others = {
            number: code
            for number, code in steps.items()
            if len(code) >= len(wanted_steps) and wanted_steps not in code
        }
        near = process.extract(
            wanted_steps,
            others,
            scorer=fuzz.partial_ratio,
            score_cutoff=100 * MIN_SIMILARITY,
            limit=MAX_FOUND - len(found),
        )
        near.sort(key=lambda one: (-one[1], -fuzz.partial_ratio(wanted, codes[one[2]])))
        found += [FoundMelody(number, score / 100) for _, score, number in near]
    return found
