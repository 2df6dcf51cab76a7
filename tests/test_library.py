"""The library that a notebook uses."""

import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import charnn
from charnn.checkpoints import bundled
from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.run_files import TUNES
from charnn.checkpoints.stored_tunes import store_tunes
from charnn.errors import CheckpointError, CorpusError, UsageError
from charnn.library import Model
from charnn.music.checking.report import check_tune
from charnn.training.events import Finished, Started, Stepped
from charnn.tunes.best_tune import candidate_seeds
from charnn.tunes.tune_score import score_tune
from tests.helpers import random_checkpoint, save_run

TEXT = "The quick brown fox jumps over the lazy dog.\n" * 60


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "fox.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_train_load_sample_evaluate(corpus: Path) -> None:
    events = []
    model = charnn.train(
        corpus, steps=150, hidden_size=48, dropout=0.0, threads=1, report=events.append
    )

    assert model.path == Path("checkpoints/fox/best.safetensors")
    assert [type(event).__name__ for event in events][:2] == ["Planned", "Started"]
    assert type(events[-1]).__name__ == "Finished"

    written = model.sample("The quick", length=60, temperature=0, seed=3)
    assert "brown fox jumps over the lazy dog" in written
    assert charnn.load("fox").sample("The quick", length=60, temperature=0, seed=3) == written
    assert charnn.load().path == model.path

    known = model.evaluate(TEXT)
    strange = model.evaluate(TEXT[::-1])
    assert known.chars == len(TEXT)
    assert known.nats_per_char < 0.5 < strange.nats_per_char
    assert "every character once" in known.protocol


def test_resume_finds_the_run_of_the_same_corpus(corpus: Path) -> None:
    charnn.train(corpus, steps=3, hidden_size=8, threads=1)
    charnn.train(corpus, steps=5, resume=True)
    last = charnn.load("checkpoints/fox/last.safetensors")
    assert last.checkpoint.metadata["position"]["step"] == 5

    other = corpus.with_name("other.txt")
    other.write_text(TEXT.upper(), encoding="utf-8")
    with pytest.raises(CheckpointError, match="on this corpus"):
        charnn.train(other, steps=5, resume=True)


def test_deleted_training_tunes_are_stored_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    book = "\n".join(
        f"X:{number}\nT:No {number}\nM:4/4\nL:1/8\nK:D\n|:{note * 4} A4|d8:|\n"
        for number, note in enumerate("ABcdefgabGFEDC", 1)
    )
    Path("book.abc").write_text(book, encoding="utf-8")
    kept = Path("checkpoints/book") / TUNES

    def delete(event: object) -> None:
        if isinstance(event, Started):
            assert kept.exists()
            kept.unlink()

    charnn.train("book.abc", steps=12, hidden_size=4, threads=1, report=delete)
    assert kept.exists()


@pytest.fixture
def default_interrupt_handler() -> Iterator[None]:
    """Install Python's own handler of Ctrl-C, as a notebook has it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_interrupt_handler")
@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_run_is_saved(corpus: Path, times: int) -> None:
    """A second Ctrl-C does not wait for the save."""
    events: list[object] = []

    def interrupt(event: object) -> None:
        events.append(event)
        if isinstance(event, Stepped):
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        charnn.train(corpus, steps=100_000, hidden_size=8, threads=1, report=interrupt)
    last = Path("checkpoints/fox/last.safetensors")
    assert last.exists() == (times == 1)
    assert isinstance(events[-1], Finished if times == 1 else Stepped)
    if times == 1:
        charnn.train(corpus, steps=15, resume=True)
        assert charnn.load(last).checkpoint.step == 15


def test_wrong_calls_raise_errors_that_name_the_cause(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_PATHS", ())
    with pytest.raises(CheckpointError, match="no trained model"):
        charnn.load()
    with pytest.raises(UsageError, match="one-hot"):
        charnn.train(corpus, one_hot=True, embedding_size=3)
    for text in (TEXT, "?" * 3000, [TEXT[:44], TEXT]):
        with pytest.raises(CorpusError, match="not the name of a file") as caught:
            charnn.train(text)
        assert len(str(caught.value)) < 160
    with pytest.raises(CheckpointError, match="not the name of a model"):
        charnn.load(TEXT)
    with pytest.raises(CorpusError, match=r"named nowhere\.txt"):
        charnn.train([Path("nowhere.txt")])
    with pytest.raises(TypeError):
        charnn.train(corpus, no_such_option=1)
    assert not Path("checkpoints").exists()

    model = charnn.train(corpus, steps=1, hidden_size=4, threads=1)
    with pytest.raises(CorpusError, match="empty"):
        model.evaluate("")


def test_read_tunes() -> None:
    (tune,) = charnn.read_tunes("X:1\nT:Air\nK:D\nDFA|\n")
    assert tune.titles == ("Air",)


@pytest.fixture(scope="module")
def folk(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return an untrained model of tunes with one stored training tune."""
    letters = "".join(map(chr, range(32, 127))) + "\n"
    path = save_run(
        tmp_path_factory.mktemp("models"), "folk", random_checkpoint(letters, documents=9)
    )
    store_tunes(path.parent, ["X:1\nT:x\nR:reel\nM:C\nL:1/8\nK:D\nd8|d8|]\n"])
    return charnn.load(path)


