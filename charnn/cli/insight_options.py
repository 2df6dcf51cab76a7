"""The arguments and the output of the commands that look inside a model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.completion import complete_corpus, complete_run
from charnn.cli.console import show_message, show_warning, warn_if_damaged
from charnn.cli.output_files import refuse_empty
from charnn.errors import CharnnError, UsageError
from charnn.files import check_writable, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from charnn.corpus.vocabulary import Vocabulary
    from charnn.insight.read_text import ReadText
    from charnn.library import Model

ModelArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="A run's name or folder, a checkpoint file, or folk, the bundled model.",
        autocompletion=complete_run,
    ),
]
TextArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="TEXT...",
        help="The text that the model reads: files, folders, corpus names, or -.",
        autocompletion=complete_corpus,
    ),
]
PictureOption = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        callback=refuse_empty,
        help="Write a picture (.png, .svg) or a page (.html) instead of showing it here.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout.")]

# The characters of a long text that show what a model does. They take about 5 seconds.
ENOUGH = 100_000
SUFFIXES = (".png", ".svg", ".html")


def check_picture(output: str | None, option: str = "-o") -> Path | None:
    """Return the file that an option names, and refuse one that cannot be written.

    Commands call this before their work, which may take a minute.

    Args:
        output: the name; None if the option is not set.
        option: the name of the option.

    Raises:
        UsageError: the file has another suffix, or its folder is missing.
        CharnnError: the file cannot be written.
    """
    if output is None:
        return None
    path = Path(output)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{option} {output}: name a file that ends in {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise UsageError(f"{option} {output}: there is no folder {path.parent}. Create it first")
    if path.is_dir():
        raise UsageError(f"{option} {output} is a folder: name a file in it")
    try:
        check_writable(path)
    except OSError as problem:
        raise CharnnError(
            f"cannot write {output} ({problem.strerror}): name a file in another folder"
        ) from None
    return path


def write_picture(path: Path, figure: "Callable[[], Figure]", page: Callable[[], bytes]) -> None:
    """Write a picture or a page in one step, and say so.

    Args:
        path: the file; its suffix says what to write.
        figure: a function that draws the picture.
        page: a function that returns the page.

    Raises:
        OSError: the file cannot be written.
    """
    from charnn.insight.plot_style import picture_bytes

    kind = path.suffix.lower().removeprefix(".")
    content = page() if kind == "html" else picture_bytes(figure(), kind)
    write_bytes(path, content)
    show_message(f"wrote {path} ({len(content) / 1000:,.0f} kB)")


def load_model(run: Path) -> "Model":
    """Return a model, with a warning where files of its run are damaged."""
    import torch

    from charnn.library import load

    # The products of a step are small: on a busy machine, threads that wait for each other take ten
    # times as long. And the figures do not depend on the machine's load.
    torch.set_num_threads(1)
    model = load(run)
    warn_if_damaged(model.path, model.damaged)
    return model


def read_corpus(
    model: "Model", names: Sequence[str], encoding: str | None, limit: int | None = None
) -> "ReadText":
    """Return the tokens of a corpus as the model reads them, and warn of unknown characters.

    Args:
        model: the model that reads the corpus.
        names: the names of the corpus, as in `charnn train`.
        encoding: the codec of files without a byte order mark; None means UTF-8.
        limit: the number of characters to read of a long corpus, spread evenly over it; the user
            is told. None reads all of it.

    Raises:
        CorpusError: there is no such corpus, or the model knows no character of it.
    """
    from charnn.corpus.sources import open_corpus
    from charnn.corpus.text_documents import whole_texts
    from charnn.insight.read_text import describe_unknown, read_texts

    use_one_thread()
    checkpoint = model.checkpoint
    corpus = open_corpus(names, encoding=encoding, **checkpoint.corpus_options)
    texts = whole_texts(corpus.documents, corpus.document_kind)
    if limit is not None:
        texts = _sampled(texts, limit, checkpoint.vocabulary)
    read = read_texts(checkpoint, texts)
    if read.unknown:
        show_warning(describe_unknown(read))
    return read


def use_one_thread() -> None:
    """Let torch use one thread.

    The matrix products of a traced text are small. On two busy cores, two threads waited for each
    other so often that 100 kB took 68 seconds instead of 13.
    """
    import torch

    torch.set_num_threads(1)


def read_plain_texts(names: Sequence[str], encoding: str | None, limit: int) -> list[str]:
    """Return about `limit` characters of a corpus, for fresh models of characters.

    Raises:
        CorpusError: there is no such corpus.
    """
    from charnn.corpus.sources import open_corpus

    return _sampled(
        [document.text() for document in open_corpus(names, encoding=encoding).documents], limit
    )


def _sampled(texts: Sequence[str], limit: int, vocabulary: "Vocabulary | None" = None) -> list[str]:
    """Return a sample of texts that are longer than `limit` in all, and tell the user."""
    from charnn.insight.text_sample import sample_texts

    sample = sample_texts(texts, limit)
    length = len if vocabulary is None else vocabulary.text_length
    counted = "characters" if vocabulary is None else vocabulary.counted
    taken, total = sum(map(length, sample)), sum(map(length, texts))
    if taken < total:
        show_message(f"reads {taken:,} of {total:,} {counted}, spread evenly over the text")
    return sample
