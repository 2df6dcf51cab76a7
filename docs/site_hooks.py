"""Adapt the project's Markdown for the site that mkdocs builds, see mkdocs.yml.

The files are written for GitHub, where they lie in several folders. On the site, those outside
docs/ become pages, links between files lead to pages, and formulas and graphs are drawn when the
site is built, rather than by scripts from elsewhere.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from docs.graph_picture import graph_picture

PROJECT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/charnn/charnn"
# The files outside docs/ that are pages, and their places on the site.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "LICENCES.md": "licences.md",
    "SECURITY.md": "security.md",
    "checkpoints/README.md": "runs.md",
    "checkpoints/folk.md": "folk.md",
    "data/README.md": "data.md",
    **{
        f"benchmarks/{path.name}": f"benchmarks/{path.name}"
        for path in sorted((PROJECT / "benchmarks").glob("*.md"))
    },
}
SOURCES = {page: source for source, page in PAGES.items()}
LINK = re.compile(r"(?<=\]\()(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")
CODE_IN_ROW = re.compile(r"(?<=\|) `[^`\n]+`(?= \|)")
FOREIGN = re.compile(
    r"""<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=["']?(?:https?:)?//[^>]*>"""
    r"""|(?:url\(|@import)\s*["']?(?:https?:)?//\S+"""
)
STRAY_COLUMN = re.compile(r"<m[io]>&(?:amp;)?</m[io]>")
FILES_OF = re.compile(r"<!-- files of (\S+) -->")


def on_config(config: Any) -> Any:
    """Let formulas and graphs in fences be drawn, and leave out the page of a missing page.

    The theme's 404.html has absolute links, which lead nowhere in a folder or on the disk.
    """
    config.theme.static_templates.discard("404.html")
    fences = [
        {"name": "math", "class": "math", "format": formula},
        {"name": "mermaid", "class": "graph", "format": graph},
    ]
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = fences
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages outside docs/."""
    for source, page in PAGES.items():
        path = str(PROJECT / source)
        files.append(File.generated(config, page, abs_src_path=path))
    return files


def on_page_markdown(text: str, page: Any, files: Any, **_: Any) -> str:
    """Return the Markdown of a page with links of the site, and with its tables of files."""
    place = page.file.src_uri
    source = SOURCES.get(place, f"docs/{place}")

    def moved(link: re.Match[str]) -> str:
        return moved_link(link["path"], source, place) + (link["anchor"] or "")

    text = FILES_OF.sub(lambda found: "".join(file_table(found[1])), text)
    # Markdown inside of HTML is read only where the element asks for it.
    text = LINK.sub(moved, text.replace("<details>", '<details markdown="1">'))
    # A bar in code of a table is escaped for GitHub only.
    return CODE_IN_ROW.sub(lambda code: code[0].replace(r"\|", "|"), text)


def on_post_build(config: Any) -> None:
    """Raise an error if a page loads anything from another host."""
    for path in sorted(Path(config.site_dir).rglob("*")):
        if path.suffix in {".html", ".css", ".svg"}:
            text = path.read_text(encoding="utf-8")
            if foreign := FOREIGN.search(text):
                raise PluginError(f"{path}: loads from another host: {foreign[0]}")


def moved_link(target: str, source: str, place: str) -> str:
    """Return a link of the file `source` as it is on the page at `place`."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if "://" in target or not (PROJECT / path).exists():
        return target
    page = PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
    if page is None:
        kind = "tree" if (PROJECT / path).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{path}"
    return posixpath.relpath(page, posixpath.dirname(place) or ".")


def file_table(folder: str) -> Iterator[str]:
    """Yield the rows of a table of the modules in a folder, with their first sentences."""
    yield "| file | what it does |\n| --- | --- |\n"
    for path in sorted((PROJECT / folder).rglob("*.py")):
        if docstring := ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))):
            name = path.relative_to(PROJECT).as_posix()
            summary = re.sub(r"\s+", " ", docstring.partition("\n\n")[0]).replace("|", r"\|")
            yield f"| [`{name}`]({REPOSITORY}/blob/main/{name}) | {summary} |\n"


def formula(source: str, *_: Any, **__: Any) -> str:
    """Return a formula in TeX as MathML, which browsers draw themselves.

    Raises:
        PluginError: the formula has columns in an environment that latex2mathml does not know.
    """
    from latex2mathml.converter import convert

    drawn = convert(source, display="block")
    if STRAY_COLUMN.search(drawn):
        raise PluginError(f"an & of this formula is drawn as a sign; use split:\n{source}")
    return f'<div class="formula">{drawn}</div>'


def graph(source: str, *_: Any, **__: Any) -> str:
    """Return a graph in Mermaid's notation as a picture."""
    return f'<div class="graph">{graph_picture(source)}</div>'
