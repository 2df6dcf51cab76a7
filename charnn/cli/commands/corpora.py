"""`charnn corpora`: list the corpora that can be used by name."""

import json
from typing import Annotated

import typer

from charnn.cli.console import write_stdout


def command(
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to stdout.")
    ] = False,
) -> None:
    """List the corpora that a command accepts by name, with size, source and licence.

    Example: charnn train folk
    """
    from charnn.corpus.catalogue import CATALOGUE

    rows = [
        {
            "name": entry.name,
            "kind": entry.kind,
            "size": entry.size(),
            "description": entry.description,
            "source": entry.source,
            "licence": entry.licence,
        }
        for entry in CATALOGUE.values()
    ]
    if as_json:
        write_stdout(json.dumps({"corpora": rows}) + "\n")
        return
    for row in rows:
        write_stdout(f"{row['name']}  ({row['kind']}, {row['size']})\n")
        for key in ("description", "source", "licence"):
            write_stdout(f"    {key}: {row[key]}\n")
