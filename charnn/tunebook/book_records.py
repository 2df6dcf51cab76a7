"""The records of a tune book, as its readers get them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Novelty:
    """The novelty of a tune, compared with the tunes that a model has learned.

    Attributes:
        model: the name of the model.
        nearest: the title of the most similar learned tune; `""` without.
        similarity: how similar it is, from 0 to 1.
        shared_notes: the notes of the longest run shared with a learned tune; 0 for under five.
        shared_with: the title of a learned tune with this run; `""` without.
    """

    model: str
    nearest: str
    similarity: float
    shared_notes: int
    shared_with: str


@dataclass(frozen=True, slots=True)
class KeptTune:
    """A tune that is kept.

    Attributes:
        id: the number of the tune in its book.
        abc: the text of the tune.
        title: the title as it is shown; `""` without.
        rhythm: the type of dance, in lower case; `""` without.
        meter: the meter as written, `""` without.
        key: the key, such as `Ador`; `""` without.
        command: the command that writes the tune; `""` without.
        written: its number in the history; None for a tune that is not there.
        edited: whether the tune was changed since it was written.
        rating: 0 (not rated) to 5.
        tags: the tags, in alphabetical order.
        note: what the user has noted.
        kept_at: the time, in UTC.
        source: the tune that the command changes; `""` without.
        novelty: how new the tune is; None if it has not been compared.
        similarity: after a search by melody, the similarity of the likest passage, up to 1.
    """

    id: int
    abc: str
    title: str
    rhythm: str
    meter: str
    key: str
    command: str
    written: int | None
    edited: bool
    rating: int
    tags: tuple[str, ...]
    note: str
    kept_at: str
    source: str = ""
    novelty: Novelty | None = None
    similarity: float = 0.0


@dataclass(frozen=True, slots=True)
class WrittenTune:
    """A tune of the history.

    Attributes:
        id: its number in the history.
        abc: the text as it was written.
        title: the title; `""` without.
        command: the command that writes it; `""` without.
        model: the name of the model; `""` without.
        seed: the seed; None without.
        settings: what was asked for, as a JSON object.
        written_at: the time, in UTC.
        kept: whether the tune is among those that are kept.
        novelty: how new the tune is; None if it has not been compared.
    """

    id: int
    abc: str
    title: str
    command: str
    model: str
    seed: int | None
    settings: Mapping[str, Any]
    written_at: str
    kept: bool
    novelty: Novelty | None = None

    @property
    def source(self) -> str:
        """The tune that the command changes; `""` without."""
        return source_of(self.settings)


@dataclass(frozen=True, slots=True)
class TuneSet:
    """A set of tunes, in the order in which they are played.

    Attributes:
        name: the name of the set.
        tune_ids: the numbers of its tunes; a removed tune is missing until it is restored.
    """

    name: str
    tune_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ImportedTunes:
    """The result of an import.

    Attributes:
        ids: the numbers of the tunes that are new in the book.
        known: how many tunes were in the book already, note for note and word for word.
        problems: what was not taken, with its line.
    """

    ids: tuple[int, ...] = ()
    known: int = 0
    problems: tuple[str, ...] = ()


def source_of(settings: object) -> str:
    """Return the tune that a command with these settings changes; `""` without."""
    abc = settings.get("abc") if isinstance(settings, dict) else None
    return abc if isinstance(abc, str) else ""
