"""The licences of all that charnn contains, downloads and installs.

`LICENCES.md`, which the wheel contains, is the text of this ledger. Tests compare the ledger with
the catalogue of corpora, with pyproject.toml, with the installed packages and with the wheel.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from charnn.corpus.catalogue import CATALOGUE

COLUMNS = 100


@dataclass(frozen=True)
class LedgerEntry:
    """A work of others, or the bundled model.

    Attributes:
        name: the name; of a library, as pip takes it.
        contents: what it is, and what charnn needs it for.
        source: the address or the package that it comes from.
        licence: the licence, for a library as its package states it.
    """

    name: str
    contents: str
    source: str
    licence: str


BUNDLED = LedgerEntry(
    "folk.safetensors",
    "the bundled model. It was trained by charnn on the corpus folk and on nothing else, in three "
    "runs, each begun with the weights of the one before; its card, folk.md, has the commands. It "
    "contains the weights, the headers of the tunes, the plans of their forms and the words of "
    "their titles, but no tune",
    "three books of the music21 package: O'Neill's Music of Ireland (1,850 tunes, 1903), Ryan's "
    "Mammoth Collection (1883), Aird's Airs (from 1782 on)",
    "MIT",
)

LIBRARIES = (
    LedgerEntry("filelock", "locks of runs", "https://github.com/tox-dev/filelock", "MIT"),
    LedgerEntry(
        "music21",
        "MusicXML, and the books of the corpus folk",
        "https://github.com/cuthbertLab/music21",
        "BSD-3-Clause",
    ),
    LedgerEntry("numba", "fast sampling and training", "https://numba.pydata.org", "BSD-2-Clause"),
    LedgerEntry(
        "numpy",
        "arrays",
        "https://numpy.org",
        "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0",
    ),
    LedgerEntry(
        "platformdirs", "folders of the user", "https://github.com/tox-dev/platformdirs", "MIT"
    ),
    LedgerEntry("pooch", "downloads", "https://www.fatiando.org/pooch", "BSD-3-Clause"),
    LedgerEntry("rapidfuzz", "similar tunes", "https://github.com/rapidfuzz/RapidFuzz", "MIT"),
    LedgerEntry("requests", "downloads", "https://requests.readthedocs.io", "Apache-2.0"),
    LedgerEntry("rich", "tables and bars", "https://github.com/Textualize/rich", "MIT"),
    LedgerEntry(
        "safetensors", "checkpoints", "https://github.com/huggingface/safetensors", "Apache-2.0"
    ),
    LedgerEntry(
        "torch",
        "training. Its default build for Linux installs NVIDIA's CUDA libraries, which have "
        "NVIDIA's own licence",
        "https://pytorch.org",
        "Apache-2.0 AND Apache-2.0 WITH LLVM-exception AND BSD-2-Clause AND BSD-3-Clause AND "
        "BSL-1.0 AND MIT",
    ),
    LedgerEntry("tqdm", "progress bars", "https://tqdm.github.io", "MPL-2.0 AND MIT"),
    LedgerEntry("typer", "the command line", "https://github.com/fastapi/typer", "MIT"),
    LedgerEntry("urllib3", "downloads", "https://github.com/urllib3/urllib3", "MIT"),
    LedgerEntry(
        "typst",
        "PDFs, with charnn[score]",
        "https://github.com/messense/typst-py",
        "Apache-2.0",
    ),
    LedgerEntry(
        "verovio",
        "scores, with charnn[score]; it runs in a process of its own",
        "https://www.verovio.org",
        "LGPL-3.0-only",
    ),
    LedgerEntry(
        "starlette",
        "the local page, with charnn[compose]",
        "https://github.com/Kludex/starlette",
        "BSD-3-Clause",
    ),
    LedgerEntry(
        "uvicorn", "the local page, with charnn[compose]", "https://uvicorn.dev", "BSD-3-Clause"
    ),
    LedgerEntry("onnx", "graphs, with charnn[onnx]", "https://github.com/onnx/onnx", "Apache-2.0"),
    LedgerEntry(
        "tensorboard",
        "logs of training, with charnn[tensorboard]",
        "https://github.com/tensorflow/tensorboard",
        "Apache-2.0",
    ),
)

FONTS = (
    LedgerEntry("Leipzig", "the signs of scores", "part of verovio", "OFL-1.1"),
    LedgerEntry(
        "Libertinus Serif", "the words of scores and printed books", "part of typst", "OFL-1.1"
    ),
    LedgerEntry(
        "New Computer Modern", "signs that Libertinus lacks", "part of typst", "GUST font licence"
    ),
    LedgerEntry(
        "DejaVu Sans Mono",
        "signs that Libertinus lacks",
        "part of typst",
        "Bitstream Vera licence",
    ),
)

CORPORA = tuple(
    LedgerEntry(entry.name, f"{entry.description} ({entry.kind})", entry.source, entry.licence)
    for entry in CATALOGUE.values()
)

# The sections: a title, a sentence, and the entries.
SECTIONS: tuple[tuple[str, str, tuple[LedgerEntry, ...]], ...] = (
    ("Model", "The wheel contains one model.", (BUNDLED,)),
    (
        "Corpora",
        "The wheel contains no corpus. These are read from installed packages, or downloaded when "
        "you name them.",
        CORPORA,
    ),
    (
        "Libraries",
        "The wheel contains no library. pip installs these, and what they need in turn.",
        LIBRARIES,
    ),
    (
        "Fonts",
        "The wheel contains no font. Scores and printed books are drawn with these. FluidSynth and "
        "its SoundFont, if you name one, are yours.",
        FONTS,
    ),
)

_LAW = (
    "You choose the text, and charnn does not know its rights. This is what its authors know, and "
    "no legal advice.",
    "Safe are your own texts, texts whose authors died long ago, and texts whose licence allows "
    "it. A tune may be traditional while its transcription, its setting or the collection has an "
    "author.",
    "In the European Union, texts that you may read may be mined, unless their owner has reserved "
    "that (Directive 2019/790, articles 3 and 4). Elsewhere other rules hold. A model that repeats "
    "its text passes it on, and so may need a licence even where training needs none: see `charnn "
    "evaluate --copies` and `--tunes`.",
    "The Session (thesession.org) forbids the use of its data for AI: its licence has said so "
    "since October 2025. So charnn keeps away from it. No corpus of charnn is from there, no file "
    "of the corpus folk names it, and the bundled model has seen nothing of it. The data sets of "
    "folk-rnn, IrishMAN and MelodyHub are partly derived from it, so charnn neither offers nor "
    "recommends them. Do not train on books that you have downloaded there.",
    "Other books of tunes that charnn does not use: the Essen collection in music21 (not for "
    "commercial use) and the Nottingham collection (GPL-3.0).",
)


def ledger_text() -> str:
    """Return the ledger in Markdown that is also easy to read on a terminal."""
    lines = [
        "# Licences",
        "",
        *_wrapped(
            "charnn itself has the MIT licence (the file LICENSE). This page lists the rest."
        ),
    ]
    for title, sentence, entries in SECTIONS:
        lines += ["", f"## {title}", "", *_wrapped(sentence), ""]
        for entry in entries:
            lines += _entry_lines(entry)
    lines += ["", "## Which texts may be a corpus"]
    for paragraph in _LAW:
        lines += ["", *_wrapped(paragraph)]
    return "\n".join(lines) + "\n"


def _entry_lines(entry: LedgerEntry) -> Iterator[str]:
    source = f"<{entry.source}>" if entry.source.startswith("https:") else entry.source
    yield from _wrapped(f"- {entry.name}: {entry.contents}", indent="  ")
    # Some readers of Markdown take a list for one inside another only after four spaces.
    yield from _wrapped(f"    - source: {source}", indent="      ")
    yield from _wrapped(f"    - licence: {entry.licence}", indent="      ")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        COLUMNS,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
        drop_whitespace=True,
    )
