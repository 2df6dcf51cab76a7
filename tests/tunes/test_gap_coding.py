"""Gaps for models of coded tunes: notes relative to the tonic, and a label in each bar."""

import random

import pytest

from charnn.music.checking.report import check_tune
from charnn.music.coding.bar_labels import CADENCES, LABELS, label, strip_labels
from charnn.music.grammar.gap_pieces import Fixed, Head, Label, Piece
from charnn.music.tune.tune import Note
from charnn.sampling.params import SamplingParams
from charnn.tunes.gap_coding import code_gap
from charnn.tunes.infilling import Infiller
from charnn.tunes.located_tune import LocatedTune, Run
from charnn.tunes.tune_gap import Gap, Hole
from charnn.tunes.variation import Varier, VaryOptions
from tests.music.grammar.accepted import real_tunes
from tests.music.tunes import read
from tests.tunes.models import CODED, coded_model

TUNE = """X:1
T:Home and form
R:jig
M:6/8
L:1/8
K:{}
A|d2e f2g|a3 b3|d2e f2g|{{b}}[da]3 d2A:|
f|a3 b3|f3-f3|d2e f2g|a3 d2:|
"""


@pytest.fixture(scope="module")
def infiller() -> Infiller:
    """Return an untrained model of coded tunes."""
    return Infiller(coded_model())


def vary(infiller: Infiller, text: str, num: int = 1, **options: object) -> list[str]:
    varier = Varier(infiller, text, VaryOptions(**options))  # type: ignore[arg-type]
    found = varier.variations(range(num), SamplingParams(1.0), candidates=6)
    return [one.text for one in found]


@pytest.mark.parametrize("key", ["D", "F#m", "none"])
def test_bars_are_varied_in_every_key(infiller: Infiller, key: str) -> None:
    text = TUNE.format(key)
    for options in ({"bars": "2-3"}, {"bars": "1,4,7"}, {"part": "B"}):
        for varied in vary(infiller, text, **options):
            assert LABELS.isdisjoint(varied)
            assert varied[: text.index("A|")] == text[: text.index("A|")]
            assert [part.bars for part in check_tune(read(varied)).parts] == [4, 4]
            old, new = LocatedTune(text), LocatedTune(varied)
            assert [bar.duration for bar in new.bars] == [bar.duration for bar in old.bars]


@pytest.mark.parametrize("key", ["A", "Bbm"])
def test_the_rhythm_is_kept_and_stars_are_filled_in(infiller: Infiller, key: str) -> None:
    text = TUNE.format(key)
    durations = [note.duration for run in LocatedTune(text).runs for note in _notes(run)]
    for keep in (["rhythm"], ["contour"], ["contour", "notes-on-beats"]):
        (varied,) = vary(infiller, text, bars="1-6", keep=keep)
        runs = LocatedTune(varied).runs
        assert [note.duration for run in runs for note in _notes(run)] == durations
    starred = text.replace("|a3 b3|f3-f3|", "|*|f3-*|").replace("d2e f2g", "d** *2g", 1)
    for varied in vary(infiller, starred, 2):
        assert "*" not in varied
        assert [part.bars for part in check_tune(read(varied)).parts] == [4, 4]


def _notes(run: Run) -> list[Note]:
    return [placed.note for placed in run.notes]


@pytest.mark.parametrize("number", range(8))
def test_the_coded_gap_is_the_coded_tune(number: int) -> None:
    """If the old bars are written again, the model reads what it reads of a whole tune."""
    tune = real_tunes()[number * 3]
    chance = random.Random(number)
    runs = LocatedTune(tune).runs
    first = chance.randrange(1, len(runs) - 1)
    chosen = runs[first : first + chance.randint(1, 4)]
    holes = [Hole(r.start, r.stop, (Fixed(tune[r.start : r.stop]),)) for r in chosen]
    gap = Gap(tune, holes)
    whole = gap.before + "".join(stretch.old for stretch in gap.stretches) + gap.following
    coding = code_gap(CODED, gap)
    texts = [piece.text if isinstance(piece, Fixed) else "" for piece in coding.pieces]
    stretches = coding.stretches(texts)
    assert list(stretches) == [stretch.old for stretch in gap.stretches]
    coded = CODED.encode(whole).tolist()
    following = coding.following_ids(stretches, 10_000)
    assert coded[len(coded) - len(following) :] == following
    token_texts = CODED.token_texts()
    before = "".join(token_texts[token_id] for token_id in coding.before_ids)
    end = "".join(token_texts[token_id] for token_id in following)
    expected = "".join(token_texts[token_id] for token_id in coded)
    assert strip_labels(before + "".join(texts) + end) == strip_labels(expected)


def test_labels_of_bars_that_stay_do_not_name_new_bars() -> None:
    tune = "X:1\nM:2/4\nL:1/8\nK:C\nA4|B4|A4|B4||\nA4|c4|A4|c4|]\n"
    place = tune.index("A4|B4")
    later = tune.index("c4|A4")
    holes = [Hole(place, place + 2, (Head(), Fixed("4"))), Hole(later, later + 2, (Fixed("d4"),))]
    coding = code_gap(CODED, Gap(tune, holes))
    labels = [
        piece
        for piece in map(_without_cadence, coding.pieces)
        if isinstance(piece, Label) or (isinstance(piece, Fixed) and piece.text in LABELS)
    ]
    assert labels == [
        Label((0, 0)),  # a hole
        Fixed(label(0, 1)),
        Fixed(label(0, 2)),  # it was equal to the bar with the hole
        Fixed(label(0, 1)),
        Fixed(label(0, 2)),
        Label((1, 1)),
    ]
    # With G4 and d4 in the holes, the last bar is the only c4.
    texts = [
        "G" if isinstance(piece, Head) else piece.text if isinstance(piece, Fixed) else ""
        for piece in coding.pieces
    ]
    ids = coding.following_ids(coding.stretches(texts), 100)
    text = "".join(CODED.token_texts()[token_id] for token_id in ids)
    assert [c for c in text if c in LABELS][-1] == label(1, 3)


def _without_cadence(piece: Piece) -> Piece:
    return Fixed(piece.text.rstrip("".join(CADENCES))) if isinstance(piece, Fixed) else piece
