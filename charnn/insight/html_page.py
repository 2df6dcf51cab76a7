"""An HTML page in one file: it needs no network, and runs no script but its own."""

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from charnn.insight.plot_style import picture_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
{data}{script}</body>
</html>
"""


def html_page(title: str, body: str, *, data: object = None, scripts: Sequence[str] = ()) -> bytes:
    """Return the bytes of a page.

    Args:
        title: the title, as plain text.
        body: HTML for the main part; whoever writes it escapes its texts (`escape`).
        data: a JSON value that the script finds in the element `#data`.
        scripts: the names of scripts in `charnn/insight/pages`, which become one script.
    """
    style = _resource("page.css")
    code = "".join(map(_resource, scripts))
    allowed = _hash(code) if code else "'none'"
    # No request can leave the page, and a script in the text of a corpus can never run.
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )
    stored = ""
    if data is not None:
        # "</script>" would end the element, and "<!--" would hide its end.
        text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        stored = f'<script type="application/json" id="data">{text}</script>\n'
    page = _TEMPLATE.format(
        policy=policy,
        title=escape(title),
        style=style,
        body=body,
        data=stored,
        script=f"<script>{code}</script>\n" if code else "",
    )
    # A lone surrogate, as a corpus may have it, is no UTF-8.
    return page.encode("utf-8", "backslashreplace")


def escape(text: str) -> str:
    """Return text for HTML, in an element or in a quoted attribute."""
    return html.escape(text)


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


def _hash(content: str) -> str:
    """Return the source expression of a policy that allows exactly this script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
