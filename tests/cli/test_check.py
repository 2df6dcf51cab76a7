"""`charnn check`: the table, the JSON output, and the exit code."""

import json
from pathlib import Path
from typing import Any

from charnn.checkpoints.stored_tunes import store_tunes
from tests.cli.conftest import Ended, Program
from tests.helpers import random_checkpoint, save_run

GOOD = "X:7\nT:Good\nR:reel\nM:C|\nL:1/8\nK:Ador\n|:A|" + "A2B2 c2d2|" * 7 + "A2B2 c2d:|\n"
BAD = "X:8\nT:Bad\nM:6/8\nL:1/8\nK:D\nABc def|f3 fgf|\ng3 ggff|a6|]\n"
UNREADABLE = "X:9\nT:Unreadable\nM:6/8\nL:1/8\nK:D\nABc [d|]\n"
BOOK = "\n".join([GOOD, BAD, UNREADABLE])


def check(program: Program, folder: Path, *options: str, book: str = BOOK) -> Ended:
    return program(folder, "check", "-", *options, stdin=book.encode())


def tune_reports(ended: Ended) -> Any:
    return json.loads(ended.stdout)["tunes"]


def test_each_tune_and_each_problem_has_a_line(program: Program, tmp_path: Path) -> None:
    ended = check(program, tmp_path)
    assert ended.returncode == 1
    good, bad, problem, unreadable, why = ended.stdout.decode().splitlines()
    assert good.split() == ["7", "Good", "reel", "Ador", "C|", "8", "A4-D5", "ok"]
    assert bad.split()[-2:] == ["1", "problem"]
    assert problem.split(":")[0:2] == ["       15", "1"]
    assert "this bar is too long: 7/8 in 6/8" in problem
    assert "Unreadable" in unreadable
    assert "22:5: cannot be read: this [ is" in why
    assert ended.messages == ["2 of 3 tunes have problems"]


def test_tunes_without_problems_end_with_code_0(program: Program, tmp_path: Path) -> None:
    ended = check(program, tmp_path, book=GOOD)
    assert ended.returncode == 0
    assert ended.messages == []


def test_the_json_output_has_the_same_keys_for_every_tune(program: Program, tmp_path: Path) -> None:
    ended = check(program, tmp_path, "--json")
    assert ended.returncode == 1
    good, bad, unreadable = tune_reports(ended)
    assert good == {
        "number": 7,
        "title": "Good",
        "line": 1,
        "ok": True,
        "rhythm": "reel",
        "key": "Ador",
        "meter": "C|",
        "bars": 8,
        "parts": [{"bars": 8, "pickup": "1/8", "times": 2, "whole": True, "line": 7, "column": 3}],
        "repeats": 1,
        "range": ["A4", "D5"],
        "form": {
            "tune_home": 0.0,
            "parts_home": 0.0,
            "bar_5": 1.0,
            "bar_6": 1.0,
            "repeated_bar": 1.0,
            "shared_bar": None,
            "rhyme": None,
            "last_rest": 0.0,
            "first_ending_bars": None,
            "endings_alike": None,
        },
        "voices": [],
        "problems": [],
    }
    assert not bad["ok"]
    assert [problem["line"] for problem in bad["problems"]] == [15]
    assert unreadable["ok"] is False
    assert unreadable["problems"][0]["line"] == 22
    assert good.keys() == bad.keys() == unreadable.keys()
    assert unreadable["number"] == 9
    for unknown in (
        "rhythm",
        "key",
        "meter",
        "bars",
        "parts",
        "repeats",
        "range",
        "form",
        "voices",
    ):
        assert unreadable[unknown] is None


