"""The summary of a run: what a list or a comparison of runs shows.

Only the headers of the checkpoints are read, so a folder of large models is listed at once. Whether
the weights are sound is verified by `charnn.checkpoints.description.verify`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charnn.checkpoints.checkpoint_header import Header, read_header
from charnn.checkpoints.run_files import BEST, CHECKPOINTS, EVENTS, RUN_FILES, TENSORBOARD
from charnn.corpus.transpose_augmentation import format_key_range
from charnn.errors import CheckpointError, join_sentences

# Entries of the model's and the training's configuration that no option sets.
_NO_OPTIONS = ("vocab_size", "pointer_width", "budget", "shuffle")


@dataclass(frozen=True)
class RunSummary:
    """The facts about a run, from the headers of its checkpoints.

    Attributes:
        path: the run's folder.
        written: the Unix time at which its last checkpoint was written.
        size: the size of its files in bytes.
        latest: the header with the most steps; None if no checkpoint can be read.
        nats_per_char: the lowest loss on the held-out part; None if none was measured.
        problem: an error for each checkpoint that cannot be read, or `""`.
    """

    path: Path
    written: float
    size: int
    latest: Header | None
    nats_per_char: float | None
    problem: str

    @property
    def name(self) -> str:
        """Return the name of the run, which is the name of its folder."""
        return self.path.name

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Return the metadata of the latest checkpoint; empty if no checkpoint can be read."""
        return {} if self.latest is None else self.latest.metadata

    @property
    def steps(self) -> int | None:
        """Return the number of training updates."""
        step = self.metadata.get("position", {}).get("step")
        return step if type(step) is int else None

    @property
    def seconds(self) -> float | None:
        """Return the time of training in seconds."""
        seconds: float | None = self.metadata.get("position", {}).get("seconds")
        return seconds

    @property
    def parameters(self) -> int | None:
        """Return the number of parameters of the model."""
        return None if self.latest is None else self.latest.config.parameter_count()

    def options(self) -> dict[str, Any]:
        """Return the options of `charnn train` that hold for the run, by name, and its corpus.

        What the corpus decides (the size of the vocabulary, the number of documents) is no option.
        """
        if self.latest is None:
            return {}
        metadata = self.metadata
        named = ("corpus", "val_fraction", "init_from", "keep_cr")
        options = {name: metadata[name] for name in named if name in metadata}
        if kind := metadata.get("document_kind"):
            options["documents"] = kind
        options["tokens"] = self.latest.vocabulary.kind
        if keys := metadata.get("transpose"):
            options["transpose"] = format_key_range((keys[0], keys[1]))
        model, training = self.latest.config.to_json(), metadata.get("training", {})
        options |= {name: value for name, value in model.items() if name not in _NO_OPTIONS}
        options["one_hot"] = options["embedding_size"] is None
        options |= {name: value for name, value in training.items() if name not in _NO_OPTIONS}
        budget = training.get("budget")
        return options | (budget if isinstance(budget, dict) else {})


def summarise_run(run: Path) -> RunSummary:
    """Return the summary of a run.

    Args:
        run: a folder with at least one checkpoint.
    """
    headers: dict[str, Header] = {}
    problems = []
    for path in (run / name for name in CHECKPOINTS):
        try:
            if path.is_file():
                headers[path.name] = read_header(path)
        except (CheckpointError, OSError) as problem:
            problems.append(str(problem))
    latest = max(headers.values(), key=_step, default=None)
    best = headers.get(BEST, latest)
    loss = None
    if latest is not None and best is not None:
        position = latest.metadata.get("position", {})
        loss = best.metadata.get("nats_per_char", position.get("best_loss"))
    files = list(run_files(run))
    return RunSummary(
        path=run,
        written=max((_modified(run / name) for name in CHECKPOINTS), default=0),
        size=sum(path.stat().st_size for path in files),
        latest=latest,
        nats_per_char=loss,
        problem=join_sentences(problems),
    )


def run_files(run: Path) -> list[Path]:
    """Return the files of a run, also renamed damaged ones; files of the user are not among them.

    The lock is not among them either.
    """
    # Not by prefix alone: last.safetensors.bak is a copy that the user made.
    names = ((path.name.partition(".damaged")[0], path) for path in run.iterdir())
    log = (run / TENSORBOARD).glob(f"{EVENTS}*")
    return sorted([*(path for name, path in names if name in RUN_FILES), *log])


def are_comparable(headers: Sequence[Header]) -> bool:
    """Return whether the losses of models were measured on the same held-out characters.

    The fingerprint of a corpus depends on its tokens, too. So models with other tokens are
    comparable only by corpus, length and share.
    """
    names = ["corpus", "characters", "documents", "val_fraction", "tunes", "document_kind"]
    if len({header.vocabulary.kind for header in headers}) == 1:
        names.append("fingerprint")
    facts = [[header.metadata.get(name) for name in names] for header in headers]
    return all(other == facts[0] for other in facts)


def _step(header: Header) -> float:
    step = header.metadata.get("position", {}).get("step")
    return -1 if step is None else float(step)


def _modified(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
