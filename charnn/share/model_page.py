"""A model as one HTML page, which writes in a browser what `charnn sample` writes.

The scripts are in `charnn/share/pages`. `worker.js` writes, in a worker, with the numbers of
`packed_model`; its text is that of the command line, seed for seed, as long as no grammar
constrains a tune: the grammar of tunes stays in Python.
"""

import base64
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from charnn.checkpoints.bundled import bundled_model, display_name
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import CHECKPOINTS, RUNS_FOLDER, SHARED
from charnn.corpus.document_kinds import CUT_KINDS, document_plural
from charnn.errors import TuneError, UsageError
from charnn.music.abc.reader import read_whole_tune
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.tune.tempo import default_tempo
from charnn.one_page import escape, one_page
from charnn.share.card_training import session_commands
from charnn.share.known_facts import catalogue_entry, public_metadata
from charnn.share.licence_name import check_licence_name
from charnn.share.packed_model import pack_model
from charnn.share.shared_model import model_name
from charnn.tunes.training_tunes import load_header_stats
from charnn.version import __version__

# What writes, without a page.
CORE = (
    *("numbers.js", "vocabulary.js", "bytes.js", "cells.js", "matrix.js", "pointer.js"),
    *(
        "network.js",
        "random.js",
        "draw.js",
        "keys.js",
        "chords.js",
        "tonic.js",
        "writer.js",
        "titles.js",
    ),
)
_PAGE = ("vocabulary.js", "bytes.js", "command_line.js", "settings.js", "model_page.js")
_TUNE_PAGE = ("keys.js", "tune_reader.js", "tune_player.js", *_PAGE)
_PLAY = '<button id="play" type="button" aria-pressed="false" disabled>Play</button>'
_SCORE = '<div id="score" role="img" aria-label="The tune as staff notation"></div>'
_TUNE_NOTE = (
    "The model has learned bars and parts only from its examples. `charnn sample` without `--bars "
    "off` completes every bar and part."
)


@dataclass(frozen=True)
class PageText:
    """The words of a page that its author chooses.

    Attributes:
        title: the title; `""` for one that is made from the name of the model.
        licence: the licence of the model; `""` if its author states none.
    """

    title: str = ""
    licence: str = ""


def model_page(
    path: Path, checkpoint: Checkpoint, text: PageText = PageText(), abcjs: str = ""
) -> bytes:
    """Return the bytes of a page.

    Args:
        path: the checkpoint file.
        checkpoint: the content of the file.
        text: the words that the author chooses.
        abcjs: the code of abcjs, which draws tunes; `""` for a page that shows them as text only.

    Raises:
        UsageError: `abcjs` is given, and it is not abcjs, or the model writes no tunes; or the
            licence is no name of a licence.
        CheckpointError: the stored training tunes are damaged.
    """
    check_licence_name(text.licence)
    tunes = bool(checkpoint.metadata.get("tunes"))
    if abcjs:
        _check_abcjs(abcjs, tunes)
    packed = pack_model(checkpoint)
    stats = load_header_stats(path, checkpoint) if tunes else None
    words = stats.title_words.to_json() if stats and stats.title_words else None
    headers = [] if stats is None else _headers(stats, checkpoint)
    data = {
        "shape": packed.shape | {"titleWords": words},
        "path": _path_for_others(path),
        "tunes": tunes,
        "headers": headers,
        "tempos": _tempos(headers),
        "endsLine": checkpoint.document_kind in CUT_KINDS,
    }
    metadata = public_metadata(path, checkpoint.metadata)
    licence = text.licence or ("MIT" if path == bundled_model() else "")
    name = model_name(path)
    title = _plain(text.title) or f"{'Tunes' if tunes else 'Texts'} by {_plain(name)}"
    body = Template(_resource("model_body.html")).substitute(
        about=escape(_about(metadata)),
        fields=_resource("tune_fields.html" if tunes else "text_fields.html"),
        play=_PLAY if tunes else "",
        score=_SCORE if abcjs else "",
        facts=_facts(replace(checkpoint, metadata=metadata), licence),
        note=escape(_TUNE_NOTE if tunes else ""),
    )
    return one_page(
        title,
        body,
        style=_resource("model_page.css"),
        data=data,
        texts={
            "worker": "".join(map(_resource, (*CORE, "worker.js"))),
            "weights": base64.b64encode(packed.content).decode(),
        },
        scripts=[_inline(abcjs), "".join(map(_resource, _TUNE_PAGE if tunes else _PAGE))],
        with_worker=True,
    )


