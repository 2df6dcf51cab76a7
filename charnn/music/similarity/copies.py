"""Copies: the training tune that is most similar to a new tune, and the runs that they share.

Tunes are compared by melody steps, which do not depend on the key
(`charnn.music.similarity.melody`). Two tunes share a run of N steps if both contain the same N
intervals in succession. The similarity of two tunes is 1 - d / n, where d is their Levenshtein
distance (the number of steps to insert, delete or replace) and n the number of steps of the longer
tune. A tune with a similarity of 0.85 or more counts as a copy, as in abctoolkit and NotaGen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from charnn.music.similarity.longest_run import SharedRuns
from charnn.music.similarity.melody import MelodyStep, extract_melody
from charnn.music.similarity.note_runs import RunIndex, hash_runs

COPY_SIMILARITY = 0.85

# The 0x800 code points from 0xD800 on are no characters: UTF-32 cannot encode them.
_FIRST_SURROGATE, _SURROGATES = 0xD800, 0x800


@dataclass(frozen=True)
class NearestTune:
    """The tune of an index that is most similar to another tune.

    Attributes:
        similarity: from 0 (nothing in common) to 1 (the same).
        title: the title of the tune in the index.
        number: the position of the tune in the index, from 0.
    """

    similarity: float
    title: str
    number: int

    @property
    def copied(self) -> bool:
        """Return whether a tune of this similarity counts as a copy."""
        return self.similarity >= COPY_SIMILARITY


@dataclass(frozen=True)
class SharedRun:
    """The longest run of notes that a tune shares with an index.

    Attributes:
        notes: the number of its notes; 0 for fewer than five.
        title: the title of a tune in the index that has the run; `""` without.
    """

    notes: int
    title: str


class TuneIndex:
    """An index of tunes with which other tunes are compared.

    Args:
        texts: tunes in ABC notation, cleaned as for training.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        melodies = [extract_melody(text) for text in texts]
        self.titles = [melody.title for melody in melodies]
        # Tunes that are compared later may have new steps, so the table grows.
        self._codes: dict[MelodyStep, str] = {}
        self._intervals = [self._encode(melody.intervals) for melody in melodies]
        self._degrees = [self._encode(melody.degrees) for melody in melodies]
        self._run_indices: dict[int, RunIndex] = {}

    def share_of_runs(self, tune: str, length: int) -> float:
        """Return the share of a tune's runs that occur in the index.

        Args:
            tune: the text of the tune.
            length: the length of the runs in intervals, at least 1. The share is 0 for a tune with
                fewer intervals.
        """
        row = self._encode(extract_melody(tune).intervals)
        return self._run_index(length).share(hash_runs(row, length))

    def shares_among_themselves(self, length: int) -> list[float]:
        """Return, for each tune of the index, the share of its runs that other tunes contain."""
        run_index = self._run_index(length)
        return [
            run_index.share(hash_runs(row, length), except_tune=number)
            for number, row in enumerate(self._intervals)
        ]

    def nearest(self, tune: str) -> NearestTune:
        """Return the tune of the index that is most similar to `tune`.

        The index must not be empty.

        Degrees of the scale and intervals are both compared, and the larger similarity counts:
        one changed note changes one degree but two intervals; a wrong key changes all degrees but
        no interval.
        """
        melody = extract_melody(tune)
        return max(
            self._nearest_row(self._encode(melody.degrees), self._degrees),
            self._nearest_row(self._encode(melody.intervals), self._intervals),
            key=lambda nearest: nearest.similarity,
        )

    def longest_run(self, tune: str) -> SharedRun:
        """Return the longest run of notes that `tune` shares with a tune of the index, in any key.

        The index must not be empty.
        """
        steps, number = self._shared_runs.longest(self._encode(extract_melody(tune).intervals))
        return SharedRun(steps + 1, self.titles[number]) if steps else SharedRun(0, "")

    @cached_property
    def _shared_runs(self) -> SharedRuns:
        return SharedRuns(self._intervals)

    def _nearest_row(self, row: str, rows: Sequence[str]) -> NearestTune:
        # Imported here: most commands compare no tunes.
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        similarity, number = 0.0, 0
        if found := process.extractOne(row, rows, scorer=Levenshtein.normalized_similarity):
            _, similarity, number = found
        return NearestTune(similarity, self.titles[number], number)

    def _run_index(self, length: int) -> RunIndex:
        if length not in self._run_indices:
            self._run_indices[length] = RunIndex(self._intervals, length)
        return self._run_indices[length]

    def _encode(self, steps: Iterable[MelodyStep]) -> str:
        """Return a text with one character for each step, because texts are compared fast."""
        # `or` works because a code is never empty. A new step gets the next free character.
        codes = self._codes
        return "".join([codes.get(step) or self._new_code(step) for step in steps])

    def _new_code(self, step: MelodyStep) -> str:
        place = len(self._codes)
        self._codes[step] = chr(place if place < _FIRST_SURROGATE else place + _SURROGATES)
        return self._codes[step]
