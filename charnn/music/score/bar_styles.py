"""The shapes of bar lines: which bar style of MusicXML a sign of ABC is drawn with.

ABC 2.1, section 4.8, asks programs to accept any run of `|`, `[`, `]` and `:`, where `|` is a thin
line, and `[` or `]` a thick one.
"""


def bar_style(sign: str) -> str:
    """Return MusicXML's bar style of a bar line; `"regular"` for a single thin line.

    Repeat dots do not count. `[|]` and an empty sign are no visible line.
    """
    lines = sign.replace(":", "")
    if "." in lines:
        return "dotted"
    lines = "".join(line for line in lines if line in "|[]")
    if lines in ("", "[|]", "[]"):
        return "none"
    if "]" in lines:
        return "light-heavy"
    if "[" in lines:
        return "heavy-light"
    return "regular" if lines == "|" else "light-light"


def heavier_line(first: str, second: str) -> str:
    """Return the heavier of two bar lines that follow each other, of which one is drawn."""
    return max(first, second, key=lambda sign: (_WEIGHTS.index(bar_style(sign)), len(sign)))


_WEIGHTS = ("none", "dotted", "regular", "light-light", "heavy-light", "light-heavy")