def _check_abcjs(code: str, tunes: bool) -> None:
    """Raise an error if the code is not abcjs, or the model writes no tunes.

    Raises:
        UsageError: one of the two is the case.
    """
    if not tunes:
        raise UsageError("--abcjs draws tunes, and this model writes text: leave the option out")
    if "renderAbc" not in code:
        raise UsageError(
            "the file of --abcjs is no copy of abcjs: take abcjs-basic-min.js from "
            "https://www.abcjs.net"
        )


def _path_for_others(path: Path) -> str:
    """Return the path as `charnn sample` takes it, without the folders of this machine."""
    if path == bundled_model():
        return display_name(path)
    if path.name in CHECKPOINTS:
        return (RUNS_FOLDER / model_name(path) / path.name).as_posix()
    return f"{model_name(path)}/{SHARED}" if path.name == SHARED else path.name


def _headers(stats: HeaderStats, checkpoint: Checkpoint) -> list[list[Any]]:
    """Return the headers of the training tunes that the model can write, each with its count."""
    known = frozenset(checkpoint.vocabulary.tokens)
    return [row for row in stats.to_json() if known.issuperset("".join(map(str, row[:4])))]


def _tempos(headers: list[list[Any]]) -> dict[str, int]:
    """Return the usual tempo of each type and meter, in quarters a minute, by "jig 6/8"."""
    tempos = {}
    for rhythm, meter in dict.fromkeys((row[0], row[1]) for row in headers):
        with suppress(TuneError):
            tempo = default_tempo(read_whole_tune(f"X:1\nT:\nR:{rhythm}\nM:{meter}\nL:1/8\nK:C\nC"))
            tempos[f"{rhythm} {meter}"] = round(tempo.beat * tempo.beats)
    return tempos


def _about(metadata: Mapping[str, Any]) -> str:
    corpus = catalogue_entry(metadata)
    learned = f" It was trained on {corpus.description}." if corpus else ""
    return (
        "A small neural network, which writes character by character, on your own device. Nothing "
        f"is loaded from elsewhere, and nothing is sent.{learned}"
    )


def _facts(checkpoint: Checkpoint, licence: str) -> str:
    """Return the table of what the model is, as HTML."""
    metadata, config = checkpoint.metadata, checkpoint.config
    corpus = catalogue_entry(metadata)
    facts = {
        "Trained on": _corpus(checkpoint),
        "Source": corpus.source if corpus else "not recorded",
        "Licence of the text": corpus.licence if corpus else "not recorded",
        "Licence of the model": licence or "not stated",
        "Loss": _loss(checkpoint),
        "Network": (
            f"{config.cell.upper()}, {config.num_layers} x {config.hidden_size:,} units, "
            f"{config.parameter_count():,} parameters"
            + (f", a pointer over the last {config.pointer:,} steps" if config.pointer else "")
        ),
        "Trained by": "; ".join(session_commands(metadata.get("sessions", []))) or "not recorded",
        "Page made by": f"charnn export-page, version {__version__}",
    }
    rows = (
        f'<tr><th scope="row">{name}</th><td>{escape(_plain(fact))}</td></tr>'
        for name, fact in facts.items()
    )
    return f"<table><tbody>{''.join(rows)}</tbody></table>"


def _corpus(checkpoint: Checkpoint) -> str:
    metadata = checkpoint.metadata
    name = str(metadata.get("corpus", "a text without a name"))
    size: list[str] = []
    if (documents := metadata.get("documents", 1)) > 1:
        plural = document_plural(checkpoint.document_kind, bool(metadata.get("tunes")))
        size.append(f"{documents:,} {plural}")
    if characters := metadata.get("characters"):
        size.append(f"{characters:,} {checkpoint.vocabulary.counted}")
    return f"{name} ({', '.join(size)})" if size else name


def _loss(checkpoint: Checkpoint) -> str:
    metadata = checkpoint.metadata
    nats = metadata.get("nats_per_char", metadata.get("position", {}).get("best_loss"))
    if not isinstance(nats, int | float):
        return "not recorded"
    per = checkpoint.vocabulary.per
    bits = f"{nats:.3f} nats/{per} ({nats / math.log(2):.3f} bits/{per}) on held-out text"
    return f"{bits}; {metadata['protocol']}" if "protocol" in metadata else bits


def _plain(text: str) -> str:
    """Return a text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _inline(code: str) -> str:
    """Return code of others so that no text in it ends the element or hides its end."""
    # A browser reads other line ends as \n, and then takes the hash of the code.
    code = code.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"<(?=/script|!--)", r"\\x3c", code, flags=re.IGNORECASE)


def _resource(name: str) -> str:
    return files("charnn.share").joinpath("pages", name).read_text("utf-8")
