"""The lists of a printed tune book: contents, incipits, titles, types and keys."""

import pytest

from charnn.music.abc.reader import read_tunes
from charnn.music.score.book_typesetting import Entry, Group
from charnn.music.score.pictures import Picture
from charnn.tunebook.printed_book import DrawnTune, book_pages
from charnn.tunebook.tune_facts import header_facts, sort_title

BOOK = """\
X:1
T:Über, The
T:A Second Name
R:Jig
K:Bbdor clef=bass
B|

X:2
K:none
c|

X:3
T:Émile's
R:jig
K:D
d|

X:4
T:The Ace
R:reel
K:HP
d|

X:5
T:Bog
R:jig
K:D
d|
"""


def test_every_tune_stands_in_every_list() -> None:
    tunes = [
        DrawnTune(header_facts(tune.fields), tune.key, Picture("", ())) for tune in read_tunes(BOOK)
    ]
    pages = book_pages(tunes, "My\x00 tunes")
    assert (pages.title, pages.subtitle) == ("My tunes", "5 tunes")
    assert pages.contents == [
        Entry("The Über", "jig, B♭ dorian", 0),
        Entry("Untitled", "no key", 1),
        Entry("Émile's", "jig, D major", 2),
        Entry("The Ace", "reel, Highland pipes", 3),
        Entry("Bog", "jig, D major", 4),
    ]
    assert [(group.name, [entry.tune for entry in group.entries]) for group in pages.incipits] == [
        ("Jig", [4, 2, 0]),
        ("Reel", [3]),
        ("Other", [1]),
    ]
    assert [entry.title for entry in pages.titles] == [
        "The Ace",
        "Bog",
        "Émile's",
        "A Second Name",
        "The Über",
        "Untitled",
    ]
    assert pages.types[0] == Group(
        "Jig",
        groups=(
            Group("D major", (Entry("Bog", "", 4), Entry("Émile's", "", 2))),
            Group("B♭ dorian", (Entry("The Über", "", 0),)),
        ),
    )


@pytest.mark.parametrize("title", ["The", "", "An", "A 1", "''", "Da"])
def test_titles_are_sorted_by_their_first_word(title: str) -> None:
    assert sort_title("The Ace") < sort_title("A Bog") < sort_title("Čapek, a") < sort_title("Dž")
    assert sort_title(title)[1] == title
