"""The file of a tune book: an SQLite database that outlives a kill amid a write.

The file is in WAL mode, so that one program can read while another one writes, and each commit is
on the disk before it returns (`synchronous = FULL`). Every block has its own connection, so any
thread may open one. A file that is no tune book, or a damaged one, is never written to.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from charnn.errors import TuneBookError
from charnn.tunebook.book_schema import APPLICATION_ID, STEPS

BUSY_SECONDS = 5.0  # a write of another program takes milliseconds; an import of thousands, one
_MAGIC = b"SQLite format 3\0"
_ID_OFFSET = 68  # of the application id in the first 100 bytes, see sqlite.org/fileformat.html

_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def default_book() -> Path:
    """Return the path of the user's tune book, in the folder that the system has for such data."""
    from platformdirs import user_data_path

    return user_data_path("charnn", appauthor=False) / "tunes.db"


def is_database(path: Path) -> bool:
    """Return whether a file is an SQLite database, of whatever content."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


class BookFile:
    """The file of a tune book.

    Args:
        path: the file.
        create: whether to make a new book if there is no such file.

    Raises:
        TuneBookError: the file is missing, damaged, no tune book, of a newer version of charnn, or
            cannot be written.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        if create and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.is_file():
            raise TuneBookError(f"no such tune book: {path}")
        self._check_header()
        with self._connection(creates=create) as connection:
            self._prepare(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a block that reads one state of the book, whatever is written meanwhile."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a block whose changes are all kept at its end, or none if it raises an error."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self, *, creates: bool = False) -> Iterator[sqlite3.Connection]:
        # "rw": if the file is removed meanwhile, an empty one must not take its place in silence.
        address = f"{self.path.absolute().as_uri()}?mode={'rwc' if creates else 'rw'}"
        try:
            opened = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
            # Closing rolls back what is not committed.
            with closing(opened) as connection:
                connection.row_factory = sqlite3.Row
                # A damaged byte spoils its letter and not the whole book.
                connection.text_factory = lambda text: text.decode("utf-8", "replace")
                for setting in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
                    connection.execute(f"PRAGMA {setting}")
                yield connection
        except sqlite3.Error as problem:
            raise self._failure(problem) from problem
        # The message or a name of SQLite, or the name of a column that a row lacks.
        except (UnicodeDecodeError, IndexError) as problem:
            raise TuneBookError(self._damage()) from problem

    def _check_header(self) -> None:
        """Refuse the file of another program before SQLite can change it.

        A journal beside the file means that a first write was cut off; SQLite then undoes it.
        """
        if not self.path.exists() or Path(f"{self.path}-journal").exists():
            return
        with self.path.open("rb") as file:
            header = file.read(100)
        application = int.from_bytes(header[_ID_OFFSET : _ID_OFFSET + 4])
        if header and not (header.startswith(_MAGIC) and application == APPLICATION_ID):
            raise TuneBookError(f"{self.path} is not a tune book of charnn: name another file")

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Bring the tables up to date, and look for damage.

        Raises:
            TuneBookError: the file is damaged, or of a newer version.
        """
        version = _number(connection, "user_version")
        if version > len(STEPS):
            raise TuneBookError(
                f"{self.path} was written by a newer version of charnn: update charnn"
            )
        if version < len(STEPS):
            connection.execute("BEGIN IMMEDIATE")
            # Another process may have taken the steps while this one waited.
            for step in STEPS[_number(connection, "user_version") :]:
                for statement in step:
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(STEPS)}")
            connection.execute("COMMIT")
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise TuneBookError(self._damage())
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as problem:
                # Another process is switching the new file; the mode is kept in the file.
                if problem.sqlite_errorcode & 0xFF not in _IN_USE:
                    raise

    def _damage(self) -> str:
        return (
            f"{self.path} is damaged, so nothing was changed in it: put a copy of it in its place, "
            f"or save what is left with sqlite3 {self.path.name} .recover"
        )

    def _failure(self, problem: sqlite3.Error) -> Exception:
        """Return the error that a user reads in place of one of SQLite."""
        if isinstance(problem, sqlite3.InterfaceError | sqlite3.ProgrammingError):
            return problem  # a mistake of ours
        code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        kind = code & 0xFF  # without the details of the error
        if kind in _IN_USE:
            return TuneBookError(f"{self.path} is in use by another program: try again")
        if kind in _READ_ONLY:
            return TuneBookError(f"{self.path} cannot be opened or written: check its permissions")
        if kind in _DISK:
            return TuneBookError(f"{self.path} cannot be written ({problem}): is the disk full?")
        # The statements are fixed, so any other error comes from damaged tables or values.
        return TuneBookError(self._damage())


def _number(connection: sqlite3.Connection, setting: str) -> int:
    return int(connection.execute(f"PRAGMA {setting}").fetchone()[0])
