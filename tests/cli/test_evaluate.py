"""`charnn evaluate`: the loss on texts, and the comparison of tunes."""

import json
import math
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SMALL, Ended, Program
from tests.helpers import prose


def tune(number: int) -> str:
    # All tunes end on the tonic, so that D stays their key.
    notes = [*random.Random(number).choices("DEFGABcdefga", k=63), "d"]
    bars = ["".join(notes[i : i + 8]) for i in range(0, 64, 8)]
    return f"X:{number}\nT:Tune {number}\nR:reel\nM:4/4\nL:1/8\nK:D\n|:{'|'.join(bars)}:|\n"


@pytest.fixture(scope="module")
def run(program: Program, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with `book.abc` and a run on it, and the last event of the training."""
    folder = tmp_path_factory.mktemp("evaluate")
    (folder / "book.abc").write_text("\n".join(tune(number) for number in range(240)))
    ended = program(folder, "train", "book.abc", "--steps", "40", "--json", *SMALL)
    assert ended.returncode == 0, ended.messages
    return folder, json.loads(ended.stdout.splitlines()[-1])


def json_result(ended: Ended) -> Any:
    """Return the JSON object that a command wrote."""
    assert ended.returncode == 0, ended.messages
    return json.loads(ended.stdout)


class TestLoss:
    def test_json(self, program: Program, run: tuple[Path, dict[str, Any]]) -> None:
        folder, _ = run
        measured = json_result(program(folder, "evaluate", "book", "book.abc", "--json"))
        assert set(measured) == {
            "nats_per_char",
            "bits_per_char",
            "perplexity",
            "chars",
            "unknown_chars",
            "unit",
            "protocol",
            "calibration",
        }
        assert measured["bits_per_char"] == pytest.approx(measured["nats_per_char"] / math.log(2))
        assert measured["perplexity"] == pytest.approx(math.exp(measured["nats_per_char"]))
        assert "240 documents" in measured["protocol"]

    def test_held_out_tunes_have_the_loss_of_training(
        self, program: Program, run: tuple[Path, dict[str, Any]]
    ) -> None:
        folder, done = run
        measured = json_result(
            program(folder, "evaluate", "book", "book.abc", "--held-out", "--json")
        )
        assert measured["nats_per_char"] == pytest.approx(done["val_nats_per_char"], abs=1e-5)
        assert "which the model has not learned" in measured["protocol"]
        everything = json_result(program(folder, "evaluate", "book", "book.abc", "--json"))
        assert measured["chars"] < everything["chars"] / 4

    def test_the_loss_without_and_with_the_fitted_temperature(
        self, program: Program, run: tuple[Path, dict[str, Any]]
    ) -> None:
        """Training, `inspect` and `evaluate --held-out` show the loss of the same half."""
        folder, done = run
        fitted = done["calibration"]
        assert fitted["temperature"] != 1
        assert "temperature fitted on the first half" in fitted["protocol"]
        inspected = json_result(program(folder, "inspect", "book", "--json"))
        assert inspected["calibration"] == fitted
        assert inspected["temperature"] == fitted["temperature"]
        assert inspected["best_nats_per_char"] == done["val_nats_per_char"]
        command = ("evaluate", "book", "book.abc", "--held-out")
        measured = json_result(program(folder, *command, "--json"))["calibration"]
        for name, value in fitted.items():
            expected = value if name == "protocol" else pytest.approx(value, abs=1e-4)
            assert measured[name] == expected
        shown = f"with the softmax temperature {fitted['temperature']:.3f} (second half"
        assert shown in program(folder, *command).stdout.decode().splitlines()[2]

    def test_unknown_characters_are_counted_in_a_warning(
        self, program: Program, run: tuple[Path, dict[str, Any]]
    ) -> None:
        folder, _ = run
        (folder / "strange.txt").write_text("DEFG §§ ABc\n" * 20)
        ended = program(folder, "evaluate", "book", "strange.txt")
        assert ended.returncode == 0
        assert "nats per character" in ended.stdout.decode()
        assert "200 characters (40 more are unknown, not scored)" in ended.stdout.decode()
        assert ended.messages == [
            "warning: 16.7% of the text (40 characters) is not in the model's vocabulary. These "
            "characters are not scored, so the loss is that of the rest"
        ]

    def test_a_text_of_unknown_characters_is_an_error(
        self, program: Program, run: tuple[Path, dict[str, Any]]
    ) -> None:
        folder, _ = run
        (folder / "strange.txt").write_text("§§" * 20)
        ended = program(folder, "evaluate", "book", "strange.txt")
        assert ended.returncode == 1
        assert "error: no character of the text is in the model's vocabulary" in ended.messages[-1]

    def test_the_book_is_found_again(
        self, program: Program, run: tuple[Path, dict[str, Any]], tmp_path: Path
    ) -> None:
        folder, _ = run
        shutil.copytree(folder, tmp_path / "copy")
        found = program(folder, "evaluate", "book", "--held-out").stdout
        assert found == program(folder, "evaluate", "book", "book.abc", "--held-out").stdout
        # A new tune would count as held out.
        book = folder / "book.abc"
        content = book.read_text(encoding="utf-8")
        try:
            book.write_text(content + "\n" + tune(999), encoding="utf-8")
            ended = program(folder, "evaluate", "book", "--held-out")
        finally:
            book.write_text(content, encoding="utf-8")
        assert (ended.returncode, "has changed" in ended.messages[-1]) == (1, True)

    def test_a_corpus_without_held_out_tunes_is_an_error(
        self, program: Program, run: tuple[Path, dict[str, Any]], tmp_path: Path
    ) -> None:
        folder, _ = run
        shutil.copytree(folder / "checkpoints", tmp_path / "checkpoints")
        shutil.copy(folder / "checkpoints/book/tunes.abc.gz", tmp_path)
        ended = program(tmp_path, "evaluate", "book", "tunes.abc.gz", "--held-out")
        assert ended.returncode == 1
        assert "every tune of the corpus" in ended.messages[-1]


class TestText:
    """The loss on `my corpus.txt`, 3,000 characters, of a run on it."""

    def test_the_held_out_part_has_the_loss_of_training(
        self, program: Program, trained: tuple[Path, Ended]
    ) -> None:
        folder, ended = trained
        done = json.loads(ended.stdout.splitlines()[-1])
        held_out = ("evaluate", "my-corpus", "my corpus.txt", "--held-out")
        measured = json_result(program(folder, *held_out, "--json"))
        assert measured["nats_per_char"] == pytest.approx(done["val_nats_per_char"], abs=1e-5)
        assert measured["chars"] + measured["unknown_chars"] == 300
        assert "the last 10 %" in measured["protocol"]

    def test_the_corpus_is_found_again(
        self, program: Program, trained: tuple[Path, Ended], tmp_path: Path
    ) -> None:
        folder, ended = trained
        done = json.loads(ended.stdout.splitlines()[-1])
        # From another folder, too.
        run = str(folder / "checkpoints" / "my-corpus")
        measured = json_result(program(tmp_path, "evaluate", run, "--held-out", "--json"))
        assert measured["nats_per_char"] == pytest.approx(done["val_nats_per_char"], abs=1e-5)

    def test_a_corpus_that_is_changed_or_gone_is_an_error(
        self, program: Program, tmp_path: Path
    ) -> None:
        corpus = tmp_path / "a.txt"
        corpus.write_text(prose(2000))
        assert program(tmp_path, "train", "a.txt", "--steps", "1", *SMALL).returncode == 0
        corpus.write_text(prose(2000) + "!")
        ended = program(tmp_path, "evaluate", "a", "--held-out")
        assert ended.returncode == 1
        assert "not trained on a as it is now" in ended.messages[-1]
        corpus.unlink()
        ended = program(tmp_path, "evaluate", "a", "--held-out")
        assert (ended.returncode, len(ended.messages)) == (1, 1)
        assert str(corpus) in ended.messages[0]
        train = ("train", "-", "--name", "b", "--steps", "1", *SMALL)
        assert program(tmp_path, *train, stdin=prose(2000).encode()).returncode == 0
        ended = program(tmp_path, "evaluate", "b", "--held-out")
        assert "name the training corpus" in ended.messages[0]

    def test_several_files_with_another_val_fraction(
        self, program: Program, tmp_path: Path
    ) -> None:
        for number, length in enumerate((700, 1500, 400)):
            (tmp_path / f"{number}.txt").write_text(prose(length, 900 * number))
        options = ("0.txt", "1.txt", "2.txt")
        ended = program(
            *(tmp_path, "train", *options, "--val-fraction", "0.3", "--steps", "20"),
            *("--name", "three", "--json", *SMALL),
        )
        done = json.loads(ended.stdout.splitlines()[-1])
        measured = json_result(
            program(tmp_path, "evaluate", "three", *options, "--held-out", "--json")
        )
        assert measured["nats_per_char"] == pytest.approx(done["val_nats_per_char"], abs=1e-5)
        assert measured["chars"] + measured["unknown_chars"] == 781
        # Files in another order are another text.
        ended = program(tmp_path, "evaluate", "three", *reversed(options), "--held-out")
        assert ended.returncode == 1
        assert "the model was not trained on" in ended.messages[-1]

    def test_a_run_without_held_out_text_is_an_error(
        self, program: Program, tmp_path: Path
    ) -> None:
        (tmp_path / "all.txt").write_text(prose(2000))
        options = ("all.txt", "--val-fraction", "0", "--steps", "1")
        assert program(tmp_path, "train", *options, *SMALL).returncode == 0
        ended = program(tmp_path, "evaluate", "all", "all.txt", "--held-out")
        assert ended.returncode == 1
        assert "held out nothing" in ended.messages[-1]

    def test_each_protocol_has_a_figure(
        self, program: Program, trained: tuple[Path, Ended]
    ) -> None:
        folder, _ = trained
        command = ("evaluate", "my-corpus", "my corpus.txt", "--held-out", "--dynamic")
        measured = json_result(program(folder, *command, "--json"))
        windows, dynamic, mixed = (
            measured[name] for name in ("windows", "dynamic", "dynamic_ngrams")
        )
        assert windows["standard_error"] < 0.003
        assert "begun with an empty state" in windows["protocol"]
        assert "dynamic evaluation" in dynamic["protocol"]
        # The model is hardly trained, so it learns much from the text that it is evaluated on.
        assert dynamic["nats_per_char"] < measured["nats_per_char"] - 0.02
        # So do the n-grams, which have counted all of the training text.
        assert mixed["nats_per_char"] < dynamic["nats_per_char"] - 0.02
        assert "n-grams" in mixed["protocol"]
        lines = program(folder, *command).stdout.decode().splitlines()
        assert len(lines) == 5
        for line, figures in zip(lines[2:], (windows, dynamic, mixed), strict=True):
            assert line == f"{figures['nats_per_char']:.4f}: {figures['protocol']}"
        static = json_result(program(folder, *command[:-1], "--json"))
        assert {**static, "dynamic": dynamic, "dynamic_ngrams": mixed} == measured


class TestTunes:
    def test_the_table(self, program: Program, run: tuple[Path, dict[str, Any]]) -> None:
        folder, _ = run
        ended = program(folder, "evaluate", "book", "--tunes", "3", "--seed", "7")
        assert ended.returncode == 0
        lines = ended.stdout.decode().splitlines()
        assert lines[0].split() == ["model", "training"]
        assert lines[1].split()[:2] == ["tunes", "3"]
        assert any(line.startswith("every bar is legal") for line in lines)
        assert any(line.startswith("bar 5 = bar 1") for line in lines)
        assert "told from training tunes, AUC              - (too few tunes)" in lines
        assert "0 of 3 tunes count as copies of a training tune" in lines
        assert "3 tunes, temperature 1, seed 7" in ended.messages[0]

    def test_json_repeats_and_needs_no_corpus(
        self, program: Program, run: tuple[Path, dict[str, Any]], tmp_path: Path
    ) -> None:
        folder, _ = run
        moved = tmp_path / "moved"
        shutil.copytree(folder / "checkpoints" / "book", moved)
        options = ("--tunes", "2", "--seed", "7", "--json")
        here = json_result(program(folder, "evaluate", "book", *options))
        there = json_result(program(tmp_path, "evaluate", "moved", *options))
        assert here == there
        assert here["tunes"] == 2
        assert here["shares"]["learned"]["legal"] == 1
        assert here["shares"]["learned"]["eights"] == 1
        assert [row["length"] for row in here["copying"]] == [16, 32]
        assert here["flagged"] == []
        assert here["form"]["model"].keys() == here["form"]["learned"].keys()
        assert here["auc"] is None

    def test_a_run_without_its_training_tunes_is_an_error(
        self, program: Program, run: tuple[Path, dict[str, Any]], tmp_path: Path
    ) -> None:
        folder, _ = run
        shutil.copytree(folder / "checkpoints" / "book", tmp_path / "old")
        (tmp_path / "old" / "tunes.abc.gz").unlink()
        ended = program(tmp_path, "evaluate", "old", "--tunes", "2")
        assert ended.returncode == 1
        assert "tunes.abc.gz is missing" in ended.messages[-1]

    def test_a_copy_is_listed(
        self, program: Program, run: tuple[Path, dict[str, Any]], tmp_path: Path
    ) -> None:
        from charnn.checkpoints.stored_tunes import store_tunes
        from charnn.library import load

        folder, _ = run
        shutil.copytree(folder / "checkpoints" / "book", tmp_path / "own")
        begun = "X:1\nT:Found\nK:D\n"
        # New titles consist of words of the stored ones.
        store_tunes(tmp_path / "own", [tune(1), begun + "d8|\n"])
        written = next(load(tmp_path / "own").tunes(1, seed=5, temperature=1.0))
        lines = filter(str.strip, written.splitlines())
        store_tunes(tmp_path / "own", [tune(1), begun + "\n".join(lines) + "\n"])
        ended = program(tmp_path, "evaluate", "own", "--tunes", "1", "--seed", "5")
        assert "1 of 1 tunes count as copies of a training tune" in ended.stdout.decode()
        assert "1.00 like 'Found'" in ended.stdout.decode()

    def test_training_tunes_are_read_once(
        self, run: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from charnn.cli.evaluate_tunes import compare_with_training_tunes
        from charnn.library import Model, load

        read = Model.learned_tunes
        calls = []

        def counted(model: Model) -> list[str]:
            calls.append(model.path)
            return read(model)

        monkeypatch.setattr(Model, "learned_tunes", counted)
        compare_with_training_tunes(load(run[0] / "checkpoints" / "book"), 1, 1.0, 5, "strict", {})
        assert len(calls) == 1

    def test_strict_bars_are_whole(
        self, program: Program, run: tuple[Path, dict[str, Any]]
    ) -> None:
        options = ("--tunes", "3", "--seed", "7", "--json")
        strict, free = (
            json_result(program(run[0], "evaluate", "book", *options, "--bars", bars))
            for bars in ("strict", "off")
        )
        assert (strict["bars"], free["bars"]) == ("strict", "off")
        assert strict["shares"]["model"]["whole"] == 1
        assert free["shares"]["model"]["whole"] < 1
        assert strict["shares"]["learned"] == free["shares"]["learned"]

    def test_the_share_as_asked_accepts_any_spelling(
        self, program: Program, run: tuple[Path, dict[str, Any]]
    ) -> None:
        request = ("--meter", "4/4", "--key", "D major", "--rhythm", "Reel")
        tunes = ("--tunes", "3", "--seed", "7")
        asked = json_result(program(run[0], "evaluate", "book", *tunes, *request, "--json"))[
            "asked"
        ]
        assert asked == {"rhythm": 1.0, "meter": 1.0, "key": 1.0}
        plain = json_result(program(run[0], "evaluate", "book", *tunes, "--json"))["asked"]
        assert plain == {}

    def test_a_single_training_tune_has_no_distance(
        self, program: Program, run: tuple[Path, dict[str, Any]], tmp_path: Path
    ) -> None:
        from charnn.checkpoints.stored_tunes import store_tunes

        shutil.copytree(run[0] / "checkpoints" / "book", tmp_path / "own")
        store_tunes(tmp_path / "own", [tune(1)])
        options = ("evaluate", "own", "--tunes", "1", "--seed", "5", "--bars", "off")
        lines = program(tmp_path, *options).stdout.decode().splitlines()
        (meter,) = [line.split() for line in lines if line.startswith("meter")]
        assert meter[-1] == "-"
        assert json_result(program(tmp_path, *options, "--json"))["distances"]["learned"] == {}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "name a CORPUS"),
        (("--tunes", "-1"), "--tunes must be between 1 and 1,000,000"),
        (("--dynamic", "--tunes", "1"), "--dynamic"),
        (("book.abc", "--threads", "0"), "--threads"),
        (("--tunes", "1", "--bars", "loose"), "--bars loose is unknown"),
        (("book.abc", "--bars", "loose"), "--bars loose is unknown"),
    ],
)
def test_wrong_usage(
    program: Program,
    run: tuple[Path, dict[str, Any]],
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    ended = program(run[0], "evaluate", "book", *arguments)
    assert ended.returncode == 2
    assert problem in ended.messages[-1]
