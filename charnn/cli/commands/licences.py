"""`charnn licences`: list the licences of all that charnn contains, downloads and installs."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from charnn.cli.console import write_lines, write_stdout


def command(
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to stdout.")
    ] = False,
) -> None:
    """Show the licences of models, corpora, libraries and fonts.

    Each entry has its source and its licence: the bundled model, the corpora that have a name, the
    libraries that pip installs, and the fonts of scores. A last section says which texts may be a
    corpus. The same text is in the wheel, as LICENCES.md.

    \b
    Examples:
      charnn licences
      charnn licences --json
    """
    from charnn.share.licence_ledger import SECTIONS, ledger_text

    if as_json:
        rows = {
            title.lower(): [asdict(entry) for entry in entries] for title, _, entries in SECTIONS
        }
        write_stdout(json.dumps(rows) + "\n")
    else:
        write_lines(ledger_text(), hang=6)
