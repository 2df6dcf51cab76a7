"""Copies are found whatever their key and the length of their notes; new tunes are no copies."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.music.abc.reader import read_tunes
from charnn.music.similarity.copies import COPY_SIMILARITY, TuneIndex
from charnn.music.similarity.melody import extract_melody
from charnn.music.tune.tune import Note

NOTES = "CDEFGABcdefgab"


def steps(seed: int, count: int = 128) -> list[int]:
    """Return a random melody, as steps on the staff."""
    return random.Random(seed).choices(range(10), k=count)


def abc(notes: list[int], title: str = "Tune", key: str = "C", length: str = "") -> str:
    written = [NOTES[step] + length for step in notes]
    bars = ["".join(written[i : i + 8]) for i in range(0, len(written), 8)]
    return f"X:1\nT:{title}\nM:4/4\nL:1/8\nK:{key}\n" + "|".join(bars) + "|]\n"


@pytest.fixture(scope="module")
def collection() -> TuneIndex:
    return TuneIndex(abc(steps(number), f"Number {number}") for number in range(30))


def test_a_copy_is_found(collection: TuneIndex) -> None:
    copy = abc(steps(7), "My own")
    assert collection.share_of_runs(copy, 16) == 1
    assert collection.share_of_runs(copy, 32) == 1
    nearest = collection.nearest(copy)
    assert (nearest.similarity, nearest.title, nearest.number) == (1, "Number 7", 7)
    assert nearest.copied


def test_a_new_tune_is_new(collection: TuneIndex) -> None:
    new = abc(steps(99))
    assert collection.share_of_runs(new, 16) == 0
    nearest = collection.nearest(new)
    assert nearest.similarity < 0.6
    assert not nearest.copied


@pytest.mark.parametrize(
    "disguised",
    [
        abc([step + 3 for step in steps(7)], key="F"),
        abc([step + 1 for step in steps(7)], key="Dmin"),
        abc([step + 2 for step in steps(7)], key="C"),  # the header claims another key
        abc(steps(7), length="2"),
        abc(steps(7)).replace("L:1/8", "L:1/16"),
        abc(steps(7)).replace("K:C\n", 'K:C\n"Am"!trill!').replace("c", "{dc}c"),
        abc(steps(7)).replace("d", "~d").replace("e", "^e"),
        abc(steps(7)).replace("X:1\n", "X:1\n% charnn sample --seed 1\n"),
    ],
)
def test_a_disguised_copy_is_found(collection: TuneIndex, disguised: str) -> None:
    assert collection.share_of_runs(disguised, 32) == 1
    nearest = collection.nearest(disguised)
    assert (nearest.title, nearest.similarity) == ("Number 7", 1)


def test_one_changed_note_in_ten_is_still_a_copy(collection: TuneIndex) -> None:
    changed = [step + 1 if number % 10 == 5 else step for number, step in enumerate(steps(7))]
    nearest = collection.nearest(abc([step + 3 for step in changed], key="F"))
    assert nearest.title == "Number 7"
    assert COPY_SIMILARITY < nearest.similarity < 1


def test_a_borrowed_phrase_shares_runs_but_is_no_copy(collection: TuneIndex) -> None:
    mixed = abc(steps(99, 96) + steps(7)[:28] + steps(98, 100))
    assert collection.share_of_runs(mixed, 16) == pytest.approx(12 / 208)  # 27 intervals of 223
    assert collection.share_of_runs(mixed, 32) == 0
    assert not collection.nearest(mixed).copied


def test_runs_that_tunes_of_an_index_share_with_each_other() -> None:
    tunes = [steps(1), steps(2), steps(3)[:96] + steps(1)[:32], steps(1, 10)]
    collection = TuneIndex(abc(notes) for notes in tunes)
    first, second, third, fourth = collection.shares_among_themselves(16)
    assert first == pytest.approx(16 / 112)
    assert second == 0
    assert third == pytest.approx(16 / 112)
    assert fourth == 0  # too short for a run of that length
    assert collection.share_of_runs(abc(steps(1, 10)), 16) == 0


def test_shared_runs_agree_with_comparing_one_by_one() -> None:
    few = [random.Random(number).choices(range(2), k=40) for number in range(12)]
    collection = TuneIndex(abc(notes) for notes in few)
    runs = [
        [tuple(row[i : i + 8]) for i in range(len(row) - 7)]
        for row in (extract_melody(abc(notes)).intervals for notes in few)
    ]
    expected = [
        sum(any(run in other for other in runs if other is not mine) for run in mine) / len(mine)
        for mine in runs
    ]
    assert collection.shares_among_themselves(8) == pytest.approx(expected)
    assert any(0 < share < 1 for share in expected)


def test_a_tune_without_notes_is_no_copy(collection: TuneIndex) -> None:
    assert collection.share_of_runs("X:1\nK:C\n", 16) == 0
    assert collection.nearest("X:1\nK:C\n").similarity == 0
    assert not collection.nearest("").copied


# The signs of melodies, and what breaks arithmetic: long numbers, zeros, endless signs.
HOSTILE = st.sampled_from(
    [*"X:1\nKLabC[]{}\"(3'<>/|29z!,", "9" * 400, "/" * 1100, "(3:0:", "L:0", "A<" * 9]
)


@given(st.text(max_size=60) | st.lists(HOSTILE, max_size=60).map("".join))
def test_any_text_has_a_melody(text: str) -> None:
    heard = extract_melody(text)
    assert len(heard.intervals) == max(0, len(heard.degrees) - 1)
    assert all(math.isfinite(length) for _, length, _ in (*heard.intervals, *heard.degrees))


@pytest.mark.parametrize(
    "text",
    ["D" + "9" * 5000, "D" + "9" * 400, "D" + "/" * 1100, "(3:0:3DDD", "D" + "< " * 900 + "E"],
    ids=lambda text: text[:8],
)
def test_huge_numbers_do_no_harm(text: str) -> None:
    heard = extract_melody(f"X:1\nL:1/8\nK:C\nCE{text}FG|]\n")
    assert len(heard.degrees) >= 4
    assert TuneIndex([text]).nearest(text).similarity == 1


def test_a_line_of_brackets_is_read_in_linear_time() -> None:
    assert extract_melody("[" * 50_000 + "{" * 50_000 + "[A" * 20_000).degrees


class TestMelodyAgainstTheReader:
    """Extracting a melody from the text gives the notes that the reader gives."""

    @pytest.mark.parametrize(
        "music",
        [
            "A>B c<d e2>>f2|(3abc' (3:2:2d2e (5ABcde|z4 A/B//C3/2|",
            'A "Am"B {cde}f .g ~a ^b _c =d|[CEG]2 [A/c/]3 [2 x2:|',
            "|:AB|1 cd:|2 [L:1/16]ef [K:G]gf|\nL:1/4\nA,B,C,,d''|]",
            "A|B2 !trill!c (de) f-|f4 !\nP:B\ng4|",
        ],
    )
    def test_the_same_lengths_and_steps(self, music: str) -> None:
        text = f"X:1\nT:Tune: L:1/2\nM:C\nL:1/8\nK:C\n{music}\n"
        [tune] = read_tunes(text)
        notes = [element for element in tune.music if isinstance(element, Note)]
        heard = extract_melody(text)
        steps = [
            "CDEFGAB".index(note.pitches[0].letter) if note.pitches else None for note in notes
        ]
        assert [degree for degree, _, _ in heard.degrees] == steps
        ratio = float(notes[0].duration) / heard.degrees[0][1]
        lengths = [length * ratio for _, length, _ in heard.degrees]
        assert lengths == pytest.approx([float(note.duration) for note in notes], abs=0.01)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), min_size=8, max_size=8), st.integers(0, 29))
def test_the_longest_shared_run_is_that_of_a_plain_search(
    collection: TuneIndex, own: list[int], number: int
) -> None:
    mixed = abc([*own, *steps(number)[8:20], *own])

    def runs(text: str, length: int) -> set[tuple[object, ...]]:
        row = extract_melody(text).intervals
        return {row[at : at + length] for at in range(len(row) - length + 1)}

    learned = {f"Number {seed}": abc(steps(seed)) for seed in range(30)}
    found = collection.longest_run(mixed)
    assert found.notes >= 12
    assert runs(mixed, found.notes - 1) & runs(learned[found.title], found.notes - 1)
    assert not any(runs(mixed, found.notes) & runs(text, found.notes) for text in learned.values())


def test_runs_of_under_five_notes_do_not_count(collection: TuneIndex) -> None:
    assert collection.longest_run("X:1\nK:C\nCDEF|").notes == 0
    assert collection.longest_run("X:1\nK:C\n").notes == 0
