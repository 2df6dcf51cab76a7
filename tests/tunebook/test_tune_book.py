"""The tune book: what is kept comes back, and what is wrong with a file is said in a sentence."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charnn.errors import CharnnError, TuneBookError, UsageError
from charnn.tunebook.book_file import BookFile
from charnn.tunebook.book_records import Novelty
from charnn.tunebook.book_schema import APPLICATION_ID, STEPS
from charnn.tunebook.tune_book import TuneBook

JIG = "X:1\nT:Humours of Café, The\nC:A. Composer\nR:jig\nM:6/8\nK:Ador\nABc d2e|fgf edB|\n"
REEL = "X:2\nT:Old Reel\nR:Reel.\nM:C|\nL:1/8\nK:G\nGABc dedB|dedB dedB|\n"


@pytest.fixture
def book(tmp_path: Path) -> TuneBook:
    return TuneBook(tmp_path / "deep" / "book.db")


def test_a_tune_is_kept_changed_removed_and_restored(book: TuneBook) -> None:
    number = book.keep(JIG, command="charnn sample folk", tags=["Slow", "slow", " a  b "], rating=3)
    tune = book.tune(number)
    assert (tune.title, tune.rhythm, tune.meter, tune.key) == (
        "The Humours of Café",
        "jig",
        "6/8",
        "Ador",
    )
    assert (tune.abc, tune.rating, tune.tags) == (JIG, 3, ("a b", "slow"))
    book.change(number, rating=5, note="for Anna")
    book.change(number, abc=REEL)
    changed = TuneBook(book.path).tune(number)
    assert (changed.title, changed.rhythm, changed.note, changed.tags, changed.rating) == (
        "Old Reel",
        "reel",
        "for Anna",
        ("a b", "slow"),
        5,
    )
    assert book.tags() == {"a b": 1, "slow": 1}
    book.save_set("Friday", [number, book.keep(JIG), number])
    book.remove(number)
    assert [one.title for one in book.set_tunes("friday")] == ["The Humours of Café"]
    book.restore(number)
    assert [one.id for one in book.set_tunes("Friday")] == [number, 2, number]
    book.remove_set("Friday")
    assert (book.sets(), len(book.find())) == ([], 2)


def test_the_history_knows_what_is_kept(book: TuneBook) -> None:
    first = book.add_written(JIG, command="c", model="folk", seed=2**70, settings={"key": "D"})
    second = book.add_written(REEL)
    kept = book.keep(JIG)
    edited = book.keep(REEL.replace("Old", "New"), written=second)
    newest, oldest = book.history()
    assert (newest.id, newest.title, newest.kept) == (second, "Old Reel", True)
    assert (oldest.id, oldest.seed, oldest.settings) == (first, 2**70, {"key": "D"})
    book.remove(kept)
    book.remove(edited)
    assert [one.kept for one in book.history()] == [False, False]
    assert [one.id for one in book.history(1, before=second)] == [first]


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({"text": "CAFE humours"}, ["The Humours of Café"]),
        ({"text": "composer"}, ["The Humours of Café"]),
        ({"text": "reel"}, ["Old Reel"]),
        ({"text": "100%_'\""}, []),
        ({"tag": "SLOW"}, ["The Humours of Café"]),
        ({"rating": 4}, ["The Humours of Café"]),
        ({"melody": "c'd'e' f'2g'a'"}, ["The Humours of Café", "Old Reel"]),
        ({"melody": "^F^G^A B2^c"}, ["The Humours of Café", "Old Reel"]),
        ({"melody": "CDEF GAGE GAGE"}, ["Old Reel"]),
        ({"melody": "DEFG A2BG BAFA BAFE"}, ["Old Reel"]),
        ({"melody": "GEC, E2C"}, []),
    ],
    ids=str,
)
def test_tunes_are_found(book: TuneBook, asked: dict[str, str], titles: list[str]) -> None:
    book.keep(JIG, tags=["slow"], rating=4)
    book.keep(REEL)
    assert [tune.title for tune in book.find(**asked)] == titles  # type: ignore[arg-type]


def test_the_same_lengths_come_first(book: TuneBook) -> None:
    for body in ("GABcd", "G2ABc2d", "zGABc d2"):
        book.keep(f"X:1\nT:{body}\nK:G\n{body}|\n")
    assert [(one.title, one.similarity) for one in book.find(melody="DEFG A2")] == [
        ("zGABc d2", 1),
        ("G2ABc2d", 1),
        ("GABcd", 1),
    ]


def test_a_book_goes_out_and_comes_back(book: TuneBook, tmp_path: Path) -> None:
    book.keep(JIG, rating=2, tags=["a,b", "é"], note='two\nlines "}', command="charnn sample x")
    book.keep(REEL.replace("X:2", "X:1"))
    text = book.export_abc()
    other = TuneBook(tmp_path / "other.db")
    imported = other.import_abc(text.replace("\n", "\r\n"))
    assert (len(imported.ids), imported.known, imported.problems) == (2, 0, ())
    assert other.export_abc() == text
    assert [tune.abc for tune in other.find("jig")] == [JIG]
    assert other.import_abc(text).known == 2


def test_an_import_keeps_the_fields_of_the_file_and_names_what_it_leaves_out(
    book: TuneBook,
) -> None:
    text = f"M:6/8\nR:jig\n\nX:1\nT:One\nK:D\nABc|\n\nsome words\nof prose\n\n{REEL}"
    imported = book.import_abc(text)
    assert imported.problems == ("line 9: this text belongs to no tune, so it was left out",)
    [jig] = book.find("jig")
    assert jig.abc == "X:1\nT:One\nM:6/8\nR:jig\nK:D\nABc|\n"


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text() | st.text('%{}\\"\n :,|AKTX1'))
def test_any_text_is_kept_as_it_is_or_refused(book: TuneBook, text: str) -> None:
    for tune in (text, f"X:1\nT:{text}\nK:D\n{text}\n"):
        try:
            number = book.keep(tune, note=text[:100], tags=[text[:20]])
        except UsageError as problem:
            assert "\n" not in str(problem)
        else:
            assert book.tune(number).abc == tune
            book.remove(number)
        book.import_abc(tune.encode(errors="replace").decode())
        book.export_abc()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"rating": 6}, "a rating is a whole number from 0 to 5, not 6"),
        ({"tags": ["x" * 61]}, "a tag has 1 to 60 characters, not 'xx"),
        ({"note": "x" * 10_001}, "a note or a command has up to 10,000 characters"),
        ({"note": "\ud800"}, "a text contains half a character: '\\ud800'"),
        ({"abc": JIG + "\n" + REEL}, "the text contains several tunes"),
        ({"abc": "words"}, "the text contains no tune: a tune in ABC has a K: line, then notes"),
        ({"tune_id": 2**70}, f"the tune book has no tune {2**70}"),
    ],
    ids=str,
)
def test_wrong_values_are_refused(book: TuneBook, change: dict[str, object], problem: str) -> None:
    number = book.keep(JIG)
    with pytest.raises(UsageError, match="^" + problem.replace("\\", r"\\")[:60]):
        book.change(**{"tune_id": number} | change)  # type: ignore[arg-type]
    assert book.tune(number).abc == JIG
    with pytest.raises(UsageError, match="at least 4 notes"):
        book.find(melody="GAB")
    with pytest.raises(UsageError, match="has no set 'x'; its sets: none"):
        book.set_tunes("x")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"X:1\nK:D\nABc|\n", "is not a tune book of charnn"),
        (b"SQLite format 3\0" + bytes(84), "is not a tune book of charnn"),
    ],
)
def test_a_foreign_file_is_not_touched(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(TuneBookError, match=problem):
        TuneBook(path)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["other"]


def test_a_damaged_book_is_named_and_not_touched(book: TuneBook) -> None:
    book.import_abc("".join(JIG.replace("Humours", f"{number}") + "\n" for number in range(100)))
    content = bytearray(book.path.read_bytes())
    content[8192:] = bytes(byte ^ 0x5A for byte in content[8192:])
    book.path.write_bytes(content)
    with pytest.raises(TuneBookError, match=r"book\.db is damaged, so nothing was changed in it"):
        TuneBook(book.path)
    assert book.path.read_bytes() == content
    book.path.write_bytes(content[:500])
    with pytest.raises(TuneBookError, match="is damaged"):
        TuneBook(book.path)


def test_what_is_known_of_a_tune_may_be_damaged(book: TuneBook) -> None:
    written = book.add_written(JIG, settings={"abc": REEL})
    number = book.keep(JIG, written=written)
    novelty = Novelty("folk", "Old Reel", 0.5, 7, "Old Reel")
    book.keep_novelty(JIG, novelty)
    assert (book.tune(number).novelty, book.tune(number).source) == (novelty, REEL)
    with closing(sqlite3.connect(book.path)) as db, db:
        db.execute("UPDATE novelty SET similarity = 'much'")
        db.execute("UPDATE history SET settings = '['")
    assert (book.tune(number).novelty, book.tune(number).source) == (None, "")


def test_a_damaged_name_of_a_column_is_named(book: TuneBook) -> None:
    number = book.keep(JIG)
    with closing(sqlite3.connect(book.path)) as db, db:
        db.execute("ALTER TABLE tunes RENAME COLUMN note TO nota")
    for use in (book.find, lambda: book.tune(number), lambda: book.change(number, rating=1)):
        with pytest.raises(TuneBookError, match="is damaged"):
            use()


def test_a_book_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db, db:
        for statement in STEPS[0]:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
    book = TuneBook(path)
    number = book.keep(JIG)
    book.remove(number)
    assert book.undo() == "The Humours of Café"
    assert book.tune(number).novelty is None


def test_a_book_of_a_newer_version_is_refused(book: TuneBook) -> None:
    with BookFile(book.path).writing() as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(TuneBookError, match="newer version of charnn: update charnn"):
        TuneBook(book.path)


def test_a_missing_book_a_removed_one_and_a_folder(book: TuneBook, tmp_path: Path) -> None:
    with pytest.raises(TuneBookError, match="no such tune book"):
        TuneBook(tmp_path / "none.db", create=False)
    with pytest.raises(TuneBookError, match="no such tune book"):
        TuneBook(tmp_path)
    book.path.unlink()
    with pytest.raises(TuneBookError, match="cannot be opened or written"):
        book.keep(JIG)
    assert not book.path.exists()


def test_a_book_in_use_says_so(book: TuneBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("charnn.tunebook.book_file.BUSY_SECONDS", 0.05)
    with BookFile(book.path).writing():
        assert book.find() == []  # readers do not wait
        with pytest.raises(TuneBookError, match="is in use by another program: try again"):
            book.keep(JIG)


def test_an_error_in_a_block_undoes_it(book: TuneBook) -> None:
    class Stop(Exception):
        pass

    with pytest.raises(Stop), BookFile(book.path).writing() as db:
        db.execute("INSERT INTO sets (name) VALUES ('a')")
        raise Stop
    assert book.sets() == []
    with pytest.raises(CharnnError):
        book.save_set("a", [1])
    assert book.sets() == []


def test_threads_share_a_book_from_its_first_moment(tmp_path: Path) -> None:
    path, problems = tmp_path / "book.db", list[BaseException]()

    def write(name: str) -> None:
        try:
            own = TuneBook(path)
            for number in range(5):
                own.keep(JIG.replace("Humours", f"{name}{number}"))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(TuneBook(path).find()) == 20
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
