"""The pages of what happens inside a model: figures, tables and scripts in one file."""

import base64
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from charnn.insight.plot_style import picture_bytes
from charnn.one_page import escape as escape
from charnn.one_page import one_page

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def html_page(title: str, body: str, *, data: object = None, scripts: Sequence[str] = ()) -> bytes:
    """Return the bytes of a page.

    Args:
        title, body, data: see `charnn.one_page.one_page`.
        scripts: the names of scripts in `charnn/insight/pages`, which become one script.
    """
    code = "".join(map(_resource, scripts))
    return one_page(title, body, style=_resource("page.css"), data=data, scripts=[code])


def picture(figure: "Figure", description: str) -> str:
    """Return the HTML of a figure.

    Args:
        figure: the figure.
        description: what the picture shows, for those who cannot see it.
    """
    source = base64.b64encode(picture_bytes(figure, "svg")).decode()
    return f'<img src="data:image/svg+xml;base64,{source}" alt="{escape(description)}">'


def table(head: list[str], rows: list[list[Any]], caption: str) -> str:
    """Return the HTML of a table, whose first column names the rows."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row">{escape(str(first))}</th>'
        + "".join(f"<td>{escape(str(value))}</td>" for value in others)
        + "</tr>"
        for first, *others in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def _resource(name: str) -> str:
    return files("charnn.insight").joinpath("pages", name).read_text("utf-8")
