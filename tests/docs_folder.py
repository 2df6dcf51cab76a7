"""Make the folder in which the commands of the documents are run: small files with their names.

The corpora that the pages name are downloaded, or take half a minute to read, so `SMALL_CORPORA`,
which runs before each command, replaces them, except where the bundled model is compared with its
own corpus. `VARIABLES` shortens each training.
"""

import gzip
import shutil
from pathlib import Path

from charnn.tunebook.tune_book import TuneBook
from tests.docs_runs import Execute
from tests.helpers import prose

REEL = "R:reel\nM:4/4\nL:1/8\nK:D\n" + "|:{0}2FA d2A{0}|E2{0}B e2BG|D2FA dAF{0}|BGEC D4:|\n" * 2
JIG = "R:jig\nM:6/8\nL:1/8\nK:Ador\n" + "|:{0}AG EDE|A2{0} edB|{0}AG EDB|GED A3:|\n" * 2
TUNES = "\n".join(
    f"X:{number}\nT:Tune {number}\n" + (JIG if number % 2 else REEL).format(note)
    for number, note in enumerate("CDEFGABcdefgab", 1)
)
_REPLACE = f"""
from dataclasses import replace
from charnn.corpus.catalogue import CATALOGUE
from charnn.corpus.text import document
texts = {{"tinyshakespeare": {prose(4000)!r}, "folk": {TUNES!r}, "irish": {TUNES!r}}}
for name in names:
    small = [document(f"small-{{name}}", texts[name])]
    CATALOGUE[name] = replace(CATALOGUE[name], open=lambda _, small=small: small)
"""
SMALL_CORPORA = f"names = ['tinyshakespeare', 'folk', 'irish']{_REPLACE}"
SMALL_BUT_FOLK = f"names = ['tinyshakespeare', 'irish']{_REPLACE}"
NEEDS_FOLK = {"evaluate", "check", "--reject-copies", "--best-of"}
VARIABLES = {
    "CHARNN_TRAIN_STEPS": "3",
    "CHARNN_TRAIN_HIDDEN_SIZE": "18",
    "CHARNN_GRADIENTS_STEPS": "1",
    "CHARNN_GRADIENTS_DISTANCE": "3",
    "CHARNN_GRADIENTS_AT": "4",
    "CHARNN_TASKS_STEPS": "1",
    "CHARNN_TASKS_HIDDEN_SIZE": "4",
    "CHARNN_TASKS_LENGTH": "10",
}
# Runs that the pages name, by the file that each is trained on.
RUNS = {"play": "play.txt", "shakespeare": "scene.txt", "names": "names.txt"}
COPIES = {"play-2": "play", "shakespeare-2": "shakespeare", "shakespeare-gru": "shakespeare"}
TEXTS = ("corpus.txt", "play.txt", "scene.txt", "notes/a.txt", "books/one.txt", "books/2/two.txt")
BOOKS = ("tunes.abc", "my-tunes.abc", "book.abc", "irish.abc")


def write_files(folder: Path) -> None:
    """Write the texts, tune books and openings."""
    for number, name in enumerate(TEXTS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(prose(3000, 3000 * number), encoding="utf-8")
    for name in BOOKS:
        (folder / name).write_text(TUNES, encoding="utf-8")
    first = TUNES.partition("\n\n")[0] + "\n"
    (folder / "tune.abc").write_text(first, encoding="utf-8")
    (folder / "beginning.abc").write_text(first.rpartition("|:")[0], encoding="utf-8")
    (folder / "opening.txt").write_text(prose(50), encoding="utf-8")
    (folder / "abcjs-basic-min.js").write_text("renderAbc\n", encoding="utf-8")
    names = sorted({word for word in prose(9000).split() if word.isalpha()})
    (folder / "names.txt").write_text("\n".join(names), encoding="utf-8")
    for name in ("old.txt.gz", "big.txt.gz"):
        (folder / name).write_bytes(gzip.compress(prose(3000).encode()))
    for name in ("tunes.db", "session.db"):
        book = TuneBook(folder / name)
        book.save_set("Friday reels", [book.keep(first)])


def train_runs(folder: Path, execute: Execute) -> None:
    """Train the runs that the pages name."""
    for name, corpus in RUNS.items():
        kind = ("--documents", "lines") if corpus == "names.txt" else ()
        ended = execute(folder, ("train", corpus, "--name", name, *kind, "--steps", "3"), b"")
        assert ended.returncode == 0, ended.stderr.decode()
    for copy, name in COPIES.items():
        shutil.copytree(folder / "checkpoints" / name, folder / "checkpoints" / copy)
