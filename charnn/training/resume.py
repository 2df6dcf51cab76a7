"""The choice of the run to resume, of its encoding and of the checkpoint to resume from."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import CHECKPOINTS
from charnn.checkpoints.runs import find_runs, load_best
from charnn.corpus.transpose_augmentation import format_key_range
from charnn.corpus.vocabulary import Vocabulary
from charnn.errors import CheckpointError, CorpusError, UsageError
from charnn.training.preparation import Encoding, Preparation


def expect_resumable(out: Path, name: str | None) -> None:
    """Raise an error if there is no run to resume, before a large corpus is read.

    Raises:
        CheckpointError: there is no run, or `name` is a checkpoint file.
    """
    if name is not None:
        for path in (Path(name), out / name, out / f"{name}.safetensors"):
            if path.is_file() and path.suffix == ".safetensors":
                raise CheckpointError(_not_resumable(path))
    folder = out / (name or "")
    found = any((folder / file).is_file() for file in CHECKPOINTS) if name else find_runs(out)
    if not found:
        raise CheckpointError(_no_run(folder))


def find_run(
    out: Path, name: str | None, preparation: Preparation, wanted: Mapping[str, Any]
) -> tuple[Path, Encoding]:
    """Return the run to resume, and the encoding in which its corpus is to be prepared.

    Args:
        out: the folder of the runs.
        name: the name of the run; None for the newest run that was trained on this corpus.
        preparation: the corpus.
        wanted: the encoding options that the user has set, see `Encoding.options`.

    Raises:
        UsageError: an option differs from the same option of the named run.
        CheckpointError: the named run cannot be read, or no run was trained on this corpus.
        CorpusError: the corpus cannot be read.
    """
    if name is None:
        return _newest_run(out, preparation, wanted)
    checkpoint = load_best(out / name, out).checkpoint
    encoding = Encoding.of(checkpoint)
    original = encoding.options()
    for option, value in wanted.items():
        if value != original[option]:
            raise UsageError(cannot_change(option.replace("_", "-"), _as_typed(original[option])))
    if checkpoint.metadata.get("tunes") == preparation.corpus(encoding).tunes:
        return out / name, encoding
    # The corpus is a text and the run's was a tune book, or the other way round. The encoding of
    # the run may not suit it; `build_trainer` refuses the wrong corpus in any case.
    return out / name, Encoding(documents=encoding.documents)


def _newest_run(
    out: Path, preparation: Preparation, wanted: Mapping[str, Any]
) -> tuple[Path, Encoding]:
    """Return the newest run that fits the corpus and the options, and its encoding.

    The arguments are described in `find_run`.
    """
    unreadable = ""
    corpus_problem: CorpusError | None = None
    for run in find_runs(out):
        try:
            checkpoint = load_best(run, out).checkpoint
        except (CheckpointError, OSError) as problem:
            unreadable = f" ({problem})"
            continue
        encoding = Encoding.of(checkpoint)
        if not wanted.items() <= encoding.options().items():
            continue
        try:
            if checkpoint.metadata.get("tunes") != preparation.corpus(encoding).tunes:
                continue
            dataset = preparation.dataset(encoding)
        except CorpusError as problem:
            # The corpus may suit another run: a tune book without tunes may be a list of lines.
            corpus_problem = problem
            continue
        # The fingerprint covers the content and the split, but not the names of the files.
        if checkpoint.metadata.get("fingerprint") == dataset.fingerprint:
            return run, encoding
    raise corpus_problem or CheckpointError(
        f"no run in {out}/ was trained on this corpus{unreadable}. Name the run with --name"
    )


def newest_resumable(run: Path, checkpoints: Mapping[Path, Checkpoint]) -> Path:
    """Return the path of the first checkpoint that contains training tensors.

    Args:
        run: the run's folder.
        checkpoints: the readable checkpoints of the run by path, in order of falling steps.

    Raises:
        CheckpointError: no checkpoint has training tensors.
    """
    for path, checkpoint in checkpoints.items():
        if checkpoint.training:
            return path
    paths: Iterable[Path] = checkpoints
    raise CheckpointError(next((_not_resumable(path) for path in paths), _no_run(run)))


def keep_init_from(checkpoint: Checkpoint, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return `metadata`, the metadata of a resumed run, with `init_from` of the original run.

    Raises:
        UsageError: `metadata` contains another `init_from`.
    """
    original = checkpoint.metadata.get("init_from")
    if metadata.get("init_from", original) != original:
        raise UsageError(cannot_change("init-from", original or "not set"))
    return metadata if original is None else metadata | {"init_from": original}


def cannot_change(option: str, original: object) -> str:
    """Return the message for an option that a resumed run cannot change."""
    return (
        f"--{option} cannot be changed by --resume (it was {original}): "
        "leave it out, or train a new run under another --name"
    )


def _no_run(folder: Path) -> str:
    return f"there is no run to resume in {folder}. Train one first: charnn train CORPUS"


def _not_resumable(path: Path) -> str:
    return (
        f"{path} contains a model without the state of its training, so it cannot be resumed. "
        f"Fine-tune it in a new run: --init-from {path}"
    )


def _as_typed(value: str | bool | tuple[int, int] | Vocabulary | None) -> str:
    """Return the value of an option of the encoding as a user types it, or as a few words."""
    if value is None:
        return "not set"
    if isinstance(value, Vocabulary):
        return f"a vocabulary of {len(value)} tokens"
    if isinstance(value, bool):
        return "set" if value else "not set"
    if isinstance(value, str):
        return value
    return format_key_range(value)
