"""An HTML page in one file: it needs no network, and runs no script but its own."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence

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
{data}{scripts}</body>
</html>
"""


def one_page(
    title: str,
    body: str,
    *,
    style: str,
    data: object = None,
    texts: Mapping[str, str] | None = None,
    scripts: Sequence[str] = (),
    with_worker: bool = False,
) -> bytes:
    """Return the bytes of a page.

    Args:
        title: the title, as plain text.
        body: HTML for the main part; whoever writes it escapes its texts (`escape`).
        style: the style sheet.
        data: a JSON value that the scripts find in the element `#data`.
        texts: texts that the scripts find in elements, by their ids.
        scripts: the scripts, which run in this order.
        with_worker: whether the scripts start workers from texts of the page.
    """
    scripts = [script for script in scripts if script]
    allowed = " ".join(map(_hash, scripts)) or "'none'"
    # No request can leave the page, and a script in the text of a corpus can never run.
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {allowed}; "
        f"{'worker-src blob:; ' * with_worker}base-uri 'none'; form-action 'none'"
    )
    stored = ""
    if data is not None:
        # "</script>" would end the element, and "<!--" would hide its end.
        text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        stored = f'<script type="application/json" id="data">{text}</script>\n'
    for name, text in (texts or {}).items():
        stored += f'<script type="text/plain" id="{name}">{text}</script>\n'
    page = _TEMPLATE.format(
        policy=policy,
        title=escape(title),
        style=style,
        body=body,
        data=stored,
        scripts="".join(f"<script>{script}</script>\n" for script in scripts),
    )
    # A lone surrogate, as a corpus may have it, is no UTF-8.
    return page.encode("utf-8", "backslashreplace")


def escape(text: str) -> str:
    """Return text for HTML, in an element or in a quoted attribute."""
    return html.escape(text)


def _hash(content: str) -> str:
    """Return the source expression of a policy that allows exactly this script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
