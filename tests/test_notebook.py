"""A notebook shows names, models, texts with their seeds, tunes as scores with sound."""

import base64
import inspect
import io
import pydoc
import re
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import pytest

import charnn
from charnn.library import Model
from charnn.music.score import engraving
from charnn.training.options import TrainOptions
from charnn.tunes.shown_tune import WrittenTune
from charnn.tunes.tune_model import TuneModel
from tests.helpers import random_checkpoint, save_run

TUNE = "X:7\nT:The <Mill> & Co\nR:jig\nM:6/8\nL:1/8\nK:Ador\n|:ABc edc|BAG A3:|\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    letters = "".join(map(chr, range(32, 127))) + "\n"
    path = save_run(tmp_path_factory.mktemp("models"), "folk", random_checkpoint(letters))
    return charnn.load(path)


def test_completion_shows_the_public_names_and_imports_nothing() -> None:
    program = "import sys, charnn; print(*dir(charnn)); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    names, modules = ran.stdout.decode().splitlines()
    assert {*charnn.__all__} <= {*names.split()}
    assert not {"torch", "numpy", "music21", "charnn.library"} & {*modules.split()}
    for name in charnn.__all__:
        assert getattr(charnn, name).__doc__


def test_help_describes_the_functions() -> None:
    text = pydoc.plain(pydoc.render_doc(charnn))
    for words in ("train(", "load(path", "read_tunes(text", "Train a model on a corpus"):
        assert words in text


def test_completion_shows_every_option() -> None:
    shown = inspect.signature(charnn.train)
    assert {*TrainOptions.__annotations__} <= {*shown.parameters}
    assert shown.parameters["minutes"].annotation == float | None
    assert "minutes: Time budget in minutes (default: 4" in (charnn.train.__doc__ or "")
    for function in (
        charnn.train,
        charnn.load,
        charnn.read_tunes,
        *vars(Model).values(),
        *vars(TuneModel).values(),
    ):
        if callable(function):
            kinds = {option.kind for option in inspect.signature(function).parameters.values()}
            assert inspect.Parameter.VAR_KEYWORD not in kinds


def test_a_model_says_what_it_is(model: Model) -> None:
    shown = repr(model)
    assert re.fullmatch(r"<Model '.*folk.*': \w+, 1 layer of \d+, [\d,]+ parameters.*>", shown)


def test_a_text_keeps_its_seed(model: Model) -> None:
    first = model.sample(length=40)
    assert model.sample(length=40) != first
    assert model.sample(length=40, seed=first.seed) == first
    pieces = model.stream(length=40)
    assert model.sample(length=40, seed=pieces.seed) == "".join(pieces)
    tunes = list(model.tunes(2, part_bars=2))
    assert tunes[1].seed == tunes[0].seed + 1
    assert [*model.tunes(1, seed=tunes[1].seed, part_bars=2)] == tunes[1:]
    learned = replace(model.checkpoint, metadata=model.checkpoint.metadata | {"tunes": True})
    writer = Model(model.path, learned)
    (varied,) = writer.vary(TUNE, bars="2")
    assert [*writer.vary(TUNE, bars="2", seed=varied.seed)] == [varied]


def test_unused_input_is_a_python_warning(model: Model) -> None:
    with pytest.warns(charnn.CharnnWarning, match="'ж' in prime") as caught:
        model.sample("aж", length=1)
    assert caught[0].filename == __file__
    with pytest.warns(charnn.CharnnWarning, match="X:7.* line 7, column 3: .* left out") as caught:
        charnn.read_tunes(TUNE.replace("ABc", "\u2042ABc"))
    assert caught[0].filename == __file__


class Terminal(io.StringIO):
    """A text file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_training_shows_a_bar_and_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fox.txt").write_text("The quick brown fox.\n" * 60, encoding="utf-8")
    Path("notes").mkdir()
    Path("notes/a.txt").write_text("jumps over the dog.\n" * 60, encoding="utf-8")
    Path("notes/b.txt").write_bytes(bytes(range(256)))
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with pytest.warns(charnn.CharnnWarning, match=r"skipped 1 file.*b\.txt") as caught:
        charnn.train(["fox.txt", "notes"], steps=20, hidden_size=4, threads=1)
    assert {warning.filename for warning in caught} == {__file__}
    assert "step 20, loss" in terminal.getvalue()
    assert "100%" in terminal.getvalue()

    shown = terminal.getvalue()
    events: list[object] = []
    charnn.train("fox.txt", steps=2, hidden_size=4, threads=1, report=events.append)
    monkeypatch.undo()
    with monkeypatch.context() as context:
        context.chdir(tmp_path)
        charnn.train("fox.txt", steps=2, hidden_size=4, threads=1)
    assert terminal.getvalue() == shown
    assert capfd.readouterr() == ("", "")


def test_a_tune_says_what_it_is() -> None:
    (tune,) = charnn.read_tunes(TUNE)
    assert repr(tune) == '<Tune X:7 "The <Mill> & Co": jig, 6/8, Ador, 10 notes>'
    assert repr(replace(tune, titles=("\x1b[31m",))).isprintable()


def test_a_tune_is_a_score_with_sound() -> None:
    (tune,) = charnn.read_tunes(TUNE)
    page = tune._repr_html_()
    assert "<svg" in page
    assert "The &lt;Mill&gt; &amp; Co" in page
    (data,) = re.findall(r'<audio controls src="data:audio/wav;base64,([^"]+)">', page)
    with wave.open(io.BytesIO(base64.b64decode(data))) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 22050)
        # Four bars of a jig at 120 dotted quarters.
        assert 4 <= sound.getnframes() / 22050 < 7


def test_a_tune_without_verovio_is_text_with_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engraving.importlib.util, "find_spec", lambda name: None)
    model_tune = WrittenTune(TUNE, 3)
    page = model_tune._repr_html_()
    assert "K:Ador\n" in page
    assert "The &lt;Mill&gt;" in page
    assert "<svg" not in page
    assert "charnn[score]" in page
    assert "<audio" in page


@pytest.mark.parametrize("text", ["no tune", "X:1\nK:C\n", "X:1\nK:C\n[ceg|\n"])
def test_what_cannot_be_drawn_is_text(text: str) -> None:
    page = WrittenTune(text, 3)._repr_html_()
    assert f"<pre>{text}</pre>" in page
    assert "<audio" not in page
