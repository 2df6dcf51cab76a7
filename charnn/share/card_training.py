"""The sections of a card about the training text and the training."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.document_kinds import document_plural
from charnn.share.card_text import code, count, plain, visible
from charnn.share.known_facts import catalogue_entry


def data_section(checkpoint: Checkpoint) -> str:
    """Return the section about the training text: its name, size, source, licence and hash."""
    return "\n".join(["## Data\n", *(f"- {line}" for line in _data(checkpoint)), ""])


def _data(checkpoint: Checkpoint) -> Iterator[str]:
    metadata = checkpoint.metadata
    name = metadata.get("corpus")
    entry = catalogue_entry(metadata)
    if entry is not None:
        yield f"corpus: `{entry.name}` of charnn, {plain(entry.description)}"
        # An address of the catalogue, which is no text of a stranger, may be a link.
        is_address = entry.source.startswith("https:")
        yield f"source: {f'<{entry.source}>' if is_address else plain(entry.source)}"
        yield f"licence: {plain(entry.licence)}"
    else:
        yield f"corpus: {code(name) if name else 'name not recorded'}, from files of its author"
        yield "source and licence: not recorded"
    size = []
    if "characters" in metadata:
        size.append(f"{metadata['characters']:,} {checkpoint.vocabulary.counted}")
    if (documents := metadata.get("documents", 1)) > 1:
        plural = document_plural(checkpoint.document_kind, bool(metadata.get("tunes")))
        size.append(f"{documents:,} {plural}")
    yield f"size: {', '.join(size) or 'not recorded'}"
    yield f"held out from training: {_held_out(metadata)}"
    if fingerprint := metadata.get("fingerprint"):
        yield f"sha256 of the texts with their borders and the split: {code(fingerprint)}"
    else:
        yield "sha256 of the texts: not recorded"


def _held_out(metadata: Mapping[str, Any]) -> str:
    share = metadata.get("val_fraction")
    if share is None:
        return "not recorded"
    return f"{100 * share:.3g} %" if share else "nothing"


def training_section(checkpoint: Checkpoint) -> str:
    """Return the section about the training: commands, options, time and machine."""
    metadata = checkpoint.metadata
    lines = ["## Training\n", *_commands(metadata.get("sessions", []))]
    position = metadata.get("trained", metadata.get("position", {}))
    steps, seconds = position.get("steps", position.get("step")), position.get("seconds")
    lines.append(f"- updates: {'not recorded' if steps is None else f'{steps:,}'}")
    lines.append(f"- time: {'not recorded' if seconds is None else f'{seconds:,.1f} s'}")
    if processes := metadata.get("processes"):
        lines.append(f"- processes: {processes:,}, started by torchrun")
    if parent := metadata.get("init_from"):
        lines.append(f"- began with the weights of another model, called {code(parent)}")
    if training := metadata.get("training"):
        lines.append(f"- options: {code(', '.join(_options(training)))}")
    lines += [f"- machine: {machine}" for machine in _machines(metadata.get("sessions", []))]
    return "\n".join([*lines, ""])


def _commands(sessions: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a block with the commands of a run."""
    if not sessions:
        yield "The command was not recorded by the version of charnn that trained the model.\n"
        return
    yield "```"
    yield from session_commands(sessions)
    yield "```\n"


def session_commands(sessions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the command of each session of a run."""
    for session in sessions:
        words = [*session["corpus"], *session["options"]]
        yield " ".join(["charnn train", *(shlex.quote(visible(word)) for word in words)])


def _machines(sessions: list[dict[str, Any]]) -> Iterator[str]:
    """Yield each machine that trained the model, once."""
    if not sessions:
        yield "not recorded"
    shown = []
    for session in sessions:
        machine = session["machine"]
        parts = [
            machine.get("system", ""),
            machine.get("processor", ""),
            count(machine["cores"], "core"),
            machine.get("accelerator", ""),
            f"torch {machine['torch']}" if machine.get("torch") else "",
        ]
        shown.append(code(", ".join(filter(None, parts))))
    yield from dict.fromkeys(shown)


def _options(training: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options of the training with all defaults filled in."""
    for name, value in training.items():
        if isinstance(value, dict):
            yield from _options(value)
        elif value not in (None, False, 0, "") or name == "seed":
            yield f"{name} {value}"
