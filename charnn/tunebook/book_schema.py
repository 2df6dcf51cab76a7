"""The tables of a tune book, and the steps from each version of them to the next.

`PRAGMA user_version` is the number of steps that a file has taken. A step is never changed once it
has been released: a new version of the tables is a further step.
"""

# "chnB", at a fixed place of the file, where `file` and other programs look for it.
APPLICATION_ID = 0x63686E42

_FIRST = (
    # Every tune that was written, as it was written.
    """CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        abc TEXT NOT NULL,
        title TEXT NOT NULL,
        command TEXT NOT NULL,
        model TEXT NOT NULL,
        seed TEXT,  -- a seed may be larger than the whole numbers of SQLite
        settings TEXT NOT NULL,  -- a JSON object
        written_at TEXT NOT NULL
    )""",
    "CREATE INDEX history_by_abc ON history (abc)",
    # AUTOINCREMENT: the number of a tune never comes back for another one.
    """CREATE TABLE tunes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        abc TEXT NOT NULL,
        title TEXT NOT NULL,
        rhythm TEXT NOT NULL,
        meter TEXT NOT NULL,
        key TEXT NOT NULL,
        words TEXT NOT NULL,  -- for the search by text
        melody TEXT NOT NULL,  -- for the search by melody
        command TEXT NOT NULL,
        rating INTEGER NOT NULL CHECK (rating BETWEEN 0 AND 5),
        note TEXT NOT NULL,
        kept_at TEXT NOT NULL,
        removed_at TEXT,  -- a removed tune can be restored
        history_id INTEGER REFERENCES history (id) ON DELETE SET NULL
    )""",
    "CREATE INDEX tunes_by_history ON tunes (history_id)",
    "CREATE INDEX tunes_by_abc ON tunes (abc)",
    """CREATE TABLE tags (
        tune_id INTEGER NOT NULL REFERENCES tunes (id) ON DELETE CASCADE,
        tag TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (tune_id, tag)
    ) WITHOUT ROWID""",
    "CREATE TABLE sets (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE UNIQUE)",
    """CREATE TABLE set_tunes (
        set_id INTEGER NOT NULL REFERENCES sets (id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        tune_id INTEGER NOT NULL REFERENCES tunes (id) ON DELETE CASCADE,
        PRIMARY KEY (set_id, place)
    ) WITHOUT ROWID""",
)
_SECOND = (
    # How new a tune is, by a hash of its text: a comparison with thousands of tunes is kept.
    """CREATE TABLE novelty (
        digest BLOB PRIMARY KEY,
        model TEXT NOT NULL,
        nearest TEXT NOT NULL,
        similarity REAL NOT NULL,
        shared_notes INTEGER NOT NULL,
        shared_with TEXT NOT NULL
    ) WITHOUT ROWID""",
    # What can be undone; each step has the values from before it.
    """CREATE TABLE undo (
        id INTEGER PRIMARY KEY,
        label TEXT NOT NULL,
        tune_id INTEGER REFERENCES tunes (id) ON DELETE CASCADE,
        abc TEXT,  -- of a tune that was written over; NULL for a removed one
        set_name TEXT,
        set_tunes TEXT  -- a JSON list of the numbers of its tunes
    )""",
)
STEPS = (_FIRST, _SECOND)
