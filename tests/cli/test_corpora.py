"""`charnn corpora`: the list of corpora, and the contents of a tune book."""

import json
from pathlib import Path

from tests.cli.conftest import Program

BOOK = "".join(
    f"X:{number}\nT:Tune {number}\nR:{rhythm}\nM:{meter}\nL:1/8\nK:{key}\n{notes}\n\n"
    for number, (rhythm, meter, key, notes) in enumerate(
        [
            ("jig", "6/8", "D", "|:ABc def|gfe d3:|"),
            ("Jig", "6/8", "A dorian", "|:efg agf|edc B3:|"),
            ("reel", "C|", "D", "|:dcBA GABc|d4 d4:|"),
        ],
        1,
    )
)


def test_types_meters_and_keys_are_counted(program: Program, tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(BOOK)
    ended = program(tmp_path, "corpora", "book.abc")
    assert ended.stdout.decode().splitlines() == [
        "book  (file, 3 tunes)",
        "    types: jig 2, reel 1",
        "    meters: 6/8 2, C| 1",
        "    keys: D 2, Ador 1",
    ]
    found = json.loads(program(tmp_path, "corpora", "book.abc", "--json").stdout)
    assert found["keys"] == {"D": 2, "Ador": 1}


def test_a_corpus_without_tunes(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a text\n" * 9)
    assert program(tmp_path, "corpora", "a.txt").stdout == b"a  (file, 1 text)\n"
    assert program(tmp_path, "corpora", "prose").stdout.startswith(b"prose  (built-in, ")


def test_a_mistyped_name_gets_a_suggestion(program: Program, tmp_path: Path) -> None:
    ended = program(tmp_path, "corpora", "fokl")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert "did you mean folk?" in ended.messages[0]
    ended = program(tmp_path, "sample", "folk", "--key", "Adr")
    assert (ended.returncode, ended.messages[0].endswith("Did you mean Ador?")) == (2, True)
