"""A tune book whose writers are killed loses no tune that was kept; a damaged one is named."""

import random
import subprocess
import sys
import time
from pathlib import Path

from charnn.errors import TuneBookError, UsageError
from charnn.tunebook.tune_book import TuneBook
from tests.faults.conftest import Trials
from tests.helpers import environment

TUNE = "X:1\nT:{}\nK:D\n|:DEFG|ABcd:|\n"
# Reports each change once the call has returned.
WRITER = f"""
import sys
from pathlib import Path
from charnn.tunebook.tune_book import TuneBook
book = TuneBook(Path("book.db"))
for number in range(10_000):
    title = f"{{sys.argv[1]}} {{number}}"
    book.add_written({TUNE!r}.format(title), model="folk", seed=number)
    tune = book.keep({TUNE!r}.format(title), tags=[sys.argv[1]])
    book.change(tune, rating=number % 6)
    book.save_set(sys.argv[1], [tune])
    print(tune, number % 6, title, flush=True)
"""


def test_a_kill_amid_writes_of_two_programs(trials: Trials, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        folder = tmp_path / str(trials.rows[-1].trials)
        folder.mkdir()
        arguments = [sys.executable, "-c", WRITER]
        writers = [
            subprocess.Popen(
                [*arguments, name], cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True
            )
            for name in ("first", "second")
        ]
        # Each one is killed amid its writes, however long its start takes.
        reported = [writer.stdout.readline() for writer in writers if writer.stdout]
        time.sleep(random.uniform(0, 0.3))
        for writer in writers:
            writer.kill()
        reported += [line for writer in writers for line in writer.communicate()[0].splitlines()]
        book = TuneBook(folder / "book.db")
        kept = {tune.id: tune for tune in book.find()}
        for line in reported:
            if line.count(" ") == 3:  # the last one may be half a line
                number, rating, title = line.strip().split(" ", 2)
                tune = kept[int(number)]
                assert (tune.abc, tune.rating) == (TUNE.format(title), int(rating))
        assert len(book.history()) <= len(kept) + 2
        assert book.tune(book.keep(TUNE.format("after"))).title == "after"

    trials("SIGKILL amid writes to a tune book", trial, few=2, many=50)


def test_changed_bytes_are_an_error_or_change_a_letter(trials: Trials, tmp_path: Path) -> None:
    sound = TuneBook(tmp_path / "sound.db")
    for number in range(20):
        sound.add_written(TUNE.format(f"é{number}"), seed=number, settings={"key": "D"})
        sound.keep(TUNE.format(f"é{number}"), tags=["slow"])
    sound.save_set("Friday", [3, 1])
    content = sound.path.read_bytes()

    def trial(random: random.Random) -> None:
        damaged = bytearray(content[: random.choice([None, random.randrange(len(content))])])
        for _ in range(random.choice([1, 1, 20])):
            if damaged:
                damaged[random.randrange(len(damaged))] = random.randrange(256)
        path = tmp_path / f"{trials.rows[-1].trials}.db"
        path.write_bytes(damaged)
        try:
            book = TuneBook(path)
            book.history()
            book.find("slow", melody="DEFG A")
            book.import_abc(book.export_abc())
            book.set_tunes("Friday")
            book.change(book.keep(TUNE.format("new")), rating=2)
        except TuneBookError as problem:
            assert "damaged" in str(problem) or "is not a tune book" in str(problem)
        except UsageError as problem:  # a damaged number or name is another one
            assert "has no" in str(problem) or "contains" in str(problem)

    trials("changed bytes in a tune book", trial, few=10, many=600)
