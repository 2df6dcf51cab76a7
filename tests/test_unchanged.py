"""Check the comparison of `benchmarks.unchanged` on results made by hand, without running jobs."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.unchanged.captures import (
    Capture,
    CommandOutput,
    figures,
    files,
    stdout,
    text,
)
from benchmarks.unchanged.comparison import Comparison
from benchmarks.unchanged.jobs import PROBLEMS, all_jobs
from benchmarks.unchanged.results import FAILED, Result, Results

RUN, SAMPLE = "train lstm: parameters", "train lstm: a sample"
TEXT = "check: text"
WEIGHTS = np.array([0.25, 0.5], np.float32)


def results(hashes: dict[str, str], weights: np.ndarray | None = None) -> Results:
    """Return results with these hashes, and with weights as the tensors of the run."""
    tensors = {} if weights is None else {RUN: {"weight": weights}}
    return Results("commit", "inputs", hashes, tensors)


def verdict(before: Results, after: Results, line: str, tolerance: float = 0.0) -> str:
    """Return the verdict on a line, and check that the table agrees."""
    comparison = Comparison(before, after, tolerance, {SAMPLE: RUN})
    found = comparison.verdict(line)
    table, accepted = comparison.table()
    assert f"| {found} |" in next(row for row in table.splitlines() if line in row)
    assert accepted == ("DIFFERENT" not in table)
    return found


def captured(capture: Capture, output: bytes, folder: Path = Path(), exit_code: int = 0) -> Result:
    """Return the result of a command that has printed `output`."""
    return capture(CommandOutput(folder, exit_code, output, lambda content: content))


class TestVerdicts:
    def test_equal_hashes_are_the_same(self) -> None:
        one = results({TEXT: "a", RUN: "b"}, WEIGHTS)
        assert verdict(one, one, TEXT) == verdict(one, one, RUN) == "same"

    @pytest.mark.parametrize("was", ["b", FAILED, None])
    def test_another_hash_is_different_whatever_the_tolerance(self, was: str | None) -> None:
        before = results({} if was is None else {TEXT: was})
        assert verdict(before, results({TEXT: "a"}), TEXT, tolerance=1.0) == "DIFFERENT"

    def test_a_job_that_fails_on_both_sides_is_different(self) -> None:
        both = results({TEXT: FAILED, SAMPLE: FAILED})
        assert verdict(both, both, TEXT) == verdict(both, both, SAMPLE) == "DIFFERENT"

    def test_other_inputs_are_different(self) -> None:
        before = Results("commit", "other inputs", {TEXT: "a"}, {})
        table, accepted = Comparison(before, results({TEXT: "a"}), 0.0, {}).table()
        assert "DIFFERENT" in table
        assert not accepted

    @pytest.mark.parametrize(
        ("change", "tolerance", "expected"),
        [
            (0.75e-5, 1e-5, "within tolerance"),
            (1.5e-5, 1e-5, "DIFFERENT"),
            (0.75e-5, 0.0, "DIFFERENT"),
            (np.nan, 1e-5, "DIFFERENT"),
        ],
    )
    def test_parameters_may_differ_by_the_tolerance(
        self, change: float, tolerance: float, expected: str
    ) -> None:
        before = results({RUN: "a"}, WEIGHTS)
        after = results({RUN: "b"}, WEIGHTS + np.float32([0, change]))
        assert verdict(before, after, RUN, tolerance) == expected

    @pytest.mark.parametrize("after", [WEIGHTS[:1], WEIGHTS.astype(np.float64), WEIGHTS[None]])
    def test_another_shape_or_type_is_different(self, after: np.ndarray) -> None:
        assert (
            verdict(results({RUN: "a"}, WEIGHTS), results({RUN: "b"}, after), RUN, 1.0)
            == "DIFFERENT"
        )

    def test_the_last_digit_of_float16_may_differ_if_there_is_a_tolerance(self) -> None:
        weights = WEIGHTS.astype(np.float16)
        next_weights = np.nextafter(weights, np.float16(1))
        before, after = results({RUN: "a"}, weights), results({RUN: "b"}, next_weights)
        assert verdict(before, after, RUN, 1e-5) == "within tolerance"
        assert verdict(before, after, RUN) == "DIFFERENT"
        after = results({RUN: "b"}, np.nextafter(next_weights, np.float16(1)))
        assert verdict(before, after, RUN, 1e-5) == "DIFFERENT"

    def test_a_sample_may_differ_only_if_its_parameters_differ_within_the_tolerance(self) -> None:
        before = results({RUN: "a", SAMPLE: "c"}, WEIGHTS)
        changed = WEIGHTS + np.float32(0.75e-5)
        after = results({RUN: "b", SAMPLE: "d"}, changed)
        assert verdict(before, after, SAMPLE, 1e-5) == "follows from parameters"
        assert verdict(before, after, SAMPLE) == "DIFFERENT"
        same_parameters = results({RUN: "a", SAMPLE: "d"}, WEIGHTS)
        assert verdict(before, same_parameters, SAMPLE, 1e-5) == "DIFFERENT"
        failed = results({RUN: "b", SAMPLE: FAILED}, changed)
        assert verdict(before, failed, SAMPLE, 1e-5) == "DIFFERENT"


class TestCaptures:
    @pytest.mark.parametrize("other", [b"abd", b"abc\n", b""])
    def test_a_changed_byte_of_the_output_changes_the_hash(self, other: bytes) -> None:
        assert captured(stdout, b"abc") == captured(stdout, b"abc")
        assert captured(stdout, b"abc") != captured(stdout, other)
        assert captured(stdout, b"abc") != captured(stdout, b"abc", exit_code=1)

    def test_a_changed_byte_or_name_of_a_file_changes_the_hash(self, tmp_path: Path) -> None:
        capture = partial(files, pattern="*.mid")
        path = tmp_path / "1.mid"
        path.write_bytes(b"abc")
        before = captured(capture, b"", tmp_path)
        path.write_bytes(b"abd")
        assert captured(capture, b"", tmp_path) != before
        path.write_bytes(b"abc")
        assert captured(capture, b"", tmp_path) == before
        path.rename(tmp_path / "2.mid")
        assert captured(capture, b"", tmp_path) != before
        with pytest.raises(RuntimeError, match="there is no file"):
            captured(capture, b"", tmp_path / "empty")

    def test_times_and_the_words_of_messages_do_not_change_the_hash(self) -> None:
        before = {"steps": 60, "seconds": 1.5, "advice": "train longer: --steps 120"}
        after = {"steps": 60, "seconds": 2.5, "advice": "continue with --steps 120"}
        hashes = [captured(figures, json.dumps(one).encode()).sha256 for one in (before, after)]
        assert hashes[0] == hashes[1]

    @pytest.mark.parametrize(
        "change",
        [
            {"steps": 61},
            {"best": False},
            {"problems": [{"line": 4, "problem": "too long: 9/16 in 2/4", "serious": True}]},
            {"problems": [{"line": 3, "problem": "too long: 9/16 in 2/4", "serious": False}]},
            {"problems": [{"line": 3, "problem": "too long: 7/16 in 2/4", "serious": True}]},
            {"problems": []},
        ],
    )
    def test_everything_else_in_json_is_exact(self, change: dict[str, object]) -> None:
        value = {
            "loss": 1.5,
            "steps": 60,
            "best": True,
            "problems": [{"line": 3, "problem": "too long: 9/16 in 2/4", "serious": True}],
        }
        before = captured(figures, json.dumps(value).encode())
        after = captured(figures, json.dumps(value | change).encode())
        assert after.sha256 != before.sha256
        # The tensors have other names, so that no tolerance makes up for the change.
        assert after.tensors.keys() != before.tensors.keys()

    def test_the_tolerance_holds_for_losses(self) -> None:
        before, near, far = (
            captured(figures, json.dumps({"loss": loss, "step": 1}).encode())
            for loss in (1.5, 1.500001, 1.6)
        )
        sides = [
            Results("", "inputs", {TEXT: one.sha256}, {TEXT: one.tensors})
            for one in (before, near, far)
        ]
        assert verdict(sides[0], sides[1], TEXT, 1e-5) == "within tolerance"
        assert verdict(sides[0], sides[1], TEXT) == "DIFFERENT"
        assert verdict(sides[0], sides[2], TEXT, 1e-5) == "DIFFERENT"

    def test_only_the_words_of_problems_may_change_in_a_text(self) -> None:
        capture = partial(text, messages=PROBLEMS)
        before = captured(capture, b"1  The Reel  G  2/4\n   14:44: too much in this bar: 9/16\n")
        reworded = b"1  The Reel  G  2/4\n   14:44: this bar is too long: 9/16\n"
        assert captured(capture, reworded) == before
        assert captured(capture, reworded.replace(b"9/16", b"7/16")) != before
        assert captured(capture, reworded.replace(b"14:44", b"14:45")) != before
        assert captured(capture, reworded.replace(b"Reel", b"Jig")) != before


def test_saved_results_are_loaded_as_they_were(tmp_path: Path) -> None:
    saved = results({TEXT: "a", RUN: "b"}, WEIGHTS)
    saved.save(tmp_path / "results.json")
    loaded = Results.load(tmp_path / "results.json")
    assert (loaded.made, loaded.inputs, loaded.hashes) == ("commit", "inputs", saved.hashes)
    np.testing.assert_array_equal(loaded.tensors[RUN]["weight"], WEIGHTS, strict=True)


def test_the_jobs_have_different_lines_and_folders() -> None:
    jobs = all_jobs()
    lines = [line for job in jobs for line in job.lines()]
    assert len(set(lines)) == len(lines)
    assert len({job.folder_name() for job in jobs}) == len(jobs)
    sampled = {line: source for job in jobs for line, source in job.sampled_lines().items()}
    assert {SAMPLE: RUN}.items() <= sampled.items()
    assert {*sampled, *sampled.values()} <= set(lines)
