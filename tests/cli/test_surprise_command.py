"""`charnn surprise` and `charnn sample --alternatives`."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.forks import Ended
from tests.helpers import random_checkpoint, save_run

TUNE = "X:1\nT:One\nR:polka\nM:2/4\nL:1/8\nK:G\n|:G2 B2|A2 F2|G2 B2|A2 G2:|\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surprise")
    (folder / "tune.abc").write_text(TUNE)
    (folder / "empty.txt").write_text("")
    model = random_checkpoint(TUNE, scale=0.1, documents=2)
    save_run(folder, "tunes", replace(model, metadata=model.metadata | {"tunes": True}))
    return folder


def test_a_tune_is_shown_with_digits_and_bars(program: Program, folder: Path) -> None:
    ended = program(folder, "surprise", "tunes", "tune.abc")
    assert ended.returncode == 0, ended.stderr
    shown = ended.stdout.decode()
    assert "bits per character\n" in shown
    assert "M:2/4↵\n" in shown
    assert "One: " in shown
    for words in ("\nA3 ", "best  bits", "a 5-gram knows", "all errors"):
        assert words in shown


def test_json_has_the_bits_the_bars_and_the_errors(program: Program, folder: Path) -> None:
    ended = program(folder, "surprise", "tunes", "tune.abc", "--json", "--alternatives", "2")
    found = json.loads(ended.stdout)
    assert "".join(found["pieces"]) == TUNE
    assert len(found["bits"]) == len(found["pieces"]) == len(found["alternatives"])
    assert abs(sum(found["bits"]) / found["chars"] - found["bits_per_char"]) < 1e-2
    assert [bar["name"] for bar in found["tunes"][0]["bars"]] == ["A1", "A2", "A3", "A4"]
    assert found["errors"]["counted"].startswith("the text itself")


def test_a_text_is_compared_with_its_training_text(
    program: Program, trained: tuple[Path, Ended]
) -> None:
    folder, _ = trained
    ended = program(folder, "surprise", "my-corpus", "my corpus.txt", "--alternatives", "3")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.decode().splitlines()
    assert lines[1].split() == ["char", "bits", "share", "the", "model", "weighed"]
    assert "counted on the training text" in ended.stdout.decode()


def test_a_sample_is_the_same_with_alternatives(
    program: Program, trained: tuple[Path, Ended]
) -> None:
    sample = ("sample", "--seed", "3", "--length", "40", "--prime", "The ")
    plain = program(trained[0], *sample)
    listed = program(trained[0], *sample, "--alternatives", "3")
    assert listed.stdout == plain.stdout
    [head, *rows] = listed.stderr.decode().splitlines()[-45:]
    assert head.split() == ["char", "bits", "share", "the", "model", "weighed"]
    assert [row.split()[0] for row in rows[:4]] == ["T", "h", "e", "␣"]
    found = json.loads(program(trained[0], *sample, "--alternatives", "2", "--json").stdout)
    assert "".join(each["text"] for each in found["characters"]) == found["text"]
    for each in found["characters"]:
        assert len(each["others"]) == 2
        assert each["probability"] + sum(p for _, p in each["others"]) < 1.0001


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.html"])
def test_pictures_are_written(program: Program, folder: Path, name: str) -> None:
    ended = program(folder, "surprise", "tunes", "tune.abc", "-o", name)
    assert (ended.returncode, ended.stdout) == (0, b""), ended.stderr
    assert (folder / name).stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["tunes", "none.abc"], 1, "none.abc"),
        (["tunes", "empty.txt"], 1, "empty"),
        (["tunes", "tune.abc", "-o", "a.gif"], 2, ".png, .svg, .html"),
        (["tunes", "tune.abc", "-o", "no/a.png"], 2, "there is no folder"),
        (["tunes", "tune.abc", "--alternatives", "99"], 2, "0..20"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(
    program: Program, folder: Path, arguments: list[str], code: int, words: str
) -> None:
    ended = program(folder, "surprise", *arguments)
    assert ended.returncode == code
    assert ended.stdout == b""
    [line] = ended.stderr.decode().splitlines()
    assert line.startswith("error: ")
    assert words in line
