"""The writing of the page: new tunes, variations and continuations, as results for the browser."""

import shlex
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from charnn.checkpoints.bundled import BUNDLED, bundled_model
from charnn.checkpoints.run_files import RUNS_FOLDER, run_names
from charnn.checkpoints.run_summary import summarise_run
from charnn.compose.json_requests import number_of, text_of
from charnn.errors import CharnnError, UsageError
from charnn.library import Model, load
from charnn.music.grammar.tune_request import make_request
from charnn.sampling.params import SamplingParams
from charnn.sampling.seeds import choose_seed
from charnn.tunes.training_tunes import load_header_stats
from charnn.tunes.tune_model import MAX_TUNE_LENGTH
from charnn.tunes.tune_writer import TuneWriter, fit_request

Result = dict[str, Any]

MAX_RESULTS = 8
_REQUEST = ("title", "rhythm", "meter", "key", "form", "prime")
_SETTINGS = {*_REQUEST, "part_bars", "temperature", "seed"}
# The names of the options of `charnn vary` that choose bars and say how they change.
_CHOICES = ("bars", "part", "ending", "simpler", "busier")
# Lengths of runs of intervals, for which learned tunes are searched.
_RUNS = (4, 8, 12, 16, 24, 32, 48, 64)
_loading = threading.Lock()


def tune_models() -> list[str]:
    """Return the names of the models that write tunes: the bundled one, then the user's runs."""
    runs = run_names(RUNS_FOLDER)
    names = [BUNDLED, *(name for name in runs if name != BUNDLED)]
    return [name for name in names if _writes_tunes(name, runs)]


def describe_models() -> list[Result]:
    """Return the name of each model, and the types, meters and keys that it has learned."""
    return [{"name": name, **_learned(name)} for name in tune_models()]


def model_of(name: str) -> Model:
    """Return a model by its name; it is read once.

    Raises:
        UsageError: the page offers no such model.
        CheckpointError: the model is damaged.
    """
    if not _writes_tunes(name, run_names(RUNS_FOLDER)):
        raise UsageError(f"there is no model {name} here: choose another one")
    return _loaded(name)


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
    part_bars = number_of(asked, "part_bars", 0, 0, 64)
    temperature = _temperature(asked)
    seed = choose_seed(_seed(asked))
    requested = make_request(**fields, part_bars=part_bars)
    doubt = ""
    headers = load_header_stats(model.path, model.checkpoint)
    if headers is not None:
        requested, doubt = fit_request(requested, model.checkpoint, headers)
    options = {**fields, "part_bars": part_bars or "", "temperature": temperature, "seed": seed}
    command = _command(["sample", text_of(asked, "model") or BUNDLED], options)
    warnings = [doubt] * bool(doubt) + [f"left out: {each}" for each in requested.left_out]
    yield {"seed": seed, "command": command, "warnings": warnings}
    text = ""
    params = SamplingParams(temperature)
    writer = TuneWriter(model.checkpoint, requested)
    for piece in writer.stream(params, seed=seed, length=MAX_TUNE_LENGTH):
        text += piece
        yield {"text": piece}
    yield {"done": True, "abc": text, "seed": seed, "command": command}


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
        yield {
            "abc": str(variation),
            "seed": variation.seed,
            "command": _command(["vary", "tune.abc", name], shown),
        }


def continue_tune(asked: Mapping[str, Any]) -> Iterator[Result]:
    """Yield continuations of a tune by further parts, each with its seed and command.

    Raises:
        CharnnError: a value is wrong, or the tune cannot be continued.
    """
    name = text_of(asked, "model") or BUNDLED
    model, num = model_of(name), number_of(asked, "num", 3, 1, MAX_RESULTS)
    seed, temperature = choose_seed(_seed(asked)), _temperature(asked)
    found = model.continue_tune(text_of(asked, "abc"), num, seed=seed, temperature=temperature)
    for tune in found:
        options = {"temperature": temperature, "seed": tune.seed}
        command = _command(["continue", "tune.abc", name], options)
        yield {"abc": str(tune), "seed": tune.seed, "command": command}


def link_of(command: str) -> str:
    """Return the part of the page's link after `#` that asks for the tune of a command again.

    Returns:
        The text; `""` for a command that the page has not written, or that needs a tune.
    """
    try:
        program, name, model, *options = shlex.split(command)
    except ValueError:  # too few words, or a quote that is never closed
        return ""
    names = [option.removeprefix("--").replace("-", "_") for option in options[::2]]
    if (program, name) != ("charnn", "sample") or len(options) % 2 or not set(names) <= _SETTINGS:
        return ""
    return urlencode({"model": model, **dict(zip(names, options[1::2], strict=True))})


def novelty(name: str, tune: str) -> Result | None:
    """Return how new a tune is: the nearest learned tune, and the longest shared run of notes.

    Returns:
        A dictionary; None if the learned tunes of the model are not at hand.

    Raises:
        UsageError: the page offers no such model.
    """
    try:
        index = _index(name)
    except CharnnError:
        return None
    nearest = index.nearest(tune)
    # The index of a length takes a second at its first use, so not every length is tried.
    count = bisect_left(_RUNS, True, key=lambda n: index.share_of_runs(tune, n) == 0)
    return {
        "title": nearest.title,
        "similarity": nearest.similarity,
        "shared_notes": _RUNS[count - 1] + 1 if count else 0,
    }


def _learned(name: str) -> Result:
    """Return types, meters and keys, each with its number of training tunes."""
    try:
        model = _loaded(name)
        headers = load_header_stats(model.path, model.checkpoint)
    except (CharnnError, OSError):
        headers = None
    return dict(headers.counts()) if headers else {}


def _writes_tunes(name: str, runs: Sequence[str]) -> bool:
    """Return whether a model is there and writes tunes; only the header of a run is read."""
    if name in runs:
        return bool(summarise_run(RUNS_FOLDER / name).metadata.get("tunes"))
    return name == BUNDLED and bundled_model() is not None


def _loaded(name: str) -> Model:
    with _loading:
        return _load(name)


@lru_cache(maxsize=8)
def _load(name: str) -> Model:
    return load(Path(name))


@lru_cache(maxsize=2)
def _index(name: str) -> Any:
    from charnn.music.similarity.copies import TuneIndex

    return TuneIndex(model_of(name).learned_tunes())


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


def _command(words: list[str], options: Mapping[str, Any]) -> str:
    """Return the command that gives a result again."""
    parts = ["charnn", *words]
    for name, values in options.items():
        # An option that may be repeated has a tuple of values.
        for value in values if isinstance(values, tuple) else (values,):
            if value is True:
                parts.append(f"--{name}")
            elif value != "" and value is not False:
                shown = f"{value:g}" if isinstance(value, float) else str(value)
                parts += [f"--{name.replace('_', '-')}", shown]
    return shlex.join(parts)