def test_tunes_follow_the_request(folk: Model) -> None:
    request = {
        "rhythm": "Reel",
        "meter": "4/4",
        "key": "d major",
        "part_bars": 4,
        "prime": "d4 e4|",
    }
    texts = list(folk.tunes(2, seed=3, temperature=0.5, **request))
    assert texts[0] != texts[1]
    assert texts[1] == next(folk.tunes(1, seed=4, temperature=0.5, **request))
    for text in texts:
        (tune,) = charnn.read_tunes(text)
        report = check_tune(tune)
        assert report.ok
        assert (report.rhythm, report.meter, report.key) == ("reel", "C", "D")
        assert {part.bars for part in report.parts} == {4}
        assert "\nK:D\nd4 e4|" in text


def test_the_best_tune_is_one_of_the_candidates(folk: Model) -> None:
    (best,) = folk.tunes(1, seed=3, best_of=3, part_bars=4)
    candidates = [next(folk.tunes(1, seed=s, part_bars=4)) for s in candidate_seeds([3], 3)]
    assert score_tune(best).total == max(score_tune(text).total for text in candidates)
    assert best in candidates


def test_tunes_without_strict_bars(folk: Model) -> None:
    (bare,) = folk.tunes(1, seed=3, bars="off")
    # The header is that of the only training tune.
    assert re.match("X:1\nT:x(?: x)*\nR:reel\nM:C\nL:1/8\nK:D\n", bare)
    (folk.path.parent / TUNES).rename(folk.path.parent / "lost")
    (bare,) = folk.tunes(1, seed=3, bars="off")
    (folk.path.parent / "lost").rename(folk.path.parent / TUNES)
    assert bare == folk.sample(seed=3, length=2000, temperature=1.0)
    with pytest.warns(charnn.CharnnWarning, match="no training tune has --key G"):
        (free,) = folk.tunes(1, seed=3, bars="off", title="Free", key="G")
    assert free.startswith("X:1\nT:Free\n")
    assert "\nK:G\n" in free


def test_a_tune_is_varied(folk: Model) -> None:
    checkpoint = folk.checkpoint
    metadata = checkpoint.metadata | {"tunes": True}
    model = Model(folk.path, replace(checkpoint, metadata=metadata))
    tune = "X:1\nM:2/4\nL:1/8\nK:D\nd2ef|gfed|faec|d4:|\n"
    first, second = model.vary(tune, 2, seed=3, bars="2", keep=["rhythm"])
    assert [second] == list(model.vary(tune, seed=4, bars="2", keep=["rhythm"]))
    for text in (first, second):
        begin, end = tune.split("gfed")
        assert text.startswith(begin)
        assert text.endswith(end)


def test_a_tune_is_continued(folk: Model) -> None:
    metadata = folk.checkpoint.metadata | {"tunes": True}
    model = Model(folk.path, replace(folk.checkpoint, metadata=metadata))
    tune = "X:1\nM:2/4\nL:1/8\nK:D\nd2ef|gfed|faec|d4:|\n"
    first, second = model.continue_tune(tune, 2, seed=3, part_bars=2)
    assert first.startswith(tune)
    assert [second] == list(model.continue_tune(tune, seed=4, part_bars=2))


def test_impossible_requests_are_refused_at_the_call(folk: Model) -> None:
    for request in (
        {"key": "H"},
        {"meter": "5"},
        {"part_bars": 1},
        {"bars": "of"},
        {"seed": -1},
        {"best_of": 0},
    ):
        with pytest.raises(UsageError):
            folk.tunes(1, **request)
    with pytest.raises(UsageError, match="--temperature"):
        folk.tunes(1, temperature=-1)
    with pytest.raises(TypeError):
        folk.tunes(1, tempo=100)
    with pytest.raises(UsageError, match="--seed"):
        folk.tunes(1, bars="off", seed=-1)


def test_a_run_that_learned_carriage_returns_goes_on_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All runs of earlier versions did, and their checkpoints have no `keep_cr`."""
    monkeypatch.chdir(tmp_path)
    Path("old.txt").write_bytes(b"The quick brown fox.\r\n" * 60)
    run = {"hidden_size": 4, "threads": 1, "report": lambda event: None}
    charnn.train("old.txt", steps=2, keep_cr=True, **run)
    for path in Path("checkpoints/old").glob("*.safetensors"):
        checkpoint = load_checkpoint(path, training=True)
        del checkpoint.metadata["keep_cr"]
        checkpoint.save(path)
    model = charnn.train("old.txt", steps=4, resume=True, report=lambda event: None)
    assert "\r" in model.checkpoint.vocabulary
    assert model.checkpoint.metadata["keep_cr"]
    assert model.held_out("old.txt").characters == 132
    charnn.train("old.txt", steps=1, name="new", **run)
    with pytest.raises(UsageError, match="--keep-cr cannot be changed"):
        charnn.train("old.txt", resume=True, name="new", keep_cr=True)
