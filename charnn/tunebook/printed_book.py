"""The printed tune book: which tunes stand in which list, by title, by type and by key."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from charnn.music.score.book_typesetting import BookPages, Entry, Group, Paper, typeset_book
from charnn.music.score.engraving import Warn, draw, ignore
from charnn.music.score.musicxml_elements import legal
from charnn.music.score.pictures import Picture
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import Key, Tune
from charnn.tunebook.tune_facts import TuneFacts, header_facts, sort_title

OTHER = "Other"  # the type of tunes without one
MIN_INDEXED = 10  # with fewer tunes, the contents are enough to find one
_MODES = (
    "major",
    "mixolydian",
    "dorian",
    "minor",
    "lydian",
    "phrygian",
    "locrian",
    "explicit",
    "pipes",
    "none",
)
_NO_MODES = {"explicit": "own accidentals", "pipes": "Highland pipes", "none": "no key"}


@dataclass(frozen=True, slots=True)
class DrawnTune:
    """A tune that is ready to be printed."""

    facts: TuneFacts
    key: Key
    picture: Picture


def draw_for_book(tune: Tune, musicxml: Callable[[], str] | None = None) -> DrawnTune:
    """Return a tune with its pictures; see `charnn.music.score.engraving.draw`."""
    picture = draw(tune, "pdf", musicxml, with_incipit=True)
    return DrawnTune(header_facts(tune.fields), tune.key, picture)


def print_book(
    tunes: Sequence[DrawnTune], title: str, paper: Paper = "a4", warn: Warn = ignore
) -> bytes:
    """Return a tune book as a PDF: title page, contents, tunes, incipits and indexes.

    A book of fewer than ten tunes has no incipits and no indexes.

    `warn` gets a message on letters that no font has.

    Raises:
        CharnnError: typst failed.
    """
    pages = book_pages(tunes, title)
    if len(tunes) < MIN_INDEXED:
        pages = replace(pages, incipits=(), titles=(), types=())
    return typeset_book(pages, paper, warn)


def book_pages(tunes: Sequence[DrawnTune], title: str) -> BookPages:
    """Return the tunes of a book with all lists of them."""
    numbered = list(enumerate(tunes))
    in_order = [_entry(number, tune) for number, tune in numbered]
    by_type = _grouped((tune.facts.rhythm, number) for number, tune in numbered)
    types = sorted(by_type, key=lambda name: (not name, name))  # those without a type come last
    return BookPages(
        title=legal(title),
        subtitle="1 tune" if len(tunes) == 1 else f"{len(tunes):,} tunes",
        pictures=[tune.picture for tune in tunes],
        contents=in_order,
        incipits=[
            Group(_type_name(name), tuple(_sorted(_key_entry(n, tunes[n]) for n in by_type[name])))
            for name in types
        ],
        titles=_sorted(
            Entry(legal(each), tune.facts.rhythm, number)
            for number, tune in numbered
            for each in dict.fromkeys(tune.facts.titles)
        ),
        types=[Group(_type_name(name), groups=_key_groups(by_type[name], tunes)) for name in types],
    )


def key_words(key: Key) -> str:
    """Return the name of a key as it is printed: `B♭ dorian`."""
    if key.mode in _NO_MODES:
        return " ".join(filter(None, (_tonic(key), _NO_MODES[key.mode])))
    return f"{_tonic(key)} {key.mode}"


def _tonic(key: Key) -> str:
    return key.tonic.replace("b", "♭").replace("#", "♯")


def _key_order(key: Key) -> tuple[int, str, int]:
    letter = LETTERS.index(key.tonic[0]) if key.tonic else len(LETTERS)
    return letter, key.tonic, _MODES.index(key.mode)


def _type_name(rhythm: str) -> str:
    return legal(rhythm[:1].upper() + rhythm[1:]) or OTHER


def _entry(number: int, tune: DrawnTune) -> Entry:
    facts = (tune.facts.rhythm, key_words(tune.key))
    return Entry(legal(tune.facts.titles[0]), legal(", ".join(filter(None, facts))), number)


def _key_entry(number: int, tune: DrawnTune) -> Entry:
    return Entry(legal(tune.facts.titles[0]), key_words(tune.key), number)


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: (sort_title(entry.title), entry.tune)))


def _grouped(named: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for name, number in named:
        groups.setdefault(name, []).append(number)
    return groups


def _key_groups(numbers: Iterable[int], tunes: Sequence[DrawnTune]) -> tuple[Group, ...]:
    """Return the groups of tunes in one key, by their tonics and modes."""
    in_order = sorted(numbers, key=lambda number: _key_order(tunes[number].key))
    by_key = _grouped((key_words(tunes[number].key), number) for number in in_order)
    return tuple(
        Group(name, _sorted(Entry(legal(tunes[n].facts.titles[0]), "", n) for n in members))
        for name, members in by_key.items()
    )
