"""The writing of the page: new tunes, variations and continuations, as results for the browser."""

from collections.abc import Iterator, Mapping
from typing import Any

from charnn.checkpoints.bundled import BUNDLED
from charnn.compose.json_requests import number_of, text_of
from charnn.compose.model_shelf import model_of
from charnn.compose.tune_links import command_of, link_of
from charnn.errors import UsageError
from charnn.music.grammar.tune_grammar import MAX_PART_BARS
from charnn.music.grammar.tune_request import make_request
from charnn.sampling.params import SamplingParams
from charnn.sampling.seeds import choose_seed
from charnn.tunes.shown_tune import WrittenTune
from charnn.tunes.training_tunes import load_header_stats
from charnn.tunes.tune_model import MAX_TUNE_LENGTH
from charnn.tunes.tune_writer import TuneWriter, fit_request

Result = dict[str, Any]

MAX_RESULTS = 8
_REQUEST = ("title", "rhythm", "meter", "key", "form", "prime")
# The names of the options of `charnn vary` that choose bars and say how they change.
_CHOICES = ("bars", "part", "ending", "simpler", "busier")


def write_tune(asked: Mapping[str, Any]) -> Iterator[Result]:
    """Yield the seed and command of a new tune, its text in pieces, and the whole tune.

    Args:
        asked: what the page asks for: `model`, `temperature`, `seed`, `part_bars`, and the fields
            of `charnn.music.grammar.tune_request.make_request`.

    Raises:
        CharnnError: a value is wrong, or the model cannot write such a tune.
    """
    model = model_of(text_of(asked, "model") or BUNDLED)
    fields: dict[str, Any] = {name: text_of(asked, name) for name in _REQUEST}
    part_bars = number_of(asked, "part_bars", 0, 0, MAX_PART_BARS)
    temperature = _temperature(asked)
    seed = choose_seed(_seed(asked))
    requested = make_request(**fields, part_bars=part_bars)
    doubt = ""
    headers = load_header_stats(model.path, model.checkpoint)
    if headers is not None:
        requested, doubt = fit_request(requested, model.checkpoint, headers)
    options = {**fields, "part_bars": part_bars or "", "temperature": temperature, "seed": seed}
    command = command_of(["sample", text_of(asked, "model") or BUNDLED], options)
    warnings = [doubt] * bool(doubt) + [f"left out: {each}" for each in requested.left_out]
    made = {"seed": seed, "command": command, "link": link_of(command)}
    yield made | {"warnings": warnings}
    text = ""
    params = SamplingParams(temperature)
    writer = TuneWriter(model.checkpoint, requested)
    for piece in writer.stream(params, seed=seed, length=MAX_TUNE_LENGTH):
        text += piece
        yield {"text": piece}
    yield made | {"done": True, "abc": text}


def vary(asked: Mapping[str, Any]) -> Iterator[Result]:
    """Yield variations of a tune, each with its seed and command.

    Args:
        asked: `model`, `abc`, `num`, `seed`, `temperature`, `keep`, and the fields of
            `charnn.tunes.variation.VaryOptions`.

    Raises:
        CharnnError: a value is wrong, or no bar can be written anew.
    """
    name = text_of(asked, "model") or BUNDLED
    model, num = model_of(name), number_of(asked, "num", 3, 1, MAX_RESULTS)
    seed, temperature = choose_seed(_seed(asked)), _temperature(asked)
    options: dict[str, Any] = {choice: asked[choice] for choice in _CHOICES if asked.get(choice)}
    kept = asked.get("keep") or ()
    kept = [kept] if isinstance(kept, str) else kept
    if not (isinstance(kept, list | tuple) and all(isinstance(each, str) for each in kept)):
        raise UsageError("keep is a list of names")
    for choice, value in options.items():
        wanted = str if choice in ("bars", "part") else bool
        if not isinstance(value, wanted):
            raise UsageError(f"{choice} has the wrong type")
    tune = text_of(asked, "abc")
    varied = model.vary(tune, num, seed=seed, temperature=temperature, keep=kept, **options)
    for variation in varied:
        shown = {**options, "keep": tuple(kept), "temperature": temperature, "seed": variation.seed}
        command = command_of(["vary", "tune.abc", name], shown)
        yield _changed(variation, command, tune)


def continue_tune(asked: Mapping[str, Any]) -> Iterator[Result]:
    """Yield continuations of a tune by further parts, each with its seed and command.

    Raises:
        CharnnError: a value is wrong, or the tune cannot be continued.
    """
    name = text_of(asked, "model") or BUNDLED
    model, num = model_of(name), number_of(asked, "num", 3, 1, MAX_RESULTS)
    seed, temperature = choose_seed(_seed(asked)), _temperature(asked)
    tune = text_of(asked, "abc")
    for longer in model.continue_tune(tune, num, seed=seed, temperature=temperature):
        options = {"temperature": temperature, "seed": longer.seed}
        yield _changed(longer, command_of(["continue", "tune.abc", name], options), tune)


def _changed(new: WrittenTune, command: str, source: str) -> Result:
    link = link_of(command, source)
    return {"abc": str(new), "seed": new.seed, "command": command, "link": link}


def _seed(asked: Mapping[str, Any]) -> int | None:
    value = asked.get("seed")
    if value is None or value == "":
        return None
    if type(value) is not int or not 0 <= value < 2**53:
        raise UsageError("the seed must be a whole number, at least 0")
    return value


def _temperature(asked: Mapping[str, Any]) -> float:
    value = asked.get("temperature", 0.8)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 5:
        raise UsageError("the temperature must be a number from 0 to 5")
    return float(value)