def test_one_tune_of_a_file_can_be_selected(program: Program, tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(BOOK)
    ended = program(tmp_path, "check", "book.abc", "--tune", "1", "--json")
    assert ended.returncode == 0
    assert [tune["number"] for tune in tune_reports(ended)] == [7]


def test_equal_notes_are_merged_in_the_table(program: Program, tmp_path: Path) -> None:
    slurred = GOOD.replace("A2B2 c2d2|", "A2-B2 c2-d2|")
    ended = check(program, tmp_path, book=slurred)
    assert ended.returncode == 0
    _, note = ended.stdout.decode().splitlines()
    assert note.endswith("7:5: note: no note of the same pitch follows this tie, and 13 more")
    ended = check(program, tmp_path, "--json", book=slurred)
    assert len(tune_reports(ended)[0]["problems"]) == 14


def test_the_form_is_compared_with_training_tunes(program: Program, tmp_path: Path) -> None:
    run = save_run(tmp_path, "reels", random_checkpoint("abc\n")).parent
    store_tunes(run, [GOOD.replace("c2d:|", "c2A:|")] * 10)
    ended = check(program, tmp_path, "--compare", "reels", book=GOOD)
    assert ended.returncode == 0
    _, empty, head, *rows = ended.stdout.decode().splitlines()
    assert empty == ""
    assert head.split()[-2:] == ["tunes", "training"]
    assert rows[0].split() == ["ends", "on", "its", "tonic", "0.0", "%", "100.0", "%"]
    assert all(len(row) == len(rows[0]) for row in rows)
    ended = check(program, tmp_path, "--compare", "reels", "--json", book=GOOD)
    results = json.loads(ended.stdout)
    assert results["form"]["given"]["tune_home"] == 0
    assert results["form"]["learned"]["tune_home"] == 1
    assert results["types"] == {"given": {"reel": 1.0}, "learned": {"reel": 1.0}}
    assert results["auc"] is None


def test_many_tunes_are_told_from_training_tunes(program: Program, tmp_path: Path) -> None:
    run = save_run(tmp_path, "reels", random_checkpoint("abc\n")).parent
    store_tunes(run, [GOOD.replace("c2d:|", "c2A:|")] * 20)
    ended = check(program, tmp_path, "--compare", "reels", book="\n".join([GOOD] * 20))
    *_, area, more, less = ended.stdout.decode().splitlines()
    assert area.split() == ["told", "from", "training", "tunes,", "AUC", "1.00"]
    assert more.startswith("  by more: ")
    assert less.startswith("  by less: ")
    assert "ends on its tonic" in less


def test_a_comparison_needs_training_tunes(program: Program, tmp_path: Path) -> None:
    save_run(tmp_path, "lost", random_checkpoint("abc\n"))
    ended = check(program, tmp_path, "--compare", "lost", book=GOOD)
    assert ended.returncode == 1
    assert "tunes.abc.gz is missing" in ended.messages[-1]
    assert check(program, tmp_path, "--compare", "absent", book=GOOD).returncode == 1


def test_input_without_tunes_is_an_error(program: Program, tmp_path: Path) -> None:
    ended = check(program, tmp_path, book="Dear reader,\n")
    assert ended.returncode == 1
    assert ended.messages[0].startswith("error: stdin contains no tune")
    assert program(tmp_path, "check", "missing.abc").returncode == 1


def test_a_tune_without_notes_has_no_range(program: Program, tmp_path: Path) -> None:
    (silent,) = tune_reports(check(program, tmp_path, "--json", book="X:1\nM:4/4\nK:D\nz8|]\n"))
    assert silent["range"] is None


def test_long_values_are_cut_to_their_columns(program: Program, tmp_path: Path) -> None:
    parts = "".join(["|:A2B2 c2d2:|"] * 20)
    wide = (
        f"X:123456789\nT:{'Long ' * 20}\nR:{'reel ' * 9}\nM:4/4\nL:1/8\nK:A Mixolydian\n{parts}\n"
    )
    shown = check(program, tmp_path, book=GOOD + "\n" + wide).stdout.decode().splitlines()
    first, second = [line for line in shown if line.endswith("  ok")]
    assert first.index("A4-D5") == second.index("A4-D5")
    assert "  Amix  " in second
    assert len(second) < 110


def test_a_number_of_more_than_nine_digits_is_null(program: Program, tmp_path: Path) -> None:
    ended = check(program, tmp_path, "--json", book=GOOD.replace("X:7", "X:" + "9" * 6000))
    assert ended.returncode == 0
    assert tune_reports(ended)[0]["number"] is None
    assert tune_reports(
        check(program, tmp_path, "--json", book=GOOD.replace("X:7", "X:" + "9" * 9))
    )[0]["number"] == int("9" * 9)


def test_a_letter_outside_ascii_is_shown_as_it_is(program: Program, tmp_path: Path) -> None:
    ended = check(program, tmp_path, book=BAD.replace("a6", "é"))
    assert "'é' means nothing here" in ended.stdout.decode()
