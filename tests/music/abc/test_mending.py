"""The mistakes and habits of tune books are mended, and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.music.abc.clean_titles import mend_title
from charnn.music.abc.cleaning import CleanTune, clean_books
from charnn.music.abc.key_field import parse_key
from charnn.music.abc.mode_inference import MODES, key_on_degree
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.tune.tune import Note

# The first part of "Reilly's Reel" in Ryan's Mammoth Collection (1883), which stands there in G.
E_MINOR = "B,E2E G2FE|D2FD ADFD|B,E2F G2A2|B2BA BGE2|\nB,E2E G2FE|D2FD ADFD|B,E2F G2A2|B2BA BGE2|]"
# The first part of "The Maid of Listowell" in O'Neill's book (1903).
D_MIXOLYDIAN = (
    "B2|AFEF E2FD|EFAB dcde|fedB AFEF|DFAF D2BA|\nAFEF E2FD|EFAB dcde|fedB AFDF|D2DD D2:|"
)
# The first part of "The Boyne Hunt", which is in D.
D_MAJOR = "A2AG FDFA|d2dB AFDF|GBFA EAFD|E2E2 E2FG|\nA2AG FDFA|d2dB AFDF|GBFA EAFA|D2D2 D2:|"

REEL = "GABG DGBG|A2cA ecAc|GABG DGBd|ecAF G2G2|"
STRATHSPEY = "G>AB<G D>GB<G|A<c A2 e>cA>c|G>AB<G D>GB<d|e>cA<F G2 G2|"


def mended(text: str) -> CleanTune:
    (tune,) = clean_books([text])
    return tune


def field(text: str, letter: str) -> str:
    found = re.search(rf"(?m)^{letter}:(.*)", mended(text).text)
    return found[1] if found else ""


def tune(header: str = "M:C\n", music: str = D_MAJOR, key: str = "D", title: str = "One") -> str:
    return f"X:1\nT:{title}\n{header}L:1/8\nK:{key}\n{music}\n"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Andrew Carey's -- Slipjig", "Andrew Carey's"),
        ("THE BOSS -- JIG.", "The Boss"),
        ("HUMOUR OF GLEN- JIG", "Humour of Glen"),
        ("CAMP-MEETING -- JIG No.2.", "Camp-Meeting"),
        ("The Gobby O -- Jig (or Jefferson and Liberty)", "The Gobby O (or Jefferson and Liberty)"),
        ("NIGHT OF FUN -- JIG., THE", "The Night of Fun"),
        ("Drunken Ganger's The -- Jig", "The Drunken Ganger's"),
        ('WALK AROUND. -- "BRUDDER BONES."', '"Brudder Bones"'),
        ("Rub the Bag", "Rub the Bag"),
        ("The Rakes of Mallow.", "The Rakes of Mallow"),
        ("Bashful Lover., The", "The Bashful Lover"),
        ("Wat:erloo -- Reel", "Waterloo"),
        ("McLEAN'S LAMENT", "McLean's Lament"),
        ("I'LL MEND YOUR POTS AND KETTLES", "I'll Mend Your Pots and Kettles"),
        ("O'ER THE HILLS WITH O'NEILL", "O'er the Hills with O'Neill"),
        ("A MAID WITHOUT A GOWN", "A Maid Without a Gown"),
        ("GEORGE IV. MARCH", "George IV. March"),
        ("THE COOLIN. With Variations", "The Coolin. With Variations"),
        ("What A Fine Day", "What A Fine Day"),
        ("the Silver Crown", "The Silver Crown"),
        ("...", "..."),
    ],
)
def test_titles_get_one_style(title: str, expected: str) -> None:
    assert mend_title(title) == expected


TITLE_PIECES = [*"ABcd'. ,-:\"()", "THE", "the", "at", "-- REEL", ", The", "No. 2"]
TITLES = st.lists(st.sampled_from(TITLE_PIECES), max_size=20).map("".join)


@given(TITLES)
def test_a_title_keeps_its_words(title: str) -> None:
    """Only a type of dance after a dash is dropped, with its number, and an article moves."""
    dropped = r"-+ *reel(?: ?no\. ?2)?|[^a-z]"
    assert bool(mend_title(title)) == bool(title)
    assert sorted(re.sub(dropped, "", mend_title(title).lower())) == sorted(
        re.sub(dropped, "", title.lower())
    )


@pytest.mark.parametrize("piece", ["-", " -", "at:", ". ", "A", "A'", ", The", "- jig", "No.2"])
def test_titles_take_linear_time(piece: str) -> None:
    assert mended(tune(title="A" + piece * 50_000)).text


def test_bowing_is_dropped_from_the_music_alone() -> None:
    music = 'vd2 uAF "Gsus4"vD2 [K:D]u[DF]2|d8|]'
    assert mended(tune(music=music)).text.partition("K:D\n")[2] == (
        'd2 AF "Gsus4"D2 [K:D][DF]2|d8|]\n'
    )
    assert "vd2 uAF" in mended(tune(music=music)).spelling


@pytest.mark.parametrize(
    ("key", "music", "expected"),
    [
        ("G", E_MINOR, "Em"),
        ("G", D_MIXOLYDIAN, "Dmix"),
        ("D", D_MAJOR, "D"),
        ("Em", D_MAJOR, "Em"),
        ("Dmix", E_MINOR, "Dmix"),
        ("Bphr", E_MINOR, "Em"),
        ("HP", "ecAA ecAA|BAce a2A2|edcB ABce|fecB A4|]", "Amix"),
        ("G ^c", E_MINOR, "G ^c"),
        ("G", f"{E_MINOR}\nK:D\n{D_MAJOR}", "G"),
        ("G", "E2|", "G"),
        ("Bn", "B2BA FBBd|", "Bm"),
        ("Xn", E_MINOR, "Xn"),
        ("none", E_MINOR, "none"),
    ],
)
def test_the_mode_is_told_from_the_notes(key: str, music: str, expected: str) -> None:
    assert field(tune(key=key, music=music), "K") == expected


@pytest.mark.parametrize("sharps", range(-7, 8))
@pytest.mark.parametrize("degree", MODES)
def test_every_key_on_a_degree_has_the_signature(sharps: int, degree: int) -> None:
    assert parse_key(key_on_degree(sharps, degree)).sharps == sharps


NOTES = st.lists(st.sampled_from([*"ABcdefgGFED|v", "^c", "=f", "||"]), min_size=1)


@given(st.sampled_from(["C", "G", "D", "Bb", "Dlyd", "Ephr", "Am", "Ador"]), NOTES)
def test_a_mended_tune_sounds_as_before(key: str, notes: list[str]) -> None:
    for clean in clean_books([tune(key=key, music=" ".join([*notes, "D", "|"]))]):
        pitches = []
        for text in (clean.text, clean.spelling):
            (source,) = split_book(text)
            music = read_tune(source).music
            pitches.append([note.pitches for note in music if isinstance(note, Note)])
        assert pitches[0] == pitches[1]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("R:jig\nM:9/8\n", "slip jig"),
        ("R:jig\nM:6/8\n", "jig"),
        ("R:jig\nM:C|\n", ""),
        ("R:reel\nM:6/8\n", ""),
        ("R:march\nM:6/8\n", "march"),
        ("R:reel\n", "reel"),
        ("B:O'Neill's 33\nM:6/8\n", "air"),
        ("B:O'Neill's 1790\nM:C|\n", "set dance"),
        ("B:O'Neill's 33\nM:6/8\nR:jig\n", "jig"),
        ('Q:1/4=60 "Very Slow"\nM:C\n', "air"),
        ("M:C\n", ""),
    ],
)
def test_the_type_suits_the_meter_and_the_book(header: str, expected: str) -> None:
    assert field(tune(header), "R") == expected


def test_titles_name_types_in_old_spellings() -> None:
    assert field(tune(title="Miss Bain's Strathsy."), "R") == "strathspey"
    assert field(tune(title="Cotillon"), "R") == "cotillion"


def types_told(*untyped: str, typed: int = 12) -> list[str]:
    """Return the types of some tunes in a book with `typed` reels and as many strathspeys."""
    dances = [("reel", REEL), ("strathspey", STRATHSPEY)]
    book = [
        tune(f"R:{name}\nM:C\n", f"{music * 2}D{number + 2}|")
        for number in range(typed)
        for name, music in dances
    ]
    texts = [clean.text for clean in clean_books([*book, *untyped])][2 * typed :]
    return [found[1] if (found := re.search("R:(.*)", text)) else "" for text in texts]


def test_the_type_is_told_from_the_types_of_the_book() -> None:
    """More strains make a tune more certain; half a reel and half a strathspey is neither."""
    reel, strathspey = REEL.replace("G", "d"), STRATHSPEY.replace("G", "d")
    untyped = [
        tune("M:C|\n", reel * 4),
        tune("M:C\n", strathspey * 4),
        tune("M:C\n", reel + strathspey),
    ]
    assert types_told(*untyped) == ["reel", "strathspey", ""]
    assert types_told(tune("M:6/8\n", reel * 4)) == [""]
    assert types_told(*untyped, typed=3) == ["", "", ""]


def test_a_tempo_decides_between_types_of_one_rhythm() -> None:
    book = [
        tune(f"R:{name}\nM:C\nQ:1/2={tempo}\n", f"{REEL}{letter}{number}|")
        for number in range(2, 14)
        for name, tempo, letter in (("reel", 104, "D"), ("march", 64, "F"))
    ]
    for tempo, expected in ((104, "reel"), (64, "march")):
        untyped = tune(f"M:C\nQ:1/2={tempo}\n", f"{REEL}B4 c4|")
        assert f"R:{expected}\n" in clean_books([*book, untyped])[-1].text
