"""Draw a small directed graph in Mermaid's notation as SVG, without a script in the page.

Each node stands in the row after the last node that points at it. Boxes are opaque, so that a long
arrow passes behind those on its way.
"""

import re
from html import escape

WIDTH, ROW, BOX, CHARACTER = 640, 62, 30, 8.4


def graph_picture(source: str) -> str:
    """Return the graph with the arrows `a --> b` of the source as an SVG element."""
    arrows = re.findall(r"^\s*(\w+) --> (\w+)", source, re.MULTILINE)
    rows = node_rows(arrows)
    centres = {}
    for number, row in enumerate(rows):
        for place, name in enumerate(row):
            centres[name] = (WIDTH * (place + 0.5) / len(row), number * ROW + BOX)
    parts = [arrow(*centres[begin], *centres[end]) for begin, end in arrows]
    parts += [box(name, *centre) for name, centre in centres.items()]
    height = len(rows) * ROW + BOX // 2
    title = escape(f"{len(centres)} nodes: " + ", ".join(f"{a} to {b}" for a, b in arrows))
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}"><title>{title}</title>'
        '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"'
        f' orient="auto"><path d="M0 0L8 4L0 8z"/></marker>{"".join(parts)}</svg>'
    )


def node_rows(arrows: list[tuple[str, str]]) -> list[list[str]]:
    """Return the nodes in rows, each one below all that point at it."""
    names = list(dict.fromkeys(name for arrow in arrows for name in arrow))
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for begin, end in arrows:
            depth[end] = max(depth[end], depth[begin] + 1)
    return [
        [name for name in names if depth[name] == row] for row in range(max(depth.values()) + 1)
    ]


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a line from below a box to above another one."""
    path = f"M{x1:.0f} {y1 + BOX / 2:.0f}L{x2:.0f} {y2 - BOX / 2:.0f}"
    return f'<path class="arrow" marker-end="url(#tip)" d="{path}"/>'


def box(name: str, x: float, y: float) -> str:
    """Return a box with a name around its centre."""
    width = len(name) * CHARACTER + 20
    return (
        f'<rect x="{x - width / 2:.0f}" y="{y - BOX / 2:.0f}" width="{width:.0f}" height="{BOX}"'
        f' rx="5"/><text x="{x:.0f}" y="{y + 5:.0f}">{escape(name)}</text>'
    )
