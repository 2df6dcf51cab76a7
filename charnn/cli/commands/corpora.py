"""`charnn corpora`: list the corpora that can be used by name, or describe a tune book."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.completion import complete_corpus
from charnn.cli.console import escape_to_one_line, terminal_width, write_stdout
from charnn.cli.wrapping import wrap

if TYPE_CHECKING:
    from charnn.corpus.catalogue import Entry

_COLUMNS = 90  # where no terminal has a width


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="CORPUS",
            help="A corpus or a tune book, to count its types, meters and keys; default: list all.",
            autocompletion=complete_corpus,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to stdout.")
    ] = False,
) -> None:
    """List the corpora that have a name, with size and licence.

    For a book of tunes, the types, meters and keys are listed with the number of tunes that have
    them. Tunes are counted as training reads them.

    \b
    Examples:
      charnn corpora
      charnn corpora folk
      charnn corpora tunes.abc --json
    """
    from charnn.corpus.catalogue import CATALOGUE

    if name is None:
        rows = [_facts(entry) for entry in CATALOGUE.values()]
        if as_json:
            write_stdout(json.dumps({"corpora": rows}) + "\n")
        else:
            write_stdout("".join(map(_shown, rows)))
        return
    facts = _contents(name)
    if as_json:
        write_stdout(json.dumps(facts) + "\n")
    else:
        write_stdout(_shown(facts))


def _facts(entry: "Entry") -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "size": entry.size(),
        "description": entry.description,
        "source": entry.source,
        "licence": entry.licence,
    }


def _contents(name: str) -> dict[str, Any]:
    """Return the facts about one corpus, with the counts of its tunes.

    Raises:
        CorpusError: the corpus is missing or cannot be read.
    """
    from pathlib import Path

    from charnn.corpus.catalogue import CATALOGUE
    from charnn.corpus.sources import open_corpus
    from charnn.music.grammar.header_stats import HeaderStats

    # As in training, an existing path is preferred to a name of the catalogue.
    entry = None if Path(name).exists() else CATALOGUE.get(name)
    if entry and not entry.tunes:
        return _facts(entry)
    corpus = open_corpus([name])
    facts = _facts(entry) if entry else {"name": corpus.name, "kind": "file"}
    if not corpus.tunes:
        count = len(corpus.documents)
        return facts | {"size": f"{count:,} text{'s' * (count != 1)}"}
    count = len(corpus.documents)
    facts["size"] = f"{count:,} tune{'s' * (count != 1)}"
    return facts | HeaderStats(document.text() for document in corpus.documents).counts()


def _shown(facts: Mapping[str, Any]) -> str:
    """Return the facts about a corpus as lines: its name, then an indented line for each fact."""
    columns = terminal_width(sys.stdout) or _COLUMNS
    lines = [f"{facts['name']}  ({facts['kind']}, {facts['size']})"]
    for key, value in facts.items():
        if isinstance(value, dict):
            counts = ", ".join(f"{each or 'none'} {count:,}" for each, count in value.items())
            text = escape_to_one_line(f"{key}: {counts}")
            lines += wrap(f"    {text}", columns, hang=8).split("\n")
        elif key not in ("name", "kind", "size"):
            lines += wrap(escape_to_one_line(f"    {key}: {value}"), columns, hang=8).split("\n")
    return "".join(f"{escape_to_one_line(line)}\n" for line in lines)
